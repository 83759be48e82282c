using System.Numerics;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void MatMul(in Operand a, in Operand b, Operand? bias, in Operand c, bool relu = false)
    {
        if (c.DType == DType.Float32) Products<float>(a, b, bias, c, relu);
        else if (c.DType == DType.Float64) Products<double>(a, b, bias, c, relu);
        else throw Unsupported("MatMul", c.DType);
        GC.KeepAlive(a.Storage);
        GC.KeepAlive(b.Storage);
        GC.KeepAlive(bias?.Storage);
        GC.KeepAlive(c.Storage);
    }

    static void Products<T>(in Operand a, in Operand b, Operand? bias, in Operand c, bool relu) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var rank = c.Layout.Rank;
        var shape = c.Layout.Shape.AsSpan();
        int m = shape[rank - 2], n = shape[rank - 1], k = a.Layout.Shape.AsSpan()[rank - 1];
        if (m == 0 || n == 0) return;
        long batches = 1;
        for (var i = 0; i < rank - 2; i++) batches *= shape[i];
        var body = new ProductBody<T>
        {
            A = (T*)a.Pointer,
            B = (T*)b.Pointer,
            C = (T*)c.Pointer,
            Bias = bias is { } values ? (T*)values.Pointer : null,
            Relu = relu,
            M = m,
            N = n,
            K = k,
            ARow = a.Layout.Strides[rank - 2],
            AColumn = a.Layout.Strides[rank - 1],
            BRow = b.Layout.Strides[rank - 2],
            BColumn = b.Layout.Strides[rank - 1],
        };
        for (var i = 0; i < rank - 2; i++) body.Add(shape[i], a.Layout.Strides[i], b.Layout.Strides[i]);
        // Many small products share the threads; a few large ones are each cut up by the product itself.
        if (batches > 1 && (long)m * n * k < Gemm.ParallelWork) WorkerPool.For((int)batches, ref body);
        else for (var i = 0; i < batches; i++) body.Run(i);
    }

    struct ProductBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal T* A, B, C, Bias;
        internal bool Relu;
        internal int M, N, K;
        internal long ARow, AColumn, BRow, BColumn;
        Walk batches;

        internal void Add(long size, long aStride, long bStride) => batches.Add(size, aStride, bStride);

        public readonly void Run(int part)
        {
            batches.Offsets(part, out var a, out var b);
            Gemm.Multiply(M, N, K, A + a, ARow, AColumn, B + b, BRow, BColumn, C + (long)part * M * N, N, accumulate: false, Bias, Relu);
        }
    }
}
