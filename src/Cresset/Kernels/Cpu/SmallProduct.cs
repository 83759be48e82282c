using System.Numerics;
using System.Numerics.Tensors;

namespace Cresset.Kernels.Cpu;

// Products of few rows or few numbers, where packing would cost more than it saves: every row of C by itself, either as a
// sum of B's rows or as dot products with B's columns, whichever lie contiguous.
static unsafe class SmallProduct
{
    const int Columns = 256;

    internal static void Multiply<T>(int m, int n, int k, T* a, long aRow, long aColumn, T* b, long bRow, long bColumn,
        T* c, long cRow, bool accumulate, T* bias) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var body = new Rows<T>
        {
            N = n, K = k, A = a, B = b, C = c, Bias = bias, ARow = aRow, AColumn = aColumn, BRow = bRow, BColumn = bColumn, CRow = cRow,
            Accumulate = accumulate, Blocks = (n + Columns - 1) / Columns,
        };
        var parts = m * body.Blocks;
        if ((long)m * n * k > 1 << 17) WorkerPool.For(parts, ref body);
        else for (var i = 0; i < parts; i++) body.Run(i);
    }

    struct Rows<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal int N, K, Blocks;
        internal T* A, B, C, Bias;
        internal long ARow, AColumn, BRow, BColumn, CRow;
        internal bool Accumulate;

        public readonly void Run(int part)
        {
            long row = part / Blocks, first = part % Blocks * Columns;
            var count = (int)Math.Min(Columns, N - first);
            var a = A + row * ARow;
            var c = new Span<T>(C + row * CRow + first, count);
            if (!Accumulate) c.Clear();
            if (BColumn == 1)
            {
                for (long p = 0; p < K; p++)
                    TensorPrimitives.FusedMultiplyAdd(new ReadOnlySpan<T>(B + p * BRow + first, count), a[p * AColumn], c, c);
            }
            else if (BRow == 1 && AColumn == 1)
            {
                var left = new ReadOnlySpan<T>(a, K);
                for (var j = 0; j < count; j++) c[j] += TensorPrimitives.Dot(left, new ReadOnlySpan<T>(B + (first + j) * BColumn, K));
            }
            else
            {
                for (var j = 0; j < count; j++)
                {
                    var sum = T.Zero;
                    for (long p = 0; p < K; p++) sum += a[p * AColumn] * B[p * BRow + (first + j) * BColumn];
                    c[j] += sum;
                }
            }
            if (Bias != null) TensorPrimitives.Add(c, new ReadOnlySpan<T>(Bias + first, count), c);
        }
    }
}
