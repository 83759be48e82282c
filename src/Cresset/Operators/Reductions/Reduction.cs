using Cresset.Kernels;

namespace Cresset;

// What all reductions share: which dimensions, and what is left of them.
static class Reduction
{
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
        var kept = Tensor.Allocate(Reduced(x.Shape, dims, keepDim: true), x.DType, x.Backend);
        x.Backend.Reduce(f, x.Operand, kept.Operand);
        return keepDim ? kept : kept.Reshape(Reduced(x.Shape, dims, keepDim: false));
    }

    // A result, or its gradient, seen in x's shape again.
    internal static Tensor Restore(Tensor reduced, Shape shape, uint dims) =>
        reduced.Reshape(Reduced(shape, dims, keepDim: true)).Expand(shape);
}
