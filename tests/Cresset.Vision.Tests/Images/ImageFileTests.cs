using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class ImageFileTests
{
    private static byte[] Base64(string text) => Convert.FromBase64String(text);

    private static byte[] File(string name) => Base64(PictureReference.Pictures[name].File);

    public static TheoryData<string> Names => [.. PictureReference.Pictures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Reads_what_PIL_reads(string name)
    {
        PictureReference.Picture picture = PictureReference.Pictures[name];
        ImagePixels rgb = ImageFile.Decode(Base64(picture.File), name);
        Assert.Equal((3, 11, 13), (rgb.Channels, rgb.Height, rgb.Width));
        ImagePixels grey = ImageFile.Decode(Base64(picture.File), name, ImageColor.Grey);
        Assert.Equal((1, 11, 13), (grey.Channels, grey.Height, grey.Width));
        Assert.Equal(Base64(picture.Rgb), rgb.Pixels);
        Assert.Equal(Base64(picture.Grey), grey.Pixels);
    }

    [Fact]
    public void Resizes_as_PIL_does()
    {
        foreach (((int height, int width), string expected) in PictureReference.Resized)
        {
            ImagePixels image = ImageFile.Decode(File("PngRgb"), "PngRgb", size: (height, width));
            Assert.Equal((3, height, width), (image.Channels, image.Height, image.Width));
            Assert.Equal(Base64(expected), image.Pixels);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_written_PNG_is_read_again(int channels)
    {
        using var folder = new TempFolder();
        var pixels = new byte[channels * 9 * 17];
        new System.Random(4).NextBytes(pixels);
        string path = folder["a.png"];
        ImageFile.WritePng(path, new ImagePixels(pixels, channels, 9, 17));
        ImagePixels read = ImageFile.Read(path, channels == 1 ? ImageColor.Grey : ImageColor.Rgb);
        Assert.Equal((channels, 9, 17), (read.Channels, read.Height, read.Width));
        Assert.Equal(pixels, read.Pixels);
    }

    [Fact]
    public void Rejects_an_empty_file()
    {
        using var folder = new TempFolder();
        string path = folder.Write("a.png", []);
        var e = Assert.Throws<InvalidDataException>(() => ImageFile.Read(path));
        Assert.Equal($"{path}: expected a picture, got an empty file.", e.Message);
    }

    [Fact]
    public void Rejects_what_is_no_picture()
    {
        using var folder = new TempFolder();
        string path = folder.Write("a.png", "this is text, whatever its name says"u8.ToArray());
        var e = Assert.Throws<InvalidDataException>(() => ImageFile.Read(path));
        Assert.Contains($"{path}: expected a picture (PNG, JPEG, BMP, GIF or WebP), got 36 bytes that are none", e.Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => ImageFile.Read(folder["none.png"]));
    }

    [Theory]
    [InlineData("PngRgb")]
    [InlineData("PngPalette")]
    [InlineData("Bmp")]
    [InlineData("Gif")]
    [InlineData("WebpLossless")]
    [InlineData("JpegFull")]
    [InlineData("JpegGrey")]
    public void Rejects_a_truncated_picture(string name)
    {
        byte[] whole = File(name);
        foreach (double share in new[] { 0.1, 0.3, 0.5, 0.7 })
        {
            var e = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(whole.AsSpan(0, (int)(whole.Length * share)), "cut"));
            Assert.StartsWith("cut: expected a", e.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Rejects_absurd_dimensions_before_memory_is_taken()
    {
        // A PNG that claims 60,000 x 60,000 pixels and holds 50 bytes of them; its checksums are right (by Python's
        // zlib.crc32).
        byte[] png = Convert.FromHexString(
            "89504E470D0A1A0A0000000D494844520000EA600000EA6008020000000FB0E2150000000C49444154789C63602015000000320001413C9C16" +
            "0000000049454E44AE426082");
        long before = GC.GetAllocatedBytesForCurrentThread();
        var e = Assert.Throws<InvalidDataException>(() => ImageFile.Decode(png, "huge.png"));
        Assert.Equal("huge.png: expected at most 100000000 pixels, got a header that claims 60000x60000.", e.Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Rejects_impossible_sizes_and_lengths()
    {
        var image = new ImagePixels(new byte[12], 3, 2, 2);
        Assert.Same(image, image.Resize(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => image.Resize(0, 2));
        Assert.Throws<ArgumentException>(() => image.Resize(100_000, 100_000));
        Assert.Throws<ArgumentException>(() => new ImagePixels(new byte[12], 1, 2, 2));
        Assert.Throws<ArgumentException>(() => new ImagePixels(new byte[8], 2, 2, 2));
    }

    [Fact]
    public void Random_damage_is_an_error_or_a_picture_never_a_crash()
    {
        var random = new System.Random(11);
        foreach (string name in PictureReference.Pictures.Keys)
        {
            for (int i = 0; i < 100; i++)
            {
                byte[] bytes = File(name);
                for (int k = 0; k < 4; k++)
                    bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                try
                {
                    ImagePixels image = ImageFile.Decode(bytes, "damaged");
                    Assert.Equal(3 * image.Height * image.Width, image.Pixels.Length);
                }
                catch (InvalidDataException e)
                {
                    Assert.StartsWith("damaged: ", e.Message, StringComparison.Ordinal);
                }
            }
        }
    }
}
