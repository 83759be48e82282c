using SkiaSharp;
using Xunit;

namespace Cresset.Plotting.Tests;

public sealed class FigureTests : IDisposable
{
    static readonly SKColor Blue = SKColor.Parse("#0072B2"), Vermilion = SKColor.Parse("#D55E00"), Green = SKColor.Parse("#009E73");
    readonly ChartFiles picture = new();

    static void NeedsFont()
    {
        if (!PlotFonts.Available) Assert.Skip("This machine has no font, so charts have no text.");
    }

    static double[] Range(int count) => [.. Enumerable.Range(0, count).Select(i => (double)i)];

    // The rows or columns of a colour's pixels: (first, last).
    static (int First, int Last) Span(SKBitmap png, SKColor color, bool rows, double left = 0, double right = 1)
    {
        var places = new List<int>();
        for (int x = (int)(left * png.Width); x < (int)(right * png.Width); x++)
            for (int y = 0; y < png.Height; y++)
                if (ChartFiles.Near(png.GetPixel(x, y), color)) places.Add(rows ? y : x);
        return places.Count == 0 ? (-1, -1) : (places.Min(), places.Max());
    }

    [Fact]
    public void Panels_stand_side_by_side_and_in_rows()
    {
        Panel Flat() => new Panel("x", "y").Line([0, 1], [1, 1]);
        using var row = picture.Png(Charts.Figure("Row", Flat(), Flat(), Flat()));
        Assert.Equal((1680, 480), (row.Width, row.Height));
        for (int i = 0; i < 3; i++) Assert.True(ChartFiles.Count(row, Blue, i / 3.0, (i + 1) / 3.0) > 300);

        using var grid = picture.Png(Charts.Figure("Grid", 2, Flat(), Flat(), Flat()));
        Assert.Equal((1120, 920), (grid.Width, grid.Height));
        // Two panels in the left column, one in the right, whose lower half stays empty.
        Assert.True(Span(grid, Blue, rows: true, 0, 0.5) is { First: < 460, Last: > 460 });
        Assert.True(Span(grid, Blue, rows: true, 0.5, 1) is { First: > 0, Last: < 460 });
    }

    [Fact]
    public void The_svg_holds_labels_titles_and_legends_as_text()
    {
        NeedsFont();
        var texts = ChartFiles.Texts(picture.Svg(Charts.Figure("Above",
            new Panel("weight", "cost", "left title").Line([0, 1], [0, 1], "curve").Points([0, 1], [0, 1], "curve").Vertical(0.5, "best"))));
        foreach (var text in new[] { "Above", "weight", "cost", "left title", "curve", "best" }) Assert.Single(texts, text);
    }

    [Fact]
    public void A_long_title_is_written_smaller_so_that_all_of_it_is_seen()
    {
        NeedsFont();
        var texts = string.Join(' ', Enumerable.Repeat("many words", 9));
        double Size(string title) => double.Parse(
            ChartFiles.Labels(picture.Svg(Charts.Figure(title, new Panel("x", "y").Line([0], [0])), 700)).Single(l => l.Value == title)
                .Attribute("font-size")!.Value, System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(Size(texts), 9, 15);
        Assert.Equal(18, Size("Short"));
    }

    [Fact]
    public void Every_label_has_its_colour_and_calls_of_one_label_share_it()
    {
        using var png = picture.Png(Charts.Figure("Colours",
            new Panel("x", "y").Line([0, 1], [0, 1], "a").Line([0, 1], [1, 2], "b").Points([0, 1], [0, 1], "a")));
        Assert.True(ChartFiles.Count(png, Blue) > 300);
        Assert.True(ChartFiles.Count(png, Vermilion) > 300);
        Assert.Equal(0, ChartFiles.Count(png, Green));
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e200)]
    public void A_value_that_cannot_be_shown_leaves_a_gap(double value)
    {
        var y = Range(9).Select(_ => 1.0).ToArray();
        using var whole = picture.Png(Charts.Figure("Gap", new Panel("x", "y").Line(Range(9), y)));
        y[4] = value;
        using var broken = picture.Png(Charts.Figure("Gap", new Panel("x", "y").Line(Range(9), y)));
        Assert.True(ChartFiles.Count(whole, Blue, 0.5, 0.55) > 30);
        Assert.Equal(0, ChartFiles.Count(broken, Blue, 0.5, 0.55));
        Assert.True(ChartFiles.Count(broken, Blue, 0.2, 0.3) > 30);
    }

    [Fact]
    public void A_logarithmic_axis_puts_decades_at_equal_steps()
    {
        // Powers of ten lie on a straight line: the middle one stands in the middle, though linear it would lie at the bottom.
        double[] y = [1e-3, 1, 1e3];
        int Middle(Panel panel)
        {
            using var png = picture.Png(Charts.Figure("Log", panel.Points([0, 1, 2], y)));
            var (top, bottom) = Span(png, Blue, rows: true);
            var (first, last) = Span(png, Blue, rows: true, 0.45, 0.65);
            return 100 * ((first + last) / 2 - top) / (bottom - top);
        }
        Assert.InRange(Middle(new Panel("x", "y") { LogY = true }), 48, 52);
        Assert.InRange(Middle(new Panel("x", "y")), 95, 100);
    }

