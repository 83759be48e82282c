namespace Cresset.Nn;

/// <summary>A table of vectors, looked up by index: x of int64 in any shape [...], y [..., D]. PyTorch:
/// <c>torch.nn.Embedding</c>.</summary>
public sealed class Embedding : Module
{
    readonly int? paddingIdx;
    readonly double? maxNorm;
    readonly double normType;

    /// <summary>A table that starts with normal numbers, as PyTorch's does.</summary>
    /// <param name="numEmbeddings">The number of vectors.</param>
    /// <param name="embeddingDim">D, the size of each.</param>
    /// <param name="paddingIdx">A vector that starts at zero and is not learned; negative counts from the end.</param>
    /// <param name="maxNorm">Vectors that are looked up and have a larger norm are first scaled down to it, in the table.</param>
    /// <param name="normType">The p of that norm.</param>
    /// <param name="dtype">The type of the table.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or paddingIdx is no index.</exception>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null, double? maxNorm = null, double normType = 2, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numEmbeddings);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(embeddingDim);
        if (paddingIdx is { } index && (index < -numEmbeddings || index >= numEmbeddings))
            throw new ArgumentOutOfRangeException(nameof(paddingIdx), index, $"Embedding: expected a paddingIdx from {-numEmbeddings} to {numEmbeddings - 1}");
        if (!(maxNorm is null or > 0)) throw new ArgumentOutOfRangeException(nameof(maxNorm), maxNorm, "Embedding: expected a positive norm");
        if (!(normType > 0)) throw new ArgumentOutOfRangeException(nameof(normType), normType, "Embedding: expected a positive p");
        this.paddingIdx = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
        this.maxNorm = maxNorm;
        this.normType = normType;
        Weight = new Parameter(Tensor.Empty([numEmbeddings, embeddingDim], dtype));
        ResetParameters();
    }

    /// <summary>The table, one vector a row.</summary>
    public Parameter Weight { get; }

    /// <summary>Draws new initial values. PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null)
    {
        Init.Normal(Weight, generator: generator);
        if (paddingIdx is { } index) Init.Zeros(Weight.Detach().Select(0, index));
    }

    /// <summary>The vectors of these indices.</summary>
    /// <exception cref="ArgumentException">The indices are not integers.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    public override Tensor Forward(Tensor x)
    {
        var index = GatherOperators.CheckIndex("Embedding", x, Weight.Size(0)).Reshape(-1);
        if (maxNorm is { } limit) Renormalize(index, limit);
        var y = Weight.IndexSelect(0, index);
        // No gradient flows to the padding's vector.
        if (paddingIdx is { } padding && Autograd.IsEnabled && Autograd.Records(y)) y = Tensor.Where(index.Equal(padding).Unsqueeze(1), y.Detach(), y);
        var shape = x.Shape;
        return Observe(y.Reshape(new Shape([.. shape.AsSpan(), Weight.Size(1)])));
    }

    void Renormalize(Tensor index, double limit)
    {
        using (Autograd.NoGrad())
        {
            var rows = index.ToArray<long>().Distinct().ToArray();
            var norms = Norms(Weight.IndexSelect(0, Tensor.From(rows))).To(DType.Float64).ToArray<double>();
            for (var i = 0; i < rows.Length; i++)
                if (norms[i] > limit) Weight.Select(0, (int)rows[i]).MulInPlace(limit / (norms[i] + 1e-7));
        }
    }

    Tensor Norms(Tensor rows) =>
        normType == 2 ? rows.Square().Sum(1).Sqrt()
        : normType == 1 ? rows.Abs().Sum(1)
        : double.IsPositiveInfinity(normType) ? rows.Abs().AMax([1])
        // |x|^p by its logarithm, which is minus infinity at 0.
        : (((rows.Abs().Log() * normType).Exp().Sum(1).Log()) / normType).Exp();

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Size(0)}, {Weight.Size(1)}{(paddingIdx is null ? "" : $", paddingIdx: {paddingIdx}")}";
}
