using System.Globalization;

namespace Cresset.Nn;

/// <summary>y = (x - mean) / √(variance + eps) * weight + bias, mean and variance over the last dimensions of each sample by
/// itself. x [..., *normalizedShape]. Ba et al. (2016). PyTorch: <c>torch.nn.LayerNorm</c>.</summary>
public sealed class LayerNorm : Module
{
    readonly Shape normalizedShape;
    readonly double eps;

    /// <summary>A layer that normalises over the last dimension, of this size.</summary>
    public LayerNorm(int normalizedSize, double eps = 1e-5, bool elementwiseAffine = true, DType dtype = DType.Float32)
        : this([normalizedSize], eps, elementwiseAffine, dtype)
    {
    }

    /// <summary>A layer that normalises over the last dimensions, of this shape.</summary>
    /// <param name="normalizedShape">The sizes of the last dimensions.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="elementwiseAffine">Whether a factor and a bias are learned for each element.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">The shape has no dimension or is empty, or eps is negative.</exception>
    public LayerNorm(Shape normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, DType dtype = DType.Float32)
    {
        if (normalizedShape.Rank == 0 || normalizedShape.ElementCount == 0)
            throw new ArgumentException($"LayerNorm: expected a shape with at least one element, got {normalizedShape}");
        if (!(eps >= 0)) throw new ArgumentOutOfRangeException(nameof(eps), eps, "LayerNorm: expected an eps that is not negative");
        this.normalizedShape = normalizedShape;
        this.eps = eps;
        if (!elementwiseAffine) return;
        Weight = new Parameter(Tensor.Ones(normalizedShape, dtype));
        Bias = new Parameter(Tensor.Zeros(normalizedShape, dtype));
    }

    /// <summary>The factors, in the normalised shape; null if not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added, in the normalised shape; null if not affine.</summary>
    public Parameter? Bias { get; }

    /// <summary>The normalised input, in its shape.</summary>
    /// <exception cref="ArgumentException">The last dimensions are not the normalised shape, or the types differ.</exception>
    public override Tensor Forward(Tensor x) => Observe(x.LayerNorm(normalizedShape, Weight, Bias, eps));

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{normalizedShape}, eps: {eps}, elementwiseAffine: {(Weight is null ? "false" : "true")}");
}
