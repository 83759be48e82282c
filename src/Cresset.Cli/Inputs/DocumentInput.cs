using Cresset.Data;
using Cresset.Nn;
using Cresset.Text;

namespace Cresset.Cli.Inputs;

/// <summary>Texts by their words, in lower case.</summary>
/// <param name="Words">The words.</param>
/// <param name="Columns">Where a file has the texts and their classes.</param>
sealed record DocumentInput(Vocabulary Words, TableColumns Columns) : ModelInput
{
    // Of a longer text the first so many words count.
    const int MostWords = 512;

    public override InputKind Kind => InputKind.Documents;

    public override string Unit => "texts";

    public override IReadOnlyList<string> PredictOptions => ["--top"];

    public override TableColumns? FileColumns => Columns;

    public override IReadOnlyList<string> Notes => [$"words: {Words.Size} different ones that occur at least twice, in lower case; others count as unknown"];

    public override Tensor Example() => Tensor.Ones([1, 16], DType.Int64);

    /// <summary>The indices of a text's words; of none, that of an unknown word.</summary>
    public long[] Encode(string text)
    {
        var indices = Words.Encode(Text.Words.Split(text).Take(MostWords).Select(word => word.ToLowerInvariant()));
        return indices.Length > 0 ? indices : [Words.UnknownIndex!.Value];
    }

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        if (string.IsNullOrWhiteSpace(argument)) throw CommandException.Usage("predict: expected a text, got nothing.");
        if (!File.Exists(argument)) return [Predict(network, classes, argument, argument, request)];
        var table = CsvTable.Load(argument);
        return [.. table.Column(Columns.Text!).Select((text, row) => Predict(network, classes, table.Place(row), text, request))];
    }

    Prediction Predict(Module network, IReadOnlyList<string> classes, string name, string text, PredictRequest request)
    {
        var words = Encode(text);
        return new Prediction(name) { Classes = Likeliest(network.Forward(Tensor.From(words, [1, words.Length])), classes, request.Top ?? PredictCommand.DefaultTop) };
    }

    public override void Write(CardEntries entries)
    {
        WriteKind(entries);
        entries.SetTokens("words", Words.Tokens);
        entries["text-column"] = Columns.Text!;
        entries["target"] = Columns.Target!;
    }

    public static DocumentInput FromCard(CardEntries entries) => new(entries.Vocabulary("words"), new TableColumns(entries["target"], TableTask.Classification, entries["text-column"]));
}

/// <summary>Texts with classes.</summary>
/// <param name="Texts">The texts.</param>
/// <param name="Labels">For each, its class.</param>
/// <param name="Classes">The classes of the whole file; none where a model has its own.</param>
/// <param name="Columns">Where the file had them.</param>
sealed record DocumentSamples(IReadOnlyList<string> Texts, IReadOnlyList<string> Labels, IReadOnlyList<string> Classes, TableColumns Columns) : SeparateSamples
{
    public override IReadOnlyList<string> Classes { get; } = Classes;

    public override int Count => Texts.Count;

    public override string Noun => "texts";

    // A word that occurs once says nothing that can be learned.
    public override ModelInput Measure() => new DocumentInput(Vocabulary.Count(Texts.SelectMany(Words.Split).Select(word => word.ToLowerInvariant()), minCount: 2), Columns);

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var documents = (DocumentInput)input;
        var places = classes.Select((name, place) => (name, place)).ToDictionary(c => c.name, c => (long)c.place);
        var samples = new Encoded([.. Texts.Select(documents.Encode)], [.. Labels.Select(label => places.TryGetValue(label, out var place) ? place
            : throw new CommandException($"--data: expected the model's classes ({string.Join(", ", classes)}) in the column {Columns.Target}, got '{label}'."))]);
        return new DataLoader<(Tensor, Tensor)>(samples, batchSize, shuffle: training is not null, seed: training?.Seed ?? 0,
            collate: batch => (TokenSequences.Pad([.. batch.Select(s => s.Item1.ToArray<long>())], documents.Words.PaddingIndex!.Value).Padded, Tensor.Stack([.. batch.Select(s => s.Item2)])),
            workers: training?.Workers ?? 0);
    }

    public override ShownSample Show(long index) => new(Texts[(int)index]);

    protected override void WriteSamples(BinaryWriter writer)
    {
        foreach (var (text, label) in Texts.Zip(Labels))
        {
            writer.Write(text);
            writer.Write(label);
        }
    }

    public override SeparateSamples Pick(int[] places) => this with { Texts = [.. places.Select(i => Texts[i])], Labels = [.. places.Select(i => Labels[i])] };

    sealed class Encoded(IReadOnlyList<long[]> texts, long[] labels) : Dataset<(Tensor, Tensor)>
    {
        public override int Count => texts.Count;

        public override (Tensor, Tensor) this[int index] => (Tensor.From(texts[index]), Tensor.From([labels[index]], []));
    }
}
