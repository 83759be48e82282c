namespace Cresset.Vision;

/// <summary>
/// The middle of each picture; where the picture is smaller than that, zeros stand around it. torchvision:
/// <c>transforms.CenterCrop</c>.
/// </summary>
public sealed class CenterCrop : ITransform
{
    private readonly int _height, _width;

    /// <summary>Of this size.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public CenterCrop(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (_height, _width) = (height, width);
    }

    /// <summary>A square.</summary>
    public CenterCrop(int size) : this(size, size)
    {
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images)
    {
        TransformInput.Require(nameof(CenterCrop), images);
        int down = Math.Max(0, _height - images.Size(-2)), across = Math.Max(0, _width - images.Size(-1));
        if (down > 0 || across > 0)
            images = images.Pad([across / 2, (across + 1) / 2, down / 2, (down + 1) / 2]);
        // Half of an odd number goes to the even side, as in torchvision, which rounds so.
        int top = (int)Math.Round((images.Size(-2) - _height) / 2.0), left = (int)Math.Round((images.Size(-1) - _width) / 2.0);
        return images.Narrow(-2, top, _height).Narrow(-1, left, _width).Clone();
    }
}

/// <summary>
/// A part of each picture at a random place. torchvision: <c>transforms.RandomCrop</c>, with the same padding on all
/// sides.
/// </summary>
public sealed class RandomCrop : RandomTransform
{
    private readonly int _height, _width, _padding;
    private readonly PadMode _mode;
    private readonly double _fill;

    /// <summary>Of this size.</summary>
    /// <param name="height">The rows of the part.</param>
    /// <param name="width">The columns of the part.</param>
    /// <param name="padding">How many rows and columns are added on each side first.</param>
    /// <param name="mode">What is added.</param>
    /// <param name="fill">The number that is added, for <see cref="PadMode.Constant"/>.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding is negative.</exception>
    public RandomCrop(int height, int width, int padding = 0, PadMode mode = PadMode.Constant, double fill = 0, Generator? generator = null)
        : base(generator)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        (_height, _width, _padding, _mode, _fill) = (height, width, padding, mode, fill);
    }

    private protected override Tensor One(Tensor image, Generator generator)
    {
        if (_padding > 0)
            image = image.Pad([_padding, _padding, _padding, _padding], _mode, _fill);
        int down = image.Size(-2) - _height, across = image.Size(-1) - _width;
        if (down < 0 || across < 0)
            throw new ArgumentException(
                $"RandomCrop: expected pictures of at least {_height}x{_width} after padding by {_padding}, got " +
                $"{image.Size(-2)}x{image.Size(-1)}; ask for a smaller part, or a larger padding.", nameof(image));
        int top = (int)generator.NextInt64(down + 1), left = (int)generator.NextInt64(across + 1);
        return image.Narrow(-2, top, _height).Narrow(-1, left, _width).Clone();
    }
}
