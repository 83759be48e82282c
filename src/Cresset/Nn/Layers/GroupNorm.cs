using System.Globalization;

namespace Cresset.Nn;

/// <summary>y = (x - mean) / √(variance + eps) * weight + bias, mean and variance over each group of neighbouring channels of each sample.
/// x [N, C, ...]. Wu and He (2018). PyTorch: <c>torch.nn.GroupNorm</c>.</summary>
public sealed class GroupNorm : Module
{
    readonly int numGroups, numChannels;
    readonly double eps;

    /// <summary>A layer for so many groups and channels.</summary>
    /// <param name="numGroups">The groups; divides the channels.</param>
    /// <param name="numChannels">C.</param>
    /// <param name="eps">Added to the variances.</param>
    /// <param name="affine">Whether a factor and a bias are learned for each channel.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A number is not positive, the groups do not divide the channels, or eps is negative.</exception>
    public GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numGroups);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numChannels);
        if (numChannels % numGroups != 0) throw new ArgumentException($"GroupNorm: expected groups that divide the {numChannels} channels, got {numGroups}");
        if (!(eps >= 0)) throw new ArgumentOutOfRangeException(nameof(eps), eps, "GroupNorm: expected an eps that is not negative");
        (this.numGroups, this.numChannels, this.eps) = (numGroups, numChannels, eps);
        if (!affine) return;
        Weight = new Parameter(Tensor.Ones([numChannels], dtype));
        Bias = new Parameter(Tensor.Zeros([numChannels], dtype));
    }

    /// <summary>The factors, [C]; null if not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added, [C]; null if not affine.</summary>
    public Parameter? Bias { get; }

    /// <summary>The normalised input, in its shape.</summary>
    /// <exception cref="ArgumentException">The channels or the type do not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank < 2 || x.Size(1) != numChannels) throw new ArgumentException($"GroupNorm: expected an input [N, {numChannels}, ...], got {x.Shape}");
        return Observe(x.GroupNorm(numGroups, Weight, Bias, eps));
    }

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{numGroups}, {numChannels}, eps: {eps}, affine: {(Weight is null ? "false" : "true")}");
}
