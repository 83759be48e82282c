using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// A recurrent layer over all steps. Sequences do not meet in it: parts of the batch are shared among threads and each goes through all
// steps by itself, its states in the thread's own cache, so that nobody waits for anybody between steps. A step is a product with the
// weights, packed once for all, and a pass over the gates, all of a unit at once, in vectors along the units. A row's last units go through
// a vector as well, so that a value does not depend on where it stands.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Recurrence<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, in Operand x, in Operand inputWeight, Operand? inputBias,
        in Operand weight, Operand? bias, in Operand state, Operand? memory, in Operand y, Operand? gates, Operand? previous, Operand? kept) =>
        Recur(cell, batchSizes, reverse, inputWeight, weight, [gates, bias, state, memory, y, previous, kept, x, inputBias], backward: false, first: true);

    /// <inheritdoc/>
    public override void RecurrenceGradient<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, Operand? dy, in Operand dstate, in Operand carry,
        in Operand gates, in Operand weight, in Operand previous, Operand? kept, in Operand dgates, Operand? dstateGates, bool first) =>
        Recur(cell, batchSizes, reverse, null, weight, [dy, dstate, carry, gates, previous, kept, dgates, dstateGates], backward: true, first);

    static void Recur<TCell>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, Operand? inputWeight, in Operand weight, ReadOnlySpan<Operand?> operands,
        bool backward, bool first) where TCell : unmanaged, IRecurrentCell
    {
        if (weight.DType == DType.Float32) Recur<TCell, float>(cell, batchSizes, reverse, inputWeight, weight, operands, backward, first);
        else if (weight.DType == DType.Float64) Recur<TCell, double>(cell, batchSizes, reverse, inputWeight, weight, operands, backward, first);
        else throw Unsupported("a recurrent layer", weight.DType);
        foreach (ref readonly var operand in operands) GC.KeepAlive(operand?.Storage);
        GC.KeepAlive(inputWeight?.Storage);
        GC.KeepAlive(weight.Storage);
    }

    static void Recur<TCell, T>(TCell cell, ReadOnlySpan<int> batchSizes, bool reverse, Operand? inputWeight, in Operand weight, ReadOnlySpan<Operand?> operands,
        bool backward, bool first) where TCell : unmanaged, IRecurrentCell where T : unmanaged, IFloatingPointIeee754<T>
    {
        var units = weight.Layout.Shape[1];
        if (batchSizes[0] == 0 || units == 0) return;
        var pointers = stackalloc T*[operands.Length];
        var strides = stackalloc long[operands.Length];
        for (var i = 0; i < operands.Length; i++)
        {
            pointers[i] = operands[i] is { } operand ? (T*)operand.Pointer : null;
            strides[i] = operands[i] is { } strided ? strided.Layout.Strides[0] : 0;
        }
        fixed (int* sizes = batchSizes)
        {
            var body = new RecurrentBody<TCell, T>
            {
                Cell = cell,
                Backward = backward,
                First = first,
                Reverse = reverse,
                Sizes = sizes,
                Steps = batchSizes.Length,
                Units = units,
                Pointers = pointers,
                Strides = strides,
                State = new(weight, transposed: !backward),
                Input = inputWeight is { } given ? new(given, transposed: true) : default,
                RowsPerPart = batchSizes[0],
            };
            if (batchSizes.Length > FewSteps)
            {
                var room = Workspace.Rent<T>(Workspace.Purpose.Weights, body.State.PackedLength + body.Input.PackedLength);
                body.State.Pack(room);
                if (!backward) body.Input.Pack(room + body.State.PackedLength);
                body.RowsPerPart = RowsPerPart;
            }
            WorkerPool.For((batchSizes[0] + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
        }
    }

    // Up to so many steps the weights are not worth packing.
    const int FewSteps = 2;
    // Of the batch, that go through all steps together.
    const int RowsPerPart = 16;
    // Of the input, that are multiplied at once, at least: those of several steps.
    const int InputRows = 48;

    // The right side of many products.
    struct RecurrentMatrix<T> where T : unmanaged, IFloatingPointIeee754<T>
    {
        readonly int rows, columns;
        readonly long row, column;
        readonly T* values;
        T* packed;

        internal RecurrentMatrix(in Operand matrix, bool transposed)
        {
            int down = transposed ? 1 : 0, across = 1 - down;
            (rows, columns, row, column) = (matrix.Layout.Shape[down], matrix.Layout.Shape[across], matrix.Layout.Strides[down], matrix.Layout.Strides[across]);
            values = (T*)matrix.Pointer;
        }

        internal readonly int Rows => rows;

        internal readonly long PackedLength => Gemm.PackedLength<T>(columns, rows);

        internal void Pack(T* room)
        {
            Gemm.Pack(columns, rows, values, row, column, room);
            packed = room;
        }

        internal readonly void Multiply(int m, T* a, long aRow, T* c, long cRow)
        {
            if (packed == null) Gemm.Multiply(m, columns, rows, a, aRow, 1, values, row, column, c, cRow, accumulate: false, null);
            else Gemm.MultiplyPacked(m, columns, rows, a, aRow, packed, c, cRow);
        }
    }

    struct RecurrentBody<TCell, T> : IParallelBody where TCell : unmanaged, IRecurrentCell where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal TCell Cell;
        internal bool Backward, First, Reverse;
        internal int Steps, Units, RowsPerPart;
        // On the caller's stack, which waits.
        internal int* Sizes;
        internal T** Pointers;
        internal long* Strides;
        internal RecurrentMatrix<T> State, Input;
        // The part's own: states, the state's and the input's shares of the gates, biases; rows at distances that no power of two divides.
        T* states, shares, inputs, biases;
        long stateRow, shareRow;
        // The part's first row in the batch, the step's first row among those of all steps.
        int first, start;

        public readonly void Run(int part)
        {
            var own = this;
            own.first = part * RowsPerPart;
            own.Sequence(Math.Min(RowsPerPart, Sizes[0] - own.first));
        }

        void Sequence(int rows)
        {
            int gates = TCell.Gates * Units, room = rows + Gemm.MoreRows, ahead = Backward ? 0 : Math.Max(rows, InputRows) + Gemm.MoreRows;
            long inputRow = Gemm.Room<T>(Input.Rows);
            (stateRow, shareRow) = (Gemm.Room<T>(Units), Gemm.Room<T>(gates));
            states = Workspace.Rent<T>(Workspace.Purpose.States, room * (stateRow + shareRow) + ahead * (shareRow + inputRow) + 2 * gates);
            shares = states + room * stateRow;
            inputs = shares + room * shareRow;
            var x = inputs + ahead * shareRow;
            biases = x + ahead * inputRow;
            // Products read some rows more than they are asked for.
            Clear(states + rows * stateRow, Gemm.MoreRows * stateRow);
            Clear(shares + rows * shareRow, Gemm.MoreRows * shareRow);
            var given = Backward ? 1 : 2;
            for (var row = 0; row < rows; row++) Copy(Row(given, first + row), states + row * stateRow, Units);
            if (!Backward)
            {
                Clear(x, ahead * inputRow);
                AddBiases(gates);
            }
            var falling = Reverse != Backward;
            for (var t = 0; falling && t < Steps; t++) start += Sizes[t];
            var known = 0;
            for (var step = 0; step < Steps; step++)
            {
                var size = Size(step);
                if (falling) start -= size;
                var count = Math.Min(rows, size - first);
                if (count > 0 && Backward)
                {
                    Cells(count);
                    if (First || step + 1 < Steps) State.Multiply(count, shares, shareRow, states, stateRow);
                }
                else if (count > 0)
                {
                    if (known == 0)
                    {
                        inputs = shares + room * shareRow;
                        known = Inputs(step, rows, x, inputRow);
                    }
                    State.Multiply(count, states, stateRow, shares, shareRow);
                    Cells(count);
                    inputs += count * shareRow;
                    known -= count;
                }
                if (!falling) start += size;
            }
            for (var row = 0; row < rows; row++) Copy(states + row * stateRow, Row(given, first + row), Units);
        }

        readonly int Size(int step) => Sizes[Reverse != Backward ? Steps - 1 - step : step];

        // The input's shares of this step and of as many more as there is room for; gives the number of rows.
        readonly int Inputs(int step, int rows, T* x, long inputRow)
        {
            int from = start, total = 0;
            while (true)
            {
                var count = Math.Min(rows, Size(step) - first);
                for (var row = 0; row < count; row++) Copy(Row(7, from + first + row), x + (total + row) * inputRow, Input.Rows);
                total += Math.Max(0, count);
                if (++step == Steps || total + Math.Min(rows, Size(step) - first) > Math.Max(rows, InputRows)) break;
                from += Reverse ? -Size(step) : Size(step - 1);
            }
            Input.Multiply(total, x, inputRow, inputs, shareRow);
            return total;
        }

        // Both shares' biases together, but for the third gate, where they may not meet in a sum.
        readonly void AddBiases(int gates)
        {
            T* bias = Pointers[1], inputBias = Pointers[8];
            for (var i = 0; i < gates; i++)
            {
                T ofState = bias == null ? T.Zero : bias[i], ofInput = inputBias == null ? T.Zero : inputBias[i];
                var apart = !TCell.GatesAreSums && i >= 2 * Units && i < 3 * Units;
                biases[i] = apart ? ofState : ofState + ofInput;
                biases[gates + i] = apart ? ofInput : T.Zero;
            }
        }

        static void Clear(T* target, long count) => new Span<T>(target, checked((int)count)).Clear();

        static void Copy(T* source, T* target, int count) => new ReadOnlySpan<T>(source, count).CopyTo(new Span<T>(target, count));

        readonly void Cells(int count)
        {
            var body = new CellsBody<TCell, T> { Of = this, Rows = count };
            // A part is worth waking a thread for; within a part of the batch there is none to wake.
            body.RowsPerPart = Math.Max(1, (1 << 11) / Units);
            WorkerPool.For((count + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
        }

        internal readonly void Cells(int from, int to)
        {
            if (Vector512.IsHardwareAccelerated) Cells<Lanes512<T>>(from, to);
            else if (Vector256.IsHardwareAccelerated) Cells<Lanes256<T>>(from, to);
            else Cells<Lanes128<T>>(from, to);
        }

        [SkipLocalsInit]
        readonly void Cells<L>(int from, int to) where L : struct, ILanes<L, T>
        {
            // Of the last vector of a row, the lanes before this place are done already and stay as they are.
            var numbers = stackalloc T[64];
            for (var i = 0; i < L.Count; i++) numbers[i] = ((Scalar)i).As<T>();
            var done = L.Less(L.Load(numbers), L.From(L.Count - Units % L.Count));
            for (var row = from; row < to; row++)
                if (Units >= L.Count) Cells<L, WholeVectors>(row, done);
                else Cells<L, PartOfVector>(row, done);
        }

        readonly void Cells<L, TWidth>(int row, L done) where L : struct, ILanes<L, T> where TWidth : struct
        {
            if (Backward) Gradient<L, TWidth>(row, done);
            else Step<L, TWidth>(row, done);
        }

        readonly T* Row(int operand, int row) => Pointers[operand] == null ? null : Pointers[operand] + row * Strides[operand];

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Step<L, TWidth>(int row, L done) where L : struct, ILanes<L, T> where TWidth : struct
        {
            var at = start + first + row;
            T* gates = Row(0, at), bias = biases, memories = Row(3, first + row), y = Row(4, at), previous = Row(5, at), keep = Row(6, at);
            T* states = this.states + row * stateRow, stateGates = shares + row * shareRow, inputGates = inputs + row * shareRow;
            var cell = Cell;
            int units = Units, second = TCell.Gates > 1 ? units : 0, third = TCell.Gates > 2 ? 2 * units : 0, fourth = TCell.Gates > 3 ? 3 * units : 0;
            for (var i = 0; i < units; i += L.Count)
            {
                var n = units - i;
                // A row's end: a whole vector that reaches back, or a part of one where the row is shorter.
                var whole = typeof(TWidth) == typeof(WholeVectors);
                if (n < L.Count && whole) i = units - L.Count;
                L state = Get<L>(states + i, n, whole), memory = TCell.HasMemory ? Get<L>(memories + i, n, whole) : state;
                L a = Get<L>(inputGates + i, n, whole), b = Get<L>(inputGates + second + i, n, whole);
                L c = Get<L>(inputGates + third + i, n, whole), d = Get<L>(inputGates + fourth + i, n, whole);
                if (!TCell.GatesAreSums) c += Get<L>(bias + TCell.Gates * units + third + i, n, whole);
                if (previous != null) Put(state, previous + i, n, whole, done);
                L stateA = Get<L>(stateGates + i, n, whole) + Get<L>(bias + i, n, whole);
                L stateB = Get<L>(stateGates + second + i, n, whole) + Get<L>(bias + second + i, n, whole);
                L stateC = Get<L>(stateGates + third + i, n, whole) + Get<L>(bias + third + i, n, whole);
                L stateD = Get<L>(stateGates + fourth + i, n, whole) + Get<L>(bias + fourth + i, n, whole);
                var kept = cell.Step(ref a, ref b, ref c, ref d, stateA, stateB, stateC, stateD, ref state, ref memory);
                if (gates != null)
                {
                    Put(a, gates + i, n, whole, done);
                    if (TCell.Gates > 1) Put(b, gates + second + i, n, whole, done);
                    if (TCell.Gates > 2) Put(c, gates + third + i, n, whole, done);
                    if (TCell.Gates > 3) Put(d, gates + fourth + i, n, whole, done);
                }
                if (keep != null) Put(kept, keep + i, n, whole, done);
                if (TCell.HasMemory) Put(memory, memories + i, n, whole, done);
                Put(state, states + i, n, whole, done);
                Put(state, y + i, n, whole, done);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Gradient<L, TWidth>(int row, L done) where L : struct, ILanes<L, T> where TWidth : struct
        {
            var at = start + first + row;
            T* dy = Row(0, at), carries = Row(2, first + row), gates = Row(3, at), previous = Row(4, at), keep = Row(5, at), dgates = Row(6, at), dstateGates = Row(7, at);
            T* dstates = states + row * stateRow, own = shares + row * shareRow;
            var cell = Cell;
            int units = Units, second = TCell.Gates > 1 ? units : 0, third = TCell.Gates > 2 ? 2 * units : 0, fourth = TCell.Gates > 3 ? 3 * units : 0;
            for (var i = 0; i < units; i += L.Count)
            {
                var n = units - i;
                // A row's end: a whole vector that reaches back, or a part of one where the row is shorter.
                var whole = typeof(TWidth) == typeof(WholeVectors);
                if (n < L.Count && whole) i = units - L.Count;
                L dstate = Get<L>(dstates + i, n, whole), carry = Get<L>(carries + i, n, whole), before = Get<L>(previous + i, n, whole);
                L a = Get<L>(gates + i, n, whole), b = Get<L>(gates + second + i, n, whole), c = Get<L>(gates + third + i, n, whole), d = Get<L>(gates + fourth + i, n, whole);
                if (dy != null) dstate += Get<L>(dy + i, n, whole);
                var stateThird = cell.Gradient(ref a, ref b, ref c, ref d, keep == null ? before : Get<L>(keep + i, n, whole), before, dstate, ref carry);
                Put(a, dgates + i, n, whole, done);
                Put(a, own + i, n, whole, done);
                if (TCell.Gates > 1)
                {
                    Put(b, dgates + second + i, n, whole, done);
                    Put(b, own + second + i, n, whole, done);
                }
                if (TCell.Gates > 2)
                {
                    Put(c, dgates + third + i, n, whole, done);
                    Put(stateThird, own + third + i, n, whole, done);
                }
                if (TCell.Gates > 3)
                {
                    Put(d, dgates + fourth + i, n, whole, done);
                    Put(d, own + fourth + i, n, whole, done);
                }
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

    // Whether a row holds a vector.
    readonly struct WholeVectors;

    readonly struct PartOfVector;

    // Rows of one step.
    struct CellsBody<TCell, T> : IParallelBody where TCell : unmanaged, IRecurrentCell where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal RecurrentBody<TCell, T> Of;
        internal int Rows, RowsPerPart;

        public readonly void Run(int part) => Of.Cells(part * RowsPerPart, Math.Min((part + 1) * RowsPerPart, Rows));
    }
}
