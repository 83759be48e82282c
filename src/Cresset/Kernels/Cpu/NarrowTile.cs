using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// As a microkernel, of its full number of rows, but one vector wide: for products of few columns and for what is left at an edge.
static unsafe class NarrowTile<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    // c (rows x one vector) = or += the sum over k of numbers of a, its rows at aRow and its steps at aStep, times row k of b.
    internal static void Run<TKernel>(long k, T* a, long aRow, long aStep, T* b, long bStep, T* c, long cRow, bool add) where TKernel : struct, IMicrokernel<T>
    {
        if (TKernel.Rows == 12) Twelve(k, a, aRow, aStep, b, bStep, c, cRow, add);
        else for (var i = 0; i < TKernel.Rows; i += 6) Six(k, a + i * aRow, aRow, aStep, b, bStep, c + i * cRow, cRow, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Twelve(long k, T* a, long aRow, long aStep, T* b, long bStep, T* c, long cRow, bool add)
    {
        var aRow2 = 2 * aRow;
        T* a3 = a + 3 * aRow, a6 = a3 + 3 * aRow, a9 = a6 + 3 * aRow;
        L c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default, c6 = default, c7 = default, c8 = default, c9 = default, c10 = default, c11 = default;
        for (; k > 0; k--, b += bStep, a += aStep, a3 += aStep, a6 += aStep, a9 += aStep)
        {
            var x = L.Load(b);
            c0 = L.MultiplyAdd(L.Broadcast(*a), x, c0);
            c1 = L.MultiplyAdd(L.Broadcast(a[aRow]), x, c1);
            c2 = L.MultiplyAdd(L.Broadcast(a[aRow2]), x, c2);
            c3 = L.MultiplyAdd(L.Broadcast(*a3), x, c3);
            c4 = L.MultiplyAdd(L.Broadcast(a3[aRow]), x, c4);
            c5 = L.MultiplyAdd(L.Broadcast(a3[aRow2]), x, c5);
            c6 = L.MultiplyAdd(L.Broadcast(*a6), x, c6);
            c7 = L.MultiplyAdd(L.Broadcast(a6[aRow]), x, c7);
            c8 = L.MultiplyAdd(L.Broadcast(a6[aRow2]), x, c8);
            c9 = L.MultiplyAdd(L.Broadcast(*a9), x, c9);
            c10 = L.MultiplyAdd(L.Broadcast(a9[aRow]), x, c10);
            c11 = L.MultiplyAdd(L.Broadcast(a9[aRow2]), x, c11);
        }
        Store(c0, c, add);
        Store(c1, c + cRow, add);
        Store(c2, c + 2 * cRow, add);
        Store(c3, c + 3 * cRow, add);
        Store(c4, c + 4 * cRow, add);
        Store(c5, c + 5 * cRow, add);
        Store(c6, c + 6 * cRow, add);
        Store(c7, c + 7 * cRow, add);
        Store(c8, c + 8 * cRow, add);
        Store(c9, c + 9 * cRow, add);
        Store(c10, c + 10 * cRow, add);
        Store(c11, c + 11 * cRow, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Six(long k, T* a, long aRow, long aStep, T* b, long bStep, T* c, long cRow, bool add)
    {
        var aRow2 = 2 * aRow;
        var a3 = a + 3 * aRow;
        L c0 = default, c1 = default, c2 = default, c3 = default, c4 = default, c5 = default;
        for (; k > 0; k--, b += bStep, a += aStep, a3 += aStep)
        {
            var x = L.Load(b);
            c0 = L.MultiplyAdd(L.Broadcast(*a), x, c0);
            c1 = L.MultiplyAdd(L.Broadcast(a[aRow]), x, c1);
            c2 = L.MultiplyAdd(L.Broadcast(a[aRow2]), x, c2);
            c3 = L.MultiplyAdd(L.Broadcast(*a3), x, c3);
            c4 = L.MultiplyAdd(L.Broadcast(a3[aRow]), x, c4);
            c5 = L.MultiplyAdd(L.Broadcast(a3[aRow2]), x, c5);
        }
        Store(c0, c, add);
        Store(c1, c + cRow, add);
        Store(c2, c + 2 * cRow, add);
        Store(c3, c + 3 * cRow, add);
        Store(c4, c + 4 * cRow, add);
        Store(c5, c + 5 * cRow, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Store(L sum, T* c, bool add) => L.Store(add ? L.Load(c) + sum : sum, c);
}
