using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Text;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>A network by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Make">Makes it for an input and this many classes, with fresh weights.</param>
record ModelChoice(string Name, InputKind Kind, Func<ModelInput, int, Module> Make)
{
    /// <summary>The input that a summary by name shows, and the number of classes.</summary>
    public virtual (ModelInput Input, int Classes) Usual => Kind switch
    {
        InputKind.Names => Of(new NameSamples(CommonNames.Create())),
        InputKind.Sentences => Of(DataSources.Grammar(train: true)),
        InputKind.Table => Of(new TableSamples(CsvTable.From(["number", "category", "class"], [["1", "a", "no"], ["2", "b", "yes"]]), "class", null, ["no", "yes"])),
        InputKind.Documents => (new DocumentInput(new Vocabulary(["good", "bad"]), new TableColumns("class", TableTask.Classification, "text")), 2),
        InputKind.Text => Of(new TextSamples("", [.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => ((char)c).ToString())])),
        _ => throw new InvalidOperationException($"{Name} has no usual input"),
    };

    static (ModelInput, int) Of(Samples samples) => (samples.Measure(), samples.Classes.Count);

    /// <summary>The network for this input, which is of its kind, and these classes.</summary>
    /// <exception cref="CommandException">It takes no such input.</exception>
    public Module Create(ModelInput input, int classes, string data)
    {
        Require(input, data);
        return Make(input, classes);
    }

    /// <summary>Checks that it takes such an input.</summary>
    /// <exception cref="CommandException">It does not; the message names those that do.</exception>
    public virtual void Require(ModelInput input, string data) => Require(input.Kind, data);

    /// <summary>Checks that it takes data of this kind.</summary>
    /// <exception cref="CommandException">It does not; the message names those that do.</exception>
    public void Require(InputKind kind, string data) => Require(Name, Kind, kind, data);

    /// <summary>Checks that a network takes data of a kind.</summary>
    /// <exception cref="CommandException">It does not; the message names those that do.</exception>
    public static void Require(string name, InputKind takes, InputKind kind, string data)
    {
        if (takes != kind)
            throw CommandException.Usage($"--model: {name} takes {Words(takes)}; {data} has {Words(kind)}. For them: {string.Join(", ", Models.All.Where(m => m.Kind == kind).Select(m => m.Name))}.");
    }

    static string Words(InputKind kind) => kind switch
    {
        InputKind.Pictures => "pictures",
        InputKind.Names => "names",
        InputKind.Sentences => "tagged sentences",
        InputKind.Table => "rows of a table",
        InputKind.Documents => "texts with classes",
        _ => "plain text",
    };
}

/// <summary>A network for pictures.</summary>
/// <param name="Name">The name.</param>
/// <param name="Shape">What pictures of a folder are brought to for it.</param>
/// <param name="Wants">Which pictures it takes, in words.</param>
/// <param name="Takes">Whether it takes pictures of a shape.</param>
/// <param name="MakeFor">Makes it for pictures of a shape and this many classes.</param>
sealed record PictureModel(string Name, PictureShape Shape, string Wants, Func<PictureShape, bool> Takes, Func<PictureShape, int, Module> MakeFor)
    : ModelChoice(Name, InputKind.Pictures, (input, classes) => MakeFor(((PictureInput)input).Shape, classes))
{
    const int DefaultClasses = 10;

    public override (ModelInput Input, int Classes) Usual => (With(Shape), DefaultClasses);

    /// <summary>Pictures of a shape, not normalised.</summary>
    public static PictureInput With(PictureShape shape) => new(shape, [.. Enumerable.Repeat(0.0, shape.Channels)], [.. Enumerable.Repeat(1.0, shape.Channels)], 0);

    public override void Require(ModelInput input, string data)
    {
        base.Require(input, data);
        Require(((PictureInput)input).Shape, data);
    }

    /// <summary>Checks that it takes such pictures.</summary>
    /// <exception cref="CommandException">It does not; the message names those that do.</exception>
    public void Require(PictureShape shape, string data)
    {
        if (!Takes(shape))
            throw CommandException.Usage(
                $"--model: {Name} takes pictures of {Wants}; those of {data} are {shape}. For them: {string.Join(", ", Models.All.OfType<PictureModel>().Where(m => m.Takes(shape)).Select(m => m.Name))}.");
    }
}

