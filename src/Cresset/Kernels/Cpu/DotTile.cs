using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Several dot products at once: rows of dy with runs of x, both over the places of several pictures.
static unsafe class DotTile<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    struct Row6
    {
        L a, b, c, d, e, f;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(L y, L x0, L x1, L x2, L x3, L x4, L x5)
        {
            a = L.MultiplyAdd(y, x0, a);
            b = L.MultiplyAdd(y, x1, b);
            c = L.MultiplyAdd(y, x2, c);
            d = L.MultiplyAdd(y, x3, d);
            e = L.MultiplyAdd(y, x4, e);
            f = L.MultiplyAdd(y, x5, f);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Sum(T* sums) => (sums[0], sums[1], sums[2], sums[3], sums[4], sums[5]) = (L.Sum(a), L.Sum(b), L.Sum(c), L.Sum(d), L.Sum(e), L.Sum(f));
    }

    struct Row4
    {
        L a, b, c, d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(L y, L x0, L x1, L x2, L x3)
        {
            a = L.MultiplyAdd(y, x0, a);
            b = L.MultiplyAdd(y, x1, b);
            c = L.MultiplyAdd(y, x2, c);
            d = L.MultiplyAdd(y, x3, d);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Sum(T* sums) => (sums[0], sums[1], sums[2], sums[3]) = (L.Sum(a), L.Sum(b), L.Sum(c), L.Sum(d));
    }

    // Four rows by six runs; the rows begin at dy and at the three distances from it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Four6(int pictures, int places, T* dy, long row1, long row2, long row3, T* x, long* offsets, long plane, T* sums)
    {
        Row6 r0 = default, r1 = default, r2 = default, r3 = default;
        for (; pictures > 0; pictures--, dy += places, x += plane)
        {
            T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3], x4 = x + offsets[4], x5 = x + offsets[5];
            for (long i = 0; i < places; i += L.Count)
            {
                L v0 = L.Load(x0 + i), v1 = L.Load(x1 + i), v2 = L.Load(x2 + i), v3 = L.Load(x3 + i), v4 = L.Load(x4 + i), v5 = L.Load(x5 + i);
                r0.Add(L.Load(dy + i), v0, v1, v2, v3, v4, v5);
                r1.Add(L.Load(dy + row1 + i), v0, v1, v2, v3, v4, v5);
                r2.Add(L.Load(dy + row2 + i), v0, v1, v2, v3, v4, v5);
                r3.Add(L.Load(dy + row3 + i), v0, v1, v2, v3, v4, v5);
            }
        }
        r0.Sum(sums);
        r1.Sum(sums + 6);
        r2.Sum(sums + 12);
        r3.Sum(sums + 18);
    }

    // Two rows by four runs: as many sums as machines with 16 registers hold.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Two4(int pictures, int places, T* dy, long row1, T* x, long* offsets, long plane, T* sums)
    {
        Row4 r0 = default, r1 = default;
        for (; pictures > 0; pictures--, dy += places, x += plane)
        {
            T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3];
            for (long i = 0; i < places; i += L.Count)
            {
                L v0 = L.Load(x0 + i), v1 = L.Load(x1 + i), v2 = L.Load(x2 + i), v3 = L.Load(x3 + i);
                r0.Add(L.Load(dy + i), v0, v1, v2, v3);
                r1.Add(L.Load(dy + row1 + i), v0, v1, v2, v3);
            }
        }
        r0.Sum(sums);
        r1.Sum(sums + 4);
    }
}
