using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The innermost loop of a pointwise kernel: count elements of each operand, at byte distances.
unsafe interface IStridedBody
{
    void Run(long count, byte** pointers, long* strides);
}

// Walks over one or more operands of equal shape at once. Dimensions that lie evenly in all of them are merged, so that
// contiguous operands are one long row; large work is cut into chunks of a size that depends on nothing but the size.
unsafe struct StridedLoop
{
    internal const int MaxOperands = 5;
    internal const long Grain = 1 << 15;

    int rank;
    int operands;
    long count;
    fixed long sizes[Shape.MaxRank];
    fixed long strides[Shape.MaxRank * MaxOperands];
    fixed long bases[MaxOperands];

    internal StridedLoop(Shape shape)
    {
        rank = shape.Rank;
        count = shape.ElementCount;
        for (var i = 0; i < rank; i++) sizes[i] = shape.AsSpan()[i];
    }

    internal void Add(in Operand operand)
    {
        var size = operand.DType.Size();
        bases[operands] = (long)operand.Pointer;
        var from = operand.Layout.Strides;
        for (var i = 0; i < rank; i++) strides[operands * Shape.MaxRank + i] = (long)from[i] * size;
        operands++;
    }

    internal readonly long Count => count;

    /// <summary>Chooses the order of the walk, once all operands are there.</summary>
    internal void Prepare()
    {
        Order();
        Merge();
    }

    internal void Run<TBody>(TBody body) where TBody : unmanaged, IStridedBody
    {
        if (count == 0) return;
        Prepare();
        if (count <= Grain)
        {
            RunRange(ref body, 0, count);
            return;
        }
        var chunks = new Chunks<TBody> { Loop = this, Body = body };
        WorkerPool.For((int)((count + Grain - 1) / Grain), ref chunks);
    }

    struct Chunks<TBody> : IParallelBody where TBody : unmanaged, IStridedBody
    {
        internal StridedLoop Loop;
        internal TBody Body;

        public void Run(int part)
        {
            var start = part * Grain;
            Loop.RunRange(ref Body, start, Math.Min(Grain, Loop.count - start));
        }
    }

    // Outer to inner by the first operand's strides: a transposed result is then written in memory order.
    void Order()
    {
        for (var i = 1; i < rank; i++)
            for (var j = i; j > 0 && Math.Abs(strides[j - 1]) < Math.Abs(strides[j]) && sizes[j - 1] != 1 && sizes[j] != 1; j--)
            {
                (sizes[j - 1], sizes[j]) = (sizes[j], sizes[j - 1]);
                for (var k = 0; k < operands; k++)
                {
                    var at = k * Shape.MaxRank + j;
                    (strides[at - 1], strides[at]) = (strides[at], strides[at - 1]);
                }
            }
    }

    void Merge()
    {
        var kept = 0;
        for (var i = 0; i < rank; i++)
        {
            if (sizes[i] == 1) continue;
            if (kept > 0 && Even(kept - 1, i))
            {
                sizes[kept - 1] *= sizes[i];
                CopyStrides(i, kept - 1);
                continue;
            }
            sizes[kept] = sizes[i];
            CopyStrides(i, kept++);
        }
        rank = kept;
    }

    bool Even(int outer, int inner)
    {
        for (var k = 0; k < operands; k++)
            if (strides[k * Shape.MaxRank + outer] != strides[k * Shape.MaxRank + inner] * sizes[inner]) return false;
        return true;
    }

    void CopyStrides(int from, int to)
    {
        for (var k = 0; k < operands; k++) strides[k * Shape.MaxRank + to] = strides[k * Shape.MaxRank + from];
    }

    /// <summary>Some elements in the order of the walk; not none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal void RunRange<TBody>(ref TBody body, long start, long length) where TBody : unmanaged, IStridedBody
    {
        var pointers = stackalloc byte*[MaxOperands];
        var inner = stackalloc long[MaxOperands];
        var index = stackalloc long[Shape.MaxRank];
        for (var k = 0; k < operands; k++)
        {
            pointers[k] = (byte*)bases[k];
            inner[k] = rank == 0 ? 0 : strides[k * Shape.MaxRank + rank - 1];
        }
        if (rank == 0)
        {
            body.Run(1, pointers, inner);
            return;
        }
        var rest = start;
        for (var i = rank - 1; i >= 0; i--)
        {
            index[i] = rest % sizes[i];
            rest /= sizes[i];
            for (var k = 0; k < operands; k++) pointers[k] += index[i] * strides[k * Shape.MaxRank + i];
        }
        var row = stackalloc byte*[MaxOperands];
        while (true)
        {
            var run = Math.Min(length, sizes[rank - 1] - index[rank - 1]);
            for (var k = 0; k < operands; k++) row[k] = pointers[k];
            body.Run(run, row, inner);
            length -= run;
            if (length == 0) return;
            // Back to the start of the row, then on to the next one.
            for (var k = 0; k < operands; k++) pointers[k] -= index[rank - 1] * inner[k];
            index[rank - 1] = 0;
            for (var i = rank - 2; i >= 0; i--)
            {
                index[i]++;
                for (var k = 0; k < operands; k++) pointers[k] += strides[k * Shape.MaxRank + i];
                if (index[i] < sizes[i]) break;
                for (var k = 0; k < operands; k++) pointers[k] -= sizes[i] * strides[k * Shape.MaxRank + i];
                index[i] = 0;
            }
        }
    }
}