    [Fact]
    public void A_logarithmic_axis_leaves_out_what_is_not_above_zero_and_names_decades()
    {
        NeedsFont();
        var chart = Charts.Figure("Log", new Panel("x", "y") { LogX = true, LogY = true }.Line([-1, 1, 10, 100], [5, 0.001, 1, 1000], "c"));
        var texts = ChartFiles.Texts(picture.Svg(chart));
        foreach (var tick in new[] { "0.001", "1", "10", "100", "1000" }) Assert.Contains(tick, texts);
        Assert.DoesNotContain("-1", texts);
    }

    [Fact]
    public void Limits_say_what_an_axis_shows()
    {
        using var png = picture.Png(Charts.Figure("Limits",
            new Panel("x", "y") { XLimits = (0, 10), YLimits = (0, 10) }.Line([0, 5], [5, 5])));
        // The line ends at x = 5, the middle of the data area.
        Assert.InRange(Span(png, Blue, rows: false).Last, 0.48 * png.Width, 0.57 * png.Width);
        Assert.Throws<ArgumentException>(() => picture.Png(Charts.Figure("x", new Panel("x", "y") { XLimits = (3, 3) }.Line([0], [0]))));
        Assert.Throws<InvalidOperationException>(
            () => picture.Png(Charts.Figure("x", new Panel("x", "y") { LogX = true, XLimits = (0, 3) }.Line([1], [1]))));
    }

    [Fact]
    public void Bars_stand_on_zero_and_are_as_high_as_their_values()
    {
        using var png = picture.Png(Charts.Figure("Bars", new Panel("", "y").Bars(["a", "b"], [4, 2])));
        var (highTop, bottom) = Span(png, Blue, rows: true, 0.1, 0.45);
        var (lowTop, sameBottom) = Span(png, Blue, rows: true, 0.6, 0.95);
        Assert.InRange(sameBottom - bottom, -1, 1);
        Assert.InRange((bottom - highTop) / (double)(bottom - lowTop), 1.95, 2.05);
    }

    [Fact]
    public void A_second_call_of_bars_stands_beside_the_first()
    {
        NeedsFont();
        var chart = Charts.Figure("Bars", new Panel("", "y").Bars(["a"], [4], "first", showValues: true).Bars(["a"], [3.25], "second", showValues: true));
        using var png = picture.Png(chart);
        Assert.True(ChartFiles.Count(png, Blue, 0.2, 0.5) > 5000);
        Assert.True(ChartFiles.Count(png, Vermilion, 0.55, 0.9) > 5000);
        var texts = ChartFiles.Texts(picture.Svg(chart));
        foreach (var text in new[] { "a", "first", "second", "3.25" }) Assert.Contains(text, texts);
    }

    [Fact]
    public void A_path_starts_with_an_open_circle_and_ends_with_a_filled_one()
    {
        using var png = picture.Png(Charts.Figure("Path", new Panel("x", "y") { XLimits = (-1, 11), YLimits = (-1, 1) }.Path([0, 10], [0, 0])));
        var (left, right) = Span(png, Blue, rows: false);
        var (top, bottom) = Span(png, Blue, rows: true);
        int middle = (top + bottom) / 2;
        // Four pixels above the middle of each circle: inside the ring, and inside the disc.
        Assert.False(ChartFiles.Near(png.GetPixel(left + 7, middle - 3), Blue));
        Assert.True(ChartFiles.Near(png.GetPixel(right - 6, middle - 3), Blue));
    }

    [Fact]
    public void Contours_of_a_distance_are_circles_around_its_centre()
    {
        Panel Rings() => new Panel("x", "y").Contours((x, y) => x * x + y * y, (-1, 1), (-1, 1), lines: 1);
        using var rings = picture.Png(Charts.Figure("Rings", Rings()));
        var color = SKColor.Parse("#4C6A92");
        // The one line is the median of the squared distance over the square: its area is half of the square's, 2 = pi r^2.
        double r = Math.Sqrt(2 / Math.PI), diagonal = r / Math.Sqrt(2);
        foreach (var (x, y) in new[] { (r, 0.0), (-r, 0), (0, r), (0, -r), (diagonal, diagonal), (-diagonal, diagonal) })
        {
            foreach (double scale in new[] { 0.85, 1, 1.15 })
            {
                using var marked = picture.Png(Charts.Figure("Rings", Rings().Points([scale * x], [scale * y])));
                var (left, right) = Span(marked, Blue, rows: false);
                var (top, bottom) = Span(marked, Blue, rows: true);
                Assert.True(IsNearLine((left + right) / 2, (top + bottom) / 2) == (scale == 1), $"{scale} times ({x}, {y})");
            }
        }

        bool IsNearLine(int x, int y)
        {
            for (int i = -4; i <= 4; i++)
                for (int j = -4; j <= 4; j++)
                    if (ChartFiles.Near(rings.GetPixel(x + i, y + j), color, 220)) return true;
            return false;
        }
    }

