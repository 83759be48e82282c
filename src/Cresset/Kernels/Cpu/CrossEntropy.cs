using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

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
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
            {
                var at = (long)row * Classes;
                var x = new ReadOnlySpan<T>(X + at, Classes);
                if (Gradient == null) Forward(row, x);
                else Backward(row, x, new Span<T>(Gradient + at, Classes));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Forward(int row, ReadOnlySpan<T> x)
        {
            var largest = TensorPrimitives.Max(x);
            var sum = T.Zero;
            var powers = stackalloc T[256];
            for (var i = 0; i < x.Length; i += 256)
            {
                var block = new Span<T>(powers, Math.Min(256, x.Length - i));
                TensorPrimitives.Subtract(x.Slice(i, block.Length), largest, block);
                TensorPrimitives.Exp<T>(block, block);
                sum += TensorPrimitives.Sum<T>(block);
            }
            var logarithm = T.Log(sum);
            LogSumExp[row] = largest + logarithm;
            // In this order the large parts cancel before the small one is added.
            Loss[row] = largest - x[(int)Target[row]] + logarithm;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Backward(int row, ReadOnlySpan<T> x, Span<T> dx)
        {
            TensorPrimitives.Subtract(x, LogSumExp[row], dx);
            TensorPrimitives.Exp<T>(dx, dx);
            dx[(int)Target[row]] -= T.One;
            TensorPrimitives.Multiply(dx, Loss[row], dx);
        }
    }
}
