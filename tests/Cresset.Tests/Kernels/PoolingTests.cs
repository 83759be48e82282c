using Cresset.Kernels;
using Cresset.Kernels.Cpu;
using Xunit;
using static Cresset.Tests.Kernels.KernelData;

namespace Cresset.Tests.Kernels;

[Collection(nameof(GlobalSettings))]
public class PoolingTests
{
    public static TheoryData<PoolingShape> Shapes() =>
    [
        // Batch, Channels, Height, Width, kernel, stride, padding, dilation, ceil mode.
        new PoolingShape(2, 3, 24, 24, 2, 2, 2, 2, 0, 0, 1, 1, false),
        new PoolingShape(1, 2, 7, 9, 2, 2, 2, 2, 0, 0, 1, 1, true),
        new PoolingShape(2, 2, 11, 13, 3, 3, 2, 2, 1, 1, 1, 1, false),
        new PoolingShape(2, 2, 11, 14, 3, 3, 2, 2, 1, 1, 1, 1, true),
        new PoolingShape(1, 1, 10, 8, 3, 2, 1, 3, 1, 0, 1, 1, false),
        new PoolingShape(1, 2, 12, 12, 3, 3, 1, 2, 1, 1, 2, 3, false),
        new PoolingShape(1, 1, 6, 6, 4, 4, 3, 3, 2, 2, 1, 1, true),
        // Strides that are neither one nor two, with padding; long rows; one place; a window that steps over the whole picture.
        new PoolingShape(2, 2, 13, 29, 3, 4, 3, 3, 1, 2, 1, 1, false),
        new PoolingShape(1, 2, 9, 40, 2, 3, 1, 2, 1, 1, 1, 2, false),
        new PoolingShape(1, 1, 3, 700, 2, 3, 1, 1, 0, 1, 1, 1, false),
        new PoolingShape(1, 1, 4, 1300, 2, 2, 2, 2, 0, 0, 1, 1, false),
        new PoolingShape(3, 1, 5, 5, 5, 5, 5, 5, 0, 0, 1, 1, false),
        new PoolingShape(1, 1, 1, 1, 2, 2, 1, 1, 1, 1, 2, 2, false),
        new PoolingShape(0, 3, 4, 4, 2, 2, 2, 2, 0, 0, 1, 1, false),
    ];

    static readonly (DType, double)[] Types = [(DType.Float32, 1e-6), (DType.Float64, 1e-14)];

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_maximum_its_index_and_its_gradient_agree_with_naive_loops(PoolingShape shape)
    {
        foreach (var (type, _) in Types)
        {
            var random = new System.Random(5);
            Tensor x = Values(random, type, shape.Batch, shape.Channels, shape.Height, shape.Width);
            Spoil(x, random);
            CheckMaximum(shape, x, random);
        }
    }

    [Fact]
    public void The_first_of_equal_maxima_is_taken()
    {
        var shape = new PoolingShape(1, 2, 6, 6, 3, 3, 2, 2, 1, 1, 1, 1, false);
        foreach (var (type, _) in Types) CheckMaximum(shape, Tensor.Full([1, 2, 6, 6], 2, type), new System.Random(1));
    }

    [Fact]
    public void Of_windows_of_minus_infinity_the_first_element_inside_is_taken()
    {
        var shape = new PoolingShape(1, 2, 7, 9, 3, 3, 1, 1, 1, 1, 1, 1, false);
        foreach (var (type, _) in Types) CheckMaximum(shape, Tensor.Full([1, 2, 7, 9], double.NegativeInfinity, type), new System.Random(1));
    }

    // A few NaN, infinities and equal values.
    static void Spoil(Tensor x, System.Random random)
    {
        double[] odd = [double.NaN, double.NegativeInfinity, double.PositiveInfinity, 0.25, 0.25, 0.25];
        var count = (int)x.ElementCount;
        for (var i = 0; i < count / 4; i++)
        {
            int at = random.Next(count), which = random.Next(odd.Length);
            if (x.DType == DType.Float32) x.AsSpan<float>()[at] = (float)odd[which];
            else x.AsSpan<double>()[at] = odd[which];
        }
    }

