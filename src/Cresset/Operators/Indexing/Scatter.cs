namespace Cresset;

/// <summary>Elements put at indices along one dimension, and the in-place forms of adding there.</summary>
public static class ScatterOperators
{
    // The part of the source that the index's shape covers.
    internal static Tensor Covered(string name, Tensor source, Tensor x, Tensor index)
    {
        if (source.DType != x.DType) throw new ArgumentException($"{name}: expected a source of {x.DType.Name()}, got {source.DType.Name()}; convert it with To(DType.{x.DType})");
        var fits = source.Rank == index.Rank;
        for (var i = 0; fits && i < index.Rank; i++) fits = source.Shape[i] >= index.Shape[i];
        if (!fits) throw new ArgumentException($"{name}: expected a source at least as large as the index {index.Shape}, got {source.Shape}");
        for (var i = 0; i < index.Rank; i++) source = source.Narrow(i, 0, index.Shape[i]);
        return source;
    }

    static Tensor Put(Tensor x, int dim, Tensor index, Tensor source)
    {
        dim = GatherOperators.CheckShapes("Scatter", x, dim, index);
        source = Covered("Scatter", source, x, index);
        index = GatherOperators.CheckIndex("Scatter", index, x.Shape[dim]);
        var y = x.Detach().Clone();
        y.Backend.Scatter(source.Operand, dim, index.Operand, y.Operand);
        return Autograd.Records(x, source)
            ? Autograd.Record("Scatter", y, [x, source], [index], (node, gradient) =>
                [node.Needs(0) ? gradient.Scatter(dim, node.Saved(0), 0) : null, node.Needs(1) ? gradient.Gather(dim, node.Saved(0)) : null], [dim], index)
            : y;
    }

    extension(Tensor x)
    {
        /// <summary>x with source[i][j] put at [index[i][j]][j] for dim 0, at [i][index[i][j]] for dim 1, and so on; of equal indices
        /// the last wins. Gradient: to x where nothing was put; to the source, from where it was put (for equal indices, to each).
        /// PyTorch: <c>scatter</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor Scatter(int dim, Tensor index, Tensor source) => Put(x, dim, index, source);

        /// <summary>x with one number at the indices. PyTorch: <c>scatter</c> with a value.</summary>
        /// <exception cref="ArgumentException">The index's shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
        public Tensor Scatter(int dim, Tensor index, Scalar value) => Put(x, dim, index, Tensor.Full([], value, x.DType, x.Backend).Expand(index.Shape));

        /// <summary>As <c>ScatterAdd</c>, in x's own memory. PyTorch: <c>scatter_add_</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range; nothing is changed then.</exception>
        public Tensor ScatterAddInPlace(int dim, Tensor index, Tensor source)
        {
            dim = GatherOperators.CheckShapes("ScatterAdd", x, dim, index);
            var part = Covered("ScatterAdd", source, x, index);
            GatherOperators.RequireNumbers("ScatterAdd", x);
            var places = GatherOperators.CheckIndex("ScatterAdd", index, x.Shape[dim]);
            Autograd.CheckInPlace("ScatterAdd", x, source.RequiresGrad);
            // Memory that is read while it is written would depend on the order.
            if (part.Storage == x.Storage) part = part.Clone();
            x.Backend.ScatterAdd(part.Operand, dim, places.Operand, x.Operand);
            Autograd.RecordInPlace("ScatterAdd", x, [x, part], [places], (node, gradient) =>
                [gradient, node.Needs(1) ? gradient.Gather(dim, node.Saved(0)) : null], [dim], index);
            return x;
        }

        /// <summary>As <c>IndexAdd</c>, in x's own memory. PyTorch: <c>index_add_</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">An index is out of range; nothing is changed then.</exception>
        public Tensor IndexAddInPlace(int dim, Tensor index, Tensor source)
        {
            dim = GatherOperators.CheckSlices("IndexAdd", x, dim, index, source);
            var places = GatherOperators.CheckIndex("IndexAdd", index, x.Shape[dim]);
            Autograd.CheckInPlace("IndexAdd", x, source.RequiresGrad);
            if (source.Storage == x.Storage) source = source.Clone();
            x.Backend.IndexAdd(source.Operand, dim, places.Operand, x.Operand);
            Autograd.RecordInPlace("IndexAdd", x, [x, source], [places], (node, gradient) =>
                [gradient, node.Needs(1) ? gradient.IndexSelect(dim, node.Saved(0)) : null]);
            return x;
        }
    }
}
