using System.Runtime.InteropServices;
using SkiaSharp;

namespace Cresset.Vision;

/// <summary>
/// Reads picture files (PNG, JPEG, BMP, GIF, WebP; of an animation the first frame) to bytes and writes PNG. As with
/// PIL: no colour profile and no EXIF orientation is applied, and transparency is dropped, not blended.
/// </summary>
public static class ImageFile
{
    /// <summary>
    /// The most pixels a picture may have: 100 million. One that claims more is refused before memory is taken for it.
    /// </summary>
    public const int MaxPixels = 100_000_000;

    // No picture of MaxPixels needs a larger file; a longer one is something else.
    private const long MaxFileBytes = 1L << 30;

    /// <summary>The endings of the file names that are taken for pictures, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"];

    /// <summary>Whether a file's name ends as a picture's does.</summary>
    public static bool HasImageExtension(string path) =>
        Extensions.Contains(Path.GetExtension(path), StringComparer.OrdinalIgnoreCase);

    /// <summary>Reads a picture file.</summary>
    /// <param name="path">The file; its content says which format it is, not its name.</param>
    /// <param name="color">Grey (one plane) or red, green, blue (three planes).</param>
    /// <param name="size">Height and width to resize to; null for the picture's own.</param>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is empty, no picture, truncated, corrupt, or too large.
    /// </exception>
    public static ImagePixels Read(string path, ImageColor color = ImageColor.Rgb, (int Height, int Width)? size = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        long length = new FileInfo(path).Length;
        if (length > MaxFileBytes)
            throw new InvalidDataException(
                $"{path}: expected a picture file of at most {MaxFileBytes} bytes, got {length}.");
        return Decode(File.ReadAllBytes(path), path, color, size);
    }

    /// <summary>Decodes the bytes of a picture file.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="source">What to call it in errors.</param>
    /// <param name="color">Grey (one plane) or red, green, blue (three planes).</param>
    /// <param name="size">Height and width to resize to; null for the picture's own.</param>
    /// <exception cref="InvalidDataException">As for a file.</exception>
    public static ImagePixels Decode(
        ReadOnlySpan<byte> file, string source, ImageColor color = ImageColor.Rgb, (int Height, int Width)? size = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (file.IsEmpty)
            throw new InvalidDataException($"{source}: expected a picture, got an empty file.");
        using SKData data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data) ?? throw new InvalidDataException(
            $"{source}: expected a picture (PNG, JPEG, BMP, GIF or WebP), got {file.Length} bytes that are none, " +
            "or whose header is truncated.");
        int height = codec.Info.Height, width = codec.Info.Width;
        if (height <= 0 || width <= 0 || (long)height * width > MaxPixels)
            throw new InvalidDataException(
                $"{source}: expected at most {MaxPixels} pixels, got a header that claims {height}x{width}.");

        var info = new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        var rgba = new byte[4 * height * width];
        GCHandle pin = GCHandle.Alloc(rgba, GCHandleType.Pinned);
        SKCodecResult result;
        try
        {
            result = codec.GetPixels(info, pin.AddrOfPinnedObject());
        }
        finally
        {
            pin.Free();
        }
        if (result == SKCodecResult.IncompleteInput)
            throw new InvalidDataException(
                $"{source}: expected a whole {codec.EncodedFormat} picture of {height}x{width}, got a truncated one.");
        if (result != SKCodecResult.Success)
            throw new InvalidDataException(
                $"{source}: expected a valid {codec.EncodedFormat} picture of {height}x{width}, got a corrupt one " +
                $"({result}).");

        ImagePixels image = color == ImageColor.Grey ? ToGrey(rgba, height, width) : ToRgb(rgba, height, width);
        return size is var (newHeight, newWidth) ? image.Resize(newHeight, newWidth) : image;
    }

    /// <summary>Encodes a picture as the bytes of a PNG file.</summary>
    public static byte[] EncodePng(ImagePixels image)
    {
        ArgumentNullException.ThrowIfNull(image);
        int plane = image.Height * image.Width;
        byte[] source = image.Pixels;
        byte[] packed = source;
        if (image.Channels == 3)
        {
            packed = new byte[4 * plane];
            for (int i = 0; i < plane; i++)
            {
                packed[4 * i] = source[i];
                packed[4 * i + 1] = source[plane + i];
                packed[4 * i + 2] = source[2 * plane + i];
                packed[4 * i + 3] = 255;
            }
        }
        SKColorType colors = image.Channels == 3 ? SKColorType.Rgba8888 : SKColorType.Gray8;
        var info = new SKImageInfo(image.Width, image.Height, colors, SKAlphaType.Opaque);
        using SKImage picture = SKImage.FromPixelCopy(info, packed);
        using SKData png = picture.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    /// <summary>Writes a picture as a PNG file; one that is there is replaced.</summary>
    public static void WritePng(string path, ImagePixels image)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        File.WriteAllBytes(path, EncodePng(image));
    }

    private static ImagePixels ToGrey(byte[] rgba, int height, int width)
    {
        var grey = new byte[height * width];
        for (int i = 0; i < grey.Length; i++)
        {
            // 0.299, 0.587 and 0.114 in 16-bit fixed point, rounded: PIL's own numbers.
            int luma = rgba[4 * i] * 19595 + rgba[4 * i + 1] * 38470 + rgba[4 * i + 2] * 7471 + 0x8000;
            grey[i] = (byte)(luma >> 16);
        }
        return new ImagePixels(grey, 1, height, width);
    }

    private static ImagePixels ToRgb(byte[] rgba, int height, int width)
    {
        int plane = height * width;
        var rgb = new byte[3 * plane];
        for (int i = 0; i < plane; i++)
        {
            rgb[i] = rgba[4 * i];
            rgb[plane + i] = rgba[4 * i + 1];
            rgb[2 * plane + i] = rgba[4 * i + 2];
        }
        return new ImagePixels(rgb, 3, height, width);
    }
}
