using ScottPlot;

namespace Cresset.Plotting;

/// <summary>A matrix as coloured cells: row r is y = r from the top, column c is x = c.</summary>
/// <param name="shares">What colours a cell: 0 light to 1 dark blue, 0 to -1 dark vermilion; NaN leaves the cell empty.</param>
/// <param name="texts">What is written in the cells; null for nothing.</param>
sealed class HeatMapCells(double[][] shares, string[][]? texts) : IPlottable
{
    const float SmallestText = 7, LargestText = 18;
    static readonly Color Light = Color.FromHex("#F7FBFF"), Dark = Color.FromHex("#08306B"), Negative = Color.FromHex("#8A2D04");

    readonly int rows = shares.Length, columns = shares[0].Length;

    public bool IsVisible { get; set; } = true;

    public IAxes Axes { get; set; } = new Axes();

    public IEnumerable<LegendItem> LegendItems => LegendItem.None;

    /// <summary>Puts the cells on a plot and names its rows and columns.</summary>
    public static void AddTo(Plot plot, double[][] shares, string[][]? texts, string[] rowNames, string[] columnNames, PixelSize size)
    {
        var cells = new HeatMapCells(shares, texts);
        plot.Add.Plottable(cells);
        plot.HideGrid();
        plot.Axes.Frame(true);
        plot.Axes.Right.FrameLineStyle.Width = plot.Axes.Top.FrameLineStyle.Width = 1;
        // A reversed y range: the first row is at the top.
        plot.Axes.SetLimits(-0.5, cells.columns - 0.5, cells.rows - 0.5, -0.5);

        float columnWidth = 0.85f * size.Width / cells.columns;
        float fontSize = Math.Clamp(0.8f * Math.Min(columnWidth, 0.85f * size.Height / cells.rows), 6, 13);
        foreach (IAxis axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            axis.TickLabelStyle.FontSize = fontSize;
            PlotStyle.NameTicks(axis, axis is IXAxis ? columnNames : rowNames, 0.85f * size.Width);
        }
    }

    public AxisLimits GetAxisLimits() => new(-0.5, columns - 0.5, -0.5, rows - 0.5);

    public void Render(RenderPack rp)
    {
        float cellWidth = rp.DataRect.Width / columns, cellHeight = rp.DataRect.Height / rows;
        var label = new LabelStyle { FontName = PlotFonts.Family, Alignment = Alignment.MiddleCenter, FontSize = LargestText };
        // One size for all cells, such that the longest text fits.
        float widest = Math.Max(1, texts is null ? 1 : texts.Max(row => label.Measure(row.MaxBy(t => t.Length) ?? "", rp.Paint).Width));
        float fontSize = Math.Min(LargestText, Math.Min(0.6f * cellHeight, LargestText * 0.85f * cellWidth / widest));
        label.FontSize = fontSize;
        // Wide cells are separated by a hairline, narrow ones touch.
        float gap = Math.Min(cellWidth, cellHeight) >= 8 ? 0.5f : 0;

        for (int r = 0; r < rows; r++)
        {
            for (int c = 0; c < columns; c++)
            {
                double share = shares[r][c];
                if (double.IsNaN(share)) continue;
                Color fill = Light.MixedWith(share < 0 ? Negative : Dark, Math.Abs(share));
                float left = rp.DataRect.Left + c * cellWidth, top = rp.DataRect.Top + r * cellHeight;
                Drawing.FillRectangle(rp.Canvas,
                    new PixelRect(left + gap, left + cellWidth - gap, top + cellHeight - gap, top + gap),
                    rp.Paint, new FillStyle { Color = fill, AntiAlias = gap > 0 });
                if (texts is null || fontSize < SmallestText) continue;
                label.ForeColor = PlotStyle.ReadableOn(fill);
                label.Render(rp.Canvas, new Pixel(left + cellWidth / 2, top + cellHeight / 2), rp.Paint, texts[r][c]);
            }
        }
    }
}
