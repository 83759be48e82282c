using Cresset.Data;

namespace Cresset.Text;

/// <summary>How sentences become tensors for a <see cref="Tagger"/>: a word is the index of its lower-case form and the indices of
/// its first and last letters, [1 + L]; a sentence is [T, 1 + L] of int64.</summary>
public sealed class SentenceEncoding
{
    /// <summary>The target of a place that fills up: what <c>CrossEntropyLoss</c> leaves out unless told otherwise.</summary>
    public const long IgnoredTarget = -100;

    readonly Dictionary<string, long> places = new(StringComparer.Ordinal);

    /// <summary>An encoding.</summary>
    /// <param name="words">The words in lower case, with a padding and an unknown token.</param>
    /// <param name="characters">The letters, likewise.</param>
    /// <param name="tags">The tags, in the order of a model's outputs.</param>
    /// <param name="wordLength">L, even; of longer words the first and the last L/2 letters count.</param>
    /// <exception cref="ArgumentException">A special token is missing, a tag occurs twice, there is none, or the length is not
    /// even and positive.</exception>
    public SentenceEncoding(Vocabulary words, Vocabulary characters, IReadOnlyList<string> tags, int wordLength = 16)
    {
        ArgumentNullException.ThrowIfNull(words);
        ArgumentNullException.ThrowIfNull(characters);
        ArgumentNullException.ThrowIfNull(tags);
        foreach (var (vocabulary, name) in (ReadOnlySpan<(Vocabulary, string)>)[(words, "words"), (characters, "characters")])
            if (vocabulary.PaddingIndex is null || vocabulary.UnknownIndex is null)
                throw new ArgumentException($"SentenceEncoding: expected a vocabulary of {name} with a padding and an unknown token, got one without");
        if (wordLength < 2 || wordLength % 2 != 0) throw new ArgumentException($"SentenceEncoding: expected an even word length of at least 2, got {wordLength}", nameof(wordLength));
        if (tags.Count == 0) throw new ArgumentException("SentenceEncoding: expected at least one tag, got none");
        foreach (var tag in tags)
            if (!places.TryAdd(tag, places.Count)) throw new ArgumentException($"SentenceEncoding: expected each tag once, got \"{tag}\" twice");
        (Words, Characters, Tags, WordLength) = (words, characters, tags, wordLength);
    }

    /// <summary>The words in lower case.</summary>
    public Vocabulary Words { get; }

    /// <summary>The letters.</summary>
    public Vocabulary Characters { get; }

    /// <summary>The tags, in the order of a model's outputs.</summary>
    public IReadOnlyList<string> Tags { get; }

    /// <summary>L, the letters of a word that count.</summary>
    public int WordLength { get; }

    /// <summary>The encoding that follows from sentences to train on: the words that occur at least <paramref name="minCount"/>
    /// times, all letters, the tags in ordinal order unless they are given.</summary>
    /// <exception cref="ArgumentException">There is no sentence.</exception>
    public static SentenceEncoding Of(IReadOnlyList<TaggedSentence> sentences, int minCount = 2, IReadOnlyList<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(sentences);
        return new(
            Vocabulary.Count(sentences.SelectMany(s => s.Words).Select(Lower), minCount),
            Vocabulary.Count(sentences.SelectMany(s => s.Words).SelectMany(Vocabulary.Characters)),
            tags ?? [.. sentences.SelectMany(s => s.Tags).Distinct().Order(StringComparer.Ordinal)]);
    }

    /// <summary>The indices of a sentence's words, [T, 1 + L].</summary>
    /// <exception cref="ArgumentException">There is no word, or one is empty.</exception>
    public Tensor Encode(IReadOnlyList<string> sentence)
    {
        ArgumentNullException.ThrowIfNull(sentence);
        if (sentence.Count == 0) throw new ArgumentException("SentenceEncoding: expected a sentence of at least one word, got none");
        var indices = new long[sentence.Count * (1 + WordLength)];
        Array.Fill(indices, Characters.PaddingIndex!.Value);
        for (var i = 0; i < sentence.Count; i++)
        {
            if (string.IsNullOrEmpty(sentence[i])) throw new ArgumentException($"SentenceEncoding: expected words of at least one letter, got an empty one at place {i}");
            var row = indices.AsSpan(i * (1 + WordLength), 1 + WordLength);
            row[0] = Words.IndexOf(Lower(sentence[i]));
            var letters = Characters.EncodeCharacters(sentence[i]).AsSpan();
            if (letters.Length > WordLength) letters = (long[])[.. letters[..(WordLength / 2)], .. letters[^(WordLength / 2)..]];
            letters.CopyTo(row[1..]);
        }
        return Tensor.From(indices, [sentence.Count, 1 + WordLength]);
    }

    /// <summary>Samples (sentence [T, 1 + L], tags [T]); T differs from sample to sample, so that a loader needs
    /// <see cref="Collate"/>.</summary>
    /// <exception cref="ArgumentException">A tag is not among <see cref="Tags"/>, or a sentence cannot be encoded.</exception>
    public Dataset<(Tensor, Tensor)> ToDataset(IReadOnlyList<TaggedSentence> sentences)
    {
        ArgumentNullException.ThrowIfNull(sentences);
        return new Encoded([.. sentences.Select(s => (Encode(s.Words), Targets(s)))]);
    }

    Tensor Targets(TaggedSentence sentence)
    {
        if (sentence.Tags.Count != sentence.Words.Count) throw new ArgumentException($"SentenceEncoding: expected a tag for each of the {sentence.Words.Count} words, got {sentence.Tags.Count}");
        return Tensor.From(sentence.Tags.Select(tag => places.TryGetValue(tag, out var place) ? place
            : throw new ArgumentException($"SentenceEncoding: the tag {tag} is not among the model's {Tags.Count}: {string.Join(", ", Tags)}")).ToArray());
    }

    /// <summary>A batch of samples, filled up to the longest sentence: ([N, T, 1 + L], [N, T]). What fills up is the padding token,
    /// and among the targets <see cref="IgnoredTarget"/>.</summary>
    /// <exception cref="ArgumentException">There is no sample.</exception>
    public (Tensor Sentences, Tensor Targets) Collate(IReadOnlyList<(Tensor, Tensor)> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0) throw new ArgumentException("SentenceEncoding: expected at least one sentence, got none");
        var length = samples.Max(sample => sample.Item2.Size(0));
        var sentences = Tensor.Full([samples.Count, length, 1 + WordLength], Characters.PaddingIndex!.Value, DType.Int64);
        sentences.Select(2, 0).FillInPlace(Words.PaddingIndex!.Value);
        var targets = Tensor.Full([samples.Count, length], IgnoredTarget, DType.Int64);
        for (var i = 0; i < samples.Count; i++)
        {
            var (sentence, tags) = samples[i];
            sentences.Select(0, i).Narrow(0, 0, tags.Size(0)).CopyInPlace(sentence);
            targets.Select(0, i).Narrow(0, 0, tags.Size(0)).CopyInPlace(tags);
        }
        return (sentences, targets);
    }

    static string Lower(string word) => word.ToLowerInvariant();

    sealed class Encoded(IReadOnlyList<(Tensor, Tensor)> samples) : Dataset<(Tensor, Tensor)>
    {
        public override int Count => samples.Count;

        public override (Tensor, Tensor) this[int index] => samples[index];
    }
}
