namespace Cresset.Vision;

/// <summary>
/// Pictures at another size, by bilinear interpolation: y = A x Bᵀ with rows of weights A [H', H] and B [W', W]; pixels
/// are areas, so that corners do not align. uint8 pictures are rounded. torchvision: <c>transforms.Resize</c> of
/// tensors; PyTorch: <c>F.interpolate(mode="bilinear", align_corners=False)</c>.
/// </summary>
/// <remarks>For pictures as bytes before they are tensors there is <see cref="ImagePixels.Resize"/>.</remarks>
public sealed class Resize : ITransform
{
    private readonly int? _height, _width;
    private readonly int _shorter;
    private readonly bool _antialias;

    /// <summary>To this size.</summary>
    /// <param name="height">The new height.</param>
    /// <param name="width">The new width.</param>
    /// <param name="antialias">Whether a picture that shrinks is the weighted mean of all pixels covered.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public Resize(int height, int width, bool antialias = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width, _antialias) = (height, width, antialias);
    }

    /// <summary>So that the shorter side has this length and the proportion stays.</summary>
    /// <param name="shorterSide">The new length of the shorter side.</param>
    /// <param name="antialias">Whether a picture that shrinks is the weighted mean of all pixels covered.</param>
    /// <exception cref="ArgumentOutOfRangeException">The length is not positive.</exception>
    public Resize(int shorterSide, bool antialias = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shorterSide);
        (_shorter, _antialias) = (shorterSide, antialias);
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images)
    {
        TransformInput.Require(nameof(Resize), images);
        int height = images.Size(-2), width = images.Size(-1);
        if (height == 0 || width == 0)
            throw new ArgumentException($"Resize: expected pictures of at least 1x1, got {images.Shape}.", nameof(images));
        int shorter = Math.Min(height, width);
        int newHeight = _height ?? (int)((long)height * _shorter / shorter), newWidth = _width ?? (int)((long)width * _shorter / shorter);
        bool whole = !images.DType.IsFloatingPoint();
        Tensor x = whole ? images.To(DType.Float32) : images;
        x = Weights(height, newHeight, x.DType).MatMul(x).MatMul(Weights(width, newWidth, x.DType).T);
        return whole ? x.Round().Clamp(0, 255).To(images.DType) : x;
    }

    // A row for each new pixel: what share each old one has in it. A triangle around its centre, which is widened where the
    // picture shrinks and is to be antialiased.
    private Tensor Weights(int size, int newSize, DType dtype)
    {
        double scale = (double)size / newSize, support = _antialias ? Math.Max(1, scale) : 1;
        var weights = new double[newSize * size];
        for (int i = 0; i < newSize; i++)
        {
            double centre = (i + 0.5) * scale - 0.5;
            // Beyond the edge stands the edge's pixel; the wide triangle is cut off there instead.
            bool wide = support > 1;
            if (!wide)
                centre = Math.Clamp(centre, 0, size - 1);
            double total = 0;
            int first = Math.Max(0, (int)Math.Ceiling(centre - support)), last = Math.Min(size - 1, (int)Math.Floor(centre + support));
            for (int k = first; k <= last; k++)
                total += weights[i * size + k] = Math.Max(0, 1 - Math.Abs(k - centre) / support);
            for (int k = first; k <= last; k++)
                weights[i * size + k] /= total;
        }
        return Tensor.From(weights, [newSize, size]).To(dtype);
    }
}
