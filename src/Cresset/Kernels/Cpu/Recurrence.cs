using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// One step of a recurrent layer for a batch: all gates of a unit at once, in vectors along the units; rows are shared among
// threads. A row's last units go through a vector as well, so that a value does not depend on where it stands.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void RecurrentStep<TCell>(TCell cell, in Operand gates, in Operand stateGates, in Operand state, Operand? memory, in Operand y,
        Operand? previous, Operand? kept) =>
        Recur(cell, state, [gates, stateGates, state, memory, y, previous, kept, null], backward: false);

    /// <inheritdoc/>
    public override void RecurrentStepGradient<TCell>(TCell cell, Operand? dy, in Operand dstate, in Operand carry, in Operand gates, in Operand previous,
        Operand? kept, in Operand dgates, Operand? dstateGates) =>
        Recur(cell, carry, [dy, dstate, carry, gates, previous, kept, dgates, dstateGates], backward: true);

    static void Recur<TCell>(TCell cell, in Operand rows, ReadOnlySpan<Operand?> operands, bool backward) where TCell : unmanaged, IRecurrentCell
    {
        if (rows.DType == DType.Float32) Recur<TCell, float>(cell, rows, operands, backward);
        else if (rows.DType == DType.Float64) Recur<TCell, double>(cell, rows, operands, backward);
        else throw Unsupported("a recurrent layer", rows.DType);
        foreach (ref readonly var operand in operands) GC.KeepAlive(operand?.Storage);
    }

    static void Recur<TCell, T>(TCell cell, in Operand rows, ReadOnlySpan<Operand?> operands, bool backward) where TCell : unmanaged, IRecurrentCell where T : unmanaged
    {
        int batch = rows.Layout.Shape[0], units = rows.Layout.Shape[1];
        if (batch == 0 || units == 0) return;
        var pointers = stackalloc T*[operands.Length];
        var strides = stackalloc long[operands.Length];
        for (var i = 0; i < operands.Length; i++)
        {
            pointers[i] = operands[i] is { } operand ? (T*)operand.Pointer : null;
            strides[i] = operands[i] is { } strided ? strided.Layout.Strides[0] : 0;
        }
        var body = new RecurrentBody<TCell, T> { Cell = cell, Backward = backward, Rows = batch, Units = units, Pointers = pointers, Strides = strides };
        // A part is worth waking a thread for.
        body.RowsPerPart = Math.Max(1, (1 << 11) / units);
        WorkerPool.For((batch + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
    }

    struct RecurrentBody<TCell, T> : IParallelBody where TCell : unmanaged, IRecurrentCell where T : unmanaged
    {
        internal TCell Cell;
        internal bool Backward;
        internal int Rows, Units, RowsPerPart;
        // On the caller's stack, which waits.
        internal T** Pointers;
        internal long* Strides;

        public readonly void Run(int part)
        {
            if (Vector512.IsHardwareAccelerated) Run<Lanes512<T>>(part);
            else if (Vector256.IsHardwareAccelerated) Run<Lanes256<T>>(part);
            else Run<Lanes128<T>>(part);
        }

        [SkipLocalsInit]
        readonly void Run<L>(int part) where L : struct, ILanes<L, T>
        {
            // Of the last vector of a row, the lanes before this place are done already and stay as they are.
            var numbers = stackalloc T[64];
            for (var i = 0; i < L.Count; i++) numbers[i] = ((Scalar)i).As<T>();
            var done = L.Less(L.Load(numbers), L.From(L.Count - Units % L.Count));
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
                if (Backward) Gradient(row, done);
                else Step(row, done);
        }

        readonly T* Row(int operand, int row) => Pointers[operand] == null ? null : Pointers[operand] + row * Strides[operand];

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Step<L>(int row, L done) where L : struct, ILanes<L, T>
        {
            T* gates = Row(0, row), stateGates = Row(1, row), states = Row(2, row), memories = Row(3, row), y = Row(4, row), previous = Row(5, row), keep = Row(6, row);
            var cell = Cell;
            int units = Units, second = TCell.Gates > 1 ? units : 0, third = TCell.Gates > 2 ? 2 * units : 0, fourth = TCell.Gates > 3 ? 3 * units : 0;
            for (var i = 0; i < units; i += L.Count)
            {
                var n = units - i;
                // A row's end: a whole vector that reaches back, or a part of one where the row is shorter.
                if (n < L.Count && units >= L.Count) i = units - L.Count;
                var whole = units >= L.Count;
                L state = Get<L>(states + i, n, whole), memory = TCell.HasMemory ? Get<L>(memories + i, n, whole) : state;
                L a = Get<L>(gates + i, n, whole), b = Get<L>(gates + second + i, n, whole), c = Get<L>(gates + third + i, n, whole), d = Get<L>(gates + fourth + i, n, whole);
                if (previous != null) Put(state, previous + i, n, whole, done);
                var kept = cell.Step(ref a, ref b, ref c, ref d, Get<L>(stateGates + i, n, whole), Get<L>(stateGates + second + i, n, whole), Get<L>(stateGates + third + i, n, whole),
                    Get<L>(stateGates + fourth + i, n, whole), ref state, ref memory);
                Put(a, gates + i, n, whole, done);
                if (TCell.Gates > 1) Put(b, gates + second + i, n, whole, done);
                if (TCell.Gates > 2) Put(c, gates + third + i, n, whole, done);
                if (TCell.Gates > 3) Put(d, gates + fourth + i, n, whole, done);
                if (keep != null) Put(kept, keep + i, n, whole, done);
                if (TCell.HasMemory) Put(memory, memories + i, n, whole, done);
                Put(state, states + i, n, whole, done);
                Put(state, y + i, n, whole, done);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Gradient<L>(int row, L done) where L : struct, ILanes<L, T>
        {
            T* dy = Row(0, row), dstates = Row(1, row), carries = Row(2, row), gates = Row(3, row), previous = Row(4, row), keep = Row(5, row), dgates = Row(6, row), dstateGates = Row(7, row);
            var cell = Cell;
            int units = Units, second = TCell.Gates > 1 ? units : 0, third = TCell.Gates > 2 ? 2 * units : 0, fourth = TCell.Gates > 3 ? 3 * units : 0;
            for (var i = 0; i < units; i += L.Count)
            {
                var n = units - i;
                // A row's end: a whole vector that reaches back, or a part of one where the row is shorter.
                if (n < L.Count && units >= L.Count) i = units - L.Count;
                var whole = units >= L.Count;
                L dstate = Get<L>(dstates + i, n, whole), carry = Get<L>(carries + i, n, whole), before = Get<L>(previous + i, n, whole);
                L a = Get<L>(gates + i, n, whole), b = Get<L>(gates + second + i, n, whole), c = Get<L>(gates + third + i, n, whole), d = Get<L>(gates + fourth + i, n, whole);
                if (dy != null) dstate += Get<L>(dy + i, n, whole);
                var stateThird = cell.Gradient(ref a, ref b, ref c, ref d, keep == null ? before : Get<L>(keep + i, n, whole), before, dstate, ref carry);
                Put(a, dgates + i, n, whole, done);
                if (TCell.Gates > 1) Put(b, dgates + second + i, n, whole, done);
                if (TCell.Gates > 2) Put(c, dgates + third + i, n, whole, done);
                if (TCell.Gates > 3) Put(d, dgates + fourth + i, n, whole, done);
                if (!TCell.GatesAreSums)
                {
                    Put(a, dstateGates + i, n, whole, done);
                    if (TCell.Gates > 1) Put(b, dstateGates + second + i, n, whole, done);
                    if (TCell.Gates > 2) Put(stateThird, dstateGates + third + i, n, whole, done);
                    if (TCell.Gates > 3) Put(d, dstateGates + fourth + i, n, whole, done);
                }
                Put(carry, carries + i, n, whole, done);
            }
        }

        // count: how many of the row's elements are still to do; whole: whether the row holds a vector.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static L Get<L>(T* source, int count, bool whole) where L : struct, ILanes<L, T> => whole ? L.Load(source) : GetPart<L>(source, count);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static void Put<L>(L lanes, T* target, int count, bool whole, L done) where L : struct, ILanes<L, T>
        {
            if (count >= L.Count) L.Store(lanes, target);
            else if (whole) L.Store(L.Select(done, L.Load(target), lanes), target);
            else PutPart(lanes, target, count);
        }

        static L GetPart<L>(T* source, int count) where L : struct, ILanes<L, T>
        {
            var block = stackalloc T[64];
            Unsafe.CopyBlockUnaligned(block, source, (uint)(count * sizeof(T)));
            return L.Load(block);
        }

        [SkipLocalsInit]
        static void PutPart<L>(L lanes, T* target, int count) where L : struct, ILanes<L, T>
        {
            var block = stackalloc T[64];
            L.Store(lanes, block);
            Unsafe.CopyBlockUnaligned(target, block, (uint)(count * sizeof(T)));
        }
    }
}
