using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// 6 rows by two vectors of 256 bits: as many accumulators as the registers hold, each a local so that the JIT keeps them there.
readonly unsafe struct Microkernel256<T> : IMicrokernel<T> where T : unmanaged
{
    public static int Rows => 6;
    public static int Columns => 2 * Vector256<T>.Count;
    public static int RowsFor(int wanted) => Rows;

    public static void Run(int rows, long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add)
    {
        if (aRow == IMicrokernel<T>.PackedRow) Six<Packed>(k, a, aRow, b, bStep, c, cStride, add);
        else Six<InPlace>(k, a, aRow, b, bStep, c, cStride, add);
    }

    // Compiled at full optimisation at once: unoptimised, the first products would take a hundred times as long. Of a packed
    // panel one pointer serves all rows; where A lies in place one serves three, so that all addresses stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Six<TPlace>(long k, T* a, long aRow, T* b, long bStep, T* c, long cStride, bool add) where TPlace : struct
    {
        var width = Vector256<T>.Count;
        var packed = typeof(TPlace) == typeof(Packed);
        var aRow2 = 2 * aRow;
        T* a3 = a + 3 * aRow;
        Vector256<T> c0x = default, c0y = default;
        Vector256<T> c1x = default, c1y = default;
        Vector256<T> c2x = default, c2y = default;
        Vector256<T> c3x = default, c3y = default;
        Vector256<T> c4x = default, c4y = default;
        Vector256<T> c5x = default, c5y = default;
        for (; k > 0; k--)
        {
            Vector256<T> x = Vector256.Load(b), y = Vector256.Load(b + width), r;
            r = Vector256.Create(*a);
            c0x = MultiplyAdd(r, x, c0x);
            c0y = MultiplyAdd(r, y, c0y);
            r = packed ? Vector256.Create(a[1]) : Vector256.Create(a[aRow]);
            c1x = MultiplyAdd(r, x, c1x);
            c1y = MultiplyAdd(r, y, c1y);
            r = packed ? Vector256.Create(a[2]) : Vector256.Create(a[aRow2]);
            c2x = MultiplyAdd(r, x, c2x);
            c2y = MultiplyAdd(r, y, c2y);
            r = packed ? Vector256.Create(a[3]) : Vector256.Create(*a3);
            c3x = MultiplyAdd(r, x, c3x);
            c3y = MultiplyAdd(r, y, c3y);
            r = packed ? Vector256.Create(a[4]) : Vector256.Create(a3[aRow]);
            c4x = MultiplyAdd(r, x, c4x);
            c4y = MultiplyAdd(r, y, c4y);
            r = packed ? Vector256.Create(a[5]) : Vector256.Create(a3[aRow2]);
            c5x = MultiplyAdd(r, x, c5x);
            c5y = MultiplyAdd(r, y, c5y);
            b += bStep;
            a += packed ? 6 : 1;
            if (packed) continue;
            a3++;
        }
        Store(c0x, c0y, c, add);
        Store(c1x, c1y, c + 1 * cStride, add);
        Store(c2x, c2y, c + 2 * cStride, add);
        Store(c3x, c3y, c + 3 * cStride, add);
        Store(c4x, c4y, c + 4 * cStride, add);
        Store(c5x, c5y, c + 5 * cStride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(Vector256<T> x, Vector256<T> y, T* c, bool add)
    {
        var width = Vector256<T>.Count;
        if (add)
        {
            x += Vector256.Load(c);
            y += Vector256.Load(c + width);
        }
        x.Store(c);
        y.Store(c + width);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector256<T> MultiplyAdd(Vector256<T> a, Vector256<T> b, Vector256<T> c) => typeof(T) == typeof(float)
        ? Vector256.MultiplyAddEstimate(a.AsSingle(), b.AsSingle(), c.AsSingle()).As<float, T>()
        : Vector256.MultiplyAddEstimate(a.AsDouble(), b.AsDouble(), c.AsDouble()).As<double, T>();
}
