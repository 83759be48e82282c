using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The product, and running sums.</summary>
public static class ProdOperators
{
    readonly struct Fold : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.One;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a * b;
    }

    // The product of all others, for each element of the last dimension, without dividing: zeros are no exception.
    static Tensor Others(Tensor x)
    {
        var size = x.Shape[^1];
        if (size == 0) return x;
        var left = Tensor.Ones(x.Shape.With(x.Rank - 1, 1), x.DType, x.Backend);
        var before = new Tensor[size];
        for (var i = 0; i < size; i++)
        {
            before[i] = left;
            left *= x.Narrow(-1, i, 1);
        }
        var right = before[0].OnesLike();
        for (var i = size - 1; i >= 0; i--)
        {
            before[i] *= right;
            right *= x.Narrow(-1, i, 1);
        }
        return Tensor.Cat(before, -1);
    }

    static Tensor Apply(Tensor x, int? dim, bool keepDim)
    {
        if (!x.DType.IsFloatingPoint()) x = x.To(DType.Int64);
        if (dim is null) return Apply(x.Flatten(), 0, false);
        var axis = dim.Value;
        var y = Reduction.Run(default(Fold), x, 1u << axis, keepDim);
        return Autograd.Records(x)
            ? Autograd.Record("Prod", y, [x], [x], (node, gradient) =>
            {
                var others = Others(node.Saved(0).Transpose(axis, -1)).Transpose(axis, -1);
                return [others * Reduction.Restore(gradient, node.InputShape(0), 1u << axis)];
            }, [1u << axis, keepDim ? 1 : 0])
            : y;
    }

    extension(Tensor x)
    {
        /// <summary>The product of all elements; 1 of nothing. Integers are multiplied as int64. Gradient: the product of the
        /// others. PyTorch: <c>torch.prod</c>.</summary>
        public Tensor Prod() => Apply(x, null, false);

        /// <summary>The product over one dimension. PyTorch: <c>torch.prod(x, dim)</c>.</summary>
        public Tensor Prod(int dim, bool keepDim = false) => x.Rank == 0 ? Apply(x, null, false) : Apply(x, Shape.Dimension(dim, x.Rank, "Prod"), keepDim);

        /// <summary>Element i along a dimension is the sum of the first i + 1; integers are summed as int64. Gradient: the running
        /// sum from the end. PyTorch: <c>torch.cumsum</c>.</summary>
        public Tensor CumSum(int dim)
        {
            dim = Shape.Dimension(dim, x.Rank, "CumSum");
            return RunningSum(x.DType.IsFloatingPoint() ? x : x.To(DType.Int64), dim, fromEnd: false);
        }
    }

    static Tensor RunningSum(Tensor x, int dim, bool fromEnd)
    {
        if (x.Rank == 0) return x.Clone();
        var y = Tensor.Allocate(x.Shape, x.DType, x.Backend);
        x.Backend.CumulativeSum(x.Operand, dim, fromEnd, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("CumSum", y, [x], [], (_, gradient) => [RunningSum(gradient, dim, !fromEnd)], [dim, fromEnd ? 1 : 0]) : y;
    }
}
