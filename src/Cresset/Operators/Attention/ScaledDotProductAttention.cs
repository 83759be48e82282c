namespace Cresset;

/// <summary>Attention: sums of values, weighted by how well queries and keys agree.</summary>
public static class AttentionOperator
{
    /// <summary>The weights softmax(Q Kᵀ scale + mask), [..., T, S]; a row whose every place is masked is NaN, as in PyTorch.</summary>
    internal static Tensor Weights(Tensor query, Tensor key, Tensor? attentionMask, bool isCausal, double? scale)
    {
        foreach (var (name, other) in (ReadOnlySpan<(string, Tensor)>)[("query", query), ("key", key)])
            if (other.Rank < 2 || !other.DType.IsFloatingPoint() || other.DType != query.DType)
                throw new ArgumentException($"ScaledDotProductAttention: expected a {name} [..., length, width] of the query's floating-point type, got {other.Shape} of {other.DType.Name()}");
        if (query.Size(-1) != key.Size(-1))
            throw new ArgumentException($"ScaledDotProductAttention: expected keys of the queries' width {query.Size(-1)}, got {key.Shape}");
        int rows = query.Size(-2), columns = key.Size(-2);
        // The smaller factor takes the scale.
        var scores = (query * (scale ?? 1 / Math.Sqrt(query.Size(-1)))).MatMul(key.Transpose(-2, -1));
        if (isCausal) scores = scores.MaskedFill(Tensor.Ones([rows, columns], DType.Bool).Triu(1), double.NegativeInfinity);
        if (attentionMask is not null)
        {
            if (!BroadcastsTo(attentionMask.Shape, scores.Shape) || (attentionMask.DType != DType.Bool && attentionMask.DType != query.DType))
                throw new ArgumentException($"ScaledDotProductAttention: expected a mask of bool (true where attention may go) or {query.DType.Name()} (added) that broadcasts to {scores.Shape}, got {attentionMask.Shape} of {attentionMask.DType.Name()}");
            scores = attentionMask.DType == DType.Bool ? scores.MaskedFill(attentionMask.LogicalNot(), double.NegativeInfinity) : scores + attentionMask;
        }
        return scores.Softmax(-1);
    }

    static bool BroadcastsTo(Shape from, Shape to)
    {
        if (from.Rank > to.Rank) return false;
        for (var i = 1; i <= from.Rank; i++)
            if (from[^i] != 1 && from[^i] != to[^i]) return false;
        return true;
    }

    extension(Tensor query)
    {
        /// <summary>softmax(Q Kᵀ scale + mask) V: query [..., T, D], key [..., S, D], value [..., S, E], result [..., T, E].
        /// Vaswani et al. (2017), section 3.2.1. PyTorch: <c>torch.nn.functional.scaled_dot_product_attention</c>; a mask may come
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
            if (value.Rank < 2 || value.Size(-2) != key.Size(-2))
                throw new ArgumentException($"ScaledDotProductAttention: expected a value for each of the {(key.Rank < 2 ? 0 : key.Size(-2))} keys, got {value.Shape}");
            return Weights(query, key, attentionMask, isCausal, scale).Dropout(dropout).MatMul(value);
        }
    }
}
