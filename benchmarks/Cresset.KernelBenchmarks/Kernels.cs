using BenchmarkDotNet.Attributes;
using Cresset.Kernels;

namespace Cresset.KernelBenchmarks;

/// <summary>The sizes of a product [Rows, Depth] by [Depth, Columns].</summary>
public sealed record Product(int Rows, int Depth, int Columns) : ICountedCase
{
    /// <inheritdoc/>
    public double Operations => 2.0 * Rows * Depth * Columns;

    /// <inheritdoc/>
    public override string ToString() => $"{Rows}x{Depth}x{Columns}";
}

/// <summary>Matrix products of float32, one thread.</summary>
[GigaflopsColumn]
public class MatrixProducts
{
    Tensor a = Tensor.Zeros([1, 1]), b = Tensor.Zeros([1, 1]);

    /// <summary>What is multiplied.</summary>
    [ParamsSource(nameof(Sizes))]
    public Product Size { get; set; } = new(1, 1, 1);

    /// <summary>Square ones, and those of small layers.</summary>
    public static IEnumerable<Product> Sizes => [new(64, 64, 64), new(512, 512, 512), new(2048, 2048, 2048), new(64, 784, 512), new(4096, 576, 64), new(32, 2048, 2048)];

    /// <summary>Random operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Threads.Count = 1;
        (a, b) = (Tensor.Rand([Size.Rows, Size.Depth]), Tensor.Rand([Size.Depth, Size.Columns]));
    }

    /// <summary>The product.</summary>
    [Benchmark]
    public Tensor MatMul() => a.MatMul(b);
}

/// <summary>A square convolution of a batch of square pictures.</summary>
public sealed record Convolution(int Batch, int In, int Size, int Out, int Kernel, int Stride = 1, int Padding = 0) : ICountedCase
{
    /// <summary>As kernels take it.</summary>
    public ConvolutionShape Shape => new(Batch, In, Size, Size, Out, Kernel, Kernel, Stride, Stride, Padding, Padding, 1, 1, 1);

    /// <inheritdoc/>
    public double Operations => 2.0 * Batch * In * Kernel * Kernel * Out * Shape.OutHeight * Shape.OutWidth;

    /// <inheritdoc/>
    public override string ToString() => $"{Batch}x{In}x{Size}x{Size} to {Out}, {Kernel}x{Kernel}, stride {Stride}, padding {Padding}";
}

/// <summary>The three passes of convolutions of float32, one thread.</summary>
[GigaflopsColumn]
public class Convolutions
{
    Tensor x = Tensor.Zeros([1]), weight = Tensor.Zeros([1]), y = Tensor.Zeros([1]), dx = Tensor.Zeros([1]), dweight = Tensor.Zeros([1]);

    /// <summary>What is convolved.</summary>
    [ParamsSource(nameof(Shapes))]
    public Convolution Case { get; set; } = new(1, 1, 1, 1, 1);

    /// <summary>Layers of ResNet-20, of ResNet-18 and of the course's networks.</summary>
    public static IEnumerable<Convolution> Shapes =>
    [
        new(128, 3, 32, 16, 3, Padding: 1), new(128, 16, 32, 16, 3, Padding: 1), new(128, 16, 32, 32, 3, Stride: 2, Padding: 1), new(128, 32, 16, 32, 3, Padding: 1),
        new(128, 64, 8, 64, 3, Padding: 1), new(8, 128, 16, 128, 3, Padding: 1), new(8, 512, 4, 512, 3, Padding: 1),
        new(64, 10, 12, 20, 5), new(64, 88, 12, 20, 5), new(64, 24, 12, 24, 3, Padding: 1), new(64, 32, 4, 32, 3, Padding: 1), new(64, 88, 4, 24, 1),
    ];

    /// <summary>Random operands.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Threads.Count = 1;
        var s = Case.Shape;
        (x, weight, y) = (Tensor.Rand([s.Batch, s.Channels, s.Height, s.Width]), Tensor.Rand([s.OutChannels, s.Channels, s.KernelHeight, s.KernelWidth]), Tensor.Rand([s.Batch, s.OutChannels, s.OutHeight, s.OutWidth]));
        (dx, dweight) = (x.EmptyLike(), weight.EmptyLike());
    }

    /// <summary>The output.</summary>
    [Benchmark]
    public void Forward() => x.Backend.Convolution2d(Case.Shape, x.Operand, weight.Operand, null, null, null, false, y.Operand);

    /// <summary>The input's gradient.</summary>
    [Benchmark]
    public void InputGradient() => x.Backend.Convolution2dInputGradient(Case.Shape, y.Operand, weight.Operand, dx.Operand);

    /// <summary>The weights' gradient.</summary>
    [Benchmark]
    public void WeightGradient() => x.Backend.Convolution2dWeightGradient(Case.Shape, y.Operand, x.Operand, dweight.Operand);
}

/// <summary>Operators over many elements of float32, one thread.</summary>
public class Elements
{
    Tensor x = Tensor.Zeros([1]);

    /// <summary>Rows and columns.</summary>
    [Params(64, 4096)]
    public int Side { get; set; }

    /// <summary>A random operand.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Threads.Count = 1;
        x = Tensor.Rand([Side, Side]);
    }

    /// <summary>x + x.</summary>
    [Benchmark]
    public Tensor Add() => x + x;

    /// <summary>e to the power x.</summary>
    [Benchmark]
    public Tensor Exp() => x.Exp();

    /// <summary>Softmax of rows.</summary>
    [Benchmark]
    public Tensor Softmax() => x.Softmax(1);

    /// <summary>The sum of all.</summary>
    [Benchmark]
    public Tensor Sum() => x.Sum();

    /// <summary>The transposed matrix, in memory.</summary>
    [Benchmark]
    public Tensor TransposeCopy() => x.T.Contiguous();
}
