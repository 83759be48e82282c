using Cresset.Data;
using Cresset.Nn;
using Cresset.Text;

namespace Cresset.Cli.Inputs;

/// <summary>Sentences by words and letters, with tags.</summary>
sealed record SentenceInput(SentenceEncoding Encoding) : ModelInput
{
    public override InputKind Kind => InputKind.Sentences;

    public override string Unit => "words";

    public override IReadOnlyList<string> PredictOptions => [];

    public override Func<Tensor, Tensor, (Tensor Outputs, Tensor Targets)>? Pairs => (outputs, targets) => TokenSequences.Pairs(outputs, targets);

    public override Tensor Example() => Encoding.Encode(["I", "saw", "a", "saw"]).Unsqueeze(0);

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        string[] words = [.. Words.Split(argument)];
        if (words.Length == 0) throw CommandException.Usage("predict: expected a sentence, got nothing.");
        var tags = network.Forward(Encoding.Encode(words).Unsqueeze(0)).Select(0, 0).ArgMax(1).ToArray<long>();
        return [new Prediction(argument) { Words = [.. words.Zip(tags, (word, tag) => new TaggedWord(word, Encoding.Tags[(int)tag]))] }];
    }

    public override void Write(CardEntries entries)
    {
        WriteKind(entries);
        entries.SetTokens("words", Encoding.Words.Tokens);
        entries.SetTokens("letters", Encoding.Characters.Tokens);
    }

    public static SentenceInput FromCard(CardEntries entries, IReadOnlyList<string> classes)
    {
        var (words, letters) = (entries.Vocabulary("words"), entries.Vocabulary("letters"));
        try
        {
            return new(new SentenceEncoding(words, letters, classes));
        }
        catch (ArgumentException e)
        {
            throw entries.Wrong("classes", "different tags", e);
        }
    }
}

/// <summary>Sentences with tags.</summary>
/// <param name="Sentences">The sentences.</param>
/// <param name="Classes">The tags of the whole data set.</param>
sealed record SentenceSamples(IReadOnlyList<TaggedSentence> Sentences, IReadOnlyList<string> Classes) : SeparateSamples
{
    public override IReadOnlyList<string> Classes { get; } = Classes;

    public override int Count => Sentences.Count;

    public override string Noun => "sentences";

    /// <summary>The tags of sentences, in ordinal order.</summary>
    public static IReadOnlyList<string> TagsOf(IEnumerable<TaggedSentence> sentences) => [.. sentences.SelectMany(s => s.Tags).Distinct().Order(StringComparer.Ordinal)];

    // Words that are rarer are told by their letters and neighbours.
    public override ModelInput Measure() => new SentenceInput(SentenceEncoding.Of(Sentences, minCount: 3, tags: Classes));

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var encoding = ((SentenceInput)input).Encoding;
        return new DataLoader<(Tensor, Tensor)>(encoding.ToDataset(Sentences), batchSize, shuffle: training is not null, seed: training?.Seed ?? 0,
            collate: samples => encoding.Collate(samples), workers: training?.Workers ?? 0);
    }

    // What is predicted are words: one of them, in brackets, in its sentence.
    public override ShownSample Show(long index)
    {
        foreach (var sentence in Sentences)
        {
            if (index < sentence.Words.Count) return new(string.Join(' ', sentence.Words.Select((word, place) => place == index ? $"[{word}]" : word)));
            index -= sentence.Words.Count;
        }
        throw new ArgumentOutOfRangeException(nameof(index));
    }

    protected override void WriteSamples(BinaryWriter writer)
    {
        foreach (var sentence in Sentences)
        {
            writer.Write(sentence.Words.Count);
            foreach (var text in sentence.Words.Concat(sentence.Tags)) writer.Write(text);
        }
    }

    public override SeparateSamples Pick(int[] places) => this with { Sentences = [.. places.Select(i => Sentences[i])] };
}
