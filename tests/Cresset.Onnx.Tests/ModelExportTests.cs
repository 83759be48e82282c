using Cresset.Data;
using Cresset.Nn;
using Cresset.Tests;
using Cresset.Text;
using Cresset.Vision;
using Xunit;

namespace Cresset.Onnx.Tests;

// Every model of the library: what ONNX Runtime computes from the exported file against what Cresset computes, for batches of sizes
// that were not traced.
public class ModelExportTests
{
    const double Tolerance = 1e-4;

    static readonly Dictionary<string, Func<(Module Model, Tensor Example)>> models = new()
    {
        ["linear"] = () => (new LinearClassifier(), Pictures(1, 28)),
        ["mlp"] = () => (new Mlp(), Pictures(1, 28)),
        ["lenet"] = () => (new LeNet(), Pictures(1, 28)),
        ["cnn"] = () => (new Cnn(), Pictures(1, 28)),
        ["inception"] = () => (new InceptionNet(), Pictures(1, 28)),
        ["residual"] = () => (new ResidualNet(), Pictures(1, 28)),
        ["resnet20"] = () => (new CifarResNet(20), Pictures(3, 32)),
        ["resnet18"] = () => (ResNet.ResNet18(10, cifarStem: true), Pictures(3, 32)),
        ["resnet34 of large pictures"] = () => (ResNet.ResNet34(10), Pictures(3, 64)),
        ["googlenet"] = () => (new GoogLeNet(10, cifarStem: true), Pictures(3, 32)),
        ["googlenet of large pictures"] = () => (new GoogLeNet(10), Pictures(3, 64)),
        ["vit"] = () => (new VisionTransformer((32, 32), depth: 2), Pictures(3, 32)),
        ["names"] = () => (new NameClassifier(30, 5, numLayers: 2), Indices(30, 1, 12)),
        ["text-cnn"] = () => (new TextCnn(50, 3), Indices(50, 1, 20)),
        ["text-bag"] = () => (new TextBag(50, 3), Indices(50, 1, 20)),
        ["gru"] = () => (new CharacterRnn(40, RecurrentNetwork.Gru, numLayers: 2), Indices(40, 1, 16)),
        ["lstm"] = () => (new CharacterRnn(40, RecurrentNetwork.Lstm), Indices(40, 1, 16)),
        ["transformer"] = () => (new CharacterTransformer(40, contextLength: 16, width: 32, numLayers: 2), Indices(40, 1, 16)),
        ["tagger"] = Tagger,
        ["table"] = Table,
    };

    public static TheoryData<string> Names => [.. models.Keys];

    static Tensor Pictures(int channels, int size) => Tensor.Rand([1, channels, size, size]);

    // Filled up at the end in the second half of the rows.
    static Tensor Indices(int limit, int rows, int length)
    {
        var indices = Tensor.RandInt(1, limit, [rows, length]);
        for (var i = 1; i < rows; i += 2) indices[i, (length - 1 - i % (length / 2))..] = Tensor.From(0L);
        return indices;
    }

    static (Module, Tensor) Tagger()
    {
        var encoding = new SentenceEncoding(new Vocabulary(["a", "saw", "I", "dog"]), new Vocabulary(["a", "s", "w", "I", "d", "o", "g"]), ["N", "V", "DET"], 6);
        return (new Tagger(encoding, width: 32), encoding.Encode(["I", "saw", "a", "saw", "dog"]).Unsqueeze(0));
    }

    static (Module, Tensor) Table()
    {
        var table = CsvTable.From(["number", "category", "class"], [["1", "a", "no"], ["2", "b", "yes"], ["3", "c", "no"]]);
        var encoding = TableEncoding.Fit(table, "class", embedAbove: 1);
        return (new TableNetwork(encoding), encoding.Encode(table).Narrow(0, 0, 1));
    }

