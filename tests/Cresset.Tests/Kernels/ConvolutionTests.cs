using Cresset.Kernels;
using Cresset.Kernels.Cpu;
using Xunit;
using static Cresset.Tests.Kernels.KernelData;

namespace Cresset.Tests.Kernels;

[Collection(nameof(GlobalSettings))]
public class ConvolutionTests
{
    public static TheoryData<ConvolutionShape> Shapes() =>
    [
        // Batch, Channels, Height, Width, OutChannels, kernel, stride, padding, dilation, groups.
        new ConvolutionShape(2, 1, 28, 28, 10, 5, 5, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(3, 3, 9, 8, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(1, 2, 7, 11, 3, 3, 2, 2, 3, 1, 0, 1, 1, 1),
        new ConvolutionShape(2, 4, 12, 10, 6, 3, 3, 1, 2, 2, 3, 2, 2, 2),
        new ConvolutionShape(2, 6, 8, 8, 6, 3, 3, 1, 1, 1, 1, 1, 1, 6),
        new ConvolutionShape(2, 4, 6, 5, 8, 3, 3, 2, 2, 1, 1, 1, 1, 4),
        // One by one: plain, and with stride or padding.
        new ConvolutionShape(2, 5, 6, 7, 4, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(2, 4, 6, 7, 4, 1, 1, 2, 2, 0, 0, 1, 1, 2),
        new ConvolutionShape(1, 3, 4, 4, 2, 1, 1, 1, 1, 1, 2, 1, 1, 1),
        // A kernel larger than the picture; padding wider than the kernel, so that columns meet nothing; one place only.
        new ConvolutionShape(1, 2, 3, 2, 3, 5, 4, 1, 1, 2, 3, 1, 1, 1),
        new ConvolutionShape(1, 1, 2, 3, 2, 2, 2, 3, 4, 4, 5, 1, 1, 1),
        new ConvolutionShape(2, 2, 5, 5, 3, 5, 5, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(1, 1, 4, 4, 1, 2, 2, 1, 1, 3, 3, 5, 5, 1),
        // More pictures than runs of the weights' gradient; enough channels for several blocks.
        new ConvolutionShape(37, 2, 6, 6, 3, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(2, 40, 10, 9, 130, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        // Rows in several chunks, with a stride and with blocks of four and of eight channels.
        new ConvolutionShape(1, 3, 90, 70, 12, 3, 5, 2, 1, 1, 2, 1, 1, 1),
        new ConvolutionShape(2, 20, 65, 33, 9, 3, 3, 1, 2, 1, 1, 2, 1, 1),
        // Many channels over short rows, as products: padded; groups, strides and dilation; one by one with a stride; padding wider
        // than the kernel; more pictures than go together.
        new ConvolutionShape(3, 96, 5, 7, 100, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(2, 192, 6, 7, 192, 3, 2, 2, 1, 2, 1, 1, 2, 2),
        new ConvolutionShape(2, 96, 6, 5, 96, 1, 1, 2, 2, 0, 0, 1, 1, 1),
        new ConvolutionShape(1, 96, 2, 2, 96, 2, 2, 2, 2, 4, 5, 1, 1, 1),
        new ConvolutionShape(33, 96, 8, 8, 96, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(0, 96, 4, 4, 96, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        // Rows that vectors are put together from: whole, of two rows, of four, with a last vector that begins earlier; several pictures
        // at once; one by one where the pictures lie.
        new ConvolutionShape(5, 3, 6, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(5, 3, 12, 12, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(3, 4, 14, 14, 6, 5, 5, 1, 1, 2, 2, 1, 1, 2),
        new ConvolutionShape(17, 20, 8, 8, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(4, 2, 16, 32, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(14, 8, 4, 4, 10, 1, 1, 1, 1, 0, 0, 1, 1, 2),
        new ConvolutionShape(14, 8, 5, 4, 48, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        // 3x3 by tiles of 2x2 places: several pictures and several parts of one picture at a time, an odd number of rows and columns, no
        // padding and as much as the kernel, vectors of channels that are not full.
        new ConvolutionShape(9, 24, 12, 12, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(40, 32, 4, 4, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(1, 64, 40, 36, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        new ConvolutionShape(2, 32, 9, 13, 48, 3, 3, 1, 1, 0, 2, 1, 1, 1),
        new ConvolutionShape(5, 17, 11, 8, 19, 3, 3, 1, 1, 2, 0, 1, 1, 1),
        new ConvolutionShape(20, 16, 18, 18, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
        // Vectors of places in the weights' gradient: few output channels, chunks of pictures and runs, rows and places that vectors do not
        // divide, dilation with padding, groups, kernels of one and of two taps with all channels at once, nothing but padding at an edge.
        new ConvolutionShape(64, 1, 28, 28, 10, 5, 5, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(37, 3, 13, 11, 6, 5, 3, 1, 1, 3, 2, 2, 1, 1),
        new ConvolutionShape(19, 4, 9, 7, 10, 3, 4, 1, 1, 1, 4, 1, 2, 2),
        new ConvolutionShape(33, 7, 6, 5, 5, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        new ConvolutionShape(18, 6, 5, 9, 5, 1, 2, 1, 1, 0, 1, 1, 3, 1),
        new ConvolutionShape(5, 6, 7, 8, 3, 1, 1, 1, 1, 2, 1, 1, 1, 3),
        // No pictures.
        new ConvolutionShape(0, 2, 5, 5, 3, 3, 3, 1, 1, 0, 0, 1, 1, 1),
    ];

    public static TheoryData<ConvolutionShape, int> ShapesAndWidths()
    {
        var data = new TheoryData<ConvolutionShape, int>();
        foreach (var shape in Shapes())
            foreach (var width in new[] { 128, 256, 512 }) data.Add(shape.Data, width);
        return data;
    }

    [Theory]
    [MemberData(nameof(ShapesAndWidths))]
    public void All_three_passes_agree_with_naive_loops_at_every_vector_width(ConvolutionShape shape, int width)
    {
        Gemm.ForcedWidth = width;
        try { Compare(shape); }
        finally { Gemm.ForcedWidth = 0; }
    }

    static void Compare(ConvolutionShape shape)
    {
        foreach (var (type, tolerance) in new[] { (DType.Float32, 2e-5), (DType.Float64, 1e-12) })
        {
            var random = new System.Random(7);
            Tensor x = Values(random, type, shape.Batch, shape.Channels, shape.Height, shape.Width), weight = Weights(random, shape, type);
            Tensor bias = Values(random, type, shape.OutChannels), factor = Values(random, type, shape.OutChannels), dy = Outputs(random, shape, type);
            Tensor y = Outputs(random, shape, type), plain = Outputs(random, shape, type), finished = Outputs(random, shape, type);
            Tensor dx = Values(random, type, shape.Batch, shape.Channels, shape.Height, shape.Width), dweight = Weights(random, shape, type);

            var cpu = CpuBackend.Instance;
            cpu.Convolution2d(shape, Operand(x), Operand(weight), null, Operand(bias), null, false, Operand(y));
            cpu.Convolution2d(shape, Operand(x), Operand(weight), null, null, null, false, Operand(plain));
            // The gradient stands for what a shortcut adds.
            cpu.Convolution2d(shape, Operand(x), Operand(weight), Operand(factor), Operand(bias), Operand(dy), true, Operand(finished));
            cpu.Convolution2dInputGradient(shape, Operand(dy), Operand(weight), Operand(dx));
            cpu.Convolution2dWeightGradient(shape, Operand(dy), Operand(x), Operand(dweight));

            double[] xs = Doubles(x), ws = Doubles(weight), dys = Doubles(dy), biases = Doubles(bias), factors = Doubles(factor);
            double[] expected = new double[dys.Length], expectedDx = new double[xs.Length], expectedDw = new double[ws.Length];
            Visit(shape, (input, element, output) =>
            {
                expected[output] += xs[input] * ws[element];
                expectedDx[input] += dys[output] * ws[element];
                expectedDw[element] += dys[output] * xs[input];
            });
            var places = shape.OutHeight * shape.OutWidth;
            Close(expected, plain, tolerance, "y without bias");
            Close([.. expected.Select((value, i) => value + biases[i / places % shape.OutChannels])], y, tolerance, "y");
            Close([.. expected.Select((value, i) => Math.Max(0, value * factors[i / places % shape.OutChannels] + biases[i / places % shape.OutChannels] + dys[i]))], finished, tolerance, "y added to and rectified");
            Close(expectedDx, dx, tolerance, "dx");
            Close(expectedDw, dweight, tolerance, "dweight");
        }
    }

    [Theory]
    [InlineData(21, 6, 20, 10, 1, 2)]
    [InlineData(21, 96, 8, 96, 1, 1)]
    [InlineData(21, 32, 20, 48, 1, 1)]
    // Vectors of places in the weights' gradient, with runs and without.
    [InlineData(21, 1, 20, 10, 1, 1)]
    [InlineData(21, 18, 20, 5, 1, 1)]
    // One picture, which is cut as there are threads: rows of places and tiles, with and without a stride.
    [InlineData(1, 16, 33, 16, 1, 1)]
    [InlineData(1, 16, 35, 40, 2, 1)]
    [InlineData(1, 40, 19, 34, 1, 1)]
    public void Gives_the_same_bits_at_any_number_of_threads(int batch, int channels, int size, int outChannels, int stride, int groups)
    {
        var shape = new ConvolutionShape(batch, channels, size, size, outChannels, 3, 3, stride, stride, 1, 1, 1, 1, groups);
        var random = new System.Random(3);
        Tensor x = Values(random, DType.Float32, batch, channels, size, size), weight = Weights(random, shape, DType.Float32), dy = Outputs(random, shape, DType.Float32);
        var cpu = CpuBackend.Instance;
        SameAtAnyThreadCount(() =>
        {
            var y = Tensor.Empty(dy.Shape);
            cpu.Convolution2d(shape, Operand(x), Operand(weight), null, null, null, false, Operand(y));
            return y;
        });
        SameAtAnyThreadCount(() =>
        {
            var dx = Tensor.Empty(x.Shape);
            cpu.Convolution2dInputGradient(shape, Operand(dy), Operand(weight), Operand(dx));
            return dx;
        });
        SameAtAnyThreadCount(() =>
        {
            var dweight = Tensor.Empty(weight.Shape);
            cpu.Convolution2dWeightGradient(shape, Operand(dy), Operand(x), Operand(dweight));
            return dweight;
        });
    }

    static Tensor Weights(System.Random random, in ConvolutionShape shape, DType type) =>
        Values(random, type, shape.OutChannels, shape.Channels / shape.Groups, shape.KernelHeight, shape.KernelWidth);

    static Tensor Outputs(System.Random random, in ConvolutionShape shape, DType type) =>
        Values(random, type, shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth);

    // Every product of the definition: the flat places of the pixel, of the weight and of the result.
    static void Visit(ConvolutionShape s, Action<int, int, int> product)
    {
        int channels = s.Channels / s.Groups, outChannels = s.OutChannels / s.Groups;
        for (var n = 0; n < s.Batch; n++)
            for (var o = 0; o < s.OutChannels; o++)
                for (var oh = 0; oh < s.OutHeight; oh++)
                    for (var ow = 0; ow < s.OutWidth; ow++)
                        for (var c = 0; c < channels; c++)
                            for (var kh = 0; kh < s.KernelHeight; kh++)
                                for (var kw = 0; kw < s.KernelWidth; kw++)
                                {
                                    int h = oh * s.StrideHeight - s.PaddingHeight + kh * s.DilationHeight, w = ow * s.StrideWidth - s.PaddingWidth + kw * s.DilationWidth;
                                    if (h < 0 || h >= s.Height || w < 0 || w >= s.Width) continue;
                                    var channel = o / outChannels * channels + c;
                                    product(((n * s.Channels + channel) * s.Height + h) * s.Width + w,
                                        ((o * channels + c) * s.KernelHeight + kh) * s.KernelWidth + kw,
                                        ((n * s.OutChannels + o) * s.OutHeight + oh) * s.OutWidth + ow);
                                }
    }
}
