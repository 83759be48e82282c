using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Convolutions of many channels over small pictures, whose rows are too short to be met as runs of memory: the places of several
// pictures stand side by side, unfolded [taps, places], and each pass is one matrix product (Chellapilla, Puri and Simard, 2006).
unsafe struct UnfoldedConvolution<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
{
    // Of a matrix of unfolded pictures, and the places that are enough for a product.
    const long MostElements = 1 << 22;
    const int EnoughPlaces = 2048;

    enum Step
    {
        Unfold,
        Fold,
        GatherOutput,
        ScatterOutput,
    }

    ConvolutionShape shape;
    Step step;
    T* pictures, matrix;
    CpuBackend.Finish<T> finish;
    int first, count, group, channels, outChannels, kernel, pixels, columns;

    // Measured: from so many channels on products are faster where rows are this short, and for the weights' gradient where there are so
    // few places that its sums are written more often than they grow.
    const int ManyChannels = 96, ShortRows = 4, FewPlaces = 1024;

    /// <summary>Whether the product is the faster way for a pass.</summary>
    internal static bool Suits(CpuBackend.ConvolutionPass pass, in ConvolutionShape s)
    {
        if (Math.Min(s.Channels, s.OutChannels) / s.Groups < ManyChannels) return false;
        return pass == CpuBackend.ConvolutionPass.WeightGradient ? (long)s.Batch * s.OutHeight * s.OutWidth <= FewPlaces : s.OutWidth <= ShortRows;
    }

    /// <summary>A pass: y or dy, x or dx, weight or dweight.</summary>
    internal static void Compute(CpuBackend.ConvolutionPass pass, in ConvolutionShape s, T* x, T* weight, in CpuBackend.Finish<T> finish, T* y)
    {
        var work = new UnfoldedConvolution<T>(s);
        int outChannels = work.outChannels, taps = work.channels * work.kernel;
        if (s.Batch == 0)
        {
            if (pass == CpuBackend.ConvolutionPass.WeightGradient) new Span<T>(weight, s.OutChannels * taps).Clear();
            return;
        }
        T* output = work.Matrix(Workspace.Purpose.Sums, outChannels), unfolded = work.Matrix(Workspace.Purpose.Patches, taps);
        work.finish = finish;
        for (work.group = 0; work.group < s.Groups; work.group++)
            for (work.first = 0; work.first < s.Batch; work.first += work.count)
            {
                work.Next();
                var kernels = weight + (long)work.group * outChannels * taps;
                switch (pass)
                {
                    case CpuBackend.ConvolutionPass.Forward:
                        work.Run(Step.Unfold, x, unfolded, work.channels);
                        Gemm.Multiply(outChannels, work.columns, taps, kernels, taps, 1, unfolded, work.columns, 1, output, work.columns, accumulate: false, null);
                        work.Run(Step.ScatterOutput, y, output, outChannels);
                        break;
                    case CpuBackend.ConvolutionPass.InputGradient:
                        work.Run(Step.GatherOutput, y, output, outChannels);
                        Gemm.Multiply(taps, work.columns, outChannels, kernels, 1, taps, output, work.columns, 1, unfolded, work.columns, accumulate: false, null);
                        work.Run(Step.Fold, x, unfolded, work.channels);
                        break;
                    default:
                        work.Run(Step.Unfold, x, unfolded, work.channels);
                        work.Run(Step.GatherOutput, y, output, outChannels);
                        Gemm.Multiply(outChannels, taps, work.columns, output, work.columns, 1, unfolded, 1, work.columns, kernels, taps, accumulate: work.first > 0, null);
                        break;
                }
            }
    }

    UnfoldedConvolution(in ConvolutionShape s)
    {
        shape = s;
        (channels, outChannels, kernel, pixels) = (s.Channels / s.Groups, s.OutChannels / s.Groups, s.KernelHeight * s.KernelWidth, s.OutHeight * s.OutWidth);
    }

    // Pictures at once: by the sizes only, so that sums have one order.
    readonly int Together => (int)Math.Clamp(Math.Min((EnoughPlaces + pixels - 1) / pixels, MostElements / ((long)channels * kernel * pixels)), 1, shape.Batch);

    readonly T* Matrix(Workspace.Purpose purpose, int rows) => Workspace.Rent<T>(purpose, (long)rows * Together * pixels);

