namespace Cresset;

/// <summary>Several tensors in one.</summary>
public static class CatOperators
{
    extension(Tensor)
    {
        /// <summary>The tensors one after another along a dimension; types promote. Gradient: each part's own.
        /// PyTorch: <c>torch.cat</c> (an empty vector is no exception here).</summary>
        /// <exception cref="ArgumentException">No tensors, scalars, or shapes that differ elsewhere.</exception>
        public static Tensor Cat(IReadOnlyList<Tensor> tensors, int dim = 0)
        {
            ArgumentNullException.ThrowIfNull(tensors);
            if (tensors.Count == 0) throw new ArgumentException("Cat: expected at least one tensor, got none");
            var first = tensors[0];
            if (first.Rank == 0) throw new ArgumentException("Cat: scalars have no dimension to join along; use Stack");
            dim = Shape.Dimension(dim, first.Rank, "Cat");
            var dtype = first.DType;
            var size = 0;
            for (var i = 0; i < tensors.Count; i++)
            {
                var tensor = tensors[i];
                if (tensor.Rank != first.Rank || tensor.Shape.Without(dim) != first.Shape.Without(dim))
                    throw new ArgumentException($"Cat: expected shapes that are equal except in dimension {dim}, got {first.Shape} and, at place {i}, {tensor.Shape}");
                dtype = DTypes.Promote(dtype, tensor.DType);
                size += tensor.Shape[dim];
            }
            var result = Tensor.Allocate(first.Shape.With(dim, size), dtype, first.Backend);
            var inputs = new Tensor[tensors.Count];
            var starts = new int[tensors.Count];
            for (int i = 0, start = 0; i < tensors.Count; start += tensors[i++].Shape[dim])
            {
                inputs[i] = tensors[i];
                starts[i] = start;
                var place = result.Layout.Narrow(dim, start, tensors[i].Shape[dim]);
                first.Backend.Copy(tensors[i].Operand, new Kernels.Operand(result.Storage, place, dtype));
            }
            return Autograd.Records(inputs)
                ? Autograd.Record("Cat", result, inputs, [], (node, gradient) =>
                {
                    var gradients = new Tensor?[starts.Length];
                    for (var i = 0; i < starts.Length; i++)
                        if (node.Needs(i)) gradients[i] = gradient.Narrow(dim, starts[i], node.InputShape(i)[dim]);
                    return gradients;
                }, [dim])
                : result;
        }

        /// <summary>Tensors of one shape, side by side along a new dimension. PyTorch: <c>torch.stack</c>.</summary>
        /// <exception cref="ArgumentException">No tensors, or shapes that differ.</exception>
        public static Tensor Stack(IReadOnlyList<Tensor> tensors, int dim = 0)
        {
            ArgumentNullException.ThrowIfNull(tensors);
            if (tensors.Count == 0) throw new ArgumentException("Stack: expected at least one tensor, got none");
            for (var i = 1; i < tensors.Count; i++)
                if (tensors[i].Shape != tensors[0].Shape)
                    throw new ArgumentException($"Stack: expected tensors of one shape, got {tensors[0].Shape} and, at place {i}, {tensors[i].Shape}");
            return Tensor.Cat([.. tensors.Select(tensor => tensor.Unsqueeze(dim))], Shape.Dimension(dim, tensors[0].Rank + 1, "Stack"));
        }
    }
}
