using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The sum and the mean.</summary>
public static class SumOperator
{
    readonly struct Fold : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    static Tensor Apply(Tensor x, uint dims, bool keepDim)
    {
        var shape = x.Shape;
        var sum = Reduction.Run(default(Fold), x, dims, keepDim);
        return Autograd.Records(x)
            ? Autograd.Record("Sum", sum, [x], [], (_, gradient) => [Reduction.Restore(gradient, shape, dims)], [dims, keepDim ? 1 : 0])
            : sum;
    }

    extension(Tensor x)
    {
        /// <summary>The sum over the given dimensions, or over all. Integers and bools are summed as int64; float32 in blocks
        /// that are added up in double. PyTorch: <c>torch.sum</c>.</summary>
        /// <param name="dims">The dimensions; none means all.</param>
        /// <param name="keepDim">Keep them, with size 1.</param>
        public Tensor Sum(ReadOnlySpan<int> dims, bool keepDim = false) =>
            Apply(x.DType.IsFloatingPoint() ? x : x.To(DType.Int64), Reduction.Dims("Sum", x, dims), keepDim);

        /// <summary>The sum over one dimension.</summary>
        public Tensor Sum(int dim, bool keepDim = false) => x.Sum([dim], keepDim);

        /// <summary>The sum of all elements, a scalar.</summary>
        public Tensor Sum() => x.Sum([]);

        /// <summary>The mean over the given dimensions, or over all; NaN of nothing. Floating point only. PyTorch: <c>torch.mean</c>.</summary>
        /// <exception cref="ArgumentException">The tensor is not floating point.</exception>
        public Tensor Mean(ReadOnlySpan<int> dims, bool keepDim = false)
        {
            if (!x.DType.IsFloatingPoint())
                throw new ArgumentException($"Mean: expected a floating-point tensor, got {x.DType.Name()}; convert it first, as with To(DType.Float32)");
            var flags = Reduction.Dims("Mean", x, dims);
            return Apply(x, flags, keepDim) / Reduction.Count(x.Shape, flags);
        }

        /// <summary>The mean over one dimension.</summary>
        public Tensor Mean(int dim, bool keepDim = false) => x.Mean([dim], keepDim);

        /// <summary>The mean of all elements, a scalar.</summary>
        public Tensor Mean() => x.Mean([]);
    }
}
