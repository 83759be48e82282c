using System.Text.Json;
using Cresset.Nn;
using Xunit;

namespace Cresset.Tests;

/// <summary>Compares a model with what PyTorch computed in float64: reference/models.json beside the tests, which a script of
/// tests/reference wrote with the rules of models_common.py.</summary>
static class ModelReference
{
    public static void Check(string name, Module model)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "reference", "models.json")));
        var expected = json.RootElement.EnumerateArray().Single(c => c.GetProperty("model").GetString() == name);
        Assert.Equal(expected.GetProperty("parameters").GetInt64(), model.Parameters().Sum(p => (long)p.ElementCount));
        model.To(DType.Float64);
        SetState(model);
        var x = Fill(new Shape([.. expected.GetProperty("input").EnumerateArray().Select(d => d.GetInt32())]), 1000);
        bool isIndices = expected.GetProperty("most") is { ValueKind: JsonValueKind.Array };
        if (isIndices) x = ((x + 1) / 2 * Tensor.From(Numbers(expected.GetProperty("most")))).To(DType.Int64);
        else x.RequiresGrad = true;

        model.Eval();
        using (Autograd.NoGrad())
            AreClose(expected.GetProperty("evaluated"), model.Forward(x).ToArray<double>(), "output in evaluation");
        model.Train();
        var y = model.Forward(x);
        AreClose(expected.GetProperty("trained"), y.Detach().ToArray<double>(), "output in training");
        (y * Fill(y.Shape, 1001)).Sum().Backward();
        var gradients = expected.GetProperty("gradients");
        var all = model.NamedParameters().Select(p => (p.Name, Tensor: (Tensor)p.Parameter)).ToList();
        if (!isIndices) all.Add(("input", x));
        Assert.Equal(gradients.EnumerateObject().Select(g => g.Name).Order(), all.Select(p => p.Name).Order());
        foreach (var (key, parameter) in all)
        {
            var gradient = parameter.Grad!;
            var figures = Numbers(gradients.GetProperty(key));
            // Sums cancel: they are as near as the norm says.
            double scale = 1e-8 * (figures[2] + 1e-6) * Math.Sqrt(gradient.ElementCount);
            Assert.Equal(figures[0], gradient.Sum().Item(), scale);
            Assert.Equal(figures[1], (gradient * Fill(gradient.Shape, 1002)).Sum().Item(), scale);
            Assert.Equal(figures[2], gradient.Norm().Item(), scale);
        }
    }

    static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];

    static void AreClose(JsonElement expected, double[] actual, string what)
    {
        var values = Numbers(expected);
        Assert.Equal(values.Length, actual.Length);
        double scale = values.Max(Math.Abs);
        for (int i = 0; i < values.Length; i++)
            Assert.True(Math.Abs(values[i] - actual[i]) <= 1e-9 * scale, $"{what}, element {i}: expected {values[i]:R}, got {actual[i]:R}");
    }

    // The rule of models_common.py.
    static void SetState(Module model)
    {
        ulong seed = 0;
        using var scope = Autograd.NoGrad();
        foreach (var (name, value) in model.StateDict().OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            seed++;
            if (name.EndsWith("num_batches_tracked", StringComparison.Ordinal))
                continue;
            var numbers = Fill(value.Shape, seed);
            if (value.Rank > 1)
                numbers *= 1.7 / Math.Sqrt(value.ElementCount / value.Shape[0]);
            else if (name.EndsWith("weight", StringComparison.Ordinal) || name.EndsWith("running_var", StringComparison.Ordinal))
                numbers = 1 + 0.5 * numbers;
            else
                numbers *= 0.1;
            value.CopyInPlace(numbers);
        }
    }

    static Tensor Fill(Shape shape, ulong seed)
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
