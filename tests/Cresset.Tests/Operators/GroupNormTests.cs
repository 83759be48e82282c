using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Operators;

/// <summary>Group normalisation in one pass against the same by single operators, in float64, and the same bits at any number of threads:
/// channels that no vector fills and ones longer than a block, one channel or all in a group, strides, no samples.</summary>
[Collection(nameof(GlobalSettings))]
public class GroupNormTests
{
    static Tensor Composed(Tensor x, int groups, Tensor weight, Tensor bias)
    {
        var rows = x.Reshape(x.Size(0), groups, x.ElementCount / Math.Max(1, x.Size(0) * groups));
        var centred = rows - rows.Mean(-1, keepDim: true);
        return (centred / (centred.Square().Mean(-1, keepDim: true) + 1e-5).Sqrt()).Reshape(x.Shape) * weight.Reshape(-1, 1, 1) + bias.Reshape(-1, 1, 1);
    }

    static Tensor Numbers(DType dtype, params int[] shape) => Tensor.Randn(shape, dtype, generator: new Generator((ulong)shape.Length));

    static Tensor[] Run(Tensor[] inputs, Tensor dy, Func<Tensor[], Tensor> f)
    {
        Tensor[] own = [.. inputs.Select(input => input.Clone())];
        foreach (var input in own) input.RequiresGrad = true;
        // Not contiguous in memory, as the gradient is.
        var y = f([own[0].Transpose(2, 3), own[1], own[2]]);
        (y * dy).Sum().Backward();
        return [y.Detach(), .. own.Select(input => input.Grad!)];
    }

    [Theory]
    [InlineData(5, 6, 3, 7, 11)]
    [InlineData(2, 4, 1, 90, 71)]
    [InlineData(3, 8, 8, 1, 1)]
    [InlineData(0, 4, 2, 3, 3)]
    public void One_pass_gives_what_single_operators_give(int samples, int channels, int groups, int height, int width)
    {
        Tensor[] inputs = [Numbers(DType.Float64, samples, channels, height, width) * 2 + 1, Numbers(DType.Float64, channels), Numbers(DType.Float64, channels)];
        var dy = Numbers(DType.Float64, samples, channels, width, height);
        Tensor[] fused = Run(inputs, dy, x => x[0].GroupNorm(groups, x[1], x[2])), single = Run(inputs, dy, x => Composed(x[0], groups, x[1], x[2]));
        for (var i = 0; i < fused.Length; i++)
        {
            Assert.Equal(single[i].Shape, fused[i].Shape);
            double[] a = single[i].ToArray<double>(), b = fused[i].ToArray<double>();
            var scale = a.Length == 0 ? 0 : a.Max(Math.Abs) + 1;
            for (var k = 0; k < a.Length; k++) Assert.True(Math.Abs(a[k] - b[k]) <= 1e-10 * scale, $"result {i}, element {k}: expected {a[k]:R}, got {b[k]:R}");
        }
    }

    [Fact]
    public void Threads_change_no_bit()
    {
        Tensor[] inputs = [Numbers(DType.Float32, 9, 12, 17, 19), Numbers(DType.Float32, 12), Numbers(DType.Float32, 12)];
        var dy = Numbers(DType.Float32, 9, 12, 19, 17);
        var before = Threads.Count;
        try
        {
            float[][] expected = Results(1);
            foreach (var threads in (int[])[2, 3, 8]) Assert.Equal(expected, Results(threads));
        }
        finally
        {
            Threads.Count = before;
        }

        float[][] Results(int threads)
        {
            Threads.Count = threads;
            return [.. Run(inputs, dy, x => x[0].GroupNorm(4, x[1], x[2])).Select(result => result.ToArray<float>())];
        }
    }
}