    void Next()
    {
        count = Math.Min(Together, shape.Batch - first);
        columns = count * pixels;
    }

    void Run(Step what, T* tensor, T* unfolded, int parts)
    {
        step = what;
        pictures = tensor;
        matrix = unfolded;
        WorkerPool.For(parts, ref this);
    }

    // A channel of the input or of the output, of all pictures at hand.
    public readonly void Run(int channel)
    {
        for (var i = 0; i < count; i++)
        {
            var image = (long)(first + i) * shape.Groups + group;
            switch (step)
            {
                case Step.Unfold: Unfold(pictures + (image * channels + channel) * shape.Height * shape.Width, matrix + (long)channel * kernel * columns + (long)i * pixels); break;
                case Step.Fold: Fold(matrix + (long)channel * kernel * columns + (long)i * pixels, pictures + (image * channels + channel) * shape.Height * shape.Width); break;
                case Step.GatherOutput: Copy(pictures + (image * outChannels + channel) * pixels, matrix + (long)channel * columns + (long)i * pixels); break;
                default:
                    var to = pictures + (image * outChannels + channel) * pixels;
                    Copy(matrix + (long)channel * columns + (long)i * pixels, to);
                    var results = new Span<T>(to, pixels);
                    if (finish.Factor != null) TensorPrimitives.Multiply(results, finish.Factor[group * outChannels + channel], results);
                    if (finish.Bias != null) TensorPrimitives.Add(results, finish.Bias[group * outChannels + channel], results);
                    if (finish.Other != null) TensorPrimitives.Add(results, new ReadOnlySpan<T>(finish.Other + (to - pictures), pixels), results);
                    if (finish.Relu) TensorPrimitives.Max(results, T.Zero, results);
                    break;
            }
        }
    }

    readonly void Copy(T* from, T* to) => new ReadOnlySpan<T>(from, pixels).CopyTo(new Span<T>(to, pixels));

    // Each tap's row of places.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Unfold(T* plane, T* to)
    {
        for (var h = 0; h < shape.KernelHeight; h++)
            for (var w = 0; w < shape.KernelWidth; w++, to += columns)
            {
                Columns(w, out var left, out var right, out var start);
                for (var r = 0; r < shape.OutHeight; r++)
                {
                    var row = new Span<T>(to + (long)r * shape.OutWidth, shape.OutWidth);
                    var y = r * shape.StrideHeight + h * shape.DilationHeight - shape.PaddingHeight;
                    if (y < 0 || y >= shape.Height || left >= right)
                    {
                        row.Clear();
                        continue;
                    }
                    row[..left].Clear();
                    row[right..].Clear();
                    var from = plane + (long)y * shape.Width + start;
                    if (shape.StrideWidth == 1) new ReadOnlySpan<T>(from, right - left).CopyTo(row[left..right]);
                    else for (var c = left; c < right; c++, from += shape.StrideWidth) row[c] = *from;
                }
            }
    }

    // What each tap's row of places adds to the picture.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Fold(T* from, T* plane)
    {
        new Span<T>(plane, shape.Height * shape.Width).Clear();
        for (var h = 0; h < shape.KernelHeight; h++)
            for (var w = 0; w < shape.KernelWidth; w++, from += columns)
            {
                Columns(w, out var left, out var right, out var start);
                for (var r = 0; r < shape.OutHeight; r++)
                {
                    var y = r * shape.StrideHeight + h * shape.DilationHeight - shape.PaddingHeight;
                    if (y < 0 || y >= shape.Height || left >= right) continue;
                    var row = from + (long)r * shape.OutWidth;
                    var to = plane + (long)y * shape.Width + start;
                    for (var c = left; c < right; c++, to += shape.StrideWidth) *to += row[c];
                }
            }
    }

    // The output's columns whose tap lies within the picture, and where the first of them does.
    readonly void Columns(int w, out int left, out int right, out int start)
    {
        var shift = w * shape.DilationWidth - shape.PaddingWidth;
        left = shift >= 0 ? 0 : Math.Min(shape.OutWidth, (-shift + shape.StrideWidth - 1) / shape.StrideWidth);
        right = shape.Width - 1 - shift < 0 ? 0 : Math.Min(shape.OutWidth, (shape.Width - 1 - shift) / shape.StrideWidth + 1);
        start = left * shape.StrideWidth + shift;
    }
}