    static void CheckMaximum(PoolingShape shape, Tensor x, System.Random random)
    {
        int[] outShape = [shape.Batch, shape.Channels, shape.OutHeight, shape.OutWidth];
        Tensor y = Values(random, x.DType, outShape), indices = Tensor.Zeros(outShape, DType.Int64), dy = Values(random, x.DType, outShape);
        Tensor dx = Values(random, x.DType, shape.Batch, shape.Channels, shape.Height, shape.Width);
        CpuBackend.Instance.MaxPool2d(shape, Operand(x), Operand(y), Operand(indices));
        CpuBackend.Instance.MaxPool2dGradient(shape, Operand(dy), Operand(indices), Operand(dx));

        double[] xs = Doubles(x), dys = Doubles(dy), expected = new double[dys.Length], expectedDx = new double[xs.Length];
        var expectedIndices = new long[dys.Length];
        Windows(shape, (plane, output, window) =>
        {
            expected[output] = double.NegativeInfinity;
            expectedIndices[output] = window.Count == 0 ? -1 : window[0];
            foreach (var at in window)
            {
                var value = xs[plane + at];
                if (!(value > expected[output]) && !double.IsNaN(value)) continue;
                expected[output] = value;
                expectedIndices[output] = at;
            }
            if (window.Count > 0) expectedDx[plane + expectedIndices[output]] += dys[output];
        });
        Close(expected, y, 0, "y");
        Assert.Equal(expectedIndices, indices.ToArray<long>());
        Close(expectedDx, dx, 1e-6, "dx");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void The_average_and_its_gradient_agree_with_naive_loops(PoolingShape shape)
    {
        // Average pooling has no dilation.
        shape = shape with { DilationHeight = 1, DilationWidth = 1 };
        foreach (var (type, tolerance) in Types)
            foreach (var countPadding in new[] { true, false })
                foreach (var divisor in new[] { 0, 7 })
                {
                    var random = new System.Random(5);
                    int[] outShape = [shape.Batch, shape.Channels, shape.OutHeight, shape.OutWidth];
                    Tensor x = Values(random, type, shape.Batch, shape.Channels, shape.Height, shape.Width), dx = Values(random, type, shape.Batch, shape.Channels, shape.Height, shape.Width);
                    Tensor y = Values(random, type, outShape), dy = Values(random, type, outShape);
                    CpuBackend.Instance.AveragePool2d(shape, countPadding, divisor, Operand(x), Operand(y));
                    CpuBackend.Instance.AveragePool2dGradient(shape, countPadding, divisor, Operand(dy), Operand(dx));

                    double[] xs = Doubles(x), dys = Doubles(dy), expected = new double[dys.Length], expectedDx = new double[xs.Length];
                    Windows(shape, (plane, output, window) =>
                    {
                        int oh = output / shape.OutWidth % shape.OutHeight, ow = output % shape.OutWidth;
                        // PyTorch: padding counts, but not what ceil mode adds behind it.
                        var height = Math.Min(shape.KernelHeight, shape.Height + 2 * shape.PaddingHeight - oh * shape.StrideHeight);
                        var width = Math.Min(shape.KernelWidth, shape.Width + 2 * shape.PaddingWidth - ow * shape.StrideWidth);
                        double size = divisor != 0 ? divisor : countPadding ? height * width : window.Count;
                        expected[output] = window.Sum(at => xs[plane + at]) / size;
                        foreach (var at in window) expectedDx[plane + at] += dys[output] / size;
                    });
                    Close(expected, y, tolerance, $"y, {countPadding}, {divisor}");
                    Close(expectedDx, dx, tolerance, $"dx, {countPadding}, {divisor}");
                }
    }

    [Theory]
    [InlineData(7, 7, 1, 1)]
    [InlineData(8, 40, 3, 2)]
    [InlineData(5, 3, 5, 3)]
    [InlineData(3, 2, 7, 5)]
    public void The_adaptive_average_and_its_gradient_agree_with_naive_loops(int height, int width, int outHeight, int outWidth)
    {
        foreach (var (type, tolerance) in Types)
        {
            var random = new System.Random(5);
            Tensor x = Values(random, type, 2, 3, height, width), dx = Values(random, type, 2, 3, height, width);
            Tensor y = Values(random, type, 2, 3, outHeight, outWidth), dy = Values(random, type, 2, 3, outHeight, outWidth);
            CpuBackend.Instance.AdaptiveAveragePool2d(Operand(x), Operand(y));
            CpuBackend.Instance.AdaptiveAveragePool2dGradient(Operand(dy), Operand(dx));
            double[] xs = Doubles(x), dys = Doubles(dy), expected = new double[dys.Length], expectedDx = new double[xs.Length];
            for (var i = 0; i < dys.Length; i++)
            {
                int plane = i / (outHeight * outWidth), oh = i / outWidth % outHeight, ow = i % outWidth;
                int top = oh * height / outHeight, bottom = (int)Math.Ceiling((oh + 1) * height / (double)outHeight);
                int left = ow * width / outWidth, right = (int)Math.Ceiling((ow + 1) * width / (double)outWidth);
                double size = (bottom - top) * (right - left);
                for (var h = top; h < bottom; h++)
                    for (var w = left; w < right; w++)
                    {
                        expected[i] += xs[(plane * height + h) * width + w] / size;
                        expectedDx[(plane * height + h) * width + w] += dys[i] / size;
                    }
            }
            Close(expected, y, tolerance, "y");
            Close(expectedDx, dx, tolerance, "dx");
        }
    }

    // Each result with the places of its window inside the plane that starts at the first number.
    static void Windows(PoolingShape s, Action<int, int, List<int>> visit)
    {
        for (var plane = 0; plane < s.Batch * s.Channels; plane++)
            for (var oh = 0; oh < s.OutHeight; oh++)
                for (var ow = 0; ow < s.OutWidth; ow++)
                {
                    var window = new List<int>();
                    for (var kh = 0; kh < s.KernelHeight; kh++)
                        for (var kw = 0; kw < s.KernelWidth; kw++)
                        {
                            int h = oh * s.StrideHeight - s.PaddingHeight + kh * s.DilationHeight, w = ow * s.StrideWidth - s.PaddingWidth + kw * s.DilationWidth;
                            if (h >= 0 && h < s.Height && w >= 0 && w < s.Width) window.Add(h * s.Width + w);
                        }
                    visit(plane * s.Height * s.Width, (plane * s.OutHeight + oh) * s.OutWidth + ow, window);
                }
    }
}