    [Fact]
    public void Contours_leave_out_places_without_a_height()
    {
        using var png = picture.Png(Charts.Figure("Half", new Panel("x", "y").Contours((x, y) => x < 0 ? double.NaN : x * y, (-1, 1), (-1, 1))));
        int left = 0, right = 0;
        for (int x = png.Width / 5; x < png.Width * 0.95; x++)
            for (int y = 80; y < 440; y++)
                if (png.GetPixel(x, y) is { Blue: > 120 } p && p.Blue - p.Red > 25) _ = x < png.Width / 2 ? left++ : right++;
        Assert.Equal(0, left);
        Assert.True(right > 1000, $"{right} pixels of contour lines.");
    }

    [Fact]
    public void Reference_lines_cross_the_whole_panel()
    {
        using var png = picture.Png(Charts.Figure("Cross", new Panel("x", "y") { XLimits = (0, 2), YLimits = (0, 2) }.Vertical(1).Horizontal(1)));
        var gray = new SKColor(128, 128, 128);
        var (left, right) = Span(png, gray, rows: false);
        var (top, bottom) = Span(png, gray, rows: true);
        Assert.True(right - left > 0.8 * png.Width && bottom - top > 0.7 * png.Height);
    }

    [Fact]
    public void A_heat_map_is_blue_above_zero_vermilion_below_and_empty_where_there_is_no_value()
    {
        using var png = picture.Png(Charts.Figure("Heat", new Panel("x", "y").HeatMap([[2, -2], [0, double.NaN]])));
        SKColor At(double x, double y) => png.GetPixel((int)(x * png.Width), (int)(y * png.Height));
        Assert.True(At(0.3, 0.3) is { Blue: > 90, Red: < 30 });
        Assert.True(At(0.75, 0.3) is { Red: > 120, Blue: < 30 });
        Assert.Equal(SKColors.White, At(0.75, 0.7));
        Assert.Equal(SKColor.Parse("#F7FBFF"), At(0.3, 0.7));
    }

    [Fact]
    public void A_heat_map_writes_names_and_values()
    {
        NeedsFont();
        var texts = ChartFiles.Texts(picture.Svg(Charts.Figure("Heat",
            new Panel("key", "query").HeatMap([[0.126, 2], [-1.5, 0]], ["I", "saw"], ["me", "you"], showValues: true))));
        foreach (var text in new[] { "I", "saw", "me", "you", "0.13", "2", "-1.50", "0" }) Assert.Contains(text, texts);
    }

    [Fact]
    public void What_does_not_fit_is_rejected()
    {
        var panel = new Panel("x", "y");
        Rejects(() => panel.Line([1, 2], [1]), "2 x and 1 y");
        Rejects(() => panel.Points([], []), "at least one");
        Rejects(() => panel.Bars(["a"], [1, 2]), "1 names and 2 values");
        Rejects(() => new Panel("x", "y").Bars(["a"], [1]).Bars(["b"], [1]), "share their names");
        Rejects(() => panel.HeatMap([]), "empty");
        Rejects(() => panel.HeatMap([[1, 2], [3]]), "row 1 has 1");
        Rejects(() => panel.HeatMap([[1, 2]], ["a", "b"]), "expected 1 row names, got 2");
        Rejects(() => panel.Contours((x, y) => x, (1, 0), (0, 1)), "lower number first");
        Rejects(() => Charts.Figure("x"), "at least one panel");
        Assert.Throws<InvalidOperationException>(() => new Panel("x", "y").HeatMap([[1]]).Line([1], [1]));
        Assert.Throws<InvalidOperationException>(() => new Panel("x", "y").Line([1], [1]).HeatMap([[1]]));
        Assert.Throws<InvalidOperationException>(() => new Panel("x", "y") { LogX = true }.Contours((x, y) => x, (0, 1), (0, 1)));

        static void Rejects(Action make, string message) =>
            Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(make).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_figure_is_written_twice_alike()
    {
        var chart = Charts.Figure("Twice", new Panel("x", "y").Line([0, 1], [0, 1], "a").Bars(["p", "q"], [1, 2], "b"));
        chart.SavePng(picture.PathOf("1.png"));
        chart.SavePng(picture.PathOf("2.png"));
        Assert.Equal(File.ReadAllBytes(picture.PathOf("1.png")), File.ReadAllBytes(picture.PathOf("2.png")));
    }

    public void Dispose() => picture.Dispose();
}
