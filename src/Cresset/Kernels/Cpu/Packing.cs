using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Cresset.Kernels.Cpu;

// Lays a strip of a matrix out as the microkernel reads it: for each of `depth` steps, `width` neighbours side by side,
// zeros behind the `valid` ones.
static unsafe class Packing
{
    /// <summary>Several panels of a matrix of so many neighbours, one behind the other.</summary>
    internal static void Panels<T>(T* source, long step, long neighbour, int size, int width, int panel, int count, int depth, T* target) where T : unmanaged
    {
        var first = panel * width;
        source += first * neighbour;
        if (neighbour == 1)
        {
            Rows(source, step, Math.Min(count * width, size - first), width, depth, target, (long)depth * width);
            return;
        }
        for (var i = 0; i < count; i++)
            Panel(source + i * width * neighbour, step, neighbour, Math.Min(width, size - first - i * width), width, depth, target + (long)i * depth * width);
    }

    internal static void Panel<T>(T* source, long step, long neighbour, int valid, int width, int depth, T* target)
        where T : unmanaged
    {
        if (neighbour == 1) Rows(source, step, valid, width, depth, target, 0);
        else if (step == 1) Transposed(source, neighbour, valid, width, depth, target);
        else
        {
            for (long p = 0; p < depth; p++, source += step, target += width)
                for (var j = 0; j < width; j++) target[j] = j < valid ? source[j * neighbour] : default;
        }
    }

    /// <summary>Writes or adds a row.</summary>
    internal static void Store<T>(T* row, int count, T* target, bool add) where T : unmanaged, INumberBase<T>
    {
        ReadOnlySpan<T> from = new(row, count);
        var to = new Span<T>(target, count);
        if (add) TensorPrimitives.Add(to, from, to);
        else from.CopyTo(to);
    }

    /// <summary>Adds a bias, where there is one, and takes the larger of the sum and 0, where asked for; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Finish<T>(T* row, int count, T* bias, bool relu) where T : unmanaged, INumberBase<T>, IComparisonOperators<T, T, bool>
    {
        var i = 0;
        for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
        {
            var x = Vector.Load(row + i);
            if (bias != null) x += Vector.Load(bias + i);
            if (relu) x = Vector.ConditionalSelect(Vector.LessThanOrEqual(x, Vector<T>.Zero), Vector<T>.Zero, x);
            x.Store(row + i);
        }
        for (; i < count; i++)
        {
            var x = bias != null ? row[i] + bias[i] : row[i];
            row[i] = relu && x <= T.Zero ? T.Zero : x;
        }
    }

    /// <summary>Writes or adds a block (height x width, rows at blockRow), transposed: its rows become columns of the target.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void StoreTransposed<T>(T* block, long blockRow, int height, int width, T* target, long targetRow, bool add)
        where T : unmanaged, INumberBase<T>
    {
        var side = Vector128<T>.Count;
        var square = stackalloc T[4 * 4];
        // What goes in whole lines is behind.
        int lines = TurnsLines<T>() && !add ? height / Line * Line : 0, columns = width / LineColumns * LineColumns;
        for (var i = 0; i < lines; i += Line)
            for (var j = 0; j < columns; j += LineColumns) TurnLines((float*)(block + i * blockRow + j), blockRow, (float*)(target + j * targetRow + i), targetRow);
        for (var j = 0; j < width; j += side)
            for (var i = j < columns ? lines : 0; i < height; i += side)
            {
                T* from = block + i * blockRow + j, to = target + j * targetRow + i;
                if (i + side > height || j + side > width)
                {
                    for (var c = 0; c < Math.Min(side, width - j); c++)
                        for (var r = 0; r < Math.Min(side, height - i); r++)
                            to[c * targetRow + r] = add ? to[c * targetRow + r] + from[r * blockRow + c] : from[r * blockRow + c];
                    continue;
                }
                if (!add)
                {
                    Turn(from, blockRow, to, targetRow);
                    continue;
                }
                Turn(from, blockRow, square, side);
                for (var c = 0; c < side; c++) (Vector128.Load(to + c * targetRow) + Vector128.Load(square + c * side)).Store(to + c * targetRow);
            }
    }

