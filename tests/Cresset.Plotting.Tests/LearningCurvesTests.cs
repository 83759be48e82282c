using System.Globalization;
using SkiaSharp;
using Xunit;

namespace Cresset.Plotting.Tests;

public sealed class LearningCurvesTests : IDisposable
{
    static readonly SKColor Blue = SKColor.Parse("#0072B2"), Vermilion = SKColor.Parse("#D55E00");
    readonly ChartFiles picture = new();

    static EpochPoint[] Run(int epochs) =>
        [.. Enumerable.Range(1, epochs).Select(e => new EpochPoint(e, 2.0 / e, 1 - 0.5 / e, 2.2 / e + 0.05, 0.97 - 0.5 / e))];

    static void NeedsFont()
    {
        if (!PlotFonts.Available) Assert.Skip("This machine has no font, so charts have no text.");
    }

    [Fact]
    public void A_png_decodes_at_the_size_asked_for()
    {
        using var own = picture.Png(Charts.LearningCurves(Run(5), "Digits"));
        Assert.Equal((1200, 480), (own.Width, own.Height));
        using var small = picture.Png(Charts.LearningCurves(Run(5), "Digits"), 700, 300);
        Assert.Equal((700, 300), (small.Width, small.Height));
    }

    [Fact]
    public void Both_curves_are_drawn_in_both_panels()
    {
        using var png = picture.Png(Charts.LearningCurves(Run(8), "Digits"));
        foreach (var color in new[] { Blue, Vermilion })
        {
            Assert.True(ChartFiles.Count(png, color, 0, 0.5) > 300);
            Assert.True(ChartFiles.Count(png, color, 0.5, 1) > 300);
        }
    }

    [Fact]
    public void A_curve_without_any_value_is_left_out()
    {
        var history = Run(8).Select(p => p with { ValidationLoss = double.NaN, ValidationAccuracy = double.NaN }).ToArray();
        using var png = picture.Png(Charts.LearningCurves(history, "Digits"));
        Assert.Equal(0, ChartFiles.Count(png, Vermilion));
        Assert.True(ChartFiles.Count(png, Blue) > 600);
        Assert.DoesNotContain("validation", ChartFiles.Texts(picture.Svg(Charts.LearningCurves(history, "Digits"))));
    }

    [Fact]
    public void One_epoch_shows_as_markers()
    {
        using var png = picture.Png(Charts.LearningCurves([new(1, 0.4, 0.9, 0.6, 0.8)], "One"));
        // The legend has a blue line and marker too: the data marker stands at the middle of its panel.
        Assert.True(ChartFiles.Count(png, Blue, 0.2, 0.35) > 30);
        Assert.True(ChartFiles.Count(png, Vermilion, 0.7, 0.83) > 30);
    }

