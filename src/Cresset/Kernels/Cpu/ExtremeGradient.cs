using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// As many rows at once as a vector has lanes, turned so that each has one: rows are often shorter than a vector.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ExtremeGradient(in Operand dy, in Operand x, in Operand y, in Operand dx)
    {
        if (x.DType == DType.Float32) ShareExtremes<float>(dy, x, y, dx);
        else if (x.DType == DType.Float64) ShareExtremes<double>(dy, x, y, dx);
        else throw Unsupported("AMax", x.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(dx.Storage);
    }

    static void ShareExtremes<T>(in Operand dy, in Operand x, in Operand y, in Operand dx) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int rows = x.Layout.Shape[0], length = x.Layout.Shape[1];
        switch (Gemm.Width)
        {
            case 512: ShareExtremes<T, Lanes512<T>>(rows, length, dy, x, y, dx); break;
            case 256: ShareExtremes<T, Lanes256<T>>(rows, length, dy, x, y, dx); break;
            default: ShareExtremes<T, Lanes128<T>>(rows, length, dy, x, y, dx); break;
        }
    }

    static void ShareExtremes<T, L>(int rows, int length, in Operand dy, in Operand x, in Operand y, in Operand dx)
        where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
    {
        const int elementsPerPart = 1 << 14;
        var body = new ExtremesBody<T, L>
        {
            Rows = rows,
            Length = length,
            RowsPerPart = Math.Max(1, elementsPerPart / Math.Max(1, length) / L.Count) * L.Count,
            Dy = (T*)dy.Pointer,
            X = (T*)x.Pointer,
            Y = (T*)y.Pointer,
            Dx = (T*)dx.Pointer,
        };
        WorkerPool.For((rows + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
    }

    struct ExtremesBody<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
    {
        internal int Rows, Length, RowsPerPart;
        internal T* Dy, X, Y, Dx;

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        public readonly void Run(int part)
        {
            int length = Length, end = Math.Min((part + 1) * RowsPerPart, Rows);
            var turned = Workspace.Rent<T>(Workspace.Purpose.Patches, (long)length * L.Count);
            T* ends = stackalloc T[64 / sizeof(T)], shares = stackalloc T[64 / sizeof(T)];
            L zero = L.Broadcast(T.Zero), one = L.Broadcast(T.One);
            for (var row = part * RowsPerPart; row < end; row += L.Count)
            {
                var valid = Math.Min(L.Count, end - row);
                // Behind the last row lanes hold numbers that nobody reads.
                if (valid < L.Count) new Span<T>(turned, length * L.Count).Clear();
                Packing.Turned(X + (long)row * length, length, valid, L.Count, length, turned);
                for (var i = 0; i < L.Count; i++) (ends[i], shares[i]) = i < valid ? (Y[row + i], Dy[row + i]) : (T.Zero, T.Zero);
                L chosen = L.Load(ends), count = zero;
                for (var i = 0; i < length; i++) count += L.Select(L.Equal(L.Load(turned + i * L.Count), chosen), one, zero);
                // 0 / 0 where the row's is NaN.
                L share = L.Load(shares) / count, others = zero / count;
                for (var i = 0; i < length; i++) L.Store(L.Select(L.Equal(L.Load(turned + i * L.Count), chosen), share, others), turned + i * L.Count);
                Packing.StoreTransposed(turned, L.Count, length, valid, Dx + (long)row * length, length, add: false);
            }
        }
    }
}
