using Cresset.Nn;
using Cresset.Serialization;
using Cresset.Tests;
using Xunit;

namespace Cresset.Onnx.Tests;

// Files that PyTorch and torchvision wrote (tests/reference/make_onnx.py), against what PyTorch computes.
public class ImportTests
{
    static string Reference(string name) => Path.Combine(AppContext.BaseDirectory, "reference", name);

    public static TheoryData<string> Names => [.. Directory.GetFiles(Reference(""), "*.onnx").Select(path => Path.GetFileNameWithoutExtension(path)!)];

    static Tensor[] Numbered(IReadOnlyDictionary<string, Tensor> state, string prefix) =>
        [.. state.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(entry => int.Parse(entry.Key[prefix.Length..], System.Globalization.CultureInfo.InvariantCulture)).Select(entry => entry.Value)];

    static void Agree(Tensor expected, Tensor got, string what)
    {
        Assert.Equal(expected.Shape, got.Shape);
        if (expected.ElementCount == 0) return;
        Tensor wide = expected.To(DType.Float64), other = got.To(DType.Float64);
        var distance = (wide - other).Abs().Max().Item();
        Assert.True(distance <= 1e-4 * Math.Max(1, wide.Abs().Max().Item()), $"{what}: {distance} apart");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Files_of_PyTorch_compute_what_PyTorch_computes(string name)
    {
        var model = OnnxModel.Load(Reference(name + ".onnx"));
        model.Eval();
        var state = TorchCheckpoint.Load(Reference(name + ".pt")).StateDict("");
        using var mode = Autograd.NoGrad();
        var outputs = model.Forward(Numbered(state, "input_"));
        var expected = Numbered(state, "output_");
        Assert.Equal(expected.Length, outputs.Count);
        for (var i = 0; i < expected.Length; i++) Agree(expected[i], outputs[i], $"{name}, output {i}");
    }

    // Out again, with a free batch, and judged by ONNX Runtime.
    [Theory]
    [InlineData("mobilenet_v2")]
    [InlineData("resnet")]
    [InlineData("densenet")]
    [InlineData("shufflenet")]
    [InlineData("vision_transformer")]
    [InlineData("transformer_encoder")]
    [InlineData("lstm")]
    public void Imported_models_can_be_exported(string name)
    {
        using var folder = new TempFolder();
        var model = OnnxModel.Load(Reference(name + ".onnx"));
        var state = TorchCheckpoint.Load(Reference(name + ".pt")).StateDict("");
        var input = state["input_0"];
        OnnxExporter.Export(model, input.Narrow(0, 0, 1), folder["again.onnx"]);
        using var session = new RuntimeSession(folder["again.onnx"]);
        Agree(state["output_0"], session.Run(input)[0], name);
    }

    [Fact]
    public void Imported_models_learn()
    {
        var model = OnnxModel.Load(Reference("mobilenet_v2.onnx"));
        var state = TorchCheckpoint.Load(Reference("mobilenet_v2.pt")).StateDict("");
        var input = state["input_0"];
        var target = Tensor.From(new long[] { 3, 1 });
        Assert.All(model.Parameters(), parameter => Assert.True(parameter.ElementCount > 1));
        var optimizer = new Optim.Adam(model.Parameters().Where(parameter => parameter.RequiresGrad), 0.01);
        var before = model.Forward(input).CrossEntropy(target).Item();
        for (var step = 0; step < 20; step++)
        {
            optimizer.ZeroGrad();
            model.Forward(input).CrossEntropy(target).Backward();
            optimizer.Step();
        }
        Assert.True(model.Forward(input).CrossEntropy(target).Item() < before / 2);
    }

    [Fact]
    public void Exported_models_come_back_with_their_names_and_values()
    {
        using var folder = new TempFolder();
        var model = new Sequential(new Conv2d(1, 4, 3), new BatchNorm2d(4), new ReLU(), new Flatten(), new Linear(4 * 36, 3));
        model.Eval();
        OnnxExporter.Export(model, Tensor.Rand([1, 1, 8, 8]), folder["model.onnx"], new OnnxExportOptions { Metadata = new Dictionary<string, string> { ["classes"] = "a,b,c" } });
        var again = OnnxModel.Load(folder["model.onnx"]);
        Assert.Equal("a,b,c", again.Metadata["classes"]);
        Assert.Equal(["input"], again.InputNames);
        Assert.Equal(["output"], again.OutputNames);
        var names = model.StateDict().Keys.Where(key => !key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).ToHashSet();
        Assert.Equal(names, again.StateDict().Keys.ToHashSet());
        var input = Tensor.Rand([5, 1, 8, 8]);
        using var mode = Autograd.NoGrad();
        Agree(model.Forward(input), again.Forward(input), "round trip");
    }
}
