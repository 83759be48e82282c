namespace Cresset.Nn;

/// <summary>Attention by several heads at once: with the heads' shares Q_h = Q W^Q_h + b, K_h, V_h, each
/// softmax(Q_h K_hᵀ / √d + mask) V_h, side by side, through a last linear map. Vaswani et al. (2017), section 3.2.2. PyTorch:
/// <c>torch.nn.MultiheadAttention</c> (its <c>add_bias_kv</c> and <c>add_zero_attn</c> are missing).</summary>
public sealed class MultiheadAttention : Module
{
    readonly Parameter? inProjWeight, qProjWeight, kProjWeight, vProjWeight, inProjBias;
    readonly Linear outProj;
    readonly Dropout dropout;
    readonly bool batchFirst;

    /// <summary>A layer whose weights start as PyTorch's do: Xavier's uniform for the input maps, zeros for the biases.</summary>
    /// <param name="embedDim">E, the width of the queries and of the result.</param>
    /// <param name="numHeads">The number of heads; divides E.</param>
    /// <param name="dropout">The probability with which, in training, a weight of attention is dropped.</param>
    /// <param name="bias">Whether biases are added.</param>
    /// <param name="kdim">The width of the keys; E unless given.</param>
    /// <param name="vdim">The width of the values; E unless given.</param>
    /// <param name="batchFirst">Whether inputs are [B, T, E] and not [T, B, E].</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A size is not positive, the heads do not divide E, or dropout is no probability.</exception>
    public MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true, int? kdim = null, int? vdim = null,
        bool batchFirst = false, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embedDim);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numHeads);
        if (embedDim % numHeads != 0)
            throw new ArgumentException($"MultiheadAttention: expected a number of heads that divides the width {embedDim}, got {numHeads}", nameof(numHeads));
        int keys = kdim ?? embedDim, values = vdim ?? embedDim;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(keys, nameof(kdim));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(values, nameof(vdim));
        NumHeads = numHeads;
        this.batchFirst = batchFirst;
        if (keys == embedDim && values == embedDim) inProjWeight = new Parameter(Tensor.Empty([3 * embedDim, embedDim], dtype));
        else
        {
            qProjWeight = new Parameter(Tensor.Empty([embedDim, embedDim], dtype));
            kProjWeight = new Parameter(Tensor.Empty([embedDim, keys], dtype));
            vProjWeight = new Parameter(Tensor.Empty([embedDim, values], dtype));
        }
        if (bias) inProjBias = new Parameter(Tensor.Empty([3 * embedDim], dtype));
        outProj = new Linear(embedDim, embedDim, bias, dtype);
        this.dropout = new Dropout(dropout);
        ResetParameters();
    }

    /// <summary>E, the width of the queries and of the result.</summary>
    public int EmbedDim => outProj.Weight.Size(0);

    /// <summary>The number of heads.</summary>
    public int NumHeads { get; }

    /// <summary>Draws new initial values. PyTorch: <c>_reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null)
    {
        foreach (var weight in (ReadOnlySpan<Parameter?>)[inProjWeight, qProjWeight, kProjWeight, vProjWeight])
            if (weight is not null) Init.XavierUniform(weight, generator: generator);
        outProj.ResetParameters(generator);
        if (inProjBias is null) return;
        Init.Zeros(inProjBias);
        Init.Zeros(outProj.Bias!);
    }

    /// <summary>Attention of x to itself, without the weights.</summary>
    /// <exception cref="ArgumentException">The shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x) => Forward(x, x, x, needWeights: false).Output;

    /// <summary>What each query finds: the result [T, B, E] ([B, T, E] with batchFirst, [T, E] without a batch) and, if asked
    /// for, the weights of attention, [B, T, S] averaged over the heads or [B, heads, T, S] (without B for no batch); in training
    /// as dropout left them, as in PyTorch.</summary>
    /// <param name="query">[T, B, E], [B, T, E] with batchFirst, or [T, E].</param>
    /// <param name="key">[S, B, kdim] and so on.</param>
    /// <param name="value">[S, B, vdim] and so on.</param>
    /// <param name="keyPaddingMask">[B, S] ([S] without a batch): true where a key is padding and not seen, or numbers that are
    /// added.</param>
    /// <param name="attentionMask">[T, S] or [B * heads, T, S]: true where attention may not go (the other way round than in
    /// <c>ScaledDotProductAttention</c>, both as in PyTorch), or numbers that are added.</param>
    /// <param name="needWeights">Whether the weights are given back.</param>
    /// <param name="averageWeights">Whether they are averaged over the heads.</param>
    /// <param name="isCausal">Whether place t sees only the places up to t; no mask is needed for it, other than in
    /// PyTorch.</param>
    /// <exception cref="ArgumentException">A shape or type does not fit, or a sequence has no place (PyTorch gives an empty result, or
    /// one of not-a-numbers).</exception>
    public (Tensor Output, Tensor? Weights) Forward(Tensor query, Tensor key, Tensor value, Tensor? keyPaddingMask = null,
        Tensor? attentionMask = null, bool needWeights = true, bool averageWeights = true, bool isCausal = false)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        var single = query.Rank == 2;
        Tensor Batched(Tensor x, string name, int width)
        {
            if (x.Rank != query.Rank || x.Rank is not (2 or 3) || x.Size(-1) != width)
                throw new ArgumentException($"MultiheadAttention: expected a {name} [{(batchFirst ? "B, length" : "length, B")}, {width}] or, like the query, [length, {width}], got {x.Shape}");
            return single ? x.Unsqueeze(0) : batchFirst ? x : x.Transpose(0, 1);
        }
        int keys = (kProjWeight ?? inProjWeight)!.Size(1), values = (vProjWeight ?? inProjWeight)!.Size(1);
        Tensor q = Batched(query, "query", EmbedDim), k = Batched(key, "key", keys), v = Batched(value, "value", values);
        int batch = q.Size(0), rows = q.Size(1), columns = k.Size(1);
        if (k.Size(0) != batch || v.Size(0) != batch || v.Size(1) != columns)
            throw new ArgumentException($"MultiheadAttention: expected keys and values of one length and the query's batch of {batch}, got {key.Shape} and {value.Shape}");
        if (rows == 0 || columns == 0)
            throw new ArgumentException($"MultiheadAttention: expected sequences of at least one place, got queries {query.Shape} and keys {key.Shape}; leave empty sequences out");
        var (heads, others) = (NumHeads, EmbedDim / NumHeads);
        // One product for what comes from one tensor, and its gradient in one.
        Tensor Projected(Tensor x, int part, int count, Parameter? own) =>
            x.Linear(own ?? inProjWeight!.Narrow(0, part * EmbedDim, count * EmbedDim), inProjBias?.Narrow(0, part * EmbedDim, count * EmbedDim));
        // Part by part, [B, heads, length, E / heads].
        Tensor[] Parts(Tensor projected)
        {
            var all = projected.Reshape(batch, projected.Size(1), -1, heads, others).Permute(2, 0, 3, 1, 4);
            return [.. Enumerable.Range(0, all.Size(0)).Select(part => all.Select(0, part))];
        }
        Tensor[] sources = inProjWeight is null || !ReferenceEquals(key, value)
                ? [Projected(q, 0, 1, qProjWeight), Projected(k, 1, 1, kProjWeight), Projected(v, 2, 1, vProjWeight)]
            : ReferenceEquals(query, key) ? [Projected(q, 0, 3, null)]
            : [Projected(q, 0, 1, null), Projected(k, 1, 2, null)];
        (Tensor Query, Tensor Key, Tensor Value) Split(Tensor[] from)
        {
            Tensor[] parts = [.. from.SelectMany(Parts)];
            return (parts[0], parts[1], parts[2]);
        }
        var mask = Combined(keyPaddingMask, attentionMask, batch, rows, columns, single, q.DType);
        Tensor? weights = null;
        Tensor sums;
        if (needWeights || !dropout.IsIdle)
        {
            (q, k, v) = Split(sources);
            weights = dropout.Forward(AttentionOperator.Weights(q, k, mask, isCausal, scale: null));
            sums = weights.MatMul(v);
        }
        else sums = AttentionOperator.Apply(sources, Split, mask, isCausal, scale: null);
        var output = outProj.Forward(sums.Transpose(1, 2).Reshape(batch, rows, EmbedDim));
        output = single ? output.Squeeze(0) : batchFirst ? output : output.Transpose(0, 1);
        if (weights is null || !needWeights) return (Observe(output), null);
        if (averageWeights) weights = weights.Mean(1);
        return (Observe(output), single ? weights.Squeeze(0) : weights);
    }

    // Both masks as one that is added or tells where attention may go, [B, heads or 1, T or 1, S].
    Tensor? Combined(Tensor? padding, Tensor? attention, int batch, int rows, int columns, bool single, DType dtype)
    {
        Tensor? result = null;
        void Add(Tensor mask, Shape shape)
        {
            if (mask.DType != DType.Bool && mask.DType != dtype)
                throw new ArgumentException($"MultiheadAttention: expected a mask of bool (true where attention may not go) or {dtype.Name()} (added), got {mask.DType.Name()}");
            mask = mask.Reshape(shape);
            if (result is null) result = mask.DType == DType.Bool ? mask.LogicalNot() : mask;
            else if (result.DType == DType.Bool && mask.DType == DType.Bool) result = result.LogicalAnd(mask.LogicalNot());
            else result = Added(result, allowed: true) + Added(mask, allowed: false);
        }
        Tensor Added(Tensor mask, bool allowed) => mask.DType != DType.Bool ? mask
            : Tensor.Zeros(mask.Shape, dtype).MaskedFill(allowed ? mask.LogicalNot() : mask, double.NegativeInfinity);
        if (padding is not null)
        {
            Shape expected = single ? [columns] : [batch, columns];
            if (padding.Shape != expected) throw new ArgumentException($"MultiheadAttention: expected a keyPaddingMask {expected}, one place for each key, got {padding.Shape}");
            Add(padding, [batch, 1, 1, columns]);
        }
        if (attention is not null)
        {
            var whole = attention.Shape == [rows, columns];
            if (!whole && attention.Shape != [batch * NumHeads, rows, columns])
                throw new ArgumentException($"MultiheadAttention: expected an attentionMask [{rows}, {columns}] or [{batch * NumHeads}, {rows}, {columns}], got {attention.Shape}");
            Add(attention, whole ? [1, 1, rows, columns] : [batch, NumHeads, rows, columns]);
        }
        return result;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"embedDim: {EmbedDim}, numHeads: {NumHeads}";
}
