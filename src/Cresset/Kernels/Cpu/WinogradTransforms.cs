using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// F(2x2, 3x3) of Winograd's minimal filtering (Lavin and Gray, 2015): four neighbouring outputs of a 3x3 convolution are
// A'((G g G') o (B' d B))A with the 4x4 inputs d and the kernel g, so that 16 products do the work of 36. A vector holds a place of
// neighbouring channels; the 16 numbers of a tile stand `square` apart.
//
//     B' = 1  0 -1  0      G = 1    0    0      A' = 1  1  1  0
//          0  1  1  0          1/2  1/2  1/2         0  1 -1 -1
//          0 -1  1  0          1/2 -1/2  1/2
//          0  1  0 -1          0    0    1
static unsafe class WinogradTransforms<T, L> where T : unmanaged, INumberBase<T> where L : struct, ILanes<L, T>
{
    internal const int Squares = 16, Taps = 9;

    /// <summary>Lays channels of a picture out as [row][column][channel]: rows from `top` on and columns from `left` on, zeros where
    /// there is no picture. Lanes behind the valid channels hold anything.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Lay(T* picture, int height, int width, int valid, int top, int left, int rows, int columns, T* target)
    {
        // The columns [first, end) lie in the picture.
        int first = Math.Clamp(-left, 0, columns), end = Math.Clamp(width - left, first, columns);
        for (var r = 0; r < rows; r++, target += (long)columns * L.Count)
        {
            var y = top + r;
            if ((uint)y >= (uint)height)
            {
                new Span<T>(target, columns * L.Count).Clear();
                continue;
            }
            new Span<T>(target, first * L.Count).Clear();
            Packing.Turned(picture + (long)y * width + left + first, (long)height * width, valid, L.Count, end - first, target + (long)first * L.Count);
            new Span<T>(target + (long)end * L.Count, (columns - end) * L.Count).Clear();
        }
    }

