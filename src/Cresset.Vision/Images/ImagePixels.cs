namespace Cresset.Vision;

/// <summary>How a picture's colours are turned into numbers.</summary>
public enum ImageColor
{
    /// <summary>One plane: L = 0.299 R + 0.587 G + 0.114 B (ITU-R 601), as PIL's mode "L".</summary>
    Grey,

    /// <summary>Three planes: red, green, blue.</summary>
    Rgb,
}

/// <summary>One picture as bytes (0 to 255) in C, H, W order.</summary>
public sealed class ImagePixels
{
    /// <summary>Wraps an array (no copy) after checking its length.</summary>
    /// <param name="pixels">C*H*W bytes: plane by plane, in each row by row.</param>
    /// <param name="channels">C: 1 for grey, 3 for red, green and blue.</param>
    /// <param name="height">H, in pixels.</param>
    /// <param name="width">W, in pixels.</param>
    /// <exception cref="ArgumentException">
    /// C is neither 1 nor 3, a size is not positive, or the length is not C*H*W.
    /// </exception>
    public ImagePixels(byte[] pixels, int channels, int height, int width)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if (channels is not (1 or 3))
            throw new ArgumentException($"ImagePixels: expected 1 or 3 channels, got {channels}.", nameof(channels));
        if (pixels.Length != (Int128)channels * height * width)
            throw new ArgumentException(
                $"ImagePixels: a picture {channels}x{height}x{width} needs {(Int128)channels * height * width} " +
                $"bytes, got {pixels.Length}.",
                nameof(pixels));
        Pixels = pixels;
        Channels = channels;
        Height = height;
        Width = width;
    }

    /// <summary>The pixels, C*H*W bytes in that order. The array itself, not a copy.</summary>
    public byte[] Pixels { get; }

    /// <summary>C: 1 for grey, 3 for red, green and blue.</summary>
    public int Channels { get; }

    /// <summary>H: the height in pixels.</summary>
    public int Height { get; }

    /// <summary>W: the width in pixels.</summary>
    public int Width { get; }

    /// <summary>
    /// The picture at another size, by a triangle filter: bilinear interpolation where it grows, the weighted mean of
    /// all pixels covered where it shrinks (antialiased). The same bytes as PIL's resize with BILINEAR, which is
    /// torchvision's Resize.
    /// </summary>
    /// <param name="height">The new height in pixels.</param>
    /// <param name="width">The new width in pixels.</param>
    /// <exception cref="ArgumentException">
    /// A size is not positive, or the picture would pass ImageFile.MaxPixels.
    /// </exception>
    public ImagePixels Resize(int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        if ((long)height * width > ImageFile.MaxPixels)
            throw new ArgumentException(
                $"Resize: expected at most {ImageFile.MaxPixels} pixels, got {height}x{width}.", nameof(height));
        if (height == Height && width == Width)
            return this;
        byte[] wide = BilinearResize.Rows(Pixels, Channels * Height, Width, width);
        return new ImagePixels(BilinearResize.Columns(wide, Channels, Height, height, width), Channels, height, width);
    }

    /// <summary>The pixels as a uint8 tensor [C, H, W], a copy.</summary>
    public Tensor ToTensor() => Tensor.From(Pixels, [Channels, Height, Width]);
}
