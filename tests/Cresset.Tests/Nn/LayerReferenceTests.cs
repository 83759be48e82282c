using Cresset.Nn;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public class LayerReferenceTests
{
    public static TheoryData<string, string, DType> Cases(bool batchNorm)
    {
        var data = new TheoryData<string, string, DType>();
        foreach (var c in ReferenceFile.Load("layers").Cases.Where(c => c.Operator.StartsWith("BatchNorm", StringComparison.Ordinal) == batchNorm))
            foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                data.Add(c.Operator, c.Name, dtype);
        return data;
    }

    static Module Make(ReferenceCase c)
    {
        var a = c.Arguments;
        Size2d Size(string name, int absent = 1) => NnReference.Size(a, name, absent);
        Size2d? Stride() => a.Has("stride") ? Size("stride") : null;
        double? Number(string name) => a.Has(name) ? a.Double(name) : null;
        // Absent is PyTorch's default, null is null.
        double? momentum = !a.Names.Contains("momentum") ? 0.1 : Number("momentum");
        return c.Operator switch
        {
            "Linear" => new Linear(a.Int("inFeatures"), a.Int("outFeatures"), a.Bool("bias", true)),
            "Conv2d" => new Conv2d(a.Int("inChannels"), a.Int("outChannels"), Size("kernelSize"), Stride(),
                a.Has("padding") && a.Get("padding").ValueKind == System.Text.Json.JsonValueKind.String ? a.String("padding") : Size("padding", 0), Size("dilation"), a.Int("groups", 1), a.Bool("bias", true)),
            "Conv1d" => new Conv1d(a.Int("inChannels"), a.Int("outChannels"), a.Int("kernelSize"), a.Int("stride", 1), a.Int("padding", 0), a.Int("dilation", 1), a.Int("groups", 1), a.Bool("bias", true)),
            "ConvTranspose2d" => new ConvTranspose2d(a.Int("inChannels"), a.Int("outChannels"), Size("kernelSize"), Stride(), Size("padding", 0), Size("outputPadding", 0), a.Int("groups", 1), a.Bool("bias", true), Size("dilation")),
            "GroupNorm" => new GroupNorm(a.Int("numGroups"), a.Int("numChannels"), a.Double("eps", 1e-5), a.Bool("affine", true)),
            "MaxPool1d" => new MaxPool1d(a.Int("kernelSize"), a.Has("stride") ? a.Int("stride") : null, a.Int("padding", 0), a.Int("dilation", 1), a.Bool("ceilMode", false)),
            "MaxPool2d" => new MaxPool2d(Size("kernelSize"), Stride(), Size("padding", 0), Size("dilation"), a.Bool("ceilMode", false)),
            "AvgPool2d" => new AvgPool2d(Size("kernelSize"), Stride(), Size("padding", 0), a.Bool("ceilMode", false), a.Bool("countIncludePad", true), a.Has("divisorOverride") ? a.Int("divisorOverride") : null),
            "AdaptiveAvgPool2d" => new AdaptiveAvgPool2d(a.NullableInts("outputSize")[0], a.NullableInts("outputSize")[^1]),
            "BatchNorm1d" => new BatchNorm1d(a.Int("numFeatures"), a.Double("eps", 1e-5), momentum, a.Bool("affine", true), a.Bool("trackRunningStats", true)),
            "BatchNorm2d" => new BatchNorm2d(a.Int("numFeatures"), a.Double("eps", 1e-5), momentum, a.Bool("affine", true), a.Bool("trackRunningStats", true)),
            "LayerNorm" => new LayerNorm((Shape)a.Ints("normalizedShape"), a.Double("eps", 1e-5), a.Bool("elementwiseAffine", true)),
            "Embedding" => new Embedding(a.Int("numEmbeddings"), a.Int("embeddingDim"), a.Has("paddingIdx") ? a.Int("paddingIdx") : null, Number("maxNorm"), a.Double("normType", 2)),
            "ReLU" => new ReLU(),
            "LeakyReLU" => new LeakyReLU(a.Double("negativeSlope", 0.01)),
            "ELU" => new ELU(a.Double("alpha", 1)),
            "GELU" => new GELU(a.Has("approximate") && a.String("approximate") == "tanh"),
            "SiLU" => new SiLU(),
            "Softplus" => new Softplus(a.Double("beta", 1), a.Double("threshold", 20)),
            "Tanh" => new Tanh(),
            "Sigmoid" => new Sigmoid(),
            "Softmax" => new Softmax(a.Int("dim")),
            "LogSoftmax" => new LogSoftmax(a.Int("dim")),
            "Flatten" => new Flatten(a.Int("startDim", 1), a.Int("endDim", -1)),
            _ => throw new InvalidOperationException($"no layer {c.Operator}"),
        };
    }

    static Dictionary<string, Tensor> State(ReferenceCase c, DType dtype) => c.Inputs
        .Where(input => input.Key is "weight" or "bias").ToDictionary(input => input.Key, input => NnReference.Read(input.Value, dtype));

    [Theory]
    [MemberData(nameof(Cases), false)]
    public void Output_and_gradients_are_PyTorchs(string layer, string name, DType dtype)
    {
        var c = ReferenceFile.Load("layers").Case(layer, name);
        var module = Make(c);
        module.To(dtype);
        module.LoadStateDict(State(c, dtype));
        var x = NnReference.Read(c.Inputs["input"], dtype);
        if (x.DType.IsFloatingPoint()) x.RequiresGrad = true;
        var y = module.Forward(x);
        var tolerance = NnReference.Tolerance(dtype);
        NnReference.AreClose(c.Outputs["output"], y, tolerance, "output");
        y.Backward(NnReference.Read(c.GradOutputs["output"], dtype));
        foreach (var (input, gradient) in c.Gradients)
            NnReference.AreClose(gradient, (input == "input" ? x : module.NamedParameters().Single(p => p.Name == input).Parameter).Grad!, tolerance, $"gradient of {input}");
        if (c.Outputs.TryGetValue("weight", out var table)) NnReference.AreClose(table, module.StateDict()["weight"], tolerance, "table");
        Assert.NotEmpty(c.Gradients);
    }

    [Theory]
    [MemberData(nameof(Cases), true)]
    public void Batch_normalisation_trains_and_evaluates_as_PyTorchs(string layer, string name, DType dtype)
    {
        var c = ReferenceFile.Load("layers").Case(layer, name);
        var module = Make(c);
        module.To(dtype);
        module.LoadStateDict(State(c, dtype), strict: false);
        var tolerance = NnReference.Tolerance(dtype);
        for (var k = 1; k <= 4; k++)
        {
            module.Train(k < 4);
            module.ZeroGrad();
            var x = NnReference.Read(c.Inputs[$"input{k}"], dtype);
            x.RequiresGrad = true;
            var y = module.Forward(x);
            NnReference.AreClose(c.Outputs[$"output{k}"], y, tolerance, $"output {k}");
            y.Backward(NnReference.Read(c.GradOutputs[$"output{k}"], dtype));
            NnReference.AreClose(c.Gradients[$"input{k}"], x.Grad!, tolerance, $"gradient of input {k}");
            foreach (var (parameterName, parameter) in module.NamedParameters())
                NnReference.AreClose(c.Gradients[parameterName + k], parameter.Grad!, tolerance, $"gradient of {parameterName} {k}");
            foreach (var (buffer, values) in module.NamedBuffers())
                if (c.Outputs.TryGetValue(buffer + k, out var expected)) NnReference.AreClose(expected, values, tolerance, $"{buffer} {k}");
            Assert.Equal(module.NamedBuffers().Count(), c.Outputs.Keys.Count(key => key.EndsWith($"{k}", StringComparison.Ordinal)) - 1);
        }
    }
}
