using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

// What all reductions share: which dimensions, and what is left of them.
static class Reduction
{
    internal readonly struct SquareSum : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x * x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    // The dimensions as flags; none named means all.
    internal static uint Dims(string name, Tensor x, ReadOnlySpan<int> dims)
    {
        if (dims.IsEmpty) return uint.MaxValue;
        uint flags = 0;
        foreach (var dim in dims)
        {
            var flag = 1u << Shape.Dimension(dim, x.Rank, name);
            if ((flags & flag) != 0) throw new ArgumentException($"{name}: dimension {dim} is named twice in {Shape.Format(dims)}");
            flags |= flag;
        }
        return flags;
    }

    // x's shape with the reduced dimensions at size 1, or without them.
    internal static Shape Reduced(Shape shape, uint dims, bool keepDim)
    {
        Span<int> sizes = stackalloc int[Shape.MaxRank];
        var rank = 0;
        for (var i = 0; i < shape.Rank; i++)
        {
            if ((dims & (1u << i)) == 0) sizes[rank++] = shape[i];
            else if (keepDim) sizes[rank++] = 1;
        }
        return new Shape(sizes[..rank]);
    }

    internal static int Count(Shape shape, uint dims)
    {
        var count = 1;
        for (var i = 0; i < shape.Rank; i++)
            if ((dims & (1u << i)) != 0) count *= shape[i];
        return count;
    }

    // Runs the kernel, without recording.
    internal static Tensor Run<TReduction>(TReduction f, Tensor x, uint dims, bool keepDim) where TReduction : unmanaged, IReduction
    {
        var y = Tensor.Allocate(Reduced(x.Shape, dims, keepDim), x.DType, x.Backend);
        // The kernel sees the reduced dimensions at size 1.
        x.Backend.Reduce(f, x.Operand, keepDim ? y.Operand : new Operand(y.Storage, new Layout(Reduced(x.Shape, dims, keepDim: true)), y.DType));
        return y;
    }

    // A result, or its gradient, seen in x's shape again.
    internal static Tensor Restore(Tensor reduced, Shape shape, uint dims) =>
        reduced.Reshape(Reduced(shape, dims, keepDim: true)).Expand(shape);
}
