using System.Globalization;
using Cresset.Data;

namespace Cresset.Text;

/// <summary>Names and the languages that they come from.</summary>
public sealed class LabelledNames
{
    const int LongestName = 200;

    /// <summary>Names with their languages.</summary>
    /// <param name="names">The names, none of them empty.</param>
    /// <param name="labels">For each, the place of its language.</param>
    /// <param name="languages">The languages.</param>
    /// <exception cref="ArgumentException">The numbers differ, a name is empty, or a label is no language.</exception>
    public LabelledNames(IReadOnlyList<string> names, IReadOnlyList<int> labels, IReadOnlyList<string> languages)
    {
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(languages);
        if (names.Count != labels.Count) throw new ArgumentException($"LabelledNames: expected a label for each of the {names.Count} names, got {labels.Count}");
        for (var i = 0; i < names.Count; i++)
        {
            if (string.IsNullOrWhiteSpace(names[i])) throw new ArgumentException($"LabelledNames: expected names of at least one letter, got an empty one at place {i}");
            if (labels[i] < 0 || labels[i] >= languages.Count) throw new ArgumentException($"LabelledNames: expected labels from 0 to {languages.Count - 1}, got {labels[i]} at place {i}");
        }
        (Names, Labels, Languages) = (names, labels, languages);
    }

    /// <summary>The names.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>For each name, the place of its language.</summary>
    public IReadOnlyList<int> Labels { get; }

    /// <summary>The languages.</summary>
    public IReadOnlyList<string> Languages { get; }

    /// <summary>Reads a folder of files LANGUAGE.txt with a name a line, UTF-8, such as the data set <c>names</c> of 18
    /// languages; languages come in ordinal order, white space around a name is dropped.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There is no such file in it, or a line is no name; the message names file and
    /// line.</exception>
    public static LabelledNames Load(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (!Directory.Exists(folder)) throw new DirectoryNotFoundException($"Names: expected a folder {folder} of files LANGUAGE.txt, got none; put it there, or name the folder above by the variable CRESSET_DATA");
        string[] files = [.. Directory.EnumerateFiles(folder, "*.txt").Order(StringComparer.Ordinal)];
        if (files.Length == 0) throw new InvalidDataException($"{folder}: expected files LANGUAGE.txt, got none");
        List<string> names = [];
        List<int> labels = [];
        for (var language = 0; language < files.Length; language++)
        {
            foreach (var (number, text) in TextLines.Read(files[language], "Names"))
            {
                var name = text.Trim();
                if (name.Length == 0) throw TextLines.Fault(files[language], number, "expected a name, got an empty line");
                if (name.Length > LongestName) throw TextLines.Fault(files[language], number, $"expected a name of at most {LongestName} characters, got {name.Length}");
                if (name.Any(char.IsControl)) throw TextLines.Fault(files[language], number, "expected a name, got a control character in it");
                names.Add(name);
                labels.Add(language);
            }
            if (labels.Count == 0 || labels[^1] != language) throw new InvalidDataException($"{files[language]}: expected names, a line each, got an empty file");
        }
        return new LabelledNames(names, labels, [.. files.Select(file => Path.GetFileNameWithoutExtension(file))]);
    }

    /// <summary>The characters of the names, counted: what <see cref="ToDataset"/> encodes by.</summary>
    public Vocabulary Vocabulary(int minCount = 1) => Text.Vocabulary.Count(Names.SelectMany(Text.Vocabulary.Characters), minCount);

    /// <summary>Two parts, the second with one name in <paramref name="every"/> of each language (rounded down), drawn with a
    /// seed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">every is below 2.</exception>
    public (LabelledNames Train, LabelledNames Test) Split(int every = 3, ulong seed = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(every, 2);
        var generator = new Generator(seed);
        var held = new HashSet<int>();
        foreach (var group in Enumerable.Range(0, Names.Count).GroupBy(i => Labels[i]).OrderBy(group => group.Key))
        {
            var places = group.ToArray();
            foreach (var i in generator.Permutation(places.Length).Take(places.Length / every)) held.Add(places[i]);
        }
        return (Part(i => !held.Contains(i)), Part(held.Contains));
    }

    LabelledNames Part(Func<int, bool> wanted)
    {
        int[] places = [.. Enumerable.Range(0, Names.Count).Where(wanted)];
        return new LabelledNames(Array.ConvertAll(places, i => Names[i]), Array.ConvertAll(places, i => Labels[i]), Languages);
    }

    /// <summary>Samples (indices of characters [T], label []): names are filled up to the longest, or to
    /// <paramref name="length"/>.</summary>
    /// <param name="vocabulary">The characters; it needs a padding token.</param>
    /// <param name="languages">The languages that a model knows, in its order; these names' own unless given.</param>
    /// <param name="length">T; longer names are cut.</param>
    /// <exception cref="ArgumentException">A language is unknown to the model, a character to a vocabulary without an unknown
    /// token, or the vocabulary has no padding token.</exception>
    public TensorDataset ToDataset(Vocabulary vocabulary, IReadOnlyList<string>? languages = null, int? length = null)
    {
        ArgumentNullException.ThrowIfNull(vocabulary);
        var padding = vocabulary.PaddingIndex ?? throw new ArgumentException("LabelledNames: expected a vocabulary with a padding token, got one without");
        var known = languages ?? Languages;
        var places = new Dictionary<int, long>();
        foreach (var label in Labels.Distinct())
        {
            var place = known.ToList().IndexOf(Languages[label]);
            if (place < 0) throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"LabelledNames: the language {Languages[label]} is not among the model's {known.Count} classes: {string.Join(", ", known)}"));
            places.Add(label, place);
        }
        var (padded, _) = TokenSequences.Pad([.. Names.Select(vocabulary.EncodeCharacters)], padding, length);
        return new TensorDataset(padded, Tensor.From(Labels.Select(label => places[label]).ToArray()));
    }
}
