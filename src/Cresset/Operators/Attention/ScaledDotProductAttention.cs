using Cresset.Kernels;

namespace Cresset;

/// <summary>Attention: sums of values, weighted by how well queries and keys agree.</summary>
public static class AttentionOperator
{
    const string Name = "ScaledDotProductAttention";

    /// <summary>The weights softmax(Q Kᵀ scale + mask), [..., T, S]; a row whose every place is masked is NaN, as in PyTorch.</summary>
    internal static Tensor Weights(Tensor query, Tensor key, Tensor? attentionMask, bool isCausal, double? scale)
    {
        int rows = query.Size(-2), columns = key.Size(-2);
        // The smaller factor takes the scale.
        var scores = (query * (scale ?? 1 / Math.Sqrt(query.Size(-1)))).MatMul(key.Transpose(-2, -1));
        if (isCausal) scores = scores.MaskedFill(Tensor.Ones([rows, columns], DType.Bool).Triu(1), double.NegativeInfinity);
        if (attentionMask is not null)
            scores = attentionMask.DType == DType.Bool ? scores.MaskedFill(attentionMask.LogicalNot(), double.NegativeInfinity) : scores + attentionMask;
        return scores.Softmax(-1);
    }

    /// <summary>Attention without dropout, whose queries, keys and values are parts of some tensors, which they fill: so their gradients are
    /// written to where they belong.</summary>
    /// <param name="sources">The tensors.</param>
    /// <param name="parts">The views of them that are queries, keys and values, of equal dimensions before the last two.</param>
    /// <param name="mask">As of the operator.</param>
    /// <param name="isCausal">As of the operator.</param>
    /// <param name="scale">As of the operator.</param>
    internal static Tensor Apply(Tensor[] sources, Func<Tensor[], (Tensor Query, Tensor Key, Tensor Value)> parts, Tensor? mask, bool isCausal, double? scale)
    {
        Tensor Composed(Tensor[] from)
        {
            var (query, key, value) = parts(from);
            return Weights(query, key, mask, isCausal, scale).MatMul(value);
        }
        // A mask that is learned has a gradient; a trace tells the single operators.
        if (Tracing.IsOn || mask is { RequiresGrad: true }) return Composed(sources);
        Tensor query, key, value;
        using (Autograd.NoGrad()) (query, key, value) = parts(sources);
        if (query.ElementCount == 0 || key.ElementCount == 0 || value.ElementCount == 0) return Composed(sources);
        var backend = Operators.Promotion.Backend(Name, query, key);
        Operators.Promotion.Backend(Name, query, value);
        int rows = query.Size(-2), columns = key.Size(-2), width = query.Size(-1);
        var factor = scale ?? 1 / Math.Sqrt(width);
        var added = mask is null ? null : Added(mask, query.DType);
        var places = query.Shape.With(query.Rank - 1, columns);
        Operand? Mask() => added?.Operand.Expand(places);
        var y = Result(query.Shape.With(query.Rank - 1, value.Size(-1)), query.DType, backend);
        var logSumExp = Tensor.Allocate(query.Shape.Without(query.Rank - 1), query.DType, backend);
        backend.Attention(factor, isCausal, Rows(query).Operand, Rows(key).Operand, Rows(value).Operand, Mask(), y.Operand, logSumExp.Operand);
        Operators.OperationLog.Add(query, key, y, (long)logSumExp.ElementCount * columns * width);
        Operators.OperationLog.Add(query, value, y, (long)y.ElementCount * columns);
        if (!Autograd.Records(sources)) return y;
        return Autograd.Record(Name, y, sources, mask is null ? sources : [.. sources, mask], (node, dy) =>
        {
            var saved = new Tensor[sources.Length];
            for (var i = 0; i < saved.Length; i++) saved[i] = node.Saved(i);
            if (mask is not null) node.Saved(saved.Length);
            if (Autograd.IsEnabled) return ComposedGradient.Of(node, saved, [dy], standIns => [Composed(standIns)]);
            var gradients = Array.ConvertAll(saved, source => source.EmptyLike());
            var ((q, k, v), (dq, dk, dv)) = (parts(saved), parts(gradients));
            backend.AttentionGradient(factor, isCausal, Rows(dy).Operand, Rows(q).Operand, Rows(k).Operand, Rows(v).Operand, Mask(), logSumExp.Operand, dq.Operand, dk.Operand, dv.Operand);
            return gradients;
        });
    }

    // Numbers that are added.
    static Tensor Added(Tensor mask, DType dtype)
    {
        if (mask.DType != DType.Bool) return mask;
        using (Autograd.NoGrad()) return Tensor.Zeros(mask.Shape, dtype, mask.Backend).MaskedFill(mask.LogicalNot(), double.NegativeInfinity);
    }

