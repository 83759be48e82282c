namespace Cresset;

/// <summary>Elements repeated, reversed, shifted, or cut to a triangle.</summary>
public static class ArrangingOperators
{
    // True on and below (or above) a diagonal of the last two dimensions.
    static Tensor Triangle(string name, Tensor x, int diagonal, bool lower)
    {
        if (x.Rank < 2) throw new ArgumentException($"{name}: expected a tensor with at least two dimensions, got the shape {x.Shape}");
        Tensor rows = Tensor.Arange(x.Shape[^2]).Unsqueeze(1), columns = Tensor.Arange(x.Shape[^1]).Unsqueeze(0);
        var keep = lower ? columns <= rows + diagonal : columns >= rows + diagonal;
        return Tensor.Where(keep, x, Tensor.Zeros([], x.DType, x.Backend));
    }

    // The slices of a dimension in another order.
    static Tensor Reorder(Tensor x, int dim, Func<int, int, int> from)
    {
        var size = x.Shape[dim];
        var order = new long[size];
        for (var i = 0; i < size; i++) order[i] = from(i, size);
        return x.IndexSelect(dim, Tensor.From(order));
    }

    extension(Tensor x)
    {
        /// <summary>The lower triangle of the last two dimensions, zeros above. PyTorch: <c>torch.tril</c>.</summary>
        /// <param name="diagonal">How far above (below, if negative) the main diagonal the triangle reaches.</param>
        public Tensor Tril(int diagonal = 0) => Triangle("Tril", x, diagonal, lower: true);

        /// <summary>The upper triangle of the last two dimensions, zeros below. PyTorch: <c>torch.triu</c>.</summary>
        /// <param name="diagonal">How far above (below, if negative) the main diagonal the triangle starts.</param>
        public Tensor Triu(int diagonal = 0) => Triangle("Triu", x, diagonal, lower: false);

        /// <summary>The tensor several times along each dimension; more counts than dimensions add dimensions in front. A copy.
        /// PyTorch: <c>repeat</c>.</summary>
        /// <exception cref="ArgumentException">Fewer counts than dimensions, or a negative one.</exception>
        public Tensor Repeat(params ReadOnlySpan<int> repeats)
        {
            if (repeats.Length < x.Rank) throw new ArgumentException($"Repeat: expected at least {x.Rank} counts for the shape {x.Shape}, got {Shape.Format(repeats)}");
            foreach (var count in repeats)
                if (count < 0) throw new ArgumentException($"Repeat: expected counts that are not negative, got {Shape.Format(repeats)}");
            var y = x;
            while (y.Rank < repeats.Length) y = y.Unsqueeze(0);
            for (var i = 0; i < repeats.Length; i++)
            {
                if (repeats[i] == 1) continue;
                // A new dimension that repeats by stride 0, merged with its neighbour.
                Shape original = y.Shape, wide = original.Insert(i, repeats[i]);
                y = y.Unsqueeze(i).Expand(wide).Reshape(original.With(i, original[i] * repeats[i]));
            }
            return ReferenceEquals(y, x) ? x.Clone() : y;
        }

        /// <summary>Every element along a dimension several times, one behind the other; over all elements, as a vector, where no
        /// dimension is named. PyTorch: <c>torch.repeat_interleave</c>.</summary>
        /// <exception cref="ArgumentOutOfRangeException">The count is negative.</exception>
        public Tensor RepeatInterleave(int count, int? dim = null)
        {
            if (count < 0) throw new ArgumentOutOfRangeException(nameof(count), $"RepeatInterleave: expected a count that is not negative, got {count}");
            var y = dim is null || x.Rank == 0 ? x.Reshape(-1) : x;
            var at = dim is null ? 0 : Shape.Dimension(dim.Value, x.Rank, "RepeatInterleave");
            var repeated = y.Unsqueeze(at + 1).Expand(y.Shape.Insert(at + 1, count));
            return repeated.Contiguous().Reshape(y.Shape.With(at, checked(y.Shape[at] * count)));
        }

        /// <summary>Element i along a dimension counts[i] times. PyTorch: <c>torch.repeat_interleave</c> with a tensor.</summary>
        /// <exception cref="ArgumentException">The counts are not a vector of integers as long as the dimension, or one is negative.</exception>
        public Tensor RepeatInterleave(Tensor counts, int dim)
        {
            dim = Shape.Dimension(dim, x.Rank, "RepeatInterleave");
            if (x.Rank == 0 || counts.Rank != 1 || counts.ElementCount != x.Shape[dim] || counts.DType is not (DType.Int64 or DType.Int32))
                throw new ArgumentException($"RepeatInterleave: expected a count (int64) for each index of dimension {dim} of the shape {x.Shape}, got {counts.DType.Name()} {counts.Shape}");
            var order = new List<long>();
            var place = 0;
            foreach (var count in counts.To(DType.Int64).ToArray<long>())
            {
                if (count < 0) throw new ArgumentException($"RepeatInterleave: expected counts that are not negative, got {count} at place {place}");
                for (long i = 0; i < count; i++) order.Add(place);
                place++;
            }
            return x.IndexSelect(dim, Tensor.From(order.ToArray()));
        }

        /// <summary>The elements along the given dimensions in reverse. PyTorch: <c>torch.flip</c>.</summary>
        public Tensor Flip(params ReadOnlySpan<int> dims)
        {
            var y = x;
            var flags = dims.IsEmpty ? 0 : Reduction.Dims("Flip", x, dims);
            for (var i = 0; i < x.Rank; i++)
                if ((flags & (1u << i)) != 0) y = Reorder(y, i, static (at, size) => size - 1 - at);
            return ReferenceEquals(y, x) ? x.Clone() : y;
        }

        /// <summary>The elements moved along a dimension; what leaves at the end comes in at the start. PyTorch: <c>torch.roll</c>.</summary>
        public Tensor Roll(int shift, int dim) =>
            Reorder(x, Shape.Dimension(dim, x.Rank, "Roll"), (at, size) => (int)(((long)at - shift) % size + size) % size);
    }
}
