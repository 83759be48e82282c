using Xunit;

namespace Cresset.Tests.Operators;

/// <summary>Layer normalisation in one pass against the same by single operators, in float64: over several parts of the work, rows
/// that no vector fills, and strides.</summary>
public class LayerNormTests
{
    static Tensor Composed(Tensor x, Tensor weight, Tensor bias)
    {
        var centred = x - x.Mean(-1, keepDim: true);
        return centred / (centred.Square().Mean(-1, keepDim: true) + 1e-5).Sqrt() * weight + bias;
    }

    [Theory]
    [InlineData(400, 131)]
    [InlineData(3, 9000)]
    [InlineData(1, 1)]
    [InlineData(70000, 1)]
    [InlineData(0, 5)]
    public void One_pass_gives_what_single_operators_give(int rows, int columns)
    {
        var generator = new Generator(7);
        Tensor Numbers(params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: generator);
        Tensor x = Numbers(columns, rows).Transpose(0, 1) * 2 + 1, weight = Numbers(columns), bias = Numbers(columns), dy = Numbers(rows, columns);
        Tensor[] fused = [x.Clone(), weight.Clone(), bias.Clone()], single = [x.Clone(), weight.Clone(), bias.Clone()];
        foreach (var input in fused.Concat(single)) input.RequiresGrad = true;
        var y = fused[0].LayerNorm([columns], fused[1], fused[2]);
        var expected = Composed(single[0], single[1], single[2]);
        Close(expected, y);
        (y * dy).Sum().Backward();
        (expected * dy).Sum().Backward();
        for (var i = 0; i < 3; i++) Close(single[i].Grad!, fused[i].Grad!);

        static void Close(Tensor expected, Tensor actual)
        {
            Assert.Equal(expected.Shape, actual.Shape);
            double[] a = expected.Detach().ToArray<double>(), b = actual.Detach().ToArray<double>();
            var scale = a.Length == 0 ? 0 : a.Max(Math.Abs) + 1;
            for (var i = 0; i < a.Length; i++) Assert.True(Math.Abs(a[i] - b[i]) <= 1e-10 * scale, $"element {i}: expected {a[i]:R}, got {b[i]:R}");
        }
    }
}
