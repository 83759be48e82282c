using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cresset.Plotting;

/// <summary>The cells of a confusion matrix: class t is row y = t from the top, class p is column x = p.</summary>
sealed class ConfusionMatrixPanel(long[][] counts) : IPlottable
{
    const float SmallestText = 7, LargestText = 18;
    static readonly Color Light = Color.FromHex("#F7FBFF"), Dark = Color.FromHex("#08306B");

    public bool IsVisible { get; set; } = true;

    public IAxes Axes { get; set; } = new Axes();

    public IEnumerable<LegendItem> LegendItems => LegendItem.None;

    public static Plot Build(long[][] counts, string[] names, PixelSize size)
    {
        int k = counts.Length;
        var plot = Charts.Panel("predicted", "true");
        plot.Add.Plottable(new ConfusionMatrixPanel(counts));
        plot.HideGrid();
        // A reversed y range: the first class is the top row.
        plot.Axes.SetLimits(-0.5, k - 0.5, k - 0.5, -0.5);

        double[] positions = [.. Enumerable.Range(0, k).Select(i => (double)i)];
        float columnWidth = 0.85f * size.Width / k;
        float fontSize = Math.Clamp(0.8f * Math.Min(columnWidth, 0.85f * size.Height / k), 6, 13);
        string[] shown = [.. names.Select(Shorten)];
        string font = PlotFonts.For(string.Concat(shown));

        foreach (IAxis axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            axis.TickGenerator = new NumericManual(positions, shown);
            axis.TickLabelStyle.FontName = font;
            axis.TickLabelStyle.FontSize = fontSize;
            axis.MajorTickStyle.Length = 3;
        }

        using var paint = Paint.NewDisposablePaint();
        float widest = plot.Axes.Bottom.TickLabelStyle.MeasureWidestString(shown, paint).width.Length;
        if (widest > 0.95f * columnWidth)
        {
            plot.Axes.Bottom.TickLabelStyle.Rotation = -90;
            plot.Axes.Bottom.TickLabelStyle.Alignment = Alignment.MiddleRight;
            plot.Axes.Bottom.MinimumSize = widest + 40;
        }
        return plot;
    }

    public AxisLimits GetAxisLimits() => new(-0.5, counts.Length - 0.5, -0.5, counts.Length - 0.5);

    public void Render(RenderPack rp)
    {
        int k = counts.Length;
        float cellWidth = rp.DataRect.Width / k, cellHeight = rp.DataRect.Height / k;
        var label = new LabelStyle { FontName = PlotFonts.Family, Alignment = Alignment.MiddleCenter };
        // One size for all cells, such that the longest count fits.
        string longest = Text(counts.Max(row => row.Max()));
        label.FontSize = LargestText;
        float widest = Math.Max(1, label.Measure(longest, rp.Paint).Width);
        float fontSize = Math.Min(LargestText, Math.Min(0.6f * cellHeight, LargestText * 0.85f * cellWidth / widest));
        label.FontSize = fontSize;
        // Wide cells are separated by a hairline, narrow ones touch.
        float gap = Math.Min(cellWidth, cellHeight) >= 8 ? 0.5f : 0;

        for (int t = 0; t < k; t++)
        {
            double total = counts[t].Sum(c => (double)c);
            for (int p = 0; p < k; p++)
            {
                Color fill = Light.MixedWith(Dark, total == 0 ? 0 : counts[t][p] / total);
                float left = rp.DataRect.Left + p * cellWidth, top = rp.DataRect.Top + t * cellHeight;
                Drawing.FillRectangle(rp.Canvas,
                    new PixelRect(left + gap, left + cellWidth - gap, top + cellHeight - gap, top + gap),
                    rp.Paint, new FillStyle { Color = fill, AntiAlias = gap > 0 });
                if (fontSize < SmallestText) continue;
                label.ForeColor = Readable(fill);
                label.Render(rp.Canvas, new Pixel(left + cellWidth / 2, top + cellHeight / 2), rp.Paint, Text(counts[t][p]));
            }
        }
    }

    static string Text(long count) => count.ToString(CultureInfo.InvariantCulture);

    // A long name would leave no room for the cells.
    static string Shorten(string name)
    {
        var text = new StringInfo(name);
        return text.LengthInTextElements <= 24 ? name : text.SubstringByTextElements(0, 23) + "…";
    }

    // Black or white, whichever has the higher contrast (WCAG 2: (L1 + 0.05) / (L2 + 0.05), L the relative luminance).
    static Color Readable(Color background)
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
