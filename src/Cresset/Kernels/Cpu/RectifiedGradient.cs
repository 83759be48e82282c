using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Row after row, cut into parts by the problem's size; the sums over the rows are formed by parts and added in their order, in double.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void RectifiedGradient(in Operand dy, in Operand y, in Operand dx, Operand? dbias)
    {
        if (y.DType == DType.Float32) Rectify<float>(dy, y, dx, dbias);
        else if (y.DType == DType.Float64) Rectify<double>(dy, y, dx, dbias);
        else throw Unsupported("Linear", y.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(dx.Storage);
        GC.KeepAlive(dbias?.Storage);
    }

    static void Rectify<T>(in Operand dy, in Operand y, in Operand dx, Operand? dbias) where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int elementsPerPart = 1 << 14;
        int rows = y.Layout.Shape[0], columns = y.Layout.Shape[1];
        var body = new RectifiedBody<T>
        {
            Rows = rows,
            Columns = columns,
            RowsPerPart = Math.Max(1, elementsPerPart / Math.Max(1, columns)),
            Dy = (T*)dy.Pointer,
            Y = (T*)y.Pointer,
            Dx = (T*)dx.Pointer,
        };
        var parts = (rows + body.RowsPerPart - 1) / body.RowsPerPart;
        if (dbias is not null) body.Partials = Workspace.Rent<T>(Workspace.Purpose.Partials, (long)parts * columns);
        if (columns > 0) WorkerPool.For(parts, ref body);
        if (dbias is { } sums) SumParts(body.Partials, parts, columns, columns, (T*)sums.Pointer);
    }

    struct RectifiedBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal int Rows, Columns, RowsPerPart;
        internal T* Dy, Y, Dx;

        // For each part the sums of dx.
        internal T* Partials;

        public readonly void Run(int part)
        {
            int first = part * RowsPerPart, end = Math.Min(first + RowsPerPart, Rows);
            var sums = Partials == null ? null : Partials + (long)part * Columns;
            if (sums != null) new Span<T>(sums, Columns).Clear();
            for (var row = first; row < end; row++) Row(Dy + (long)row * Columns, Y + (long)row * Columns, Dx + (long)row * Columns, sums, Columns);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Row(T* dy, T* y, T* dx, T* sums, int count)
        {
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
            {
                var d = Vector.ConditionalSelect(Vector.GreaterThan(Vector.Load(y + i), Vector<T>.Zero), Vector.Load(dy + i), Vector<T>.Zero);
                d.Store(dx + i);
                if (sums != null) (Vector.Load(sums + i) + d).Store(sums + i);
            }
            for (; i < count; i++)
            {
                dx[i] = y[i] > T.Zero ? dy[i] : T.Zero;
                if (sums != null) sums[i] += dx[i];
            }
        }
    }
}