    // Neighbours lie side by side. Several panels at once: a row's stretch in all of them is read in one go.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Rows<T>(T* source, long step, int valid, int width, int depth, T* target, long panelLength) where T : unmanaged
    {
        int count = Vector<T>.Count, least = Vector128<T>.Count;
        for (long p = 0; p < depth; p++, source += step, target += width)
        {
            T* from = source, to = target;
            var left = valid;
            for (; left >= width; left -= width, from += width, to += panelLength)
            {
                var j = 0;
                for (; j + count <= width; j += count) Vector.Load(from + j).Store(to + j);
                for (; j + least <= width; j += least) Vector128.Load(from + j).Store(to + j);
                for (; j < width; j++) to[j] = from[j];
            }
            if (left == 0) continue;
            var end = 0;
            for (; end + least <= left; end += least) Vector128.Load(from + end).Store(to + end);
            for (; end < left; end++) to[end] = from[end];
            for (; end + least <= width; end += least) Vector128<T>.Zero.Store(to + end);
            for (; end < width; end++) to[end] = default;
        }
    }

    // Reads along the rows that lie contiguous, a cache line at a time, so that each is read once; squares are turned in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Transposed<T>(T* source, long neighbour, int valid, int width, int depth, T* target) where T : unmanaged
    {
        var side = Vector128<T>.Count;
        var steps = 64 / sizeof(T);
        for (var p = 0; p < depth; p += steps, source += steps, target += (long)steps * width)
        {
            var count = Math.Min(steps, depth - p);
            var j = 0;
            for (; j + side <= valid; j += side)
            {
                T* row = source + j * neighbour, to = target + j;
                var q = 0;
                if (typeof(T) == typeof(float) && Avx512F.IsSupported && count == steps)
                {
                    TurnSixteen((float*)row, neighbour, (float*)to, width);
                    continue;
                }
                for (; q + side <= count; q += side) Turn(row + q, neighbour, to + (long)q * width, width);
                for (; q < count; q++)
                    for (var s = 0; s < side; s++) to[(long)q * width + s] = row[s * neighbour + q];
            }
            for (; j < width; j++)
                for (var q = 0; q < count; q++) target[(long)q * width + j] = j < valid ? source[j * neighbour + q] : default;
        }
    }

    /// <summary>As <see cref="Panel"/> of neighbours at a distance whose steps lie side by side, but the lanes behind the valid ones are
    /// left as they are, or hold the last valid one again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Turned<T>(T* source, long neighbour, int valid, int width, int depth, T* target) where T : unmanaged
    {
        var side = Vector128<T>.Count;
        int lines = TurnsLines<T>() ? valid / Line * Line : 0, columns = depth / LineColumns * LineColumns;
        for (var j = 0; j < lines; j += Line)
            for (var p = 0; p < columns; p += LineColumns) TurnLines((float*)(source + j * neighbour + p), neighbour, (float*)(target + (long)p * width + j), width);
        for (var j = columns == depth ? lines : 0; j < valid; j += side)
        {
            T* a = source + j * neighbour, b = source + Math.Min(j + 1, valid - 1) * neighbour, c = source + Math.Min(j + 2, valid - 1) * neighbour, d = source + Math.Min(j + 3, valid - 1) * neighbour;
            var q = j < lines ? columns : 0;
            var to = target + (long)q * width + j;
            for (; q + side <= depth; q += side, to += (long)side * width) Turn(a + q, b + q, c + q, d + q, to, width);
            for (; q < depth; q++, to += width)
            {
                (to[0], to[1]) = (a[q], b[q]);
                if (side == 4) (to[2], to[3]) = (c[q], d[q]);
            }
        }
    }

