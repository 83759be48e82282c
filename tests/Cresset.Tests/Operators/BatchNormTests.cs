using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Operators;

/// <summary>Batch normalisation in one pass, with what is added and rectified in it, against the same by single operators in float64, and the
/// same bits at any number of threads: pictures that runs do not share evenly, fewer pictures than parts, strips longer than a block and of
/// one place, means far from 0.</summary>
[Collection(nameof(GlobalSettings))]
public class BatchNormTests
{
    static Tensor Composed(Tensor x, Tensor weight, Tensor bias, Tensor? other, bool relu)
    {
        var centred = x - x.Mean([0, 2, 3], keepDim: true);
        var y = centred / (centred.Square().Mean([0, 2, 3], keepDim: true) + 1e-5).Sqrt() * weight.Reshape(1, -1, 1, 1) + bias.Reshape(1, -1, 1, 1);
        if (other is not null) y = y + other;
        return relu ? y.Relu() : y;
    }

    static Tensor Numbers(ulong seed, DType dtype, params int[] shape) => Tensor.Randn(shape, dtype, generator: new Generator(seed));

    static Tensor[] Run(Tensor[] inputs, Tensor dy, Func<Tensor[], Tensor> f)
    {
        Tensor[] own = [.. inputs.Select(input => input.Clone())];
        foreach (var input in own) input.RequiresGrad = true;
        var y = f(own);
        (y * dy).Sum().Backward();
        return [y.Detach(), .. own.Select(input => input.Grad!)];
    }

    static Tensor[] Inputs(DType dtype, bool added, params int[] shape) =>
        [Numbers(1, dtype, shape) * 2 + 1, Numbers(2, dtype, shape[1]), Numbers(3, dtype, shape[1]), .. added ? (Tensor[])[Numbers(4, dtype, shape)] : []];

    public static TheoryData<int, int, int, int, bool, bool> Cases()
    {
        var cases = new TheoryData<int, int, int, int, bool, bool>();
        foreach (var (samples, channels, height, width) in ((int, int, int, int)[])[(37, 3, 5, 7), (2, 40, 3, 3), (3, 2, 90, 71), (33, 5, 1, 1)])
            foreach (var relu in (bool[])[false, true])
                foreach (var added in (bool[])[false, true]) cases.Add(samples, channels, height, width, relu, added);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void One_pass_gives_what_single_operators_give(int samples, int channels, int height, int width, bool relu, bool added)
    {
        var inputs = Inputs(DType.Float64, added, samples, channels, height, width);
        var dy = Numbers(5, DType.Float64, samples, channels, height, width);
        Tensor[] fused = Run(inputs, dy, x => x[0].BatchNorm(x[1], x[2], 1e-5, out _, out _, added ? x[3] : null, relu)), single = Run(inputs, dy, x => Composed(x[0], x[1], x[2], added ? x[3] : null, relu));
        for (var i = 0; i < fused.Length; i++) KernelData.Close(KernelData.Doubles(single[i]), fused[i], 1e-10, $"result {i}");
    }

    [Fact]
    public void A_mean_far_from_zero_leaves_the_variance_exact()
    {
        var x = Numbers(1, DType.Float32, 24, 3, 9, 11) * 0.05 + 1000;
        // Of the same float32 numbers.
        var exact = x.To(DType.Float64);
        var expected = (exact - exact.Mean([0, 2, 3], keepDim: true)).Square().Mean([0, 2, 3]).ToArray<double>();
        x.BatchNorm(null, null, 1e-5, out _, out var variance);
        foreach (var (wanted, got) in expected.Zip(variance.ToArray<float>())) Assert.InRange(got / wanted, 1 - 1e-4, 1 + 1e-4);
    }

    [Theory]
    [InlineData(37, false)]
    [InlineData(37, true)]
    [InlineData(2, true)]
    public void Threads_change_no_bit(int samples, bool added)
    {
        var inputs = Inputs(DType.Float32, added, samples, 12, 17, 19);
        var dy = Numbers(5, DType.Float32, samples, 12, 17, 19);
        for (var i = 0; i < inputs.Length + 1; i++)
            KernelData.SameAtAnyThreadCount(() => Run(inputs, dy, x => x[0].BatchNorm(x[1], x[2], 1e-5, out _, out _, added ? x[3] : null, relu: true))[i]);
    }
}
