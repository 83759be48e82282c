using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cresset.Kernels.Cpu;

// 12 rows by two vectors of 512 bits: as many accumulators as the registers hold, each a local so that the JIT keeps them there.
// The last panel of A may hold fewer rows: 8 or 4 of them cost less.
readonly unsafe struct Microkernel512<T> : IMicrokernel<T> where T : unmanaged
{
    public static int Rows => 12;
    public static int Columns => 2 * Vector512<T>.Count;

    public static int RowsFor(int wanted) => wanted > 8 ? 12 : wanted > 4 ? 8 : 4;

    public static void Run(int rows, long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add)
    {
        if (aRow == IMicrokernel<T>.PackedRow) Run<Packed>(rows, k, a, aRow, b, bStep, c, cStride, add);
        else Run<InPlace>(rows, k, a, aRow, b, bStep, c, cStride, add);
    }

    static void Run<TPlace>(int rows, long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add) where TPlace : struct
    {
        if (rows == 12) Twelve<TPlace>(k, a, aRow, b, bStep, c, cStride, add);
        else if (rows == 8) Eight<TPlace>(k, a, aRow, b, bStep, c, cStride, add);
        else Four<TPlace>(k, a, aRow, b, bStep, c, cStride, add);
    }

    // Compiled at full optimisation at once: unoptimised, the first products would take a hundred times as long. Of a packed
    // panel one pointer serves all rows; where A lies in place one serves three, so that all addresses stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Twelve<TPlace>(long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add) where TPlace : struct
    {
        var width = Vector512<T>.Count;
        var packed = typeof(TPlace) == typeof(Packed);
        if (Sse.IsSupported && k >= 128)
        {
            // C is met at the end only: its lines come meanwhile.
            var line = c;
            for (var row = 0; row < 12; row++, line += cStride)
            {
                Sse.Prefetch0(line);
                Sse.Prefetch0(line + width);
            }
        }
        var aRow2 = 2 * aRow;
        T* a3 = a + 3 * aRow, a6 = a3 + 3 * aRow, a9 = a6 + 3 * aRow;
        Vector512<T> c0x = default, c0y = default;
        Vector512<T> c1x = default, c1y = default;
        Vector512<T> c2x = default, c2y = default;
        Vector512<T> c3x = default, c3y = default;
        Vector512<T> c4x = default, c4y = default;
        Vector512<T> c5x = default, c5y = default;
        Vector512<T> c6x = default, c6y = default;
        Vector512<T> c7x = default, c7y = default;
        Vector512<T> c8x = default, c8y = default;
        Vector512<T> c9x = default, c9y = default;
        Vector512<T> c10x = default, c10y = default;
        Vector512<T> c11x = default, c11y = default;
        for (; k > 0; k--)
        {
            // Panels come from the second cache, sixteen steps ahead.
            if (Sse.IsSupported && packed) Sse.Prefetch0(a + 16 * 12);
            Vector512<T> x = Vector512.Load(b), y = Vector512.Load(b + width), r;
            r = Vector512.Create(*a);
            c0x = MultiplyAdd(r, x, c0x);
            c0y = MultiplyAdd(r, y, c0y);
            r = packed ? Vector512.Create(a[1]) : Vector512.Create(a[aRow]);
            c1x = MultiplyAdd(r, x, c1x);
            c1y = MultiplyAdd(r, y, c1y);
            r = packed ? Vector512.Create(a[2]) : Vector512.Create(a[aRow2]);
            c2x = MultiplyAdd(r, x, c2x);
            c2y = MultiplyAdd(r, y, c2y);
            r = packed ? Vector512.Create(a[3]) : Vector512.Create(*a3);
            c3x = MultiplyAdd(r, x, c3x);
            c3y = MultiplyAdd(r, y, c3y);
            r = packed ? Vector512.Create(a[4]) : Vector512.Create(a3[aRow]);
            c4x = MultiplyAdd(r, x, c4x);
            c4y = MultiplyAdd(r, y, c4y);
            r = packed ? Vector512.Create(a[5]) : Vector512.Create(a3[aRow2]);
            c5x = MultiplyAdd(r, x, c5x);
            c5y = MultiplyAdd(r, y, c5y);
            r = packed ? Vector512.Create(a[6]) : Vector512.Create(*a6);
            c6x = MultiplyAdd(r, x, c6x);
            c6y = MultiplyAdd(r, y, c6y);
            r = packed ? Vector512.Create(a[7]) : Vector512.Create(a6[aRow]);
            c7x = MultiplyAdd(r, x, c7x);
            c7y = MultiplyAdd(r, y, c7y);
            r = packed ? Vector512.Create(a[8]) : Vector512.Create(a6[aRow2]);
            c8x = MultiplyAdd(r, x, c8x);
            c8y = MultiplyAdd(r, y, c8y);
            r = packed ? Vector512.Create(a[9]) : Vector512.Create(*a9);
            c9x = MultiplyAdd(r, x, c9x);
            c9y = MultiplyAdd(r, y, c9y);
            r = packed ? Vector512.Create(a[10]) : Vector512.Create(a9[aRow]);
            c10x = MultiplyAdd(r, x, c10x);
            c10y = MultiplyAdd(r, y, c10y);
            r = packed ? Vector512.Create(a[11]) : Vector512.Create(a9[aRow2]);
            c11x = MultiplyAdd(r, x, c11x);
            c11y = MultiplyAdd(r, y, c11y);
            b += bStep;
            a += packed ? 12 : 1;
            if (packed) continue;
            a3++;
            a6++;
            a9++;
        }
        Store(c0x, c0y, c, add);
        Store(c1x, c1y, c + 1 * cStride, add);
        Store(c2x, c2y, c + 2 * cStride, add);
        Store(c3x, c3y, c + 3 * cStride, add);
        Store(c4x, c4y, c + 4 * cStride, add);
        Store(c5x, c5y, c + 5 * cStride, add);
        Store(c6x, c6y, c + 6 * cStride, add);
        Store(c7x, c7y, c + 7 * cStride, add);
        Store(c8x, c8y, c + 8 * cStride, add);
        Store(c9x, c9y, c + 9 * cStride, add);
        Store(c10x, c10y, c + 10 * cStride, add);
        Store(c11x, c11y, c + 11 * cStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Eight<TPlace>(long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add) where TPlace : struct
    {
        var width = Vector512<T>.Count;
        var packed = typeof(TPlace) == typeof(Packed);
        var aRow2 = 2 * aRow;
        T* a3 = a + 3 * aRow, a6 = a3 + 3 * aRow;
        Vector512<T> c0x = default, c0y = default;
        Vector512<T> c1x = default, c1y = default;
        Vector512<T> c2x = default, c2y = default;
        Vector512<T> c3x = default, c3y = default;
        Vector512<T> c4x = default, c4y = default;
        Vector512<T> c5x = default, c5y = default;
        Vector512<T> c6x = default, c6y = default;
        Vector512<T> c7x = default, c7y = default;
        for (; k > 0; k--)
        {
            Vector512<T> x = Vector512.Load(b), y = Vector512.Load(b + width), r;
            r = Vector512.Create(*a);
            c0x = MultiplyAdd(r, x, c0x);
            c0y = MultiplyAdd(r, y, c0y);
            r = packed ? Vector512.Create(a[1]) : Vector512.Create(a[aRow]);
            c1x = MultiplyAdd(r, x, c1x);
            c1y = MultiplyAdd(r, y, c1y);
            r = packed ? Vector512.Create(a[2]) : Vector512.Create(a[aRow2]);
            c2x = MultiplyAdd(r, x, c2x);
            c2y = MultiplyAdd(r, y, c2y);
            r = packed ? Vector512.Create(a[3]) : Vector512.Create(*a3);
            c3x = MultiplyAdd(r, x, c3x);
            c3y = MultiplyAdd(r, y, c3y);
            r = packed ? Vector512.Create(a[4]) : Vector512.Create(a3[aRow]);
            c4x = MultiplyAdd(r, x, c4x);
            c4y = MultiplyAdd(r, y, c4y);
            r = packed ? Vector512.Create(a[5]) : Vector512.Create(a3[aRow2]);
            c5x = MultiplyAdd(r, x, c5x);
            c5y = MultiplyAdd(r, y, c5y);
            r = packed ? Vector512.Create(a[6]) : Vector512.Create(*a6);
            c6x = MultiplyAdd(r, x, c6x);
            c6y = MultiplyAdd(r, y, c6y);
            r = packed ? Vector512.Create(a[7]) : Vector512.Create(a6[aRow]);
            c7x = MultiplyAdd(r, x, c7x);
            c7y = MultiplyAdd(r, y, c7y);
            b += bStep;
            a += packed ? 12 : 1;
            if (packed) continue;
            a3++;
            a6++;
        }
        Store(c0x, c0y, c, add);
        Store(c1x, c1y, c + 1 * cStride, add);
        Store(c2x, c2y, c + 2 * cStride, add);
        Store(c3x, c3y, c + 3 * cStride, add);
        Store(c4x, c4y, c + 4 * cStride, add);
        Store(c5x, c5y, c + 5 * cStride, add);
        Store(c6x, c6y, c + 6 * cStride, add);
        Store(c7x, c7y, c + 7 * cStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Four<TPlace>(long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add) where TPlace : struct
    {
        var width = Vector512<T>.Count;
        var packed = typeof(TPlace) == typeof(Packed);
        var aRow2 = 2 * aRow;
        T* a3 = a + 3 * aRow;
        Vector512<T> c0x = default, c0y = default;
        Vector512<T> c1x = default, c1y = default;
        Vector512<T> c2x = default, c2y = default;
        Vector512<T> c3x = default, c3y = default;
        for (; k > 0; k--)
        {
            Vector512<T> x = Vector512.Load(b), y = Vector512.Load(b + width), r;
            r = Vector512.Create(*a);
            c0x = MultiplyAdd(r, x, c0x);
            c0y = MultiplyAdd(r, y, c0y);
            r = packed ? Vector512.Create(a[1]) : Vector512.Create(a[aRow]);
            c1x = MultiplyAdd(r, x, c1x);
            c1y = MultiplyAdd(r, y, c1y);
            r = packed ? Vector512.Create(a[2]) : Vector512.Create(a[aRow2]);
            c2x = MultiplyAdd(r, x, c2x);
            c2y = MultiplyAdd(r, y, c2y);
            r = packed ? Vector512.Create(a[3]) : Vector512.Create(*a3);
            c3x = MultiplyAdd(r, x, c3x);
            c3y = MultiplyAdd(r, y, c3y);
            b += bStep;
            a += packed ? 12 : 1;
            if (packed) continue;
            a3++;
        }
        Store(c0x, c0y, c, add);
        Store(c1x, c1y, c + 1 * cStride, add);
        Store(c2x, c2y, c + 2 * cStride, add);
        Store(c3x, c3y, c + 3 * cStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector512<T> x, Vector512<T> y, T* c, bool add)
    {
        var width = Vector512<T>.Count;
        if (add)
        {
            x += Vector512.Load(c);
            y += Vector512.Load(c + width);
        }
        x.Store(c);
        y.Store(c + width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector512<T> MultiplyAdd(Vector512<T> a, Vector512<T> b, Vector512<T> c) => typeof(T) == typeof(float)
        ? Vector512.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector512.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();
}
