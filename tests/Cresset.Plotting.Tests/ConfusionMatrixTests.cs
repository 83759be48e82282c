using System.Globalization;
using SkiaSharp;
using Xunit;

namespace Cresset.Plotting.Tests;

public sealed class ConfusionMatrixTests : IDisposable
{
    readonly ChartFiles picture = new();

    static string[] Names(int k) => [.. Enumerable.Range(0, k).Select(i => $"class {i}")];

    static long[][] Matrix(int k) =>
        [.. Enumerable.Range(0, k).Select(t => Enumerable.Range(0, k).Select(p => t == p ? 900L + t : (t * 7 + p) % 5).ToArray())];

    static void NeedsFont()
    {
        if (!PlotFonts.Available) Assert.Skip("This machine has no font, so charts have no text.");
    }

    [Theory]
    [InlineData(2)]
    [InlineData(10)]
    [InlineData(50)]
    public void A_png_decodes_at_its_size_with_a_dark_diagonal(int k)
    {
        using var png = picture.Png(Charts.ConfusionMatrix(Matrix(k), Names(k), "Confusion"));
        Assert.Equal((800, 760), (png.Width, png.Height));
        int dark = 0;
        for (int x = 0; x < png.Width; x++)
            for (int y = 0; y < png.Height; y++)
                if (png.GetPixel(x, y) is { Red: < 100, Blue: > 90 }) dark++;
        // The diagonal is 1/k of the cells, which cover more than half of the picture.
        Assert.InRange((double)dark / (png.Width * png.Height), 0.3 / k, 1.0 / k);
    }

    [Fact]
    public void The_svg_holds_title_names_axis_labels_and_every_count()
    {
        NeedsFont();
        long[][] counts = [[101, 2, 3], [4, 105, 6], [7, 8, 109]];
        var texts = ChartFiles.Texts(picture.Svg(Charts.ConfusionMatrix(counts, ["cat", "dog", "bird"], "Pets")));
        foreach (var label in new[] { "Pets", "predicted", "true" }) Assert.Single(texts, label);
        foreach (var name in new[] { "cat", "dog", "bird" }) Assert.Equal(2, texts.Count(t => t == name));
        foreach (var count in counts.SelectMany(row => row)) Assert.Single(texts, count.ToString(CultureInfo.InvariantCulture));
    }

    [Fact]
    public void A_count_stands_in_its_row_and_column()
    {
        NeedsFont();
        var labels = ChartFiles.Labels(picture.Svg(Charts.ConfusionMatrix([[11, 22], [33, 44]], ["a", "b"], "Where")));
        var (x11, y11) = At("11");
        var (x22, y22) = At("22");
        var (x33, y33) = At("33");
        Assert.True(x22 > x11 + 100 && Math.Abs(y22 - y11) < 2, "The second prediction of the first class is right of the first.");
        Assert.True(y33 > y11 + 100 && Math.Abs(x33 - x11) < 2, "The second true class is below the first.");

        (double X, double Y) At(string text) => ChartFiles.Place(labels.Single(l => l.Value == text));
    }

    [Fact]
    public void Counts_are_white_on_dark_cells_and_black_on_light_ones()
    {
        NeedsFont();
        var labels = ChartFiles.Labels(picture.Svg(Charts.ConfusionMatrix([[90, 10], [20, 80]], ["a", "b"], "Contrast")));
        string? Fill(string text) => labels.Single(l => l.Value == text).Attribute("fill")?.Value;
        Assert.Equal("white", Fill("90"));
        Assert.Equal("white", Fill("80"));
        // SVG text without a fill is black.
        Assert.Contains(Fill("10"), new[] { null, "black" });
        Assert.Contains(Fill("20"), new[] { null, "black" });
    }

    [Fact]
    public void Colour_is_the_share_of_the_row_not_the_count()
    {
        // Both rows are 3 : 1 though their counts differ a thousandfold.
        using var png = picture.Png(Charts.ConfusionMatrix([[3000, 1000], [1, 3]], ["a", "b"], "Shares"));
        int x1 = png.Width * 2 / 5, x2 = png.Width * 4 / 5, y1 = png.Height / 5, y2 = png.Height * 3 / 5;
        Assert.Equal(png.GetPixel(x1, y1), png.GetPixel(x2, y2));
        Assert.Equal(png.GetPixel(x2, y1), png.GetPixel(x1, y2));
        Assert.True(png.GetPixel(x1, y1).Red < png.GetPixel(x2, y1).Red);
    }

    [Fact]
    public void Counts_too_small_to_read_are_left_out()
    {
        NeedsFont();
        var texts = ChartFiles.Texts(picture.Svg(Charts.ConfusionMatrix(Matrix(50), Names(50), "Fifty")));
        Assert.Equal(2 * 50 + 3, texts.Length);
        Assert.Equal(2, texts.Count(t => t == "class 49"));
    }

    [Fact]
    public void Empty_rows_and_huge_counts_do_not_fail()
    {
        using var png = picture.Png(Charts.ConfusionMatrix(
            [[0, 0, 0], [long.MaxValue, long.MaxValue, 1], [0, 1, 0]], ["", new string('w', 200), "ok"], "Odd"));
        Assert.Equal(800, png.Width);
        using var small = picture.Png(Charts.ConfusionMatrix(Matrix(50), Names(50), "Small"), 100, 100);
        Assert.Equal(100, small.Width);
    }

    [Fact]
    public void A_long_name_is_shortened()
    {
        NeedsFont();
        var texts = ChartFiles.Texts(picture.Svg(Charts.ConfusionMatrix(Matrix(2), [new string('n', 60), "b"], "Long")));
        Assert.Equal(2, texts.Count(t => t == new string('n', 23) + "…"));
    }

    [Fact]
    public void A_later_change_of_the_matrix_does_not_reach_the_chart()
    {
        NeedsFont();
        var counts = Matrix(2);
        var chart = Charts.ConfusionMatrix(counts, Names(2), "Copy");
        counts[0][0] = 123456;
        Assert.DoesNotContain("123456", ChartFiles.Texts(picture.Svg(chart)));
    }

    [Fact]
    public void A_ragged_matrix_is_rejected() => Rejects([[1, 2], [3]], ["a", "b"], "row 1 has 1 counts");

    [Fact]
    public void A_negative_count_is_rejected() => Rejects([[1, 2], [-3, 1]], ["a", "b"], "row 1, column 0 is -3");

    [Fact]
    public void A_single_class_is_rejected() => Rejects([[1]], ["a"], "at least 2 classes");

    [Fact]
    public void Names_that_do_not_fit_are_rejected() => Rejects([[1, 2], [3, 4]], ["a", "b", "c"], "expected 2 class names");

    static void Rejects(long[][] counts, string[] names, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => Charts.ConfusionMatrix(counts, names, "x")).Message,
            StringComparison.Ordinal);

    public void Dispose() => picture.Dispose();
}