    // Of several heads, [..., heads, T, E], they lie side by side for each place, so that to merge them is a view.
    static Tensor Result(Shape shape, DType dtype, Backend backend)
    {
        if (shape.Rank < 4) return Tensor.Allocate(shape, dtype, backend);
        Span<int> sizes = stackalloc int[shape.Rank], order = stackalloc int[shape.Rank];
        shape.AsSpan().CopyTo(sizes);
        for (var i = 0; i < order.Length; i++) order[i] = i;
        (sizes[^3], sizes[^2]) = (sizes[^2], sizes[^3]);
        (order[^3], order[^2]) = (order[^2], order[^3]);
        return new Tensor(backend.Allocate((long)shape.ElementCount * dtype.Size()), new Layout(new Shape(sizes)).Permute(order), dtype);
    }

    // What the kernel reads: rows of neighbours that differ in place.
    static Tensor Rows(Tensor x) => x.Layout.Strides[^1] == 1 && x.Layout.Strides[^2] != 0 ? x : x.Detach().Clone();

    static void Check(Tensor query, Tensor key, Tensor value, Tensor? mask)
    {
        foreach (var (name, other) in (ReadOnlySpan<(string, Tensor)>)[("query", query), ("key", key)])
            if (other.Rank < 2 || !other.DType.IsFloatingPoint() || other.DType != query.DType)
                throw new ArgumentException($"{Name}: expected a {name} [..., length, width] of the query's floating-point type, got {other.Shape} of {other.DType.Name()}");
        if (value.Rank < 2 || value.Size(-2) != key.Size(-2))
            throw new ArgumentException($"{Name}: expected a value for each of the {key.Size(-2)} keys, got {value.Shape}");
        if (value.DType != query.DType) throw new ArgumentException($"{Name}: expected a value of the query's type {query.DType.Name()}, got {value.DType.Name()}");
        if (query.Size(-1) != key.Size(-1)) throw new ArgumentException($"{Name}: expected keys of the queries' width {query.Size(-1)}, got {key.Shape}");
        if (mask is null) return;
        Shape scores = [.. Batch(query, key), query.Size(-2), key.Size(-2)];
        if (!BroadcastsTo(mask.Shape, scores) || (mask.DType != DType.Bool && mask.DType != query.DType))
            throw new ArgumentException($"{Name}: expected a mask of bool (true where attention may go) or {query.DType.Name()} (added) that broadcasts to {scores}, got {mask.Shape} of {mask.DType.Name()}");
    }

    // The dimensions before the last two.
    static int[] Batch(Tensor a, Tensor b) => Shape.Broadcast(a.Shape.AsSpan()[..^2].ToArray(), b.Shape.AsSpan()[..^2].ToArray(), Name).ToArray();

    static bool BroadcastsTo(Shape from, Shape to)
    {
        if (from.Rank > to.Rank) return false;
        for (var i = 1; i <= from.Rank; i++)
            if (from[^i] != 1 && from[^i] != to[^i]) return false;
        return true;
    }

    extension(Tensor query)
    {
        /// <summary>softmax(Q Kᵀ scale + mask) V: query [..., T, D], key [..., S, D], value [..., S, E], result [..., T, E], whose heads, in
        /// front of T, lie side by side in memory. Without dropout the weights are not kept, but computed again backward.
        /// Vaswani et al. (2017), section 3.2.1; Dao et al. (2022). PyTorch: <c>torch.nn.functional.scaled_dot_product_attention</c>; a mask may come
        /// together with <paramref name="isCausal"/> here, and a row with every place masked is NaN.</summary>
        /// <param name="key">What the queries are compared with.</param>
        /// <param name="value">What is summed.</param>
        /// <param name="attentionMask">Broadcasts to [..., T, S]: true where attention may go, or numbers that are added.</param>
        /// <param name="dropout">The probability with which a weight is dropped (the others are divided by 1 - dropout), whatever
        /// the mode of a module.</param>
        /// <param name="isCausal">Whether place t sees only the places up to t.</param>
        /// <param name="scale">The factor; 1/√D unless given.</param>
        /// <exception cref="ArgumentException">Shapes or types do not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">dropout is no probability.</exception>
        public Tensor ScaledDotProductAttention(Tensor key, Tensor value, Tensor? attentionMask = null, double dropout = 0, bool isCausal = false, double? scale = null)
        {
            ArgumentNullException.ThrowIfNull(key);
            ArgumentNullException.ThrowIfNull(value);
            Check(query, key, value, attentionMask);
            if (dropout != 0) return Weights(query, key, attentionMask, isCausal, scale).Dropout(dropout).MatMul(value);
            var batch = Batch(query, key);
            Shape before = Shape.Broadcast(batch, value.Shape.AsSpan()[..^2].ToArray(), Name);
            Tensor Whole(Tensor x) => x.Expand([.. before.AsSpan(), x.Size(-2), x.Size(-1)]);
            return Apply([Whole(query), Whole(key), Whole(value)], static sources => (sources[0], sources[1], sources[2]), attentionMask, isCausal, scale);
        }
    }
}
