using SkiaSharp;
using Xunit;

namespace Cresset.Plotting.Tests;

public sealed class PicturesTests : IDisposable
{
    readonly ChartFiles picture = new();

    [Fact]
    public void Pictures_stand_row_by_row_in_their_own_colours()
    {
        Picture Grey(float value) => new([value, value, value, value], 2, 2);
        var red = new Picture([1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0], 2, 2);
        using var png = picture.Png(Charts.Pictures("Three", [Grey(0), Grey(0.6f), red], columns: 2), 400, 440);
        Assert.Equal(SKColors.Black, png.GetPixel(100, 140));
        Assert.Equal(new SKColor(153, 153, 153), png.GetPixel(300, 140));
        Assert.Equal(SKColors.Red, png.GetPixel(100, 340));
        Assert.Equal(SKColors.White, png.GetPixel(300, 340));
    }

    [Fact]
    public void The_first_value_is_the_upper_left_pixel_and_rows_follow()
    {
        // White, black / grey, black.
        using var png = picture.Png(Charts.Pictures("One", [new Picture([1, 0, 0.5f, 0], 2, 2)]), 440, 440);
        Assert.Equal(SKColors.White, png.GetPixel(120, 140));
        Assert.Equal(SKColors.Black, png.GetPixel(320, 140));
        Assert.Equal(new SKColor(128, 128, 128), png.GetPixel(120, 340));
        Assert.Equal(SKColors.Black, png.GetPixel(320, 340));
    }

    [Fact]
    public void Values_are_clipped_or_stretched()
    {
        using var clipped = picture.Png(Charts.Pictures("Clip", [new Picture([-3, 5], 1, 2)]), 440, 440);
        Assert.Equal((SKColors.Black, SKColors.White), (clipped.GetPixel(120, 240), clipped.GetPixel(320, 240)));
        using var plain = picture.Png(Charts.Pictures("Plain", [new Picture([0.4f, 0.6f, float.NaN], 1, 3)]), 440, 440);
        using var stretched = picture.Png(Charts.Pictures("Stretch", [new Picture([0.4f, 0.6f, float.NaN], 1, 3, stretch: true)]), 440, 440);
        Assert.Equal(new SKColor(102, 102, 102), plain.GetPixel(80, 240));
        Assert.Equal(SKColors.Black, stretched.GetPixel(80, 240));
        Assert.Equal(SKColors.White, stretched.GetPixel(220, 240));
        Assert.Equal(SKColors.Black, stretched.GetPixel(360, 240));
    }

    [Fact]
    public void Captions_stand_below_their_pictures_as_text()
    {
        if (!PlotFonts.Available) Assert.Skip("This machine has no font, so charts have no text.");
        var labels = ChartFiles.Labels(picture.Svg(Charts.Pictures("Captions",
            [.. Enumerable.Range(0, 4).Select(_ => new Picture(new float[9], 3, 3))], ["zero", "one", "two", "three"], columns: 2)));
        (double X, double Y) At(string text) => ChartFiles.Place(labels.Single(l => l.Value == text));
        Assert.True(At("one").X > At("zero").X + 50 && Math.Abs(At("one").Y - At("zero").Y) < 2);
        Assert.True(At("two").Y > At("zero").Y + 50);
    }

    [Fact]
    public void A_large_grid_still_fits_into_a_file()
    {
        using var png = picture.Png(Charts.Pictures("Many", [.. Enumerable.Range(0, 400).Select(_ => new Picture(new float[784], 28, 28))]));
        Assert.InRange(png.Width, 320, 10_000);
        Assert.True(ChartFiles.Count(png, SKColors.Black) > png.Width * png.Height / 3);
    }

    [Fact]
    public void What_does_not_fit_is_rejected()
    {
        Assert.Contains("2 x 2 values", Assert.Throws<ArgumentException>(() => new Picture(new float[8], 2, 2)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new Picture([], 0, 0));
        Assert.Throws<ArgumentException>(() => Charts.Pictures("x", []));
        Assert.Contains("expected 1 captions", Assert.Throws<ArgumentException>(
            () => Charts.Pictures("x", [new Picture(new float[4], 2, 2)], ["a", "b"])).Message, StringComparison.Ordinal);
    }

    public void Dispose() => picture.Dispose();
}
