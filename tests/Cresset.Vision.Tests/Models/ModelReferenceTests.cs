using System.Text.Json;
using Cresset.Nn;
using Xunit;

namespace Cresset.Vision.Tests.Models;

/// <summary>Against vision/models.json, which tests/reference/vision_models.py wrote with PyTorch in float64.</summary>
public class ModelReferenceTests
{
    private static readonly Dictionary<string, Func<Module>> Models = new()
    {
        ["linear"] = () => new LinearClassifier(),
        ["mlp"] = () => new Mlp(),
        ["cnn"] = () => new Cnn(),
        ["lenet"] = () => new LeNet(),
        ["lenet colour"] = () => new LeNet(channels: 3),
        ["inception"] = () => new InceptionNet(),
        ["residual"] = () => new ResidualNet(),
        ["resnet18"] = () => ResNet.ResNet18(),
        ["resnet34"] = () => ResNet.ResNet34(),
        ["resnet18 cifar"] = () => ResNet.ResNet18(10, 1, cifarStem: true),
        ["resnet20"] = () => new CifarResNet(20),
        ["resnet56"] = () => new CifarResNet(56),
        ["googlenet"] = () => new GoogLeNet(dropout: 0),
        ["googlenet cifar"] = () => new GoogLeNet(10, 1, cifarStem: true, dropout: 0),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_outputs_and_gradients_are_PyTorchs(string name)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "reference", "models.json")));
        JsonElement expected = json.RootElement.EnumerateArray().Single(c => c.GetProperty("model").GetString() == name);
        Module model = Models[name]();
        Assert.Equal(expected.GetProperty("parameters").GetInt64(), model.Parameters().Sum(p => (long)p.ElementCount));
        model.To(DType.Float64);
        SetState(model);
        Tensor x = Fill(new Shape([.. expected.GetProperty("input").EnumerateArray().Select(d => d.GetInt32())]), 1000);
        x.RequiresGrad = true;

        model.Eval();
        using (Autograd.NoGrad())
            AreClose(expected.GetProperty("evaluated"), model.Forward(x).ToArray<double>(), "output in evaluation");
        model.Train();
        Tensor y = model.Forward(x);
        AreClose(expected.GetProperty("trained"), y.Detach().ToArray<double>(), "output in training");
        (y * Fill(y.Shape, 1001)).Sum().Backward();
        JsonElement gradients = expected.GetProperty("gradients");
        (string, Tensor)[] all = [("input", x), .. model.NamedParameters().Select(p => (p.Name, (Tensor)p.Parameter))];
        Assert.Equal(gradients.EnumerateObject().Select(g => g.Name).Order(), all.Select(p => p.Item1).Order());
        foreach (var (key, parameter) in all)
        {
            Tensor gradient = parameter.Grad!;
            double[] figures = [.. gradients.GetProperty(key).EnumerateArray().Select(v => v.GetDouble())];
            // Sums cancel: they are as near as the norm says.
            double scale = 1e-8 * (figures[2] + 1e-6) * Math.Sqrt(gradient.ElementCount);
            Assert.Equal(figures[0], gradient.Sum().Item(), scale);
            Assert.Equal(figures[1], (gradient * Fill(gradient.Shape, 1002)).Sum().Item(), scale);
            Assert.Equal(figures[2], gradient.Norm().Item(), scale);
        }
    }

    private static void AreClose(JsonElement expected, double[] actual, string what)
    {
        double[] values = [.. expected.EnumerateArray().Select(v => v.GetDouble())];
        Assert.Equal(values.Length, actual.Length);
        double scale = values.Max(Math.Abs);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - actual[i]) <= 1e-9 * scale, $"{what}, element {i}: expected {values[i]:R}, got {actual[i]:R}");
    }

    // The rule of vision_models.py.
    private static void SetState(Module model)
    {
        ulong seed = 0;
        using var scope = Autograd.NoGrad();
        foreach (var (name, value) in model.StateDict().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            seed++;
            if (name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                continue;
            Tensor numbers = Fill(value.Shape, seed);
            if (value.Rank > 1)
                numbers *= 1.7 / Math.Sqrt(value.ElementCount / value.Shape[0]);
            else if (name.EndsWith("weight", StringComparison.Ordinal) || name.EndsWith("running_var", StringComparison.Ordinal))
                numbers = 1 + 0.5 * numbers;
            else
                numbers *= 0.1;
            value.CopyInPlace(numbers);
        }
    }

    private static Tensor Fill(Shape shape, ulong seed)
    {
        var values = new double[shape.ElementCount];
        for (int i = 0; i < values.Length; i++)
        {
            ulong z = ((ulong)i + (seed << 32)) * 0x9E3779B97F4A7C15;
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            z ^= z >> 31;
            values[i] = (z >> 11) * Math.ScaleB(1, -52) - 1;
        }
        return Tensor.From(values, shape);
    }
}
