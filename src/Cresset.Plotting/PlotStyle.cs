using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cresset.Plotting;

/// <summary>What all charts share: fonts, colours, ticks, legend, and the range that an axis shows.</summary>
static class PlotStyle
{
    public static readonly Color Ink = Color.FromHex("#222222");

    // Okabe and Ito's palette, told apart by colour-blind readers, without its yellow, which is too pale on white.
    // (No dashes anywhere: Skia's SVG cannot write them, and says so on stderr.)
    public static readonly Color[] Palette =
    [
        Color.FromHex("#0072B2"), Color.FromHex("#D55E00"), Color.FromHex("#009E73"), Color.FromHex("#CC79A7"),
        Color.FromHex("#E69F00"), Color.FromHex("#56B4E9"), Color.FromHex("#222222"), Color.FromHex("#8C6D46"),
    ];

    // Larger values break the arithmetic of axis limits and ticks; a run that gets there has diverged.
    const double LargestValue = 1e100;

    /// <summary>A plot with this library's fonts, colours and axis labels.</summary>
    public static Plot NewPlot(string xLabel, string yLabel)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.White;
        plot.Axes.Color(Ink);
        plot.XLabel(xLabel, 14);
        plot.YLabel(yLabel, 14);
        foreach (var axis in plot.Axes.GetAxes())
        {
            axis.Label.FontName = PlotFonts.For(axis.Label.Text);
            axis.Label.Bold = false;
            axis.TickLabelStyle.FontName = PlotFonts.Family;
        }
        plot.Axes.Frame(true);
        plot.Axes.Right.FrameLineStyle.Width = plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.1);
        return plot;
    }

    public static void ShowLegend(Plot plot, Alignment place, string texts)
    {
        plot.ShowLegend(place);
        plot.Legend.FontName = PlotFonts.For(texts);
        plot.Legend.FontSize = 13;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Black.WithAlpha(0.25);
        plot.Legend.BackgroundColor = Colors.White.WithAlpha(0.85);
    }

    /// <summary>Makes a title smaller where it is wider than its room, but not too small to read.</summary>
    public static void Fit(LabelStyle title, float room)
    {
        using var paint = Paint.NewDisposablePaint();
        float width = title.Measure(title.Text, paint).Width;
        if (width > room) title.FontSize = Math.Max(9, title.FontSize * room / width);
    }

    /// <summary>The value, or NaN where no chart can show it.</summary>
    public static double Usable(double value) => Math.Abs(value) <= LargestValue ? value : double.NaN;

    /// <summary>The range of the values with a margin; 0 to 1 where there is none.</summary>
    public static (double Low, double High) Range(IEnumerable<double> values)
    {
        double[] known = [.. values.Where(v => !double.IsNaN(v))];
        if (known.Length == 0) return (0, 1);
        double low = known.Min(), high = known.Max();
        double pad = high > low ? 0.06 * (high - low) : Math.Max(0.05, 0.05 * Math.Abs(high));
        return (low - pad, high + pad);
    }

    public static bool HasLonelyValue(double[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i])
                && (i == 0 || double.IsNaN(values[i - 1])) && (i == values.Length - 1 || double.IsNaN(values[i + 1])))
                return true;
        }
        return false;
    }

    public static NumericAutomatic NumberTicks(double low, double high) => new()
    {
        LabelFormatter = v => (Math.Abs(v) < 1e-12 * (high - low) ? 0 : v).ToString("G6", CultureInfo.InvariantCulture),
    };

    /// <summary>Ticks at powers of ten, with 2 and 5 times them where there are few, of an axis whose coordinate is log10.</summary>
    public static NumericManual LogTicks(double low, double high, int most)
    {
        var ticks = new NumericManual();
        int first = (int)Math.Floor(low), last = (int)Math.Ceiling(high);
        int step = Math.Max(1, (last - first + most - 1) / most);
        double[] parts = last - first <= 3 ? [1, 2, 5] : [1];
        for (int decade = first; decade <= last; decade++)
        {
            if (decade % step != 0) continue;
            foreach (double part in parts)
            {
                double place = decade + Math.Log10(part);
                if (place < low || place > high) continue;
                ticks.AddMajor(place, Math.Abs(decade) <= 4
                    ? (part * Math.Pow(10, decade)).ToString("G6", CultureInfo.InvariantCulture)
                    : string.Create(CultureInfo.InvariantCulture, $"{part}e{decade}"));
            }
        }
        return ticks;
    }

    /// <summary>Names instead of numbers at 0, 1, 2, ... of an axis; on the bottom axis upright where they are too wide.</summary>
    public static void NameTicks(IAxis axis, string[] names, float room)
    {
        string[] shown = [.. names.Select(Shorten)];
        axis.TickGenerator = new NumericManual([.. shown.Select((_, i) => (double)i)], shown);
        axis.TickLabelStyle.FontName = PlotFonts.For(string.Concat(shown));
        axis.MajorTickStyle.Length = 3;
        if (axis is not IXAxis bottom) return;
        using var paint = Paint.NewDisposablePaint();
        float widest = axis.TickLabelStyle.MeasureWidestString(shown, paint).width.Length;
        if (widest <= 0.95f * room / shown.Length) return;
        axis.TickLabelStyle.Rotation = -90;
        axis.TickLabelStyle.Alignment = Alignment.MiddleRight;
        bottom.MinimumSize = widest + 40;
    }

    // A long name would leave no room for the data.
    static string Shorten(string name)
    {
        var text = new StringInfo(name);
        return text.LengthInTextElements <= 24 ? name : text.SubstringByTextElements(0, 23) + "…";
    }

    /// <summary>Black or white, whichever has the higher contrast (WCAG 2: (L1 + 0.05) / (L2 + 0.05), L the relative luminance).</summary>
    public static Color ReadableOn(Color background)
    {
        double luminance = 0.2126 * Linear(background.R) + 0.7152 * Linear(background.G) + 0.0722 * Linear(background.B);
        return 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 ? Colors.White : Colors.Black;

        static double Linear(byte channel)
        {
            double c = channel / 255.0;
            return c <= 0.04045 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
        }
    }
}
