using Cresset.Cli.Inputs;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

public class PictureReaderTests
{
    const double DarkGround = 0.02, BrightGround = 0.98;

    [Theory]
    [InlineData("Auto", false, DarkGround, false)]
    [InlineData("Auto", true, DarkGround, true)]
    [InlineData("Auto", false, BrightGround, true)]
    [InlineData("Auto", true, BrightGround, false)]
    [InlineData("Auto", true, 0.5, false)]
    [InlineData("Yes", false, DarkGround, true)]
    [InlineData("No", true, DarkGround, false)]
    public void Inverts_where_the_ground_is_not_that_of_training(string invert, bool brightPicture, double trained, bool expected)
    {
        using var temp = new TempFolder();
        byte[] digit = DrawnDigits.Draw(1, 3).Pixels;
        byte[] drawn = brightPicture ? Array.ConvertAll(digit, p => (byte)(255 - p)) : digit;
        var path = temp.Write("digit.png", ImageFile.EncodePng(new ImagePixels(drawn, 1, 28, 28)));
        var (picture, inverted) = PictureReader.Read(path, Enum.Parse<Invert>(invert), Trained(trained));
        Assert.Equal(expected, inverted);
        Assert.Equal(expected ? Array.ConvertAll(drawn, p => (byte)(255 - p)) : drawn, picture.Pixels);
    }

    [Fact]
    public void A_coloured_picture_of_another_size_becomes_28x28_grey()
    {
        using var temp = new TempFolder();
        var pixels = new byte[3 * 60 * 40];
        Array.Fill(pixels, (byte)255, 0, 60 * 40); // red
        var path = temp.Write("red.png", ImageFile.EncodePng(new ImagePixels(pixels, 3, 60, 40)));
        var (picture, _) = PictureReader.Read(path, Invert.No, Trained(DarkGround));
        Assert.Equal((1, 28, 28), (picture.Channels, picture.Height, picture.Width));
        Assert.All(picture.Pixels, p => Assert.Equal(76, p)); // 0.299 * 255
    }

    [Fact]
    public void The_border_is_the_mean_of_the_outermost_pixels()
    {
        byte[] pixels = [255, 0, 0, 0, 99, 0, 0, 0, 0];
        Assert.Equal(1.0 / 8, PictureInput.BorderOf(pixels, 3, 3), 1e-12);
    }

    static PictureInput Trained(double border) => new(PictureShape.Grey28, [0], [1], border);
}
