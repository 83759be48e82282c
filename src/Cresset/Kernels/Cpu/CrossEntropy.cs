using System.Numerics;

namespace Cresset.Kernels.Cpu;

// Cross-entropy, one row after another; rows are shared among threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CrossEntropy(in Operand x, in Operand target, in Operand loss, in Operand logSumExp)
    {
        if (x.DType == DType.Float32) CrossEntropyRows<float>(x, target, loss, logSumExp, null);
        else if (x.DType == DType.Float64) CrossEntropyRows<double>(x, target, loss, logSumExp, null);
        else throw Unsupported("CrossEntropy", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(target.Storage);
        GC.KeepAlive(loss.Storage);
        GC.KeepAlive(logSumExp.Storage);
    }

    /// <inheritdoc/>
    public override void CrossEntropyGradient(in Operand dy, in Operand x, in Operand target, in Operand logSumExp, in Operand dx)
    {
        if (x.DType == DType.Float32) CrossEntropyRows<float>(x, target, dy, logSumExp, dx);
        else if (x.DType == DType.Float64) CrossEntropyRows<double>(x, target, dy, logSumExp, dx);
        else throw Unsupported("CrossEntropy", x.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(target.Storage);
        GC.KeepAlive(logSumExp.Storage);
        GC.KeepAlive(dx.Storage);
    }

    static void CrossEntropyRows<T>(in Operand x, in Operand target, in Operand loss, in Operand logSumExp, Operand? dx)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (x.Layout.ElementCount == 0) return;
        var body = new CrossEntropyBody<T>
        {
            X = (T*)x.Pointer,
            Target = (long*)target.Pointer,
            Loss = (T*)loss.Pointer,
            LogSumExp = (T*)logSumExp.Pointer,
            Gradient = dx is { } result ? (T*)result.Pointer : null,
            Rows = x.Layout.Shape[0],
            Classes = x.Layout.Shape[1],
        };
        body.RowsPerPart = Math.Max(1, (1 << 14) / body.Classes);
        WorkerPool.For((body.Rows + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
    }

    struct CrossEntropyBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Loss holds dy in the backward pass.
        internal T* X, Loss, LogSumExp, Gradient;
        internal long* Target;
        internal int Rows, Classes, RowsPerPart;

        public readonly void Run(int part)
        {
            switch (Gemm.Width)
            {
                case 512: Run<Lanes512<T>>(part); break;
                case 256: Run<Lanes256<T>>(part); break;
                default: Run<Lanes128<T>>(part); break;
            }
        }

        readonly void Run<L>(int part) where L : struct, ILanes<L, T>
        {
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
            {
                T* x = X + (long)row * Classes;
                var target = (int)Target[row];
                if (Gradient == null)
                {
                    var largest = SoftmaxRow<T, L>.Largest(x, Classes);
                    var logarithm = T.Log(SoftmaxRow<T, L>.Powers(x, largest, Classes, null));
                    LogSumExp[row] = largest + logarithm;
                    // In this order the large parts cancel before the small one is added.
                    Loss[row] = largest - x[target] + logarithm;
                }
                else
                {
                    T* dx = Gradient + (long)row * Classes;
                    SoftmaxRow<T, L>.Weighted(x, LogSumExp[row], Loss[row], null, Classes, dx);
                    // Less one before it is multiplied: of a probability near one, the difference is exact.
                    dx[target] = (T.Exp(x[target] - LogSumExp[row]) - T.One) * Loss[row];
                }
            }
        }
    }
}
