namespace Cresset;

/// <summary>Parts of a tensor along one dimension; always views.</summary>
public static class NarrowOperators
{
    // The part's place in a tensor of zeros: the gradient of taking the part.
    internal static Tensor Embed(Tensor part, Shape shape, Func<Tensor, Tensor> place)
    {
        var whole = Tensor.Zeros(shape, part.DType, part.Backend);
        using (Autograd.NoGrad()) place(whole).CopyInPlace(part);
        return Autograd.Records(part) ? Autograd.Record("Embed", whole, [part], [], (_, gradient) => [place(gradient)]) : whole;
    }

    internal static Tensor Slice(Tensor x, int dim, int start, int length, int step)
    {
        var y = x.View(x.Layout.Narrow(dim, start, length, step));
        return Autograd.Records(x)
            ? Autograd.Record("Narrow", y, [x], [], (node, gradient) =>
                [Embed(gradient, node.InputShape(0), whole => Slice(whole, dim, start, length, step))], [dim, start, step])
            : y;
    }

    extension(Tensor x)
    {
        /// <summary>The part of dimension <paramref name="dim"/> from <paramref name="start"/> on, of size
        /// <paramref name="length"/>. A view. PyTorch: <c>narrow</c>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The part reaches beyond the dimension.</exception>
        public Tensor Narrow(int dim, int start, int length)
        {
            if (x.Rank == 0) throw new ArgumentException("Narrow: a scalar has no dimension to take a part of");
            dim = Shape.Dimension(dim, x.Rank, "Narrow");
            var size = x.Shape[dim];
            if (start < 0) start += size;
            if (start < 0 || length < 0 || (long)start + length > size)
                throw new ArgumentOutOfRangeException(nameof(start), $"Narrow: expected a part within dimension {dim} of the shape {x.Shape}, got start {start} and length {length}");
            return length == size ? x : Slice(x, dim, start, length, 1);
        }

        /// <summary>Index <paramref name="index"/> of dimension <paramref name="dim"/>, which disappears; negative ones count from
        /// the end. A view. PyTorch: <c>select</c>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">No such index.</exception>
        public Tensor Select(int dim, int index)
        {
            if (x.Rank == 0) throw new ArgumentException("Select: a scalar has no dimension to take an index of");
            dim = Shape.Dimension(dim, x.Rank, "Select");
            var size = x.Shape[dim];
            if (index < -size || index >= size)
                throw new ArgumentOutOfRangeException(nameof(index), $"Select: expected an index from {-size} to {size - 1} in dimension {dim} of the shape {x.Shape}, got {index}");
            var at = index < 0 ? index + size : index;
            var y = x.View(x.Layout.Select(dim, at));
            return Autograd.Records(x)
                ? Autograd.Record("Select", y, [x], [], (node, gradient) => [Embed(gradient, node.InputShape(0), whole => whole.Select(dim, at))], [dim, at])
                : y;
        }

        /// <summary>Parts of size <paramref name="size"/> along a dimension; the last may be smaller. Views. PyTorch: <c>split</c>.</summary>
        public Tensor[] Split(int size, int dim = 0)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);
            dim = Shape.Dimension(dim, x.Rank, "Split");
            var total = x.Shape[dim];
            var parts = new Tensor[Math.Max(1, (total + size - 1) / size)];
            for (var i = 0; i < parts.Length; i++) parts[i] = x.Narrow(dim, i * size, Math.Min(size, total - i * size));
            return parts;
        }

        /// <summary>Parts of the given sizes along a dimension. Views. PyTorch: <c>split</c> with a list.</summary>
        /// <exception cref="ArgumentException">The sizes do not add up to the dimension.</exception>
        public Tensor[] Split(ReadOnlySpan<int> sizes, int dim = 0)
        {
            dim = Shape.Dimension(dim, x.Rank, "Split");
            var parts = new Tensor[sizes.Length];
            var start = 0;
            foreach (var size in sizes) start += size;
            if (start != x.Shape[dim])
                throw new ArgumentException($"Split: expected sizes that add up to {x.Shape[dim]}, dimension {dim} of the shape {x.Shape}, got {Shape.Format(sizes)}");
            start = 0;
            for (var i = 0; i < parts.Length; start += sizes[i++]) parts[i] = x.Narrow(dim, start, sizes[i]);
            return parts;
        }

        /// <summary>At most <paramref name="chunks"/> parts of equal size along a dimension; the last may be smaller. Views.
        /// PyTorch: <c>chunk</c>.</summary>
        public Tensor[] Chunk(int chunks, int dim = 0)
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunks);
            dim = Shape.Dimension(dim, x.Rank, "Chunk");
            return x.Split(Math.Max(1, (x.Shape[dim] + chunks - 1) / chunks), dim);
        }
    }
}
