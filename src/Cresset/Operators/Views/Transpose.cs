namespace Cresset;

/// <summary>The same elements with the dimensions in another order; always a view.</summary>
public static class TransposeOperators
{
    extension(Tensor x)
    {
        /// <summary>Dimension i of the result is dimension <c>dims[i]</c> of x. A view. PyTorch: <c>permute</c>.</summary>
        /// <exception cref="ArgumentException"><paramref name="dims"/> does not name every dimension once.</exception>
        public Tensor Permute(params ReadOnlySpan<int> dims)
        {
            var order = new int[x.Rank];
            var inverse = new int[x.Rank];
            var valid = dims.Length == x.Rank;
            for (var i = 0; valid && i < dims.Length; i++)
            {
                order[i] = Shape.Dimension(dims[i], x.Rank, "Permute");
                for (var j = 0; j < i; j++) valid &= order[j] != order[i];
                inverse[order[i]] = i;
            }
            if (!valid) throw new ArgumentException($"Permute: expected each of the {x.Rank} dimensions of the shape {x.Shape} once, got {Shape.Format(dims)}");
            var y = x.View(x.Layout.Permute(order));
            return Autograd.Records(x) ? Autograd.Record("Permute", y, [x], [], (_, gradient) => [gradient.Permute(inverse)], Array.ConvertAll(order, dim => (double)dim)) : y;
        }

        /// <summary>Two dimensions exchanged. A view. PyTorch: <c>transpose</c>.</summary>
        public Tensor Transpose(int dim0, int dim1)
        {
            dim0 = Shape.Dimension(dim0, x.Rank, "Transpose");
            dim1 = Shape.Dimension(dim1, x.Rank, "Transpose");
            if (dim0 == dim1) return x;
            Span<int> order = stackalloc int[x.Rank];
            for (var i = 0; i < order.Length; i++) order[i] = i == dim0 ? dim1 : i == dim1 ? dim0 : i;
            return x.Permute(order);
        }

        /// <summary>The last two dimensions exchanged: a matrix, or each matrix of a batch, transposed. PyTorch: <c>mT</c>
        /// (and <c>T</c> of a matrix).</summary>
        /// <exception cref="ArgumentException">The tensor has fewer than two dimensions.</exception>
        public Tensor T => x.Rank >= 2 ? x.Transpose(-2, -1)
            : throw new ArgumentException($"T: expected a tensor with at least two dimensions, got the shape {x.Shape}");
    }
}