    /// <summary>B' d B of a row of tiles, each of which shares two columns with the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Input(T* laid, int columns, int tiles, T* to, long step, long square)
    {
        var row = (long)columns * L.Count;
        Column(laid, row, out var a0, out var a1, out var a2, out var a3);
        Column(laid + L.Count, row, out var b0, out var b1, out var b2, out var b3);
        for (var t = 0; t < tiles; t++, to += step)
        {
            laid += 2 * L.Count;
            Column(laid, row, out var c0, out var c1, out var c2, out var c3);
            Column(laid + L.Count, row, out var d0, out var d1, out var d2, out var d3);
            Row(a0, b0, c0, d0, to, square);
            Row(a1, b1, c1, d1, to + 4 * square, square);
            Row(a2, b2, c2, d2, to + 8 * square, square);
            Row(a3, b3, c3, d3, to + 12 * square, square);
            (a0, a1, a2, a3, b0, b1, b2, b3) = (c0, c1, c2, c3, d0, d1, d2, d3);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Column(T* laid, long row, out L u0, out L u1, out L u2, out L u3)
    {
        L d0 = L.Load(laid), d1 = L.Load(laid + row), d2 = L.Load(laid + 2 * row), d3 = L.Load(laid + 3 * row);
        (u0, u1, u2, u3) = (d0 - d2, d1 + d2, d2 - d1, d1 - d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Row(L d0, L d1, L d2, L d3, T* to, long square)
    {
        L.Store(d0 - d2, to);
        L.Store(d1 + d2, to + square);
        L.Store(d2 - d1, to + 2 * square);
        L.Store(d1 - d3, to + 3 * square);
    }

    /// <summary>A'm A of a row of tiles: two rows of results, laid out as [row][column][channel].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Output(T* from, long step, long square, int tiles, T* laid, int columns)
    {
        var row = (long)columns * L.Count;
        for (var t = 0; t < tiles; t++, from += step, laid += 2 * L.Count)
        {
            Sums(from, square, out var a0, out var a1);
            Sums(from + 4 * square, square, out var b0, out var b1);
            Sums(from + 8 * square, square, out var c0, out var c1);
            Sums(from + 12 * square, square, out var d0, out var d1);
            L.Store(a0 + b0 + c0, laid);
            L.Store(a1 + b1 + c1, laid + L.Count);
            L.Store(b0 - c0 - d0, laid + row);
            L.Store(b1 - c1 - d1, laid + row + L.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Sums(T* from, long square, out L first, out L second)
    {
        L m0 = L.Load(from), m1 = L.Load(from + square), m2 = L.Load(from + 2 * square), m3 = L.Load(from + 3 * square);
        (first, second) = (m0 + m1 + m2, m1 - m2 - m3);
    }

    /// <summary>A dy A' of a row of tiles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void OutputGradient(T* laid, int columns, int tiles, T* to, long step, long square)
    {
        var row = (long)columns * L.Count;
        for (var t = 0; t < tiles; t++, laid += 2 * L.Count, to += step)
        {
            L a = L.Load(laid), b = L.Load(laid + L.Count), c = L.Load(laid + row), d = L.Load(laid + row + L.Count);
            Spread(a, b, to, square);
            Spread(a + c, b + d, to + 4 * square, square);
            Spread(a - c, b - d, to + 8 * square, square);
            Spread(-c, -d, to + 12 * square, square);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Spread(L first, L second, T* to, long square)
    {
        L.Store(first, to);
        L.Store(first + second, to + square);
        L.Store(first - second, to + 2 * square);
        L.Store(-second, to + 3 * square);
    }

    /// <summary>G g G' of a kernel, given as nine vectors side by side; turned about where `flipped`.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void Kernel(T* taps, bool flipped, T* to, long square)
    {
        // The columns of G g.
        var columns = stackalloc T[4 * 3 * 16];
        for (var w = 0; w < 3; w++)
        {
            var tap = flipped ? taps + (8 - w) * L.Count : taps + w * L.Count;
            var row = (flipped ? -3L : 3) * L.Count;
            Halves(L.Load(tap), L.Load(tap + row), L.Load(tap + 2 * row), columns + w * L.Count, 3 * L.Count);
        }
        for (var h = 0; h < 4; h++)
        {
            var row = columns + h * 3 * L.Count;
            Halves(L.Load(row), L.Load(row + L.Count), L.Load(row + 2 * L.Count), to + h * 4 * square, square);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Halves(L g0, L g1, L g2, T* to, long step)
    {
        L half = L.From(0.5), ends = (g0 + g2) * half, middle = g1 * half;
        L.Store(g0, to);
        L.Store(ends + middle, to + step);
        L.Store(ends - middle, to + 2 * step);
        L.Store(g2, to + 3 * step);
    }

    /// <summary>G'm G: nine vectors side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void KernelGradient(T* from, long square, T* taps)
    {
        // The columns of G'm.
        var columns = stackalloc T[3 * 4 * 16];
        for (var w = 0; w < 4; w++)
        {
            Gather(from + w * square, 4 * square, out var g0, out var g1, out var g2);
            L.Store(g0, columns + w * L.Count);
            L.Store(g1, columns + (4 + w) * L.Count);
            L.Store(g2, columns + (8 + w) * L.Count);
        }
        for (var h = 0; h < 3; h++)
        {
            Gather(columns + 4 * h * L.Count, L.Count, out var g0, out var g1, out var g2);
            L.Store(g0, taps + 3 * h * L.Count);
            L.Store(g1, taps + (3 * h + 1) * L.Count);
            L.Store(g2, taps + (3 * h + 2) * L.Count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Gather(T* from, long step, out L g0, out L g1, out L g2)
    {
        L half = L.From(0.5), m1 = L.Load(from + step) * half, m2 = L.Load(from + 2 * step) * half, sum = m1 + m2;
        (g0, g1, g2) = (L.Load(from) + sum, m1 - m2, sum + L.Load(from + 3 * step));
    }
}
