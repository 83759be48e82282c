using System.Text;
using Xunit;

namespace Cresset.Text.Tests;

public sealed class ReaderTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("cresset-text").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    static string Data(string name)
    {
        var root = Environment.GetEnvironmentVariable("CRESSET_DATA");
        var path = Path.Combine(root ?? "", name);
        if (string.IsNullOrEmpty(root) || !Path.Exists(path)) Assert.Skip($"the data set {name} is not at hand: CRESSET_DATA names no folder that holds it");
        return path;
    }

    static string Word(string id, string word, string tag) => $"{id}\t{word}\t_\t{tag}\t_\t_\t_\t_\t_\t_";

    [Fact]
    public void Reads_names_by_language()
    {
        Write("Greek.txt", "Ξένος \r\nPappas");
        Write("Czech.txt", "Abl\n");
        var names = LabelledNames.Load(folder);
        Assert.Equal(["Czech", "Greek"], names.Languages);
        Assert.Equal(["Abl", "Ξένος", "Pappas"], names.Names);
        Assert.Equal([0, 1, 1], names.Labels);
    }

    [Theory]
    [InlineData("Abl\n\nBa\n", "line 2: expected a name, got an empty line")]
    [InlineData("Abl\nB\ta\n", "line 2: expected a name, got a control character")]
    [InlineData("", "got an empty file")]
    public void Refuses_lines_that_are_no_names(string text, string expected)
    {
        var path = Write("Czech.txt", text);
        var message = Assert.Throws<InvalidDataException>(() => LabelledNames.Load(folder)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Refuses_names_that_are_too_long_or_no_UTF8_and_folders_without_names()
    {
        Assert.Throws<InvalidDataException>(() => LabelledNames.Load(folder));
        Assert.Contains("CRESSET_DATA", Assert.Throws<DirectoryNotFoundException>(() => LabelledNames.Load(Path.Combine(folder, "none"))).Message, StringComparison.Ordinal);
        Write("Czech.txt", "Abl\n" + new string('a', 201));
        Assert.Contains("line 2: expected a name of at most 200", Assert.Throws<InvalidDataException>(() => LabelledNames.Load(folder)).Message, StringComparison.Ordinal);
        Write("Czech.txt", [65, 10, 0xC3, 0x28, 10]);
        Assert.Contains("line 2: expected UTF-8", Assert.Throws<InvalidDataException>(() => LabelledNames.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Splits_names_by_language_and_makes_samples()
    {
        var names = CommonNames.Create();
        var (train, test) = names.Split(5, seed: 3);
        Assert.Equal((320, 80), (train.Names.Count, test.Names.Count));
        Assert.All(Enumerable.Range(0, 8), language => Assert.Equal(10, test.Labels.Count(label => label == language)));
        Assert.Equal(names.Names.Zip(names.Labels).Order(), train.Names.Zip(train.Labels).Concat(test.Names.Zip(test.Labels)).Order());
        var vocabulary = train.Vocabulary();
        var samples = test.ToDataset(vocabulary);
        var (first, label) = samples[0];
        Assert.Equal(test.Names[0], string.Concat(vocabulary.Decode(first.ToArray<long>())).Replace("<pad>", "", StringComparison.Ordinal));
        Assert.Equal(test.Labels[0], (int)label.Item<long>());
        // A model's own order of classes, and one that lacks a class.
        string[] reversed = [.. names.Languages.Reverse()];
        Assert.Equal(7 - test.Labels[0], (int)test.ToDataset(vocabulary, reversed)[0].Item2.Item<long>());
        Assert.Contains("the language Chinese is not among the model's 7 classes", Assert.Throws<ArgumentException>(() => test.ToDataset(vocabulary, reversed[..7])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => test.ToDataset(new Vocabulary(["a"], padding: null)));
    }

    [Fact]
    public void Reads_tagged_sentences()
    {
        var path = Write("a.conllu", string.Join('\n', "# text = I can't", Word("1", "I", "PRON"), Word("2-3", "can't", "_"), Word("2", "ca", "AUX"), Word("3", "n't", "PART"), Word("3.1", "go", "VERB"), "", Word("1", "Yes", "INTJ"), ""));
        var sentences = Conllu.Read(path);
        Assert.Equal(2, sentences.Count);
        Assert.Equal(["I", "ca", "n't"], sentences[0].Words);
        Assert.Equal(["PRON", "AUX", "PART"], sentences[0].Tags);
        Assert.Equal(["Yes"], sentences[1].Words);
    }

    public static TheoryData<string, string> Malformed => new()
    {
        { "1\tI\t_\tPRON\n", "line 1: expected 10 columns with tabs between them, got 4" },
        { Word("2", "I", "PRON"), "line 1: expected the ID 1 in column 1, got \"2\"" },
        { Word("1", "I", "PRON") + "\n" + Word("x", "a", "DET"), "line 2: expected the ID 2 in column 1, got \"x\"" },
        { Word("1", "", "PRON"), "line 1: expected a word in column 2" },
        { Word("1", "I", "_"), "line 1: expected a part of speech in column 4, got \"_\"" },
        { Word("1", "I", "PRON") + "\n# text = b\n", "line 2: expected comments before" },
        { "\n" + Word("1", "I", "PRON"), "line 1: expected a sentence" },
        { Word("1-3", "I'm", "_") + "\n" + Word("1", "I", "PRON") + "\n\n", "line 3: expected the words up to 3 of the sentence, got 1" },
        { Word("2-1", "I'm", "_"), "line 1: expected the ID 1 in column 1, got \"2-1\"" },
        { Word("99999999999", "I", "PRON"), "line 1: expected the ID 1" },
        { "# text = I\n", "expected sentences, got none" },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public void Refuses_malformed_sentences(string text, string expected)
    {
        var path = Write("a.conllu", text);
        var message = Assert.Throws<InvalidDataException>(() => Conllu.Read(path)).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_plain_text()
    {
        Assert.Equal("Ä b\nc\n", PlainText.Read(Write("a.txt", [0xEF, 0xBB, 0xBF, .. "Ä b\r\nc"u8])));
        Assert.Throws<InvalidDataException>(() => PlainText.Read(Write("b.txt", "")));
        Assert.Contains("line 1: expected UTF-8", Assert.Throws<InvalidDataException>(() => PlainText.Read(Write("c.txt", [0xFF]))).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => PlainText.Read(Path.Combine(folder, "none.txt")));
    }

    [Fact]
    public void Reads_the_published_data_sets()
    {
        var names = LabelledNames.Load(Data("names"));
        Assert.Equal((20050, 18), (names.Names.Count, names.Languages.Count));
        Assert.Equal(9384, names.Labels.Count(label => names.Languages[label] == "Russian"));
        var sentences = Conllu.Read(Path.Combine(Data("ud-ewt"), "en_ewt-ud-dev.conllu"));
        Assert.Equal(2001, sentences.Count);
        Assert.Equal(["From", "the", "AP", "comes", "this", "story", ":"], sentences[0].Words);
        Assert.Equal(["ADP", "DET", "PROPN", "VERB", "DET", "NOUN", "PUNCT"], sentences[0].Tags);
        Assert.Equal(17, sentences.SelectMany(sentence => sentence.Tags).Distinct().Count());
        var text = PlainText.Read(Path.Combine(Data("tinyshakespeare"), "input.txt"));
        Assert.Equal(1115394, text.Length);
        Assert.Equal(65, Vocabulary.Characters(text).Distinct().Count());
    }

    [Fact]
    public void Grammar_makes_words_whose_place_alone_says_what_they_are()
    {
        var sentences = GrammarSentences.Create(2000, seed: 1);
        Assert.Equal(sentences.Select(s => string.Join(' ', s.Words)), GrammarSentences.Create(2000, seed: 1).Select(s => string.Join(' ', s.Words)));
        Assert.NotEqual(sentences.Select(s => string.Join(' ', s.Words)), GrammarSentences.Create(2000, seed: 2).Select(s => string.Join(' ', s.Words)));
        Assert.All(sentences, sentence => Assert.Equal(sentence.Words.Count, sentence.Tags.Count));
        Assert.Equal(GrammarSentences.Tags.Order(), sentences.SelectMany(sentence => sentence.Tags).Distinct().Order());
        var found = sentences.SelectMany(sentence => sentence.Words.Zip(sentence.Tags)).Distinct().ToLookup(pair => pair.First, pair => pair.Second);
        Assert.Equal(["NOUN", "VERB"], found["saw"].Order());
        Assert.Equal(["AUX", "NOUN"], found["can"].Order());
        // A determiner is followed by an adjective or a noun, never by a verb.
        Assert.All(sentences, sentence => Assert.All(Enumerable.Range(0, sentence.Tags.Count - 1).Where(i => sentence.Tags[i] == "DET"), i => Assert.True(sentence.Tags[i + 1] is "ADJ" or "NOUN")));
    }
}
