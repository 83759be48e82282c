using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// The forward pass of max pooling over planes: many results at a time, the kernel's elements one after another over all of
// them, so that vectors run along them and no branch depends on the data. TIndex is an integer as wide as T.
static unsafe class MaxPooling<T, TIndex>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TIndex : unmanaged, IBinaryInteger<TIndex>
{
    const int Tile = 256;

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void Planes(in PoolingShape shape, int planes, int outHeight, int outWidth, T* x, T* y, long* indices)
    {
        if (typeof(T) == typeof(float) && shape is { KernelHeight: 2, KernelWidth: 2, StrideHeight: 2, StrideWidth: 2, PaddingHeight: 0, PaddingWidth: 0, DilationHeight: 1, DilationWidth: 1 }
            && 2 * outHeight <= shape.Height && 2 * outWidth <= shape.Width && outWidth >= 4)
        {
            for (var plane = 0; plane < planes; plane++)
                for (var row = 0; row < outHeight; row++)
                {
                    var from = 2 * row * shape.Width;
                    var to = ((long)plane * outHeight + row) * outWidth;
                    Pairs((float*)x + (long)plane * shape.Height * shape.Width + from, shape.Width, from, outWidth, (float*)y + to, indices + to);
                }
            return;
        }
        // With room for the last vector of each.
        T* best = stackalloc T[Tile + 64], candidates = stackalloc T[Tile + 64];
        TIndex* at = stackalloc TIndex[Tile + 64], origins = stackalloc TIndex[Tile + 64], firsts = stackalloc TIndex[Tile + 64];
        var results = outHeight * outWidth;
        for (var start = 0; start < results; start += Tile)
        {
            var count = Math.Min(Tile, results - start);
            var padded = (count + Vector<T>.Count - 1) / Vector<T>.Count * Vector<T>.Count;
            Places(shape, outWidth, start, count, firsts, origins);
            for (var plane = 0; plane < planes; plane++)
            {
                new Span<T>(best, padded).Fill(T.NegativeInfinity);
                new ReadOnlySpan<TIndex>(firsts, count).CopyTo(new Span<TIndex>(at, count));
                for (var kh = 0; kh < shape.KernelHeight; kh++)
                    for (var kw = 0; kw < shape.KernelWidth; kw++)
                    {
                        Candidates(shape, outWidth, x + (long)plane * shape.Height * shape.Width, kh * shape.DilationHeight - shape.PaddingHeight,
                            kw * shape.DilationWidth - shape.PaddingWidth, start, count, padded, candidates);
                        Update(candidates, origins, TIndex.CreateTruncating((long)kh * shape.DilationHeight * shape.Width + (long)kw * shape.DilationWidth), padded, best, at);
                    }
                var target = (long)plane * results + start;
                new ReadOnlySpan<T>(best, count).CopyTo(new Span<T>(y + target, count));
                for (var i = 0; i < count; i++) indices[target + i] = long.CreateTruncating(at[i]);
            }
        }
    }

    // A row of four and more windows of two by two, side by side: the usual ones. The last vector begins earlier where it would reach
    // beyond the row.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Pairs(float* x, int width, int place, int count, float* y, long* indices)
    {
        for (var i = 0; i < count; i += 4)
        {
            var start = Math.Min(i, count - 4);
            ulong* top = (ulong*)(x + 2 * start), bottom = (ulong*)(x + width + 2 * start);
            Vector128<ulong> top0 = Vector128.Load(top), top1 = Vector128.Load(top + 2), bottom0 = Vector128.Load(bottom), bottom1 = Vector128.Load(bottom + 2);
            var corner = Vector128.Create(place + 2 * start) + Vector128.Create(0, 2, 4, 6);
            var best = Vector128.Narrow(top0, top1).AsSingle();
            var at = corner;
            Take(Vector128.Narrow(top0 >>> 32, top1 >>> 32).AsSingle(), corner + Vector128<int>.One, ref best, ref at);
            Take(Vector128.Narrow(bottom0, bottom1).AsSingle(), corner + Vector128.Create(width), ref best, ref at);
            Take(Vector128.Narrow(bottom0 >>> 32, bottom1 >>> 32).AsSingle(), corner + Vector128.Create(width + 1), ref best, ref at);
            best.Store(y + start);
            var (first, second) = Vector128.Widen(at);
            first.Store(indices + start);
            second.Store(indices + start + 2);
        }
    }

