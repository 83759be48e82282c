using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The innermost pieces of a convolution: blocks whose sums stay in registers.
static unsafe class CorrelationTile<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    // One row of a block: three vectors of neighbouring places.
    struct Row
    {
        L x, y, z;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(T weight, L first, L second, L third)
        {
            var w = L.Broadcast(weight);
            x = L.MultiplyAdd(w, first, x);
            y = L.MultiplyAdd(w, second, y);
            z = L.MultiplyAdd(w, third, z);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Store(T* c)
        {
            L.Store(x, c);
            L.Store(y, c + L.Count);
            L.Store(z, c + 2 * L.Count);
        }
    }

    // c[r][j] = the sum over the taps p of a[p][r] b[offsets[p] + j]: eight rows, three vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Wide8(long taps, T* a, long* offsets, T* b, T* c, long cRow)
    {
        Row r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (long p = 0; p < taps; p++, a += 8)
        {
            var at = b + offsets[p];
            L x = L.Load(at), y = L.Load(at + L.Count), z = L.Load(at + 2 * L.Count);
            r0.Add(a[0], x, y, z);
            r1.Add(a[1], x, y, z);
            r2.Add(a[2], x, y, z);
            r3.Add(a[3], x, y, z);
            r4.Add(a[4], x, y, z);
            r5.Add(a[5], x, y, z);
            r6.Add(a[6], x, y, z);
            r7.Add(a[7], x, y, z);
        }
        r0.Store(c);
        r1.Store(c + cRow);
        r2.Store(c + 2 * cRow);
        r3.Store(c + 3 * cRow);
        r4.Store(c + 4 * cRow);
        r5.Store(c + 5 * cRow);
        r6.Store(c + 6 * cRow);
        r7.Store(c + 7 * cRow);
    }

    // Four rows, three vectors: as many sums as machines with 16 registers hold.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Wide4(long taps, T* a, long* offsets, T* b, T* c, long cRow)
    {
        Row r0 = default, r1 = default, r2 = default, r3 = default;
        for (long p = 0; p < taps; p++, a += 4)
        {
            var at = b + offsets[p];
            L x = L.Load(at), y = L.Load(at + L.Count), z = L.Load(at + 2 * L.Count);
            r0.Add(a[0], x, y, z);
            r1.Add(a[1], x, y, z);
            r2.Add(a[2], x, y, z);
            r3.Add(a[3], x, y, z);
        }
        r0.Store(c);
        r1.Store(c + cRow);
        r2.Store(c + 2 * cRow);
        r3.Store(c + 3 * cRow);
    }

    // Eight rows, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Narrow8(long taps, T* a, long* offsets, T* b, T* c, long cRow)
    {
        L r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (long p = 0; p < taps; p++, a += 8)
        {
            var x = L.Load(b + offsets[p]);
            r0 = L.MultiplyAdd(L.Broadcast(a[0]), x, r0);
            r1 = L.MultiplyAdd(L.Broadcast(a[1]), x, r1);
            r2 = L.MultiplyAdd(L.Broadcast(a[2]), x, r2);
            r3 = L.MultiplyAdd(L.Broadcast(a[3]), x, r3);
            r4 = L.MultiplyAdd(L.Broadcast(a[4]), x, r4);
            r5 = L.MultiplyAdd(L.Broadcast(a[5]), x, r5);
            r6 = L.MultiplyAdd(L.Broadcast(a[6]), x, r6);
            r7 = L.MultiplyAdd(L.Broadcast(a[7]), x, r7);
        }
        L.Store(r0, c);
        L.Store(r1, c + cRow);
        L.Store(r2, c + 2 * cRow);
        L.Store(r3, c + 3 * cRow);
        L.Store(r4, c + 4 * cRow);
        L.Store(r5, c + 5 * cRow);
        L.Store(r6, c + 6 * cRow);
        L.Store(r7, c + 7 * cRow);
    }

    // Four rows, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Narrow4(long taps, T* a, long* offsets, T* b, T* c, long cRow)
    {
        L r0 = default, r1 = default, r2 = default, r3 = default;
        for (long p = 0; p < taps; p++, a += 4)
        {
            var x = L.Load(b + offsets[p]);
            r0 = L.MultiplyAdd(L.Broadcast(a[0]), x, r0);
            r1 = L.MultiplyAdd(L.Broadcast(a[1]), x, r1);
            r2 = L.MultiplyAdd(L.Broadcast(a[2]), x, r2);
            r3 = L.MultiplyAdd(L.Broadcast(a[3]), x, r3);
        }
        L.Store(r0, c);
        L.Store(r1, c + cRow);
        L.Store(r2, c + 2 * cRow);
        L.Store(r3, c + 3 * cRow);
    }
}