/// <summary>The networks that `--model` knows.</summary>
static class Models
{
    // Larger pictures than this are halved twice at the start, as in the papers.
    const int LargestSmall = 64;

    const int Least = 8;

    public static readonly IReadOnlyList<ModelChoice> All =
    [
        Grey("cnn", classes => new Cnn(classes)),
        Any("linear", PictureShape.Grey28, (shape, classes) => new LinearClassifier(shape.Pixels, classes)),
        Any("mlp", PictureShape.Grey28, (shape, classes) => new Mlp(shape.Pixels, classes)),
        new PictureModel("lenet", PictureShape.Grey28, "28x28 or 32x32", shape => (shape.Height, shape.Width) is (28, 28) or (32, 32),
            (shape, classes) => new LeNet(classes, shape.Channels)),
        Grey("inception", classes => new InceptionNet(classes)),
        Grey("residual", classes => new ResidualNet(classes)),
        Deep("resnet20", (shape, classes) => new CifarResNet(20, classes, shape.Channels)),
        Deep("resnet56", (shape, classes) => new CifarResNet(56, classes, shape.Channels)),
        Deep("resnet18", (shape, classes) => ResNet.ResNet18(classes, shape.Channels, IsSmall(shape))),
        Deep("resnet34", (shape, classes) => ResNet.ResNet34(classes, shape.Channels, IsSmall(shape))),
        Deep("googlenet", (shape, classes) => new GoogLeNet(classes, shape.Channels, IsSmall(shape))),
        new PictureModel("vit", PictureShape.Colour32, "multiples of 4 (above 64: of 16) in height and width",
            shape => shape.Height % Patch(shape) == 0 && shape.Width % Patch(shape) == 0,
            (shape, classes) => new VisionTransformer((shape.Height, shape.Width), Patch(shape), classes, shape.Channels)),
        new("gru", InputKind.Names, (input, classes) => new NameClassifier(((NameInput)input).Letters.Size, classes)),
        new("tagger", InputKind.Sentences, (input, _) => new Tagger(((SentenceInput)input).Encoding, numLayers: 1)),
        new("table", InputKind.Table, (input, _) => new TableNetwork(((TableInput)input).Encoding)),
        new("table-linear", InputKind.Table, (input, _) => new TableNetwork(((TableInput)input).Encoding, hidden: [])),
        new("text-cnn", InputKind.Documents, (input, classes) => new TextCnn(((DocumentInput)input).Words.Size, classes)),
        new("text-bag", InputKind.Documents, (input, classes) => new TextBag(((DocumentInput)input).Words.Size, classes)),
        new("char-transformer", InputKind.Text, (_, classes) => new CharacterTransformer(classes, TextInput.Window)),
        new("char-gru", InputKind.Text, (_, classes) => new CharacterRnn(classes)),
        new("char-lstm", InputKind.Text, (_, classes) => new CharacterRnn(classes, RecurrentNetwork.Lstm)),
    ];

    public static string Names => string.Join(", ", All.Select(m => m.Name));

    /// <summary>The model of that name.</summary>
    /// <exception cref="CommandException">There is none; the message names the near matches.</exception>
    public static ModelChoice Find(string name) => NearMatch.Find("model", name, All, m => m.Name);

    /// <summary>The first of a kind, which is the one to begin with.</summary>
    public static ModelChoice First(InputKind kind) => All.First(m => m.Kind == kind);

    static bool IsSmall(PictureShape shape) => Math.Max(shape.Height, shape.Width) <= LargestSmall;

    static int Patch(PictureShape shape) => IsSmall(shape) ? 4 : 16;

    static PictureModel Any(string name, PictureShape usual, Func<PictureShape, int, Module> make) => new(name, usual, "any size", _ => true, make);

    static PictureModel Grey(string name, Func<int, Module> make) =>
        new(name, PictureShape.Grey28, $"{PictureShape.Grey28} (grey)", shape => shape == PictureShape.Grey28, (_, classes) => make(classes));

    static PictureModel Deep(string name, Func<PictureShape, int, Module> make) =>
        new(name, PictureShape.Colour32, $"at least {Least}x{Least}", shape => Math.Min(shape.Height, shape.Width) >= Least, make);
}
