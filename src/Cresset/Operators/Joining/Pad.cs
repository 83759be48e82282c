namespace Cresset;

/// <summary>What stands around a padded tensor.</summary>
public enum PadMode
{
    /// <summary>One number.</summary>
    Constant,
    /// <summary>The inner elements mirrored at the edge, which itself is not repeated.</summary>
    Reflect,
    /// <summary>The edge's elements.</summary>
    Replicate,
    /// <summary>The elements of the other end.</summary>
    Circular,
}

/// <summary>Elements around a tensor.</summary>
public static class PadOperator
{
    static Tensor Constant(Tensor x, int dim, int before, int after, Scalar value)
    {
        // Negative padding cuts off.
        int first = Math.Max(0, -before), last = Math.Max(0, -after), kept = x.Shape[dim] - first - last;
        if (kept < 0) throw new ArgumentException($"Pad: the padding {before}, {after} cuts more off dimension {dim} of the shape {x.Shape} than there is");
        var middle = x.Narrow(dim, first, kept);
        Tensor Border(int size) => Tensor.Full(x.Shape.With(dim, size), value, x.DType, x.Backend);
        var parts = new List<Tensor>();
        if (before > 0) parts.Add(Border(before));
        parts.Add(middle);
        if (after > 0) parts.Add(Border(after));
        return parts.Count == 1 ? middle.Clone() : Tensor.Cat(parts, dim);
    }

    static Tensor Indexed(Tensor x, int dim, int before, int after, PadMode mode)
    {
        var size = x.Shape[dim];
        var limit = mode == PadMode.Reflect ? size - 1 : mode == PadMode.Circular ? size : int.MaxValue;
        if (size == 0 || before > limit || after > limit)
            throw new ArgumentException($"Pad: expected a padding of at most {Math.Max(0, limit)} in mode {mode} for dimension {dim} of the shape {x.Shape}, got {before} and {after}");
        // Negative padding cuts off, here too.
        if (Math.Min(before, 0) + Math.Min(after, 0) < -size)
            throw new ArgumentException($"Pad: the padding {before}, {after} cuts more off dimension {dim} of the shape {x.Shape} than there is");
        var order = new long[size + before + after];
        for (var i = 0; i < order.Length; i++)
        {
            var at = i - before;
            order[i] = mode switch
            {
                PadMode.Reflect => at < 0 ? -at : at >= size ? 2 * (size - 1) - at : at,
                PadMode.Replicate => Math.Clamp(at, 0, size - 1),
                _ => ((at % size) + size) % size,
            };
        }
        return x.IndexSelect(dim, Tensor.From(order));
    }

    extension(Tensor x)
    {
        /// <summary>Elements added before and after the dimensions, the last one first: <c>[left, right, top, bottom, ...]</c>;
        /// negative numbers cut off. Gradient: to the elements that are shown, as often as they are.
        /// PyTorch: <c>torch.nn.functional.pad</c>.</summary>
        /// <param name="pad">Pairs of counts, for as many dimensions as there are pairs, from the last on.</param>
        /// <param name="mode">What is added.</param>
        /// <param name="value">The number, for <see cref="PadMode.Constant"/>.</param>
        /// <exception cref="ArgumentException">An odd number of counts, more pairs than dimensions, or too large a padding for
        /// the mode.</exception>
        public Tensor Pad(ReadOnlySpan<int> pad, PadMode mode = PadMode.Constant, Scalar value = default)
        {
            if (pad.Length % 2 != 0 || pad.Length / 2 > x.Rank)
                throw new ArgumentException($"Pad: expected pairs of counts for at most {x.Rank} dimensions of the shape {x.Shape}, got {Shape.Format(pad)}");
            var y = x;
            for (var i = 0; i < pad.Length / 2; i++)
            {
                int dim = x.Rank - 1 - i, before = pad[2 * i], after = pad[2 * i + 1];
                if (before == 0 && after == 0) continue;
                y = mode == PadMode.Constant ? Constant(y, dim, before, after, value) : Indexed(y, dim, before, after, mode);
            }
            return ReferenceEquals(y, x) ? x.Clone() : y;
        }
    }
}