    // By itself, or as a part of another.
    [Fact]
    public void Every_model_is_tried()
    {
        var tried = models.Values.SelectMany(make => make().Model.Modules()).Select(module => module.GetType()).ToHashSet();
        Assert.DoesNotContain(new[] { typeof(Cnn), typeof(Tagger), typeof(TableNetwork) }.SelectMany(type => type.Assembly.ExportedTypes),
            type => !type.IsAbstract && type.IsSubclassOf(typeof(Module)) && !tried.Contains(type));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Models_compute_the_same_in_ONNX_Runtime(string name)
    {
        Random.Seed(7);
        using var folder = new TempFolder();
        var (model, example) = models[name]();
        model.Eval();
        Disturb(model);
        var path = folder["model.onnx"];
        OnnxExporter.Export(model, example, path);
        using var session = new RuntimeSession(path);
        foreach (var batch in (int[])[1, 4, 7])
        {
            var input = Other(example, batch);
            using var mode = Autograd.NoGrad();
            Agree(model.Forward(input), session.Run(input)[0], $"{name}, batch {batch}");
        }
    }

    // Statistics and biases that are not 0 and 1, as after training.
    static void Disturb(Module model)
    {
        using var mode = Autograd.NoGrad();
        foreach (var (name, buffer) in model.NamedBuffers())
            if (name.EndsWith("running_mean", StringComparison.Ordinal)) buffer.NormalInPlace(0, 0.1);
            else if (name.EndsWith("running_var", StringComparison.Ordinal)) buffer.UniformInPlace(0.5, 1.5);
        foreach (var (name, parameter) in model.NamedParameters())
            if (name.EndsWith("bias", StringComparison.Ordinal)) parameter.NormalInPlace(0, 0.1);
    }

    static Tensor Other(Tensor example, int batch)
    {
        Shape shape = [batch, .. example.Shape.AsSpan()[1..]];
        if (example.DType.IsFloatingPoint() && example.Rank == 4) return Tensor.Randn(shape);
        if (example.Rank == 2 && example.DType == DType.Int64) return Indices(30, batch, example.Size(1));
        return example.Expand(shape).Clone();
    }

    static void Agree(Tensor expected, Tensor got, string what)
    {
        Assert.Equal(expected.Shape, got.Shape);
        var distance = (expected - got).Abs().Max().Item();
        Assert.True(distance <= Tolerance * Math.Max(1, expected.Abs().Max().Item()), $"{what}: {distance} apart");
    }

    [Theory]
    [InlineData("names", 12)]
    [InlineData("text-cnn", 20)]
    [InlineData("text-bag", 20)]
    [InlineData("gru", 16)]
    [InlineData("lstm", 16)]
    [InlineData("transformer", 16)]
    public void Lengths_can_be_free_too(string name, int most)
    {
        Random.Seed(8);
        using var folder = new TempFolder();
        var (model, example) = models[name]();
        model.Eval();
        var path = folder["model.onnx"];
        OnnxExporter.Export(model, example, path, new OnnxExportOptions
        {
            InputNames = ["tokens"],
            OutputNames = ["logits"],
            DynamicDimensions = new Dictionary<string, IReadOnlyDictionary<int, string>> { ["tokens"] = new Dictionary<int, string> { [0] = "batch", [1] = "length" } },
        });
        using var session = new RuntimeSession(path);
        Assert.Equal(["tokens"], session.Inputs);
        foreach (var (batch, length) in ((int, int)[])[(1, most), (3, 9), (2, 4)])
        {
            var input = Indices(30, batch, length);
            using var mode = Autograd.NoGrad();
            Agree(model.Forward(input), session.Run(input)[0], $"{name}, {batch} x {length}");
        }
    }

    [Fact]
    public void Exporting_leaves_the_mode_as_it_was()
    {
        using var folder = new TempFolder();
        var model = new Sequential(new Linear(2, 2), new Dropout());
        OnnxExporter.Export(model, Tensor.Rand([1, 2]), folder["model.onnx"]);
        Assert.True(model.IsTraining);
        Assert.True(Autograd.IsEnabled);
    }
}
