using System.Globalization;
using Cresset.Data;

namespace Cresset.Text;

/// <summary>A sentence's words and, for each, its part of speech.</summary>
/// <param name="Words">The words.</param>
/// <param name="Tags">Their tags, as many.</param>
public sealed record TaggedSentence(IReadOnlyList<string> Words, IReadOnlyList<string> Tags);

/// <summary>Sentences with parts of speech from CoNLL-U files, the form of Universal Dependencies: ten columns with tabs between
/// them, column 2 the word and column 4 its universal tag; an empty line ends a sentence. Of words that are written as one
/// (ID 3-4) the single ones are read; words that are not written (ID 3.1) are left out.</summary>
public static class Conllu
{
    const int Columns = 10;

    /// <summary>The data set <c>ud-ewt</c>: the development part of the English Web Treebank (Silveira et al., 2014) in Universal
    /// Dependencies, 2,001 sentences. Other releases differ a little: a download of one is refused, a file that is put there is
    /// read.</summary>
    public static DatasetDefinition EnglishWebTreebank { get; } = new(
        "ud-ewt", [new DatasetFile("en_ewt-ud-dev.conllu", 1805545, Sha256: "531a54ff90d6ab12201c5a50c3e78e6ddac4de69abc4bce5d275d3cd29efe2b6")],
        [new Uri("https://raw.githubusercontent.com/UniversalDependencies/UD_English-EWT/master/")]);

    /// <summary>Reads a file.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is malformed: the message names the line and what was expected.</exception>
    public static IReadOnlyList<TaggedSentence> Read(string path)
    {
        var sentences = new List<TaggedSentence>();
        List<string> words = [], tags = [];
        // The last word that an ID such as 3-4 stands for.
        int rangeEnd = 0, last = 0;
        void End(int line)
        {
            if (words.Count < rangeEnd) throw TextLines.Fault(path, line, $"expected the words up to {rangeEnd} of the sentence, got {words.Count}");
            if (words.Count > 0) sentences.Add(new TaggedSentence([.. words], [.. tags]));
            words.Clear();
            tags.Clear();
            rangeEnd = 0;
        }
        foreach (var (line, text) in TextLines.Read(path, "CoNLL-U"))
        {
            last = line;
            if (text.Length == 0)
            {
                if (words.Count == 0) throw TextLines.Fault(path, line, "expected a sentence, got an empty line behind no word");
                End(line);
                continue;
            }
            if (text[0] == '#')
            {
                if (words.Count > 0) throw TextLines.Fault(path, line, "expected comments before a sentence's first word, got one behind it; an empty line ends a sentence");
                continue;
            }
            var columns = text.Split('\t');
            if (columns.Length != Columns) throw TextLines.Fault(path, line, $"expected {Columns} columns with tabs between them, got {columns.Length}");
            var id = columns[0];
            if (id.Contains('.', StringComparison.Ordinal))
            {
                var parts = id.Split('.');
                if (parts.Length != 2 || !TryNumber(parts[0], out var before) || !TryNumber(parts[1], out _) || before != words.Count) throw Unexpected(id);
                continue;
            }
            if (id.Contains('-', StringComparison.Ordinal))
            {
                var parts = id.Split('-');
                if (parts.Length != 2 || !TryNumber(parts[0], out var from) || !TryNumber(parts[1], out var to) || from != words.Count + 1 || to < from || from <= rangeEnd) throw Unexpected(id);
                rangeEnd = to;
                continue;
            }
            if (!TryNumber(id, out var number) || number != words.Count + 1) throw Unexpected(id);
            if (columns[1].Length == 0) throw TextLines.Fault(path, line, "expected a word in column 2, got nothing");
            if (columns[3].Length == 0 || columns[3] == "_") throw TextLines.Fault(path, line, $"expected a part of speech in column 4, got \"{columns[3]}\"");
            words.Add(columns[1]);
            tags.Add(columns[3]);

            InvalidDataException Unexpected(string got) => TextLines.Fault(path, line, $"expected the ID {words.Count + 1} in column 1, got \"{got}\"");
        }
        End(last);
        return sentences.Count > 0 ? sentences : throw new InvalidDataException($"{path}: expected sentences, got none");
    }

    static bool TryNumber(string text, out int number) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
