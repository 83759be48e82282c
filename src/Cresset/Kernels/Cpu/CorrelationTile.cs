using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The innermost pieces of a convolution: blocks whose sums stay in registers. c[r][v] = bias[r] + the sum over the taps p of
// a[p][r] times the places of vector v at offsets[p]; of the block's rows only the first `valid` are written.
static unsafe class CorrelationTile<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    // One row of a block: three vectors.
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
        internal readonly void Store(T bias, T* c, long second, long third)
        {
            var b = L.Broadcast(bias);
            L.Store(x + b, c);
            L.Store(y + b, c + second);
            L.Store(z + b, c + third);
        }
    }

    // Eight rows, three vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Wide8<TPlaces>(long taps, T* a, long* offsets, T* b, PlaceVector* vectors, T* bias, T* c, long second, long third, long cRow, int valid) where TPlaces : struct, IPlaces
    {
        T* b0 = b + vectors[0].At, b1 = b + vectors[1].At, b2 = b + vectors[2].At;
        long s0 = vectors[0].Step, s1 = vectors[1].Step, s2 = vectors[2].Step;
        L m0 = Places<T, L>.From(vectors[0].FirstLanes), m1 = Places<T, L>.From(vectors[1].FirstLanes), m2 = Places<T, L>.From(vectors[2].FirstLanes);
        Row r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (long p = 0; p < taps; p++, a += 8)
        {
            var at = offsets[p];
            L x = TPlaces.Load(b0 + at, s0, m0), y = TPlaces.Load(b1 + at, s1, m1), z = TPlaces.Load(b2 + at, s2, m2);
            r0.Add(a[0], x, y, z);
            r1.Add(a[1], x, y, z);
            r2.Add(a[2], x, y, z);
            r3.Add(a[3], x, y, z);
            r4.Add(a[4], x, y, z);
            r5.Add(a[5], x, y, z);
            r6.Add(a[6], x, y, z);
            r7.Add(a[7], x, y, z);
        }
        r0.Store(bias[0], c, second, third);
        if (valid > 1) r1.Store(bias[1], c + cRow, second, third);
        if (valid > 2) r2.Store(bias[2], c + 2 * cRow, second, third);
        if (valid > 3) r3.Store(bias[3], c + 3 * cRow, second, third);
        if (valid > 4) r4.Store(bias[4], c + 4 * cRow, second, third);
        if (valid > 5) r5.Store(bias[5], c + 5 * cRow, second, third);
        if (valid > 6) r6.Store(bias[6], c + 6 * cRow, second, third);
        if (valid > 7) r7.Store(bias[7], c + 7 * cRow, second, third);
    }

    // Four rows, three vectors: as many sums as machines with 16 registers hold.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Wide4<TPlaces>(long taps, T* a, long* offsets, T* b, PlaceVector* vectors, T* bias, T* c, long second, long third, long cRow, int valid) where TPlaces : struct, IPlaces
    {
        T* b0 = b + vectors[0].At, b1 = b + vectors[1].At, b2 = b + vectors[2].At;
        long s0 = vectors[0].Step, s1 = vectors[1].Step, s2 = vectors[2].Step;
        L m0 = Places<T, L>.From(vectors[0].FirstLanes), m1 = Places<T, L>.From(vectors[1].FirstLanes), m2 = Places<T, L>.From(vectors[2].FirstLanes);
        Row r0 = default, r1 = default, r2 = default, r3 = default;
        for (long p = 0; p < taps; p++, a += 4)
        {
            var at = offsets[p];
            L x = TPlaces.Load(b0 + at, s0, m0), y = TPlaces.Load(b1 + at, s1, m1), z = TPlaces.Load(b2 + at, s2, m2);
            r0.Add(a[0], x, y, z);
            r1.Add(a[1], x, y, z);
            r2.Add(a[2], x, y, z);
            r3.Add(a[3], x, y, z);
        }
        r0.Store(bias[0], c, second, third);
        if (valid > 1) r1.Store(bias[1], c + cRow, second, third);
        if (valid > 2) r2.Store(bias[2], c + 2 * cRow, second, third);
        if (valid > 3) r3.Store(bias[3], c + 3 * cRow, second, third);
    }

    // Eight rows, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Narrow8<TPlaces>(long taps, T* a, long* offsets, T* b, PlaceVector* vector, T* bias, T* c, long cRow, int valid) where TPlaces : struct, IPlaces
    {
        b += vector->At;
        var step = vector->Step;
        var mask = Places<T, L>.From(vector->FirstLanes);
        L r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (long p = 0; p < taps; p++, a += 8)
        {
            var x = TPlaces.Load(b + offsets[p], step, mask);
            r0 = L.MultiplyAdd(L.Broadcast(a[0]), x, r0);
            r1 = L.MultiplyAdd(L.Broadcast(a[1]), x, r1);
            r2 = L.MultiplyAdd(L.Broadcast(a[2]), x, r2);
            r3 = L.MultiplyAdd(L.Broadcast(a[3]), x, r3);
            r4 = L.MultiplyAdd(L.Broadcast(a[4]), x, r4);
            r5 = L.MultiplyAdd(L.Broadcast(a[5]), x, r5);
            r6 = L.MultiplyAdd(L.Broadcast(a[6]), x, r6);
            r7 = L.MultiplyAdd(L.Broadcast(a[7]), x, r7);
        }
        L.Store(r0 + L.Broadcast(bias[0]), c);
        if (valid > 1) L.Store(r1 + L.Broadcast(bias[1]), c + cRow);
        if (valid > 2) L.Store(r2 + L.Broadcast(bias[2]), c + 2 * cRow);
        if (valid > 3) L.Store(r3 + L.Broadcast(bias[3]), c + 3 * cRow);
        if (valid > 4) L.Store(r4 + L.Broadcast(bias[4]), c + 4 * cRow);
        if (valid > 5) L.Store(r5 + L.Broadcast(bias[5]), c + 5 * cRow);
        if (valid > 6) L.Store(r6 + L.Broadcast(bias[6]), c + 6 * cRow);
        if (valid > 7) L.Store(r7 + L.Broadcast(bias[7]), c + 7 * cRow);
    }

    // Four rows, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Narrow4<TPlaces>(long taps, T* a, long* offsets, T* b, PlaceVector* vector, T* bias, T* c, long cRow, int valid) where TPlaces : struct, IPlaces
    {
        b += vector->At;
        var step = vector->Step;
        var mask = Places<T, L>.From(vector->FirstLanes);
        L r0 = default, r1 = default, r2 = default, r3 = default;
        for (long p = 0; p < taps; p++, a += 4)
        {
            var x = TPlaces.Load(b + offsets[p], step, mask);
            r0 = L.MultiplyAdd(L.Broadcast(a[0]), x, r0);
            r1 = L.MultiplyAdd(L.Broadcast(a[1]), x, r1);
            r2 = L.MultiplyAdd(L.Broadcast(a[2]), x, r2);
            r3 = L.MultiplyAdd(L.Broadcast(a[3]), x, r3);
        }
        L.Store(r0 + L.Broadcast(bias[0]), c);
        if (valid > 1) L.Store(r1 + L.Broadcast(bias[1]), c + cRow);
        if (valid > 2) L.Store(r2 + L.Broadcast(bias[2]), c + 2 * cRow);
        if (valid > 3) L.Store(r3 + L.Broadcast(bias[3]), c + 3 * cRow);
    }
}
