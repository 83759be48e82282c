namespace Cresset;

/// <summary>Elements by index along one dimension, and their sums back.</summary>
public static class GatherOperators
{
    // Index tensors are int64 (int32 is taken too) and lie within [0, limit), or count from the end as well: the error names the
    // first that does not.
    internal static Tensor CheckIndex(string name, Tensor index, int limit, bool fromEnd = false)
    {
        if (index.DType is not (DType.Int64 or DType.Int32))
            throw new ArgumentException($"{name}: expected indices of int64, got {index.DType.Name()}; convert them with To(DType.Int64)");
        index = index.To(DType.Int64);
        var places = fromEnd ? Tensor.Where(index < 0, index + limit, index) : index;
        var at = index.Backend.FindOutOfRange(places.Operand, limit);
        if (at >= 0)
            throw new ArgumentOutOfRangeException(nameof(index), limit == 0 ? $"{name}: the dimension has size 0, no index fits; got an index of shape {index.Shape}"
                : $"{name}: expected indices from {(fromEnd ? -limit : 0)} to {limit - 1}, got {index.Reshape(-1).Select(0, (int)at).Item<long>()} at position {at} of the index of shape {index.Shape}");
        return places;
    }

    // Truth values do not add up.
    internal static void RequireNumbers(string name, Tensor x)
    {
        if (x.DType == DType.Bool) throw new ArgumentException($"{name}: expected a tensor of numbers, got bool; convert it first, as with To(DType.Int64)");
    }

    internal static int CheckSlices(string name, Tensor x, int dim, Tensor index, Tensor source)
    {
        if (x.Rank == 0 || index.Rank != 1)
            throw new ArgumentException($"{name}: expected a tensor with dimensions and an index with one, got {x.Shape} and {index.Shape}");
        dim = Shape.Dimension(dim, x.Rank, name);
        if (source.Shape != x.Shape.With(dim, index.ElementCount) || source.DType != x.DType)
            throw new ArgumentException($"{name}: expected a source of shape {x.Shape.With(dim, index.ElementCount)} and type {x.DType.Name()}, got {source.Shape} and {source.DType.Name()}");
        RequireNumbers(name, x);
        return dim;
    }

    internal static int CheckShapes(string name, Tensor x, int dim, Tensor index)
    {
        dim = Shape.Dimension(dim, x.Rank, name);
        var fits = index.Rank == x.Rank && x.Rank > 0;
        for (var i = 0; fits && i < x.Rank; i++) fits = i == dim || index.Shape[i] <= x.Shape[i];
        return fits ? dim : throw new ArgumentException($"{name}: expected an index with {x.Rank} dimensions, none larger than in {x.Shape} except dimension {dim}, got {index.Shape}");
    }

    static Tensor Take(Tensor x, int dim, Tensor index)
    {
        var y = Tensor.Allocate(index.Shape, x.DType, x.Backend);
        x.Backend.Gather(x.Operand, dim, index.Operand, y.Operand);
        return Autograd.Records(x)
            ? Autograd.Record("Gather", y, [x], [index], (node, gradient) => [Put(gradient, dim, node.Saved(0), node.InputShape(0))], [dim], index)
            : y;
    }

    // The gradient of taking: each element added where it came from.
    static Tensor Put(Tensor x, int dim, Tensor index, Shape shape)
    {
        var y = Tensor.Zeros(shape, x.DType, x.Backend);
        x.Backend.ScatterAdd(x.Operand, dim, index.Operand, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("ScatterAdd", y, [x], [index], (node, gradient) => [Take(gradient, dim, node.Saved(0))], [dim], index) : y;
    }

    static Tensor TakeSlices(Tensor x, int dim, Tensor index)
    {
        var y = Tensor.Allocate(x.Shape.With(dim, index.ElementCount), x.DType, x.Backend);
        x.Backend.IndexSelect(x.Operand, dim, index.Operand, y.Operand);
        return Autograd.Records(x)
            ? Autograd.Record("IndexSelect", y, [x], [index], (node, gradient) => [PutSlices(gradient, dim, node.Saved(0), node.InputShape(0))], [dim], index)
            : y;
    }

    static Tensor PutSlices(Tensor x, int dim, Tensor index, Shape shape)
    {
        var y = Tensor.Zeros(shape, x.DType, x.Backend);
        x.Backend.IndexAdd(x.Operand, dim, index.Operand, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("IndexAdd", y, [x], [index], (node, gradient) => [TakeSlices(gradient, dim, node.Saved(0))], [dim], index) : y;
    }

    extension(Tensor x)
    {
        /// <summary>y[i][j] = x[index[i][j]][j] for dim 0, x[i][index[i][j]] for dim 1, and so on; y has the index's shape.
        /// Gradient: added where the elements came from. PyTorch: <c>torch.gather</c>.</summary>
        /// <exception cref="ArgumentException">The index's shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor Gather(int dim, Tensor index)
        {
            dim = CheckShapes("Gather", x, dim, index);
            return Take(x, dim, CheckIndex("Gather", index, x.Shape[dim]));
        }

        /// <summary>x with source[i][j] added at [index[i][j]][j] for dim 0, and so for others; equal indices add up.
        /// PyTorch: <c>scatter_add</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor ScatterAdd(int dim, Tensor index, Tensor source)
        {
            dim = CheckShapes("ScatterAdd", x, dim, index);
            RequireNumbers("ScatterAdd", x);
            source = ScatterOperators.Covered("ScatterAdd", source, x, index);
            return x + Put(source, dim, CheckIndex("ScatterAdd", index, x.Shape[dim]), x.Shape);
        }

        /// <summary>The slices of x along <paramref name="dim"/> that <paramref name="index"/> (one dimension) names, in its order.
        /// PyTorch: <c>index_select</c>.</summary>
        /// <exception cref="ArgumentException">The index is not a vector of integers, or x is a scalar.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor IndexSelect(int dim, Tensor index)
        {
            if (x.Rank == 0 || index.Rank != 1)
                throw new ArgumentException($"IndexSelect: expected a tensor with dimensions and an index with one, got {x.Shape} and {index.Shape}");
            dim = Shape.Dimension(dim, x.Rank, "IndexSelect");
            return TakeSlices(x, dim, CheckIndex("IndexSelect", index, x.Shape[dim]));
        }

        /// <summary>x with slice i of <paramref name="source"/> added to slice index[i] along <paramref name="dim"/>; equal indices add
        /// up. PyTorch: <c>index_add</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor IndexAdd(int dim, Tensor index, Tensor source)
        {
            dim = CheckSlices("IndexAdd", x, dim, index, source);
            return x + PutSlices(source, dim, CheckIndex("IndexAdd", index, x.Shape[dim]), x.Shape);
        }
    }
}
