namespace Cresset.Vision;

/// <summary>
/// y = (x - mean) / std, channel by channel. [C, H, W] or [N, C, H, W], float32 or float64. PyTorch:
/// torchvision.transforms.Normalize.
/// </summary>
public sealed class Normalize : ITransform
{
    private readonly double[] _mean, _std;

    /// <summary>With these figures for each channel; a single one serves all channels.</summary>
    /// <param name="mean">What is taken off: C values, or one.</param>
    /// <param name="std">What is divided by, each above 0: C values, or one.</param>
    /// <exception cref="ArgumentException">
    /// There is no value, the counts differ, a value is not finite, or a deviation is not above 0.
    /// </exception>
    public Normalize(IReadOnlyList<double> mean, IReadOnlyList<double> std)
    {
        ArgumentNullException.ThrowIfNull(mean);
        ArgumentNullException.ThrowIfNull(std);
        if (mean.Count == 0 || mean.Count != std.Count)
            throw new ArgumentException(
                $"Normalize: expected as many means as deviations, at least one, got {mean.Count} and {std.Count}.",
                nameof(std));
        if (mean.Any(m => !double.IsFinite(m)) || std.Any(s => !double.IsFinite(s) || s <= 0))
            throw new ArgumentException(FormattableString.Invariant(
                $"Normalize: expected finite means and deviations above 0, got ({string.Join(", ", mean)}) and ({string.Join(", ", std)})."),
                nameof(std));
        (_mean, _std) = ([.. mean], [.. std]);
    }

    /// <summary>With one mean and one deviation for all channels.</summary>
    /// <param name="mean">What is taken off.</param>
    /// <param name="std">What is divided by, above 0.</param>
    public Normalize(double mean, double std) : this([mean], [std])
    {
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">
    /// The pictures are not floating point, or have another number of channels.
    /// </exception>
    public Tensor Apply(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (!images.DType.IsFloatingPoint() || images.Rank is not (3 or 4))
            throw new ArgumentException(
                "Normalize: expected floating-point pictures [C, H, W] or [N, C, H, W], got " +
                $"{images.DType.Name()} {images.Shape}; apply ToTensor first.", nameof(images));
        if (_mean.Length != 1 && _mean.Length != images.Shape[^3])
            throw new ArgumentException(
                $"Normalize: expected pictures of {_mean.Length} channels, one for each mean, got {images.Shape}.",
                nameof(images));
        return (images - PerChannel(_mean, images.DType)) / PerChannel(_std, images.DType);
    }

    // [C, 1, 1], which broadcasts over rows and columns and over a batch.
    private static Tensor PerChannel(double[] values, DType dtype) =>
        Tensor.From(values, [values.Length, 1, 1]).To(dtype);
}
