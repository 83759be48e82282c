using System.Globalization;
using Cresset.Data;

namespace Cresset.Text;

/// <summary>Names and the languages that they come from.</summary>
public sealed class LabelledNames
{
    const int LongestName = 200;

    /// <summary>The data set <c>names</c>: 20,050 family names of 18 languages, from the PyTorch tutorial on classifying
    /// names.</summary>
    public static DatasetDefinition Definition { get; } = new(
        "names",
        [
            new DatasetFile("Arabic.txt", 13190, Sha256: "6f424a8dbe51cbbbabab7a57d38b617210125e4e3991f3c657cb79b8f104bafc"),
            new DatasetFile("Chinese.txt", 1246, Sha256: "09ba8f1f7e38dbc99372d461b26ad4433b811fc6bfa6a3ecca6fe11a9a777465"),
            new DatasetFile("Czech.txt", 3916, Sha256: "e17ab0ec47616a72c39cb85c783f70c3663ab64488721e5d8378f146d2226be7"),
            new DatasetFile("Dutch.txt", 2351, Sha256: "924f32b635170eae561f84538632138fc07d4c8bbd70ba3fb980de1ecc4d2af3"),
            new DatasetFile("English.txt", 27125, Sha256: "9cca037066d3d5989e24bc01801416162de506b5e28e15b7c092a47905d29bf2"),
            new DatasetFile("French.txt", 2178, Sha256: "81e65b36c60ed5b89a17422f6edcadbb89546f38ad69e960e64e7ba682012a95"),
            new DatasetFile("German.txt", 5610, Sha256: "7449cd590b97a733e18d613a4155decd77ec35dc5f8aadd7a82204dce4f051db"),
            new DatasetFile("Greek.txt", 1981, Sha256: "3555b5186de7f401e6d991b088e9e644ca3099116477818c25ab5793801389e6"),
            new DatasetFile("Irish.txt", 1858, Sha256: "cf8c7013256252a88d2503127b87282a11f21b2ff6db1bded68834c19a1ec058"),
            new DatasetFile("Italian.txt", 5657, Sha256: "f88414c27d0606a11a678b4859277828c2565d6cc4d9ee932deef6e94f3b35e4"),
            new DatasetFile("Japanese.txt", 7622, Sha256: "e0e717e114fec3e7eade4d9dabe0067c475f43147e36a22b47902ee76ad9e67f"),
            new DatasetFile("Korean.txt", 423, Sha256: "cd54221ccb362a6cba4c78828838cf3268a0e59744767a37cf6ec4b74036b136"),
            new DatasetFile("Polish.txt", 1165, Sha256: "45bab898af2f60ed3a728bbf6980e28821011a7caa53227553b5785903a40826"),
            new DatasetFile("Portuguese.txt", 554, Sha256: "50a8735f41f4f73757c8ce5b16cb0275cd86b2b214bcbc8c9805f508cb131c53"),
            new DatasetFile("Russian.txt", 85168, Sha256: "0cfe53ac18041e8f63666aa77313e0a3ff378facb132abee052d8ebdc8c3d62c"),
            new DatasetFile("Scottish.txt", 752, Sha256: "78d0252711d87d948ea86fe34826c51d2d794a8e52d15b5d6f7b6244d45d62dd"),
            new DatasetFile("Spanish.txt", 2284, Sha256: "1bcb462ed3316756a85781d68232bddae04498fdddd5d9219c53fd1fbdeba7a7"),
            new DatasetFile("Vietnamese.txt", 339, Sha256: "f3f9e4164ab47601178a6e45b216464a64122f49d05541f24bf18a757253281d"),
        ],
        [new Uri("https://raw.githubusercontent.com/spro/practical-pytorch/master/data/names/")]);

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
