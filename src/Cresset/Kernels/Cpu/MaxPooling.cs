using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// The forward pass of max pooling over planes: a vector of neighbouring results at a time, whose largest number and its place stay in
// registers while the kernel's elements are met one after another, so that no branch depends on the data. Rows are met with minus infinity
// beside them. TIndex is an integer as wide as T.
static unsafe class MaxPooling<T, TIndex>
    where T : unmanaged, IFloatingPointIeee754<T>
    where TIndex : unmanaged, IBinaryInteger<TIndex>
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
        // Columns a whole number of strides apart stand side by side, so that vectors of windows meet vectors of numbers.
        int lanes = Vector<T>.Count, vectors = (outWidth + lanes - 1) / lanes, apart = shape.StrideWidth, reach = (shape.KernelWidth - 1) * shape.DilationWidth;
        // As far as the last vector reads, and never less than a row.
        var pitch = Math.Max((shape.PaddingWidth + shape.Width + apart - 1) / apart, vectors * lanes + reach / apart);
        var rows = Workspace.Rent<T>(Workspace.Purpose.Patches, (long)shape.Height * apart * pitch);
        new Span<T>(rows, checked(shape.Height * apart * pitch)).Fill(T.NegativeInfinity);
        var elements = Workspace.Rent<long>(Workspace.Purpose.Offsets, shape.KernelWidth);
        for (var w = 0; w < shape.KernelWidth; w++) elements[w] = w * shape.DilationWidth % apart * pitch + w * shape.DilationWidth / apart;
        // Of each window: its left edge, and the first of its columns inside the picture.
        TIndex* lefts = Workspace.Rent<TIndex>(Workspace.Purpose.Places, 2 * vectors * lanes), columns = lefts + vectors * lanes;
        for (var i = 0; i < vectors * lanes; i++)
        {
            var left = i * shape.StrideWidth - shape.PaddingWidth;
            var column = FirstInside(left, shape.DilationWidth);
            (lefts[i], columns[i]) = (TIndex.CreateTruncating(left), column < shape.Width ? TIndex.CreateTruncating(column) : -TIndex.One);
        }
        // Of results: a vector that reaches beyond its row is overwritten by the next one.
        var room = (long)planes * outHeight * outWidth;
        for (var plane = 0; plane < planes; plane++, x += (long)shape.Height * shape.Width)
        {
            for (var h = 0; h < shape.Height; h++) Lay(x + (long)h * shape.Width, shape.Width, shape.PaddingWidth, apart, rows + (long)h * apart * pitch, pitch);
            for (var oh = 0; oh < outHeight; oh++, y += outWidth, indices += outWidth, room -= outWidth)
                Row(shape, rows, apart * pitch, elements, oh * shape.StrideHeight - shape.PaddingHeight, outWidth, lefts, columns, y, indices, room);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Lay(T* row, int width, int padding, int apart, T* target, int pitch)
    {
        if (apart == 1)
        {
            new ReadOnlySpan<T>(row, width).CopyTo(new Span<T>(target + padding, width));
            return;
        }
        for (var phase = 0; phase < apart; phase++, target += pitch)
        {
            // The first column inside, and where it stands.
            var at = (Math.Max(0, padding - phase) + apart - 1) / apart;
            var w = at * apart + phase - padding;
            if (apart == 2 && sizeof(T) == sizeof(float))
                // The lower halves of pairs; one number more than needed is read, so not at the row's end.
                for (; w + 2 * Vector<T>.Count < width; w += 2 * Vector<T>.Count, at += Vector<T>.Count)
                    Vector.Narrow(Vector.Load((ulong*)(row + w)), Vector.Load((ulong*)(row + w) + Vector<ulong>.Count)).Store((uint*)(target + at));
            for (; w < width; w += apart) target[at++] = row[w];
        }
    }

    // A row of windows. The largest numbers come first and their places after, so that no sum of latencies is waited for. The first of
    // equals, the last NaN, as PyTorch; of nothing but minus infinity the first element inside the picture, -1 where there is none.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Row(in PoolingShape shape, T* rows, long pitch, long* elements, int top, int outWidth, TIndex* lefts, TIndex* columns, T* y, long* indices, long room)
    {
        int width = shape.KernelWidth, pictureWidth = shape.Width, down = shape.DilationHeight, lanes = Vector<T>.Count;
        int first = FirstInside(top, down), end = Math.Min(shape.Height, top + shape.KernelHeight * down);
        // The last row that the windows meet; before the first one where they meet none.
        var last = first < end ? first + (end - 1 - first) / down * down : first - 1;
        var step = new Vector<TIndex>(TIndex.CreateTruncating(shape.DilationWidth));
        var none = new Vector<TIndex>(-TIndex.One);
        for (var start = 0; start < outWidth; start += lanes)
        {
            Vector<T> best = new(T.NegativeInfinity), missing = default;
            for (var h = first; h < end; h += down)
            {
                var at = rows + h * pitch + start;
                for (var w = 0; w < width; w++)
                {
                    var value = Vector.Load(at + elements[w]);
                    best = Vector.MaxNative(best, value);
                    missing |= ~Vector.Equals(value, value);
                }
            }
            var column = Vector.Load(columns + start);
            var place = first < end ? Vector.ConditionalSelect(Vector.Equals(column, none), none, column + new Vector<TIndex>(TIndex.CreateTruncating(first * pictureWidth))) : none;
            var left = Vector.Load(lefts + start);
            var plain = Vector.EqualsAll(missing.As<T, TIndex>(), Vector<TIndex>.Zero);
            if (plain)
            {
                // Backwards, so that the first is taken last. What lies beside a row is minus infinity and is to equal nothing.
                var wanted = Vector.ConditionalSelect(Vector.Equals(best, new(T.NegativeInfinity)), new(T.NaN), best);
                for (var h = last; h >= first; h -= down)
                {
                    var at = rows + h * pitch + start;
                    var candidate = left + new Vector<TIndex>(TIndex.CreateTruncating(h * pictureWidth + (width - 1) * shape.DilationWidth));
                    for (var w = width - 1; w >= 0; w--, candidate -= step)
                        place = Vector.ConditionalSelect(Vector.Equals(Vector.Load(at + elements[w]), wanted).As<T, TIndex>(), candidate, place);
                }
            }
            else
            {
                best = new(T.NegativeInfinity);
                for (var h = first; h < end; h += down)
                {
                    var at = rows + h * pitch + start;
                    var candidate = left + new Vector<TIndex>(TIndex.CreateTruncating(h * pictureWidth));
                    for (var w = 0; w < width; w++, candidate += step)
                    {
                        var value = Vector.Load(at + elements[w]);
                        var take = Vector.GreaterThan(value, best) | ~Vector.Equals(value, value);
                        best = Vector.ConditionalSelect(take, value, best);
                        place = Vector.ConditionalSelect(take.As<T, TIndex>(), candidate, place);
                    }
                }
            }
            Put(best, place, (int)Math.Min(lanes, room - start), y + start, indices + start);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(Vector<T> best, Vector<TIndex> place, int count, T* y, long* indices)
    {
        if (count < Vector<T>.Count)
        {
            for (var i = 0; i < count; i++) (y[i], indices[i]) = (best[i], long.CreateTruncating(place[i]));
            return;
        }
        best.Store(y);
        if (sizeof(T) == sizeof(long))
        {
            place.As<TIndex, long>().Store(indices);
            return;
        }
        Vector.Widen(place.As<TIndex, int>(), out var low, out var high);
        low.Store(indices);
        high.Store(indices + Vector<long>.Count);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Take(Vector128<float> value, Vector128<int> place, ref Vector128<float> best, ref Vector128<int> at)
    {
        var take = Vector128.GreaterThan(value, best) | ~Vector128.Equals(value, value);
        best = Vector128.ConditionalSelect(take, value, best);
        at = Vector128.ConditionalSelect(take.AsInt32(), place, at);
    }

    static int FirstInside(int from, int dilation) => from >= 0 ? from : from + (-from + dilation - 1) / dilation * dilation;
}