    [Fact]
    public void A_missing_value_breaks_the_line()
    {
        EpochPoint[] whole = [.. Enumerable.Range(1, 9).Select(e => new EpochPoint(e, 1, 0.5))];
        var broken = whole.ToArray();
        broken[4] = broken[4] with { TrainLoss = double.NaN };
        using var before = picture.Png(Charts.LearningCurves(whole, "Gap"));
        using var after = picture.Png(Charts.LearningCurves(broken, "Gap"));
        // Epoch 5 of 9 stands in the middle of the left panel: blue there before, none after.
        Assert.True(ChartFiles.Count(before, Blue, 0.255, 0.285) > 20);
        Assert.Equal(0, ChartFiles.Count(after, Blue, 0.255, 0.285));
        Assert.True(ChartFiles.Count(after, Blue, 0.1, 0.2) > 20);
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.MaxValue)]
    [InlineData(0.0)]
    [InlineData(1e-300)]
    [InlineData(1e99)]
    public void Extreme_values_do_not_fail(double value)
    {
        EpochPoint[] history = [new(1, value, value, value, value), new(2, value, value, value, value), new(3, value, 0, 1, 1)];
        using var png = picture.Png(Charts.LearningCurves(history, "Extreme"));
        Assert.Equal(1200, png.Width);
        picture.Svg(Charts.LearningCurves(history, "Extreme"));
    }

    [Fact]
    public void The_svg_holds_titles_labels_and_legend_as_text_in_a_sans_serif_family()
    {
        NeedsFont();
        var svg = picture.Svg(Charts.LearningCurves(Run(5), "A < B & \"C\" \u0001 é", "test"));
        var texts = ChartFiles.Texts(svg);
        // SVG folds runs of spaces, the one that stands for the control character among them.
        Assert.Contains("A < B & \"C\" é", texts);
        foreach (var label in new[] { "loss", "accuracy", "train", "test" }) Assert.Contains(label, texts);
        Assert.Equal(2, texts.Count(t => t == "epoch"));
        Assert.All(ChartFiles.Labels(svg),
            e => Assert.Equal($"'{PlotFonts.Family}', Arial, Helvetica, sans-serif", e.Attribute("font-family")!.Value));
        Assert.All(ChartFiles.Labels(svg), e => Assert.False(e.Attribute("x")!.Value.TrimEnd().EndsWith(',')));
        Assert.Equal(("1200", "480"), (svg.Attribute("width")!.Value, svg.Attribute("height")!.Value));
    }

    [Fact]
    public void The_title_is_bold_in_every_chart_of_a_program()
    {
        NeedsFont();
        for (int i = 0; i < 3; i++)
        {
            var title = ChartFiles.Labels(picture.Svg(Charts.LearningCurves(Run(2), "Bold"))).Single(e => e.Value == "Bold");
            Assert.Contains(title.Attribute("font-weight")?.Value, new[] { "bold", "600", "700" });
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(30)]
    [InlineData(1000)]
    public void Epoch_ticks_are_whole_and_at_even_steps(int epochs)
    {
        NeedsFont();
        // Loss and accuracy lie in (10^6, 10^6 + 1), so small numbers on the picture are epochs.
        EpochPoint[] history = [.. Enumerable.Range(1, epochs).Select(e => new EpochPoint(e, 1e6 + 1.0 / e, 1e6 + 1.0 / e))];
        double[] ticks = [.. ChartFiles.Texts(picture.Svg(Charts.LearningCurves(history, "Ticks")))
            .Select(t => double.TryParse(t, CultureInfo.InvariantCulture, out double v) ? v : double.NaN)
            .Where(v => v <= epochs).Distinct().Order()];
        Assert.InRange(ticks.Length, 2, 13);
        Assert.All(ticks, v => Assert.Equal(Math.Round(v), v));
        Assert.Single(ticks.Zip(ticks.Skip(1), (a, b) => b - a).Distinct());
    }

    [Fact]
    public void Numbers_have_a_dot_in_any_culture()
    {
        NeedsFont();
        var before = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        try
        {
            CultureInfo.CurrentCulture = comma;
            var texts = ChartFiles.Texts(picture.Svg(Charts.LearningCurves(Run(5), "Dots")));
            Assert.Contains(texts, t => t.StartsWith("0.", StringComparison.Ordinal));
            Assert.DoesNotContain(texts, t => t.Contains(',', StringComparison.Ordinal));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void An_empty_history_is_rejected() =>
        Assert.Contains("at least one epoch", Assert.Throws<ArgumentException>(() => Charts.LearningCurves([], "x")).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Epochs_that_do_not_rise_are_rejected() =>
        Assert.Contains("epoch 2 follows 2", Assert.Throws<ArgumentException>(
            () => Charts.LearningCurves([new(2, 1, 1), new(2, 1, 1)], "x")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData(99)]
    [InlineData(10_001)]
    [InlineData(-1)]
    public void A_size_out_of_range_is_rejected(int side)
    {
        var chart = Charts.LearningCurves(Run(2), "x");
        Assert.Throws<ArgumentOutOfRangeException>(() => chart.SavePng(picture.PathOf("a.png"), width: side));
        Assert.Throws<ArgumentOutOfRangeException>(() => chart.SaveSvg(picture.PathOf("a.svg"), height: side));
        Assert.Empty(Directory.GetFiles(picture.Folder));
    }

    [Fact]
    public void A_file_is_replaced_and_nothing_else_is_left_in_the_folder()
    {
        var chart = Charts.LearningCurves(Run(2), "x");
        string folder = picture.PathOf("new/run");
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "a.png"), "old");
        chart.SavePng(Path.Combine(folder, "a.png"));
        chart.SaveSvg(Path.Combine(folder, "deeper", "a.svg"));
        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(Path.Combine(folder, "a.png"))[..4]);
        Assert.Equal(["a.png", "a.svg"],
            Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_failed_write_leaves_no_temporary_file()
    {
        Directory.CreateDirectory(picture.PathOf("taken.png"));
        Assert.ThrowsAny<SystemException>(() => Charts.LearningCurves(Run(2), "x").SavePng(picture.PathOf("taken.png")));
        Assert.Empty(Directory.GetFiles(picture.Folder));
    }

    public void Dispose() => picture.Dispose();
}