    // As Update.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Take(Vector128<float> value, Vector128<int> place, ref Vector128<float> best, ref Vector128<int> at)
    {
        var take = Vector128.GreaterThan(value, best) | ~Vector128.Equals(value, value);
        best = Vector128.ConditionalSelect(take, value, best);
        at = Vector128.ConditionalSelect(take.AsInt32(), place, at);
    }

    // The place of each window's corner, and of its first element inside the picture: the index of a window of nothing but minus
    // infinity.
    static void Places(in PoolingShape shape, int outWidth, int start, int count, TIndex* firsts, TIndex* origins)
    {
        for (var i = 0; i < count; i++)
        {
            int top = (start + i) / outWidth * shape.StrideHeight - shape.PaddingHeight, left = (start + i) % outWidth * shape.StrideWidth - shape.PaddingWidth;
            int h = FirstInside(top, shape.DilationHeight), w = FirstInside(left, shape.DilationWidth);
            origins[i] = TIndex.CreateTruncating((long)top * shape.Width + left);
            // A window that steps over the picture has none.
            firsts[i] = h < shape.Height && w < shape.Width ? TIndex.CreateTruncating((long)h * shape.Width + w) : -TIndex.One;
        }
    }

    static int FirstInside(int from, int dilation) => from >= 0 ? from : from + (-from + dilation - 1) / dilation * dilation;

    // What the kernel's element (down, right) of the windows' corners meets; minus infinity outside the picture.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Candidates(in PoolingShape shape, int outWidth, T* x, int down, int right, int start, int count, int padded, T* candidates)
    {
        var stride = shape.StrideWidth;
        // The windows of a row whose element lies inside the picture.
        var inside = right >= 0 ? 0 : Math.Min(outWidth, (-right + stride - 1) / stride);
        var outside = right >= shape.Width ? inside : Math.Max(inside, Math.Min(outWidth, (shape.Width - right - 1) / stride + 1));
        int oh = start / outWidth, ow = start % outWidth;
        for (var i = 0; i < count; oh++, ow = 0)
        {
            var end = Math.Min(outWidth, ow + count - i);
            var h = oh * shape.StrideHeight + down;
            var hasRow = (uint)h < (uint)shape.Height;
            int first = hasRow ? Math.Clamp(inside, ow, end) : end, last = hasRow ? Math.Clamp(outside, first, end) : end;
            var source = x + (long)h * shape.Width + right;
            for (; ow < first; ow++) candidates[i++] = T.NegativeInfinity;
            if (stride == 1)
                for (; ow + Vector128<T>.Count <= last; ow += Vector128<T>.Count, i += Vector128<T>.Count) Vector128.Load(source + ow).Store(candidates + i);
            if (stride == 2 && sizeof(T) == 4)
                // The lower halves of pairs; one element more than needed is read, so not at the row's end.
                for (; ow + 4 < last; ow += 4, i += 4)
                {
                    var pairs = (ulong*)(source + 2 * ow);
                    Vector128.Narrow(Vector128.Load(pairs), Vector128.Load(pairs + 2)).Store((uint*)(candidates + i));
                }
            for (; ow < last; ow++) candidates[i++] = source[(long)ow * stride];
            for (; ow < end; ow++) candidates[i++] = T.NegativeInfinity;
        }
        for (var i = count; i < padded; i++) candidates[i] = T.NegativeInfinity;
    }

    // The first of equals, the last NaN, as PyTorch.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Update(T* candidates, TIndex* origins, TIndex distance, int padded, T* best, TIndex* at)
    {
        var step = new Vector<TIndex>(distance);
        for (var i = 0; i < padded; i += Vector<T>.Count)
        {
            Vector<T> value = Vector.Load(candidates + i), old = Vector.Load(best + i);
            var take = Vector.GreaterThan(value, old) | ~Vector.Equals(value, value);
            Vector.ConditionalSelect(take, value, old).Store(best + i);
            Vector.ConditionalSelect(take.As<T, TIndex>(), Vector.Load(origins + i) + step, Vector.Load(at + i)).Store(at + i);
        }
    }
}
