using Cresset.Data;
using Cresset.Nn;
using Cresset.Text;

namespace Cresset.Cli.Inputs;

/// <summary>Text by its characters.</summary>
sealed record TextInput(Vocabulary Characters) : ModelInput
{
    /// <summary>The characters that a model sees at once in training.</summary>
    public const int Window = 128;

    const int DefaultLength = 300;

    public override InputKind Kind => InputKind.Text;

    public override string Unit => "characters";

    public override IReadOnlyList<string> PredictOptions => ["--length", "--temperature", "--top-k", "--top-p", "--seed"];

    public override Func<Tensor, Tensor, (Tensor Outputs, Tensor Targets)>? Pairs => (outputs, targets) => TokenSequences.Pairs(outputs, targets);

    public override Tensor Example() => Tensor.Zeros([1, Window], DType.Int64);

    public override IReadOnlyList<Prediction> Predict(Module network, IReadOnlyList<string> classes, string argument, PredictRequest request)
    {
        if (argument.Length == 0) throw CommandException.Usage("predict: expected the beginning of a text, got nothing.");
        var sampler = new TokenSampler(request.Temperature ?? 1, request.TopK, request.TopP);
        if (network is not CharacterLanguageModel language)
            throw new CommandException("predict: an ONNX file of a language model scores whole texts only; going on with a text needs its run folder.");
        var text = language.Generate(argument, request.Length ?? DefaultLength, Characters, sampler, new Generator((ulong)(request.Seed ?? 1)));
        return [new Prediction(argument) { Text = text }];
    }

    public override void Write(CardEntries entries) => WriteKind(entries);

    // The classes are the characters.
    public static TextInput FromCard(CardEntries entries, IReadOnlyList<string> classes)
    {
        try
        {
            return new(new Vocabulary(classes, padding: null, unknown: null));
        }
        catch (ArgumentException e)
        {
            throw entries.Wrong("classes", "different characters", e);
        }
    }
}

/// <summary>A text.</summary>
/// <param name="Text">The part's text.</param>
/// <param name="Classes">The characters of the whole text.</param>
sealed record TextSamples(string Text, IReadOnlyList<string> Classes) : Samples
{
    // Training windows overlap, so that a character is met at several places of them.
    const int TrainingStride = TextInput.Window / 4;

    public override IReadOnlyList<string> Classes { get; } = Classes;

    public override int Count => Text.Length;

    public override string Noun => "characters";

    /// <summary>The characters of a text, the most frequent first.</summary>
    public static IReadOnlyList<string> CharactersOf(string text) => Vocabulary.Count(Vocabulary.Characters(text), padding: null, unknown: null).Tokens;

    public override ModelInput Measure() => new TextInput(new Vocabulary(Classes, padding: null, unknown: null));

    public override DataLoader<(Tensor, Tensor)> Batches(ModelInput input, IReadOnlyList<string> classes, int batchSize, TrainingOrder? training = null)
    {
        var windows = new TextWindows(((TextInput)input).Characters.EncodeCharacters(Text), TextInput.Window, training is null ? TextInput.Window : TrainingStride);
        return new DataLoader<(Tensor, Tensor)>(windows, batchSize, shuffle: training is not null, seed: training?.Seed ?? 0, workers: training?.Workers ?? 0);
    }

    protected override void WriteSamples(BinaryWriter writer) => writer.Write(Text);

    // A text is one piece: its beginning.
    protected override Samples Some(int count) => this with { Text = Text[..Cut(count)] };

    // Characters that make so many windows.
    public override Samples Few(int count) => base.Few(TextInput.Window + 1 + TrainingStride * (count - 1));

    // Its end, which is not of the same passages.
    public override (Samples Kept, Samples HeldOut) HoldOut(double share)
    {
        int cut = Cut(Count - Part(share));
        return (this with { Text = Text[..cut] }, this with { Text = Text[cut..] });
    }

    // Not within a pair that stands for one character.
    int Cut(int place) => char.IsHighSurrogate(Text[place - 1]) ? place - 1 : place;
}