    // Sixteen rows of eight, each column of which becomes a whole line.
    const int Line = 16, LineColumns = 8;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static bool TurnsLines<T>() => Vector512.IsHardwareAccelerated && Avx512F.IsSupported && typeof(T) == typeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void TurnLines(float* source, long sourceRow, float* target, long targetRow)
    {
        // Each vector takes its quarters from rows four apart, two at a time from one line of memory, so that a square of each quarter gives
        // what stands side by side in the end.
        Vector512<float> a = Quarters(source, sourceRow), e = Quarters(source + 4, sourceRow);
        Vector512<float> b = Quarters(source + sourceRow, sourceRow), f = Quarters(source + sourceRow + 4, sourceRow);
        Vector512<float> c = Quarters(source + 2 * sourceRow, sourceRow), g = Quarters(source + 2 * sourceRow + 4, sourceRow);
        Vector512<float> d = Quarters(source + 3 * sourceRow, sourceRow), h = Quarters(source + 3 * sourceRow + 4, sourceRow);
        StoreSquares(a, b, c, d, target, targetRow);
        StoreSquares(e, f, g, h, target + 4 * targetRow, targetRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<float> Quarters(float* source, long row)
    {
        var first = Avx512F.InsertVector128(Vector128.Load(source).ToVector256Unsafe().ToVector512Unsafe(), Vector128.Load(source + 4 * row), 1);
        return Avx512F.InsertVector128(Avx512F.InsertVector128(first, Vector128.Load(source + 8 * row), 2), Vector128.Load(source + 12 * row), 3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void StoreSquares(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, long targetRow)
    {
        Vector512<float> ac = Avx512F.UnpackLow(a, c), bd = Avx512F.UnpackLow(b, d), acHigh = Avx512F.UnpackHigh(a, c), bdHigh = Avx512F.UnpackHigh(b, d);
        Avx512F.UnpackLow(ac, bd).Store(target);
        Avx512F.UnpackHigh(ac, bd).Store(target + targetRow);
        Avx512F.UnpackLow(acHigh, bdHigh).Store(target + 2 * targetRow);
        Avx512F.UnpackHigh(acHigh, bdHigh).Store(target + 3 * targetRow);
    }

    // A square of one vector's side, transposed by interleaving: 2x2 for double, 4x4 for float.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn<T>(T* source, long sourceRow, T* target, long targetRow) where T : unmanaged =>
        Turn(source, source + sourceRow, source + 2 * sourceRow, source + 3 * sourceRow, target, targetRow);

    // Of two rows for double.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Turn<T>(T* row0, T* row1, T* row2, T* row3, T* target, long targetRow) where T : unmanaged
    {
        Vector128<T> a = Vector128.Load(row0), b = Vector128.Load(row1);
        if (Vector128<T>.Count == 2)
        {
            Low(a, b).Store(target);
            High(a, b).Store(target + targetRow);
            return;
        }
        Vector128<T> c = Vector128.Load(row2), d = Vector128.Load(row3);
        Vector128<T> ac = Low(a, c), bd = Low(b, d), acHigh = High(a, c), bdHigh = High(b, d);
        Low(ac, bd).Store(target);
        High(ac, bd).Store(target + targetRow);
        Low(acHigh, bdHigh).Store(target + 2 * targetRow);
        High(acHigh, bdHigh).Store(target + 3 * targetRow);
    }

    // Four rows of sixteen columns: each 128 bits of the vectors are a square.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void TurnSixteen(float* source, long sourceRow, float* target, long targetRow)
    {
        Vector512<float> a = Vector512.Load(source), b = Vector512.Load(source + sourceRow), c = Vector512.Load(source + 2 * sourceRow), d = Vector512.Load(source + 3 * sourceRow);
        Vector512<float> ac = Avx512F.UnpackLow(a, c), bd = Avx512F.UnpackLow(b, d), acHigh = Avx512F.UnpackHigh(a, c), bdHigh = Avx512F.UnpackHigh(b, d);
        Store(Avx512F.UnpackLow(ac, bd), target, 4 * targetRow);
        Store(Avx512F.UnpackHigh(ac, bd), target + targetRow, 4 * targetRow);
        Store(Avx512F.UnpackLow(acHigh, bdHigh), target + 2 * targetRow, 4 * targetRow);
        Store(Avx512F.UnpackHigh(acHigh, bdHigh), target + 3 * targetRow, 4 * targetRow);
    }

    // Its four parts, apart in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector512<float> values, float* target, long apart)
    {
        Avx512F.ExtractVector128(values, 0).Store(target);
        Avx512F.ExtractVector128(values, 1).Store(target + apart);
        Avx512F.ExtractVector128(values, 2).Store(target + 2 * apart);
        Avx512F.ExtractVector128(values, 3).Store(target + 3 * apart);
    }

    // The lower halves of a and b, interleaved.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<T> Low<T>(Vector128<T> a, Vector128<T> b)
    {
        if (Vector128<T>.Count == 2) return Vector128.Create(a.GetLower(), b.GetLower());
        if (Sse.IsSupported) return Sse.UnpackLow(a.AsSingle(), b.AsSingle()).As<float, T>();
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipLow(a.AsSingle(), b.AsSingle()).As<float, T>();
        return Vector128.Create([a.GetElement(0), b.GetElement(0), a.GetElement(1), b.GetElement(1)]);
    }

    // The upper halves of a and b, interleaved.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector128<T> High<T>(Vector128<T> a, Vector128<T> b)
    {
        if (Vector128<T>.Count == 2) return Vector128.Create(a.GetUpper(), b.GetUpper());
        if (Sse.IsSupported) return Sse.UnpackHigh(a.AsSingle(), b.AsSingle()).As<float, T>();
        if (AdvSimd.Arm64.IsSupported) return AdvSimd.Arm64.ZipHigh(a.AsSingle(), b.AsSingle()).As<float, T>();
        return Vector128.Create([a.GetElement(2), b.GetElement(2), a.GetElement(3), b.GetElement(3)]);
    }
}
