using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The innermost pieces of a gradient of weights, and of convolutions by places or by tiles, whose sums stay in registers: c[j] = or += the sum over places p of
// x[offsets[j] + places[p]] times the vectors dy[p]; of the taps j only the first `valid` are written.
static unsafe class OuterTile<T, L> where T : unmanaged where L : struct, ILanes<L, T>
{
    /// <summary>How many taps a block takes.</summary>
    internal static int Taps => L.Count * sizeof(T) == 64 ? 8 : 4;

    /// <summary>How many vectors are best taken at once, of so many that there are: as many as leave the fewest idle.</summary>
    internal static int Vectors(int all) => Taps == 8 && all % 3 == 0 ? Math.Min(all, 3) : Math.Min(all, 2);

    /// <summary>A block of one, two or three vectors.</summary>
    internal static void Block(int vectors, int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        switch (vectors)
        {
            case 1 when Taps == 8: Eight1(count, x, offsets, places, dy, c, valid, add); break;
            case 2 when Taps == 8: Eight2(count, x, offsets, places, dy, c, valid, add); break;
            case 3: Eight3(count, x, offsets, places, dy, c, valid, add); break;
            case 1: Four1(count, x, offsets, places, dy, c, valid, add); break;
            default: Four2(count, x, offsets, places, dy, c, valid, add); break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Put(L sum, T* c, bool add) => L.Store(add ? L.Load(c) + sum : sum, c);

    struct Row2
    {
        L x, y;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(T number, L first, L second)
        {
            var n = L.Broadcast(number);
            x = L.MultiplyAdd(n, first, x);
            y = L.MultiplyAdd(n, second, y);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Put(T* c, bool add)
        {
            OuterTile<T, L>.Put(x, c, add);
            OuterTile<T, L>.Put(y, c + L.Count, add);
        }
    }

    struct Row3
    {
        L x, y, z;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(T number, L first, L second, L third)
        {
            var n = L.Broadcast(number);
            x = L.MultiplyAdd(n, first, x);
            y = L.MultiplyAdd(n, second, y);
            z = L.MultiplyAdd(n, third, z);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Put(T* c, bool add)
        {
            OuterTile<T, L>.Put(x, c, add);
            OuterTile<T, L>.Put(y, c + L.Count, add);
            OuterTile<T, L>.Put(z, c + 2 * L.Count, add);
        }
    }

    // Eight taps, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Eight1(int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3], x4 = x + offsets[4], x5 = x + offsets[5], x6 = x + offsets[6], x7 = x + offsets[7];
        L r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (var end = places + count; places < end; places++, dy += 1 * L.Count)
        {
            var at = *places;
            L y = L.Load(dy);
            r0 = L.MultiplyAdd(L.Broadcast(x0[at]), y, r0);
            r1 = L.MultiplyAdd(L.Broadcast(x1[at]), y, r1);
            r2 = L.MultiplyAdd(L.Broadcast(x2[at]), y, r2);
            r3 = L.MultiplyAdd(L.Broadcast(x3[at]), y, r3);
            r4 = L.MultiplyAdd(L.Broadcast(x4[at]), y, r4);
            r5 = L.MultiplyAdd(L.Broadcast(x5[at]), y, r5);
            r6 = L.MultiplyAdd(L.Broadcast(x6[at]), y, r6);
            r7 = L.MultiplyAdd(L.Broadcast(x7[at]), y, r7);
        }
        Put(r0, c, add);
        if (valid > 1) Put(r1, c + L.Count, add);
        if (valid > 2) Put(r2, c + 2 * L.Count, add);
        if (valid > 3) Put(r3, c + 3 * L.Count, add);
        if (valid > 4) Put(r4, c + 4 * L.Count, add);
        if (valid > 5) Put(r5, c + 5 * L.Count, add);
        if (valid > 6) Put(r6, c + 6 * L.Count, add);
        if (valid > 7) Put(r7, c + 7 * L.Count, add);
    }

    // Eight taps, two vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Eight2(int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3], x4 = x + offsets[4], x5 = x + offsets[5], x6 = x + offsets[6], x7 = x + offsets[7];
        Row2 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (var end = places + count; places < end; places++, dy += 2 * L.Count)
        {
            var at = *places;
            L a = L.Load(dy), b = L.Load(dy + L.Count);
            r0.Add(x0[at], a, b);
            r1.Add(x1[at], a, b);
            r2.Add(x2[at], a, b);
            r3.Add(x3[at], a, b);
            r4.Add(x4[at], a, b);
            r5.Add(x5[at], a, b);
            r6.Add(x6[at], a, b);
            r7.Add(x7[at], a, b);
        }
        r0.Put(c, add);
        if (valid > 1) r1.Put(c + 1 * 2 * L.Count, add);
        if (valid > 2) r2.Put(c + 2 * 2 * L.Count, add);
        if (valid > 3) r3.Put(c + 3 * 2 * L.Count, add);
        if (valid > 4) r4.Put(c + 4 * 2 * L.Count, add);
        if (valid > 5) r5.Put(c + 5 * 2 * L.Count, add);
        if (valid > 6) r6.Put(c + 6 * 2 * L.Count, add);
        if (valid > 7) r7.Put(c + 7 * 2 * L.Count, add);
    }

    // Eight taps, three vectors.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Eight3(int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3], x4 = x + offsets[4], x5 = x + offsets[5], x6 = x + offsets[6], x7 = x + offsets[7];
        Row3 r0 = default, r1 = default, r2 = default, r3 = default, r4 = default, r5 = default, r6 = default, r7 = default;
        for (var end = places + count; places < end; places++, dy += 3 * L.Count)
        {
            var at = *places;
            L a = L.Load(dy), b = L.Load(dy + L.Count), d = L.Load(dy + 2 * L.Count);
            r0.Add(x0[at], a, b, d);
            r1.Add(x1[at], a, b, d);
            r2.Add(x2[at], a, b, d);
            r3.Add(x3[at], a, b, d);
            r4.Add(x4[at], a, b, d);
            r5.Add(x5[at], a, b, d);
            r6.Add(x6[at], a, b, d);
            r7.Add(x7[at], a, b, d);
        }
        r0.Put(c, add);
        if (valid > 1) r1.Put(c + 1 * 3 * L.Count, add);
        if (valid > 2) r2.Put(c + 2 * 3 * L.Count, add);
        if (valid > 3) r3.Put(c + 3 * 3 * L.Count, add);
        if (valid > 4) r4.Put(c + 4 * 3 * L.Count, add);
        if (valid > 5) r5.Put(c + 5 * 3 * L.Count, add);
        if (valid > 6) r6.Put(c + 6 * 3 * L.Count, add);
        if (valid > 7) r7.Put(c + 7 * 3 * L.Count, add);
    }

    // Four taps, one vector.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Four1(int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3];
        L r0 = default, r1 = default, r2 = default, r3 = default;
        for (var end = places + count; places < end; places++, dy += 1 * L.Count)
        {
            var at = *places;
            L y = L.Load(dy);
            r0 = L.MultiplyAdd(L.Broadcast(x0[at]), y, r0);
            r1 = L.MultiplyAdd(L.Broadcast(x1[at]), y, r1);
            r2 = L.MultiplyAdd(L.Broadcast(x2[at]), y, r2);
            r3 = L.MultiplyAdd(L.Broadcast(x3[at]), y, r3);
        }
        Put(r0, c, add);
        if (valid > 1) Put(r1, c + L.Count, add);
        if (valid > 2) Put(r2, c + 2 * L.Count, add);
        if (valid > 3) Put(r3, c + 3 * L.Count, add);
    }

    // Four taps, two vectors: as many sums as machines with 16 registers hold.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    static void Four2(int count, T* x, long* offsets, long* places, T* dy, T* c, int valid, bool add)
    {
        T* x0 = x + offsets[0], x1 = x + offsets[1], x2 = x + offsets[2], x3 = x + offsets[3];
        Row2 r0 = default, r1 = default, r2 = default, r3 = default;
        for (var end = places + count; places < end; places++, dy += 2 * L.Count)
        {
            var at = *places;
            L a = L.Load(dy), b = L.Load(dy + L.Count);
            r0.Add(x0[at], a, b);
            r1.Add(x1[at], a, b);
            r2.Add(x2[at], a, b);
            r3.Add(x3[at], a, b);
        }
        r0.Put(c, add);
        if (valid > 1) r1.Put(c + 1 * 2 * L.Count, add);
        if (valid > 2) r2.Put(c + 2 * 2 * L.Count, add);
        if (valid > 3) r3.Put(c + 3 * 2 * L.Count, add);
    }
}
