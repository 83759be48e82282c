using Cresset.Data;
using Cresset.Nn;
using Cresset.Text;

namespace Cresset.Cli.Inputs;

/// <summary>Names by their letters.</summary>
/// <param name="Letters">The letters.</param>
sealed record NameInput(Vocabulary Letters) : ModelInput
{
    public override InputKind Kind => InputKind.Names;

    public override string Unit => "names";

    public override IReadOnlyList<string> PredictOptions => ["--top"];

    public override Tensor Example() => Tensor.Ones([1, 8], DType.Int64);

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        if (string.IsNullOrWhiteSpace(argument)) throw CommandException.Usage("predict: expected a name, got nothing.");
        var letters = Letters.EncodeCharacters(argument.Trim());
        return [new Prediction(argument) { Classes = Likeliest(network.Forward(Tensor.From(letters, [1, letters.Length])), classes, request.Top ?? PredictCommand.DefaultTop) }];
    }

    public override void Write(CardEntries entries)
    {
        WriteKind(entries);
        entries.SetTokens("letters", Letters.Tokens);
    }

    public static NameInput FromCard(CardEntries entries) => new(entries.Vocabulary("letters"));
}

/// <summary>Names with languages, or whatever classes.</summary>
sealed record NameSamples(LabelledNames Names) : SeparateSamples
{
    public override IReadOnlyList<string> Classes => Names.Languages;

    public override int Count => Names.Names.Count;

    public override string Noun => "names";

    public override ModelInput Measure() => new NameInput(Names.Vocabulary());

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var samples = Names.ToDataset(((NameInput)input).Letters, classes);
        return training is null ? new DataLoader(samples, batchSize) : new DataLoader(samples, batchSize, shuffle: true, seed: training.Seed, workers: training.Workers);
    }

    public override ShownSample Show(long index) => new(Names.Names[(int)index]);

    protected override void WriteSamples(BinaryWriter writer)
    {
        foreach (var (name, label) in Names.Names.Zip(Names.Labels))
        {
            writer.Write(name);
            writer.Write(label);
        }
    }

    public override SeparateSamples Pick(int[] places) =>
        new NameSamples(new LabelledNames([.. places.Select(i => Names.Names[i])], [.. places.Select(i => Names.Labels[i])], Names.Languages));
}
