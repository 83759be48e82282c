using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Pooling, one plane (picture and channel) after another, planes shared among the threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void MaxPool2d(in PoolingShape shape, in Operand x, in Operand y, in Operand indices)
    {
        if (x.DType == DType.Float32) Pool<float>(PoolingPass.Max, shape, false, 0, x.Pointer, y.Pointer, indices.Pointer);
        else if (x.DType == DType.Float64) Pool<double>(PoolingPass.Max, shape, false, 0, x.Pointer, y.Pointer, indices.Pointer);
        else throw Unsupported("MaxPool2d", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(indices.Storage);
    }

    /// <inheritdoc/>
    public override void MaxPool2dGradient(in PoolingShape shape, in Operand dy, in Operand indices, in Operand dx)
    {
        if (dx.DType == DType.Float32) Pool<float>(PoolingPass.MaxGradient, shape, false, 0, dx.Pointer, dy.Pointer, indices.Pointer);
        else if (dx.DType == DType.Float64) Pool<double>(PoolingPass.MaxGradient, shape, false, 0, dx.Pointer, dy.Pointer, indices.Pointer);
        else throw Unsupported("MaxPool2d", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(indices.Storage);
        GC.KeepAlive(dx.Storage);
    }

    /// <inheritdoc/>
    public override void AveragePool2d(in PoolingShape shape, bool countPadding, int divisor, in Operand x, in Operand y) =>
        Average(PoolingPass.Average, shape, countPadding, divisor, x, y);

    /// <inheritdoc/>
    public override void AveragePool2dGradient(in PoolingShape shape, bool countPadding, int divisor, in Operand dy, in Operand dx) =>
        Average(PoolingPass.AverageGradient, shape, countPadding, divisor, dx, dy);

    /// <inheritdoc/>
    public override void AdaptiveAveragePool2d(in Operand x, in Operand y) => Average(PoolingPass.Adaptive, Adaptive(x, y), false, 0, x, y);

    /// <inheritdoc/>
    public override void AdaptiveAveragePool2dGradient(in Operand dy, in Operand dx) =>
        Average(PoolingPass.AdaptiveGradient, Adaptive(dx, dy), false, 0, dx, dy);

    // Adaptive windows follow from the sizes alone; the kernel's fields carry the size of the result.
    static PoolingShape Adaptive(in Operand x, in Operand y)
    {
        ReadOnlySpan<int> from = x.Layout.Shape.AsSpan(), to = y.Layout.Shape.AsSpan();
        return new PoolingShape(from[0], from[1], from[2], from[3], to[2], to[3], 1, 1, 0, 0, 1, 1, false);
    }

    static void Average(PoolingPass pass, in PoolingShape shape, bool countPadding, int divisor, in Operand x, in Operand y)
    {
        if (x.DType == DType.Float32) Pool<float>(pass, shape, countPadding, divisor, x.Pointer, y.Pointer, null);
        else if (x.DType == DType.Float64) Pool<double>(pass, shape, countPadding, divisor, x.Pointer, y.Pointer, null);
        else throw Unsupported("AvgPool2d", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    enum PoolingPass
    {
        Max,
        MaxGradient,
        Average,
        AverageGradient,
        Adaptive,
        AdaptiveGradient,
    }

    // x is the larger side (a gradient's dx), y the smaller one.
    static void Pool<T>(PoolingPass pass, in PoolingShape shape, bool countPadding, int divisor, byte* x, byte* y, byte* indices)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var adaptive = pass is PoolingPass.Adaptive or PoolingPass.AdaptiveGradient;
        var body = new PoolBody<T>
        {
            Pass = pass,
            Shape = shape,
            CountPadding = countPadding,
            Divisor = divisor,
            OutHeight = adaptive ? shape.KernelHeight : shape.OutHeight,
            OutWidth = adaptive ? shape.KernelWidth : shape.OutWidth,
            X = (T*)x,
            Y = (T*)y,
            Indices = (long*)indices,
        };
        body.Planes = shape.Batch * shape.Channels;
        // At least some ten thousand elements to a part.
        body.PlanesPerPart = (int)Math.Max(1, 16384 / Math.Max(1, (long)shape.Height * shape.Width));
        WorkerPool.For((body.Planes + body.PlanesPerPart - 1) / body.PlanesPerPart, ref body);
    }

    struct PoolBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal PoolingPass Pass;
        internal PoolingShape Shape;
        internal bool CountPadding;
        internal int Divisor, OutHeight, OutWidth, Planes, PlanesPerPart;
        internal T* X, Y;
        internal long* Indices;

        public readonly void Run(int part)
        {
            int first = part * PlanesPerPart, end = Math.Min(first + PlanesPerPart, Planes);
            if (Pass == PoolingPass.Max)
            {
                var start = (long)first * OutHeight * OutWidth;
                Max(end - first, X + (long)first * Shape.Height * Shape.Width, Y + start, Indices + start);
                return;
            }
            for (var plane = first; plane < end; plane++)
            {
                var x = X + (long)plane * Shape.Height * Shape.Width;
                var start = (long)plane * OutHeight * OutWidth;
                switch (Pass)
                {
                    case PoolingPass.MaxGradient: MaxGradient(x, Y + start, Indices + start); break;
                    case PoolingPass.Average or PoolingPass.AverageGradient: Windows(x, Y + start); break;
                    default: Average(x, Y + start); break;
                }
            }
        }

        readonly void Max(int planes, T* x, T* y, long* indices)
        {
            if (typeof(T) == typeof(float)) MaxPooling<T, int>.Planes(Shape, planes, OutHeight, OutWidth, x, y, indices);
            else MaxPooling<T, long>.Planes(Shape, planes, OutHeight, OutWidth, x, y, indices);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void MaxGradient(T* dx, T* dy, long* indices)
        {
            new Span<T>(dx, Shape.Height * Shape.Width).Clear();
            for (long i = 0; i < (long)OutHeight * OutWidth; i++)
                if (indices[i] >= 0) dx[indices[i]] += dy[i];
        }

        // Windows of one size: the rows of a window are added first, whole rows at a time, then the window's columns.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Windows(T* x, T* y)
        {
            var backward = Pass == PoolingPass.AverageGradient;
            if (backward) new Span<T>(x, Shape.Height * Shape.Width).Clear();
            // A row with its padding, as far as the last window reaches, and a row of results.
            var length = Math.Max(Shape.PaddingWidth + Shape.Width, (OutWidth - 1) * Shape.StrideWidth + Shape.KernelWidth);
            var row = new Span<T>(Workspace.Rent<T>(Workspace.Purpose.Sums, length + OutWidth), length);
            var inside = row.Slice(Shape.PaddingWidth, Shape.Width);
            var counts = new Span<T>(Workspace.Rent<T>(Workspace.Purpose.Partials, OutWidth), OutWidth);
            var counted = -1;
            for (var oh = 0; oh < OutHeight; oh++)
            {
                Vertical(oh, out var top, out var bottom, out var height);
                if (height != counted) Counts(counted = height, counts);
                row.Clear();
                var results = new Span<T>(y + (long)oh * OutWidth, OutWidth);
                if (backward)
                {
                    var shares = new Span<T>(Workspace.Rent<T>(Workspace.Purpose.Sums, length + OutWidth) + length, OutWidth);
                    TensorPrimitives.Divide(results, counts, shares);
                    for (var kw = 0; kw < Shape.KernelWidth; kw++)
                        if (Shape.StrideWidth == 1) TensorPrimitives.Add(row.Slice(kw, OutWidth), shares, row.Slice(kw, OutWidth));
                        else for (var ow = 0; ow < OutWidth; ow++) row[ow * Shape.StrideWidth + kw] += shares[ow];
                    for (var h = top; h < bottom; h++)
                    {
                        var target = new Span<T>(x + (long)h * Shape.Width, Shape.Width);
                        TensorPrimitives.Add(target, inside, target);
                    }
                    continue;
                }
                for (var h = top; h < bottom; h++) TensorPrimitives.Add(inside, new ReadOnlySpan<T>(x + (long)h * Shape.Width, Shape.Width), inside);
                results.Clear();
                for (var kw = 0; kw < Shape.KernelWidth; kw++)
                    if (Shape.StrideWidth == 1) TensorPrimitives.Add(results, row.Slice(kw, OutWidth), results);
                    else for (var ow = 0; ow < OutWidth; ow++) results[ow] += row[ow * Shape.StrideWidth + kw];
                TensorPrimitives.Divide(results, counts, results);
            }
        }

        // What the sums of a row of windows are divided by.
        readonly void Counts(int height, Span<T> counts)
        {
            for (var ow = 0; ow < counts.Length; ow++)
            {
                Horizontal(ow, out _, out _, out var width);
                counts[ow] = T.CreateTruncating(Divisor != 0 ? Divisor : height * width);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Average(T* x, T* y)
        {
            var backward = Pass == PoolingPass.AdaptiveGradient;
            if (backward) new Span<T>(x, Shape.Height * Shape.Width).Clear();
            for (var oh = 0; oh < OutHeight; oh++)
            {
                Vertical(oh, out var top, out var bottom, out var height);
                for (var ow = 0; ow < OutWidth; ow++, y++)
                {
                    Horizontal(ow, out var left, out var right, out var width);
                    var count = T.CreateTruncating(height * width);
                    if (backward) AddShare(x, *y / count, top, bottom, left, right);
                    else *y = Sum(x, top, bottom, left, right) / count;
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly T Sum(T* x, int top, int bottom, int left, int right)
        {
            var sum = T.Zero;
            for (var h = top; h < bottom; h++)
            {
                var row = x + (long)h * Shape.Width;
                if (right - left >= 16) sum += TensorPrimitives.Sum(new ReadOnlySpan<T>(row + left, right - left));
                else for (var w = left; w < right; w++) sum += row[w];
            }
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void AddShare(T* x, T share, int top, int bottom, int left, int right)
        {
            for (var h = top; h < bottom; h++)
            {
                var row = x + (long)h * Shape.Width;
                for (var w = left; w < right; w++) row[w] += share;
            }
        }

        // The part of a window inside the picture, and the size that its sum is divided by.
        readonly void Vertical(int oh, out int top, out int bottom, out int size) => Range(oh, Shape.Height, OutHeight,
            Shape.KernelHeight, Shape.StrideHeight, Shape.PaddingHeight, out top, out bottom, out size);

        readonly void Horizontal(int ow, out int left, out int right, out int size) => Range(ow, Shape.Width, OutWidth,
            Shape.KernelWidth, Shape.StrideWidth, Shape.PaddingWidth, out left, out right, out size);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        readonly void Range(int index, int size, int outSize, int kernel, int stride, int padding, out int first, out int end, out int counted)
        {
            if (Pass is PoolingPass.Adaptive or PoolingPass.AdaptiveGradient)
            {
                first = (int)((long)index * size / outSize);
                end = (int)(((long)(index + 1) * size + outSize - 1) / outSize);
                counted = end - first;
                return;
            }
            first = index * stride - padding;
            // Padding counts up to its own end, not beyond, where ceil mode lets a window reach further.
            end = Math.Min(first + kernel, size + padding);
            counted = end - first;
            first = Math.Max(first, 0);
            end = Math.Min(end, size);
            if (!CountPadding) counted = end - first;
        }
    }
}
