using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The forward pass of max pooling over one plane: a row of results at a time, the kernel's elements one after another over
// the whole row, so that vectors run along it and no branch depends on the data. TIndex is an integer as wide as T.
static unsafe class MaxPooling<T, TIndex>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TIndex : unmanaged, IBinaryInteger<TIndex>
{
    const int Tile = 256;

    [SkipLocalsInit]
    internal static void Plane(in PoolingShape shape, int outHeight, int outWidth, T* x, T* y, long* indices)
    {
        // With room for the last vector of each.
        var best = stackalloc T[Tile + 64];
        var candidates = stackalloc T[Tile + 64];
        var at = stackalloc TIndex[Tile + 64];
        for (var oh = 0; oh < outHeight; oh++)
        {
            var top = oh * shape.StrideHeight - shape.PaddingHeight;
            for (var start = 0; start < outWidth; start += Tile)
            {
                var count = Math.Min(Tile, outWidth - start);
                var padded = (count + Vector<T>.Count - 1) / Vector<T>.Count * Vector<T>.Count;
                Begin(shape, top, start, count, padded, best, at);
                for (var kh = 0; kh < shape.KernelHeight; kh++)
                {
                    var h = top + kh * shape.DilationHeight;
                    if ((uint)h >= (uint)shape.Height) continue;
                    for (var kw = 0; kw < shape.KernelWidth; kw++)
                    {
                        var left = start * shape.StrideWidth - shape.PaddingWidth + kw * shape.DilationWidth;
                        Candidates(shape, x + (long)h * shape.Width, left, count, padded, candidates);
                        Update(candidates, TIndex.CreateTruncating((long)h * shape.Width + left), shape.StrideWidth, padded, best, at);
                    }
                }
                var row = (long)oh * outWidth + start;
                new ReadOnlySpan<T>(best, count).CopyTo(new Span<T>(y + row, count));
                for (var i = 0; i < count; i++) indices[row + i] = long.CreateTruncating(at[i]);
            }
        }
    }

    // Minus infinity at the window's first element inside the picture, so that a window of nothing but that has an index.
    static void Begin(in PoolingShape shape, int top, int start, int count, int padded, T* best, TIndex* at)
    {
        new Span<T>(best, padded).Fill(T.NegativeInfinity);
        var h = FirstInside(top, shape.DilationHeight);
        for (var i = 0; i < count; i++)
        {
            var w = FirstInside((start + i) * shape.StrideWidth - shape.PaddingWidth, shape.DilationWidth);
            // A window that steps over the picture has none.
            at[i] = h < shape.Height && w < shape.Width ? TIndex.CreateTruncating((long)h * shape.Width + w) : -TIndex.One;
        }
    }

    static int FirstInside(int from, int dilation) => from >= 0 ? from : from + (-from + dilation - 1) / dilation * dilation;

    // What one element of the kernel meets along the row; minus infinity outside the picture.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Candidates(in PoolingShape shape, T* row, int left, int count, int padded, T* candidates)
    {
        var stride = shape.StrideWidth;
        var first = left >= 0 ? 0 : Math.Min(count, (-left + stride - 1) / stride);
        var end = left >= shape.Width ? first : Math.Max(first, Math.Min(count, (shape.Width - left - 1) / stride + 1));
        for (var i = 0; i < first; i++) candidates[i] = T.NegativeInfinity;
        var source = row + left;
        for (var i = first; i < end; i++) candidates[i] = source[(long)i * stride];
        for (var i = end; i < padded; i++) candidates[i] = T.NegativeInfinity;
    }

    // The first of equals, the last NaN, as PyTorch.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Update(T* candidates, TIndex first, int stride, int padded, T* best, TIndex* at)
    {
        var index = new Vector<TIndex>(first) + Vector<TIndex>.Indices * TIndex.CreateTruncating(stride);
        var step = new Vector<TIndex>(TIndex.CreateTruncating(stride * Vector<T>.Count));
        for (var i = 0; i < padded; i += Vector<T>.Count, index += step)
        {
            Vector<T> value = Vector.Load(candidates + i), old = Vector.Load(best + i);
            var take = Vector.GreaterThan(value, old) | ~Vector.Equals(value, value);
            Vector.ConditionalSelect(take, value, old).Store(best + i);
            Vector.ConditionalSelect(take.As<T, TIndex>(), index, Vector.Load(at + i)).Store(at + i);
        }
    }
}
