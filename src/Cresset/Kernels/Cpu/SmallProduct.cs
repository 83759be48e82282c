using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Products of few rows or few numbers, where packing would cost more than it saves: every row of C by itself, either as a
// sum of B's rows or as dot products with B's columns, whichever lie contiguous; four of them at a time.
static unsafe class SmallProduct
{
    // Of C at once: stays in the first cache while B's rows stream by.
    const int Columns = 1024;
    const long ParallelWork = 1 << 17;

    internal static void Multiply<T>(int m, int n, int k, T* a, long aRow, long aColumn, T* b, long bRow, long bColumn,
        T* c, long cRow, bool accumulate, T* bias, bool relu = false) where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (bColumn != 1 && bRow == 1 && aColumn != 1)
        {
            // Dot products need both sides contiguous.
            var rows = Workspace.Rent<T>(Workspace.Purpose.Panels, (long)m * k);
            for (var i = 0; i < m; i++)
                for (var p = 0; p < k; p++) rows[(long)i * k + p] = a[i * aRow + p * aColumn];
            a = rows;
            aRow = k;
            aColumn = 1;
        }
        var body = new Rows<T>
        {
            N = n,
            K = k,
            A = a,
            B = b,
            C = c,
            Bias = bias,
            ARow = aRow,
            AColumn = aColumn,
            BRow = bRow,
            BColumn = bColumn,
            CRow = cRow,
            Accumulate = accumulate,
            Relu = relu,
        };
        if ((long)m * n * k <= ParallelWork)
        {
            body.Columns = n;
            body.Blocks = 1;
            for (var i = 0; i < m; i++) body.Run(i);
            return;
        }
        // One row is cut finer, so that threads have work.
        body.Columns = m == 1 ? Columns / 4 : Columns;
        body.Blocks = (n + body.Columns - 1) / body.Columns;
        WorkerPool.For(checked(m * body.Blocks), ref body);
    }

    struct Rows<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal int N, K, Blocks, Columns;
        internal T* A, B, C, Bias;
        internal long ARow, AColumn, BRow, BColumn, CRow;
        internal bool Accumulate, Relu;

        public readonly void Run(int part)
        {
            int row = part / Blocks, first = part % Blocks * Columns, count = Math.Min(Columns, N - first);
            T* a = A + row * ARow, b = B + first * BColumn, c = C + row * CRow + first;
            if (!Accumulate) new Span<T>(c, count).Clear();
            if (BColumn == 1)
            {
                long p = 0;
                for (; p + 4 <= K; p += 4)
                    AddRows(count, a[p * AColumn], a[(p + 1) * AColumn], a[(p + 2) * AColumn], a[(p + 3) * AColumn], b + p * BRow, BRow, c);
                for (; p < K; p++) AddRow(count, a[p * AColumn], b + p * BRow, c);
            }
            else if (BRow == 1 && AColumn == 1)
            {
                var j = 0;
                for (; j + 4 <= count; j += 4) AddDots(K, a, b + j * BColumn, BColumn, c + j);
                for (; j < count; j++) c[j] += TensorPrimitives.Dot(new ReadOnlySpan<T>(a, K), new ReadOnlySpan<T>(b + j * BColumn, K));
            }
            else
            {
                for (var j = 0; j < count; j++)
                {
                    var sum = T.Zero;
                    for (long p = 0; p < K; p++) sum += a[p * AColumn] * b[p * BRow + j * BColumn];
                    c[j] += sum;
                }
            }
            if (Bias != null || Relu) Packing.Finish(c, count, Bias == null ? null : Bias + first, Relu);
        }
    }

    // Here and below: at full optimisation at once, as the microkernels.
    // c += a0 b0 + a1 b1 + a2 b2 + a3 b3, four rows of B.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddRows<T>(int count, T a0, T a1, T a2, T a3, T* b, long bRow, T* c) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* b1 = b + bRow, b2 = b1 + bRow, b3 = b2 + bRow;
        var j = 0;
        if (count >= Vector<T>.Count)
        {
            Vector<T> x0 = new(a0), x1 = new(a1), x2 = new(a2), x3 = new(a3);
            for (; j + Vector<T>.Count <= count; j += Vector<T>.Count)
            {
                var sum = MultiplyAdd(x0, Vector.Load(b + j), Vector.Load(c + j));
                sum = MultiplyAdd(x1, Vector.Load(b1 + j), sum);
                sum = MultiplyAdd(x2, Vector.Load(b2 + j), sum);
                MultiplyAdd(x3, Vector.Load(b3 + j), sum).Store(c + j);
            }
        }
        for (; j < count; j++)
            c[j] = T.MultiplyAddEstimate(a3, b3[j], T.MultiplyAddEstimate(a2, b2[j], T.MultiplyAddEstimate(a1, b1[j], T.MultiplyAddEstimate(a0, b[j], c[j]))));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddRow<T>(int count, T a, T* b, T* c) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var j = 0;
        for (var x = new Vector<T>(a); j + Vector<T>.Count <= count; j += Vector<T>.Count)
            MultiplyAdd(x, Vector.Load(b + j), Vector.Load(c + j)).Store(c + j);
        for (; j < count; j++) c[j] = T.MultiplyAddEstimate(a, b[j], c[j]);
    }

    // c[0..3] += a dot each of four columns of B.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void AddDots<T>(int k, T* a, T* b, long bColumn, T* c) where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* b1 = b + bColumn, b2 = b1 + bColumn, b3 = b2 + bColumn;
        Vector<T> s0 = default, s1 = default, s2 = default, s3 = default;
        var p = 0;
        for (; p + Vector<T>.Count <= k; p += Vector<T>.Count)
        {
            var x = Vector.Load(a + p);
            s0 = MultiplyAdd(x, Vector.Load(b + p), s0);
            s1 = MultiplyAdd(x, Vector.Load(b1 + p), s1);
            s2 = MultiplyAdd(x, Vector.Load(b2 + p), s2);
            s3 = MultiplyAdd(x, Vector.Load(b3 + p), s3);
        }
        T t0 = Vector.Sum(s0), t1 = Vector.Sum(s1), t2 = Vector.Sum(s2), t3 = Vector.Sum(s3);
        for (; p < k; p++)
        {
            t0 = T.MultiplyAddEstimate(a[p], b[p], t0);
            t1 = T.MultiplyAddEstimate(a[p], b1[p], t1);
            t2 = T.MultiplyAddEstimate(a[p], b2[p], t2);
            t3 = T.MultiplyAddEstimate(a[p], b3[p], t3);
        }
        c[0] += t0;
        c[1] += t1;
        c[2] += t2;
        c[3] += t3;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Vector<T> MultiplyAdd<T>(Vector<T> a, Vector<T> b, Vector<T> c) => typeof(T) == typeof(float)
        ? Vector.MultiplyAddEstimate(a.As<T, float>(), b.As<T, float>(), c.As<T, float>()).As<float, T>()
        : Vector.MultiplyAddEstimate(a.As<T, double>(), b.As<T, double>(), c.As<T, double>()).As<double, T>();
}
