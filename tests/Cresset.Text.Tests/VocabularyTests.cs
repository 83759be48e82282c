using Xunit;

namespace Cresset.Text.Tests;

public sealed class VocabularyTests : IDisposable
{
    readonly string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(path);

    [Fact]
    public void Puts_special_tokens_first_then_the_most_frequent()
    {
        var vocabulary = Vocabulary.Count("the cat saw the dog and the cat ran".Split(' '), minCount: 1);
        Assert.Equal(["<pad>", "<unk>", "the", "cat", "and", "dog", "ran", "saw"], vocabulary.Tokens);
        Assert.Equal((0, 1), (vocabulary.PaddingIndex, vocabulary.UnknownIndex));
        Assert.Equal(["<pad>", "<unk>", "the", "cat"], Vocabulary.Count("the cat saw the dog and the cat ran".Split(' '), minCount: 2).Tokens);
        Assert.Equal(["the"], Vocabulary.FromCounts(new Dictionary<string, long> { ["a"] = 1, ["the"] = 3 }, maxSize: 1, padding: null, unknown: null).Tokens);
    }

    [Fact]
    public void Encodes_and_decodes()
    {
        var vocabulary = new Vocabulary(["a", "b"]);
        Assert.Equal([3, 2, 1], vocabulary.Encode(["b", "a", "c"]));
        Assert.Equal(["b", "a", "<unk>"], vocabulary.Decode([3, 2, 1]));
        // A character beyond 16 bits is one token.
        Assert.Equal([0, 1, 0], new Vocabulary(["x", "\U0001F600"], null, null).EncodeCharacters("x\U0001F600x"));
    }

    [Fact]
    public void Says_what_is_unknown_or_does_not_fit()
    {
        var vocabulary = new Vocabulary(["a", "b"], padding: null, unknown: null);
        Assert.Contains("\"c\" is not among its 2 tokens", Assert.Throws<ArgumentException>(() => vocabulary.IndexOf("c")).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 1", Assert.Throws<ArgumentOutOfRangeException>(() => vocabulary.Decode([2])).Message, StringComparison.Ordinal);
        Assert.Contains("made for 5 tokens, the vocabulary has 2", Assert.Throws<ArgumentException>(() => vocabulary.RequireSize(5)).Message, StringComparison.Ordinal);
        Assert.Contains("\"a\" at the places 0 and 1", Assert.Throws<ArgumentException>(() => new Vocabulary(["a", "a"], null, null)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Vocabulary([], null, null));
        Assert.Throws<ArgumentException>(() => new Vocabulary([""], null, null));
        Assert.Throws<ArgumentException>(() => new Vocabulary(["a"], "x", "x"));
    }

    [Fact]
    public void Is_the_same_after_saving_and_loading()
    {
        foreach (var saved in new[] { new Vocabulary(["é", "\"", "\n", "\U0001F600"]), new Vocabulary(["a"], padding: null, unknown: null), new Vocabulary(["a", "<unk>"], padding: null) })
        {
            saved.Save(path);
            var loaded = Vocabulary.Load(path);
            Assert.Equal(saved.Tokens, loaded.Tokens);
            Assert.Equal((saved.PaddingIndex, saved.UnknownIndex), (loaded.PaddingIndex, loaded.UnknownIndex));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\"}")]
    [InlineData("{\"format\": \"other\", \"padding\": null, \"unknown\": null, \"tokens\": [\"a\"]}")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\", \"padding\": null, \"unknown\": null, \"tokens\": [\"a\", \"a\"]}")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\", \"padding\": null, \"unknown\": null, \"tokens\": [\"a\", null]}")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\", \"padding\": null, \"unknown\": null, \"tokens\": [1]}")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\", \"padding\": \"<pad>\", \"unknown\": null, \"tokens\": [\"a\"]}")]
    [InlineData("{\"format\": \"cresset-vocabulary-1\", \"padding\": 3, \"unknown\": null, \"tokens\": [\"a\"]}")]
    public void Refuses_a_file_that_is_no_vocabulary(string text)
    {
        File.WriteAllText(path, text);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => Vocabulary.Load(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pads_sequences_and_finds_their_lengths_again()
    {
        var (padded, lengths) = TokenSequences.Pad([[5, 6], [7], [8, 9, 5]], 0);
        Assert.Equal([5, 6, 0, 7, 0, 0, 8, 9, 5], padded.ToArray<long>());
        Assert.Equal([2, 1, 3], lengths);
        Assert.Equal([2, 1, 3], TokenSequences.Lengths(padded, 0));
        Assert.Equal([5, 6, 7, 1, 8, 9], TokenSequences.Pad([[5, 6], [7], [8, 9, 5]], 1, 2).Padded.ToArray<long>());
        Assert.Contains("an empty one at place 1", Assert.Throws<ArgumentException>(() => TokenSequences.Pad([[1], []], 0)).Message, StringComparison.Ordinal);
        Assert.Contains("row 1 is nothing but padding", Assert.Throws<ArgumentException>(() => TokenSequences.Lengths(Tensor.From(new long[] { 1, 0, 0, 0 }, [2, 2]), 0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => TokenSequences.Pad([], 0));
    }

    [Fact]
    public void Windows_hold_a_text_and_the_same_moved_on_by_one()
    {
        var windows = new TextWindows([0, 1, 2, 3, 4, 5, 6], 3);
        Assert.Equal(2, windows.Count);
        Assert.Equal([3, 4, 5], windows[1].Item1.ToArray<long>());
        Assert.Equal([4, 5, 6], windows[1].Item2.ToArray<long>());
        Assert.Equal(4, new TextWindows([0, 1, 2, 3, 4, 5, 6], 3, 1).Count);
        Assert.Throws<ArgumentOutOfRangeException>(() => windows[2]);
        Assert.Contains("more than 3 tokens", Assert.Throws<ArgumentException>(() => new TextWindows([1, 2, 3], 3)).Message, StringComparison.Ordinal);
    }
}
