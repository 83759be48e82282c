using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Softmax, one row after another: the largest, the exponentials and their sum, the scale. Rows are shared among threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Softmax(bool logarithm, in Operand x, in Operand y)
    {
        if (x.DType == DType.Float32) SoftmaxRows<float>(logarithm, x, x, y, gradient: false);
        else if (x.DType == DType.Float64) SoftmaxRows<double>(logarithm, x, x, y, gradient: false);
        else throw Unsupported("Softmax", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void SoftmaxGradient(bool logarithm, in Operand dy, in Operand y, in Operand dx)
    {
        if (dx.DType == DType.Float32) SoftmaxRows<float>(logarithm, dy, y, dx, gradient: true);
        else if (dx.DType == DType.Float64) SoftmaxRows<double>(logarithm, dy, y, dx, gradient: true);
        else throw Unsupported("Softmax", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(dx.Storage);
    }

    static void SoftmaxRows<T>(bool logarithm, in Operand first, in Operand second, in Operand result, bool gradient)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (result.Layout.ElementCount == 0) return;
        var body = new SoftmaxBody<T>
        {
            Logarithm = logarithm,
            Gradient = gradient,
            First = (T*)first.Pointer,
            Second = (T*)second.Pointer,
            Result = (T*)result.Pointer,
            Length = result.Layout.Rank == 0 ? 1 : result.Layout.Shape[^1],
        };
        body.Rows = result.Layout.ElementCount / body.Length;
        body.RowsPerPart = Math.Max(1, (1 << 14) / body.Length);
        WorkerPool.For((body.Rows + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
    }

    struct SoftmaxBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal bool Logarithm, Gradient;
        internal T* First, Second, Result;
        internal int Length, Rows, RowsPerPart;

        public readonly void Run(int part)
        {
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
            {
                var at = (long)row * Length;
                var result = new Span<T>(Result + at, Length);
                if (Gradient) Backward(new ReadOnlySpan<T>(First + at, Length), new ReadOnlySpan<T>(Second + at, Length), result);
                else Forward(new ReadOnlySpan<T>(First + at, Length), result);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Forward(ReadOnlySpan<T> x, Span<T> y)
        {
            // A NaN in the row comes out as NaN everywhere; a row of minus infinities as well, as in PyTorch.
            var largest = TensorPrimitives.Max(x);
            TensorPrimitives.Subtract(x, largest, y);
            if (!Logarithm)
            {
                TensorPrimitives.Exp<T>(y, y);
                TensorPrimitives.Divide(y, TensorPrimitives.Sum<T>(y), y);
                return;
            }
            var sum = T.Zero;
            var powers = stackalloc T[256];
            for (var i = 0; i < y.Length; i += 256)
            {
                var block = new Span<T>(powers, Math.Min(256, y.Length - i));
                TensorPrimitives.Exp<T>(y.Slice(i, block.Length), block);
                sum += TensorPrimitives.Sum<T>(block);
            }
            TensorPrimitives.Subtract(y, T.Log(sum), y);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Backward(ReadOnlySpan<T> dy, ReadOnlySpan<T> y, Span<T> dx)
        {
            if (Logarithm)
            {
                TensorPrimitives.Exp(y, dx);
                TensorPrimitives.Multiply(dx, -TensorPrimitives.Sum(dy), dx);
                TensorPrimitives.Add(dx, dy, dx);
                return;
            }
            TensorPrimitives.Subtract(dy, TensorPrimitives.Dot(dy, y), dx);
            TensorPrimitives.Multiply(dx, y, dx);
        }
    }
}
