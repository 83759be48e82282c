using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Folds. Elements are combined in vectors over blocks of fixed length, blocks in a fixed order and in a wider type, so that
// a sum of many float32 numbers stays accurate and is the same at any thread count.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Reduce<TReduction>(TReduction f, in Operand x, in Operand y)
    {
        switch (x.DType)
        {
            case DType.Float32: Reduction<TReduction, float, double>.Run(f, x, y); break;
            case DType.Float64: Reduction<TReduction, double, double>.Run(f, x, y); break;
            case DType.Int32: Reduction<TReduction, int, long>.Run(f, x, y); break;
            case DType.Int64: Reduction<TReduction, long, long>.Run(f, x, y); break;
            default: Reduction<TReduction, byte, long>.Run(f, x, y); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    // T is the element's type, TSum the type in which blocks are combined.
    unsafe struct Reduction<TReduction, T, TSum> : IParallelBody
        where TReduction : unmanaged, IReduction
        where T : unmanaged, INumber<T>, IMinMaxValue<T>
        where TSum : unmanaged, INumber<TSum>, IMinMaxValue<TSum>
    {
        const int Block = 2048;
        const int Columns = 256;
        const long Grain = 1 << 16;
        // As long as a row the sums of whose lanes would cost as much as the row.
        const int ShortRow = 512;
        // As long as a row whose lanes would take longer to combine than the row.
        const int ShortestRow = 64;

        TReduction f;
        Walk kept, folded;
        byte* x;
        byte* y;
        long foldedCount, keptCount;
        // The innermost dimension of x is folded (rows) or kept (columns).
        bool rows;
        long rowLength, rowStride, columnStride, columnTarget;
        // Set where one long fold is cut into pieces.
        TSum* pieces;
        long pieceLength;
        long itemsPerPart;

        internal static void Run(TReduction f, in Operand x, in Operand y)
        {
            var state = new Reduction<TReduction, T, TSum> { f = f, x = x.Pointer, y = y.Pointer };
            state.Plan(x, y);
            if (state.keptCount == 0) return;
            if (state.foldedCount == 0)
            {
                CpuBackend.Instance.FillIdentity(f.Identity<T>(), y);
                return;
            }
            if (state.keptCount == 1 && state.foldedCount > Grain && state.rows && state.folded.Rank == 0)
            {
                state.RunPieces();
                return;
            }
            var items = state.rows ? state.keptCount : state.keptCount * ((state.rowLength + Columns - 1) / Columns);
            var work = state.rows ? state.foldedCount : state.foldedCount * Math.Min(state.rowLength, Columns);
            state.itemsPerPart = Math.Max(1, Grain / Math.Max(work, 1));
            WorkerPool.For((int)((items + state.itemsPerPart - 1) / state.itemsPerPart), ref state);
        }

        // Neighbouring dimensions that are both folded or both kept and lie evenly are one; the innermost is walked in vectors.
        void Plan(in Operand source, in Operand target)
        {
            Span<long> sizes = stackalloc long[Shape.MaxRank], from = stackalloc long[Shape.MaxRank], to = stackalloc long[Shape.MaxRank];
            Span<bool> folds = stackalloc bool[Shape.MaxRank];
            var rank = 0;
            foldedCount = keptCount = 1;
            for (var i = 0; i < source.Layout.Rank; i++)
            {
                long size = source.Layout.Shape[i], stride = (long)source.Layout.Strides[i] * sizeof(T), targetStride = (long)target.Layout.Strides[i] * sizeof(T);
                var isFolded = target.Layout.Shape[i] == 1;
                if (isFolded) foldedCount *= size;
                else keptCount *= size;
                if (size == 1) continue;
                var evenly = rank > 0 && folds[rank - 1] == isFolded && from[rank - 1] == size * stride && (isFolded || to[rank - 1] == size * targetStride);
                if (evenly) size *= sizes[--rank];
                (sizes[rank], from[rank], to[rank], folds[rank]) = (size, stride, targetStride, isFolded);
                rank++;
            }
            var inner = -1;
            long smallest = long.MaxValue;
            for (var i = 0; i < rank; i++)
            {
                var stride = Math.Abs(from[i]);
                if (stride > 0 && stride <= smallest) (smallest, inner) = (stride, i);
            }
            rows = inner < 0 || folds[inner];
            rowLength = 1;
            for (var i = 0; i < rank; i++)
            {
                if (i == inner) continue;
                if (folds[i]) folded.Add(sizes[i], from[i], 0);
                else kept.Add(sizes[i], from[i], to[i]);
            }
            if (inner < 0) return;
            (rowLength, rowStride, columnStride, columnTarget) = (sizes[inner], from[inner], from[inner], to[inner]);
            if (!rows) keptCount = rowLength == 0 ? 0 : keptCount / rowLength;
        }

        void RunPieces()
        {
            pieceLength = Grain;
            var count = (int)((rowLength + pieceLength - 1) / pieceLength);
            var storage = MemoryPool.Rent((long)count * sizeof(TSum), CpuBackend.Instance);
            pieces = (TSum*)storage.Pointer;
            WorkerPool.For(count, ref this);
            var total = pieces[0];
            for (var i = 1; i < count; i++) total = CombineSums(total, pieces[i]);
            *(T*)y = T.CreateTruncating(total);
            GC.KeepAlive(storage);
        }

        public void Run(int part)
        {
            if (pieces != null)
            {
                var start = part * pieceLength;
                pieces[part] = FoldRow(x + start * rowStride, Math.Min(pieceLength, rowLength - start));
                return;
            }
            var first = part * itemsPerPart;
            if (rows)
            {
                var last = Math.Min(first + itemsPerPart, keptCount);
                if (foldedCount > rowLength && rowStride == sizeof(T) && rowLength >= 64 / sizeof(T) && rowLength <= ShortRow) FoldShortRows(first, last);
                else if (TReduction.IsExact && sizeof(T) >= 4 && foldedCount == rowLength && rowStride == sizeof(T) && rowLength <= ShortestRow && kept.Rank == 1) FoldTurnedRows(first, last);
                else for (var i = first; i < last; i++) FoldRows(i);
                return;
            }
            var blocks = (rowLength + Columns - 1) / Columns;
            var end = Math.Min(first + itemsPerPart, keptCount * blocks);
            for (var i = first; i < end; i++)
            {
                if (Vector512.IsHardwareAccelerated) FoldColumns<Lanes512<T>>(i / blocks, i % blocks * Columns);
                else if (Vector256.IsHardwareAccelerated) FoldColumns<Lanes256<T>>(i / blocks, i % blocks * Columns);
                else FoldColumns<Lanes128<T>>(i / blocks, i % blocks * Columns);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void FoldRows(long item)
        {
            kept.Offsets(item, out var from, out var to);
            var outer = foldedCount / rowLength;
            var total = default(TSum);
            for (long i = 0; i < outer; i++)
            {
                folded.Offsets(i, out var offset, out _);
                var row = FoldRow(x + from + offset, rowLength);
                total = i == 0 ? row : CombineSums(total, row);
            }
            *(T*)(y + to) = T.CreateTruncating(total);
        }

        void FoldShortRows(long first, long end)
        {
            if (Vector512.IsHardwareAccelerated) FoldShortRows<Lanes512<T>>(first, end);
            else if (Vector256.IsHardwareAccelerated) FoldShortRows<Lanes256<T>>(first, end);
            else FoldShortRows<Lanes128<T>>(first, end);
        }

        // Many short rows to each result, such as a channel of many pictures: the lanes of a block of rows stay apart, and rows are met as they
        // lie in memory, those of neighbouring results one after the other.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void FoldShortRows<L>(long first, long end) where L : struct, ILanes<L, T>
        {
            int items = (int)(end - first), together = (int)(Block / rowLength);
            var local = f;
            var identity = local.Identity<T>();
            L nothing = L.Broadcast(identity), behind = Places<T, L>.From(L.Count - rowLength % L.Count);
            long whole = rowLength / L.Count * L.Count, outer = foldedCount / rowLength;
            var sums = Workspace.Rent<T>(Workspace.Purpose.Sums, (long)items * L.Count);
            var totals = Workspace.Rent<TSum>(Workspace.Purpose.Partials, items);
            var offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, items);
            for (var k = 0; k < items; k++) kept.Offsets(first + k, out offsets[k], out _);
            for (long start = 0; start < outer; start += together)
            {
                new Span<T>(sums, items * L.Count).Fill(identity);
                for (var i = start; i < Math.Min(start + together, outer); i++)
                {
                    folded.Offsets(i, out var offset, out _);
                    for (var k = 0; k < items; k++)
                    {
                        var row = (T*)(x + offsets[k] + offset);
                        var sum = L.Load(sums + k * L.Count);
                        for (long at = 0; at < whole; at += L.Count) sum = local.Combine(sum, local.Map(L.Load(row + at)));
                        // The row's last lanes, of which those that have been met count for nothing.
                        if (whole < rowLength) sum = local.Combine(sum, L.Select(behind, local.Map(L.Load(row + rowLength - L.Count)), nothing));
                        L.Store(sum, sums + k * L.Count);
                    }
                }
                for (var k = 0; k < items; k++)
                {
                    var lanes = sums + k * L.Count;
                    var total = TSum.CreateTruncating(lanes[0]);
                    for (var i = 1; i < L.Count; i++) total = CombineSums(total, TSum.CreateTruncating(lanes[i]));
                    totals[k] = start == 0 ? total : CombineSums(totals[k], total);
                }
            }
            for (var k = 0; k < items; k++)
            {
                kept.Offsets(first + k, out _, out var to);
                *(T*)(y + to) = T.CreateTruncating(totals[k]);
            }
        }

        void FoldTurnedRows(long first, long end)
        {
            if (Vector512.IsHardwareAccelerated) FoldTurnedRows<Lanes512<T>>(first, end);
            else if (Vector256.IsHardwareAccelerated) FoldTurnedRows<Lanes256<T>>(first, end);
            else FoldTurnedRows<Lanes128<T>>(first, end);
        }

        // One short row to each result: as many rows as a vector has lanes, turned so that each has one.
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void FoldTurnedRows<L>(long first, long end) where L : struct, ILanes<L, T>
        {
            var turned = stackalloc T[ShortestRow * (64 / sizeof(T))];
            var local = f;
            var identity = L.Broadcast(local.Identity<T>());
            kept.Offsets(1, out var step, out var targetStep);
            new Span<T>(turned, (int)rowLength * L.Count).Clear();
            for (var row = first; row < end; row += L.Count)
            {
                var valid = (int)Math.Min(L.Count, end - row);
                Packing.Turned((T*)(x + row * step), step / sizeof(T), valid, L.Count, (int)rowLength, turned);
                var results = identity;
                for (long i = 0; i < rowLength; i++) results = local.Combine(results, local.Map(L.Load(turned + i * L.Count)));
                L.Store(results, turned);
                for (var i = 0; i < valid; i++) *(T*)(y + (row + i) * targetStep) = turned[i];
            }
        }

        TSum FoldRow(byte* row, long length)
        {
            if (Vector512.IsHardwareAccelerated) return FoldRow<Lanes512<T>>(row, length);
            if (Vector256.IsHardwareAccelerated) return FoldRow<Lanes256<T>>(row, length);
            return FoldRow<Lanes128<T>>(row, length);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        TSum FoldRow<L>(byte* row, long length) where L : struct, ILanes<L, T>
        {
            var gathered = stackalloc T[Block];
            var total = default(TSum);
            for (long done = 0; done < length; done += Block)
            {
                var n = Math.Min(Block, length - done);
                var source = (T*)(row + done * rowStride);
                if (rowStride != sizeof(T))
                {
                    Gather(row + done * rowStride, rowStride, gathered, n);
                    source = gathered;
                }
                var sum = FoldBlock<L>(source, n);
                total = done == 0 ? sum : CombineSums(total, sum);
            }
            return total;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        TSum FoldBlock<L>(T* source, long n) where L : struct, ILanes<L, T>
        {
            var local = f;
            var identity = local.Identity<T>();
            var total = TSum.CreateTruncating(identity);
            if (n < L.Count) return AddRest<L>(total, source, n);
            var lanes = stackalloc T[64 / sizeof(T)];
            L a = L.Broadcast(identity), b = a, c = a, d = a;
            long at = 0;
            for (; at + 4 * L.Count <= n; at += 4 * L.Count)
            {
                a = local.Combine(a, local.Map(L.Load(source + at)));
                b = local.Combine(b, local.Map(L.Load(source + at + L.Count)));
                c = local.Combine(c, local.Map(L.Load(source + at + 2 * L.Count)));
                d = local.Combine(d, local.Map(L.Load(source + at + 3 * L.Count)));
            }
            for (; at + L.Count <= n; at += L.Count) a = local.Combine(a, local.Map(L.Load(source + at)));
            L.Store(local.Combine(local.Combine(a, b), local.Combine(c, d)), lanes);
            for (var i = 0; i < L.Count; i++) total = CombineSums(total, TSum.CreateTruncating(lanes[i]));
            return at == n ? total : AddRest<L>(total, source + at, n - at);
        }

        // The row's end, mapped in a vector; the lanes behind it hold numbers that nobody reads.
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        readonly TSum AddRest<L>(TSum total, T* source, long n) where L : struct, ILanes<L, T>
        {
            var rest = stackalloc T[64 / sizeof(T)];
            for (var i = 0; i < L.Count; i++) rest[i] = i < n ? source[i] : T.One;
            var local = f;
            L.Store(local.Map(L.Load(rest)), rest);
            for (var i = 0; i < n; i++) total = CombineSums(total, TSum.CreateTruncating(rest[i]));
            return total;
        }

        // Combines across the rows of x, many columns at once; every block of rows starts anew and is then added up in the
        // wider type.
        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void FoldColumns<L>(long item, long column) where L : struct, ILanes<L, T>
        {
            kept.Offsets(item, out var from, out var to);
            var n = Math.Min(Columns, rowLength - column);
            var local = f;
            var identity = local.Identity<T>();
            var block = stackalloc T[Columns];
            var gathered = stackalloc T[Columns];
            var totals = stackalloc TSum[Columns];
            for (var i = 0; i < Columns; i++) gathered[i] = T.One;
            var dense = columnStride == sizeof(T) && n == Columns;
            for (long start = 0; start < foldedCount; start += 128)
            {
                var end = Math.Min(start + 128, foldedCount);
                for (var i = 0; i < Columns; i++) block[i] = identity;
                for (var i = start; i < end; i++)
                {
                    folded.Offsets(i, out var offset, out _);
                    var row = x + from + offset + column * columnStride;
                    if (!dense) Gather(row, columnStride, gathered, n);
                    var source = dense ? (T*)row : gathered;
                    for (long j = 0; j < n; j += L.Count)
                        L.Store(local.Combine(L.Load(block + j), local.Map(L.Load(source + j))), block + j);
                }
                for (long j = 0; j < n; j++)
                    totals[j] = start == 0 ? TSum.CreateTruncating(block[j]) : CombineSums(totals[j], TSum.CreateTruncating(block[j]));
            }
            var target = y + to + column * columnTarget;
            for (long j = 0; j < n; j++, target += columnTarget) *(T*)target = T.CreateTruncating(totals[j]);
        }

        // One combination in the wider type, by way of a vector's first lane.
        readonly TSum CombineSums(TSum a, TSum b) =>
            f.Combine(new Lane<TSum>(a), new Lane<TSum>(b)).Value;
    }

    void FillIdentity<T>(T identity, in Operand y) where T : unmanaged, INumber<T>
    {
        Scalar value = typeof(T) == typeof(float) || typeof(T) == typeof(double) ? double.CreateTruncating(identity) : long.CreateTruncating(identity);
        Fill(value, y);
    }

    // Some dimensions of an operand: from a running number to byte offsets in source and target.
    struct Walk
    {
        internal int Rank;
        fixed long sizes[Shape.MaxRank];
        fixed long from[Shape.MaxRank];
        fixed long to[Shape.MaxRank];

        internal void Add(long size, long fromStride, long toStride)
        {
            sizes[Rank] = size;
            from[Rank] = fromStride;
            to[Rank++] = toStride;
        }

        internal readonly void Offsets(long number, out long source, out long target)
        {
            source = target = 0;
            for (var i = Rank - 1; i > 0; i--)
            {
                var index = number % sizes[i];
                number /= sizes[i];
                source += index * from[i];
                target += index * to[i];
            }
            if (Rank == 0) return;
            source += number * from[0];
            target += number * to[0];
        }
    }
}
