using System.Globalization;
using ScottPlot;

namespace Cresset.Plotting;

/// <summary>One pair of axes of a <see cref="Charts.Figure(string, Panel[])"/>, filled by calls that follow each other:
/// <c>new Panel("w", "cost").Line(w, cost).Vertical(2, "best")</c>.</summary>
/// <remarks>Each label has a colour of its own: calls with the same label share colour and legend entry, calls without a label
/// take the next colour and no entry. NaN, infinite values, values beyond 1e100 and, on a logarithmic axis, values that are not
/// above zero leave gaps. Values are copied when they are given.</remarks>
/// <param name="xLabel">What the horizontal axis shows.</param>
/// <param name="yLabel">What the vertical axis shows.</param>
/// <param name="title">A line above the panel; empty for none.</param>
public sealed partial class Panel(string xLabel, string yLabel, string title = "")
{
    readonly string xLabel = PlotFonts.Clean(xLabel), yLabel = PlotFonts.Clean(yLabel), title = PlotFonts.Clean(title);
    readonly List<Action<Drawing>> layers = [];
    readonly List<string> labels = [], referenceLabels = [];
    // What the axes must show; legends keep clear of the points.
    readonly List<double> xs = [], ys = [];
    readonly List<Coordinates> points = [];
    string[]? barNames;
    int barGroups;

    /// <summary>Whether the horizontal axis is logarithmic.</summary>
    public bool LogX { get; init; }

    /// <summary>Whether the vertical axis is logarithmic.</summary>
    public bool LogY { get; init; }

    /// <summary>What the horizontal axis shows; null (the default) for all that is drawn, with a margin.</summary>
    public (double Low, double High)? XLimits { get; init; }

    /// <summary>What the vertical axis shows; null (the default) for all that is drawn, with a margin.</summary>
    public (double Low, double High)? YLimits { get; init; }

    /// <summary>A curve through points, in the order given.</summary>
    /// <param name="x">Where the points stand, left to right.</param>
    /// <param name="y">As many values.</param>
    /// <param name="label">What the legend calls it; empty for no entry.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">The lists are empty or differ in length.</exception>
    public Panel Line(IEnumerable<double> x, IEnumerable<double> y, string label = "")
    {
        var (px, py) = Series(nameof(Line), x, y);
        int color = ColorOf(label);
        layers.Add(drawing => drawing.Curve(px, py, color, label,
            lineWidth: 2, markerSize: px.Length == 1 ? 9 : PlotStyle.HasLonelyValue(py) ? 3 : 0));
        AddSegments(px, py);
        return this;
    }

    /// <summary>Points without a line between them.</summary>
    /// <param name="x">Where the points stand, left to right.</param>
    /// <param name="y">As many values.</param>
    /// <param name="label">What the legend calls them; empty for no entry.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">The lists are empty or differ in length.</exception>
    public Panel Points(IEnumerable<double> x, IEnumerable<double> y, string label = "")
    {
        var (px, py) = Series(nameof(Points), x, y);
        int color = ColorOf(label);
        layers.Add(drawing => drawing.Curve(px, py, color, label, lineWidth: 0, markerSize: px.Length > 500 ? 4 : 7));
        for (int i = 0; i < px.Length; i++) AddPoint(px[i], py[i]);
        return this;
    }

    /// <summary>A path over the plane: a line with an open circle where it starts and a filled one where it ends.</summary>
    /// <param name="x">The steps' horizontal places.</param>
    /// <param name="y">The steps' vertical places, as many.</param>
    /// <param name="label">What the legend calls it; empty for no entry.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">The lists are empty or differ in length.</exception>
    public Panel Path(IEnumerable<double> x, IEnumerable<double> y, string label = "")
    {
        var (px, py) = Series(nameof(Path), x, y);
        int color = ColorOf(label);
        layers.Add(drawing => drawing.Path(px, py, color, label));
        AddSegments(px, py);
        return this;
    }

    /// <summary>Vertical bars from zero, one for each name; a second call puts its bars beside those of the first.</summary>
    /// <param name="names">What stands below each place; every call on one panel has the same names.</param>
    /// <param name="values">As many values.</param>
    /// <param name="label">What the legend calls these bars; empty for no entry.</param>
    /// <param name="showValues">Whether each value is written above its bar.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">The lists are empty, differ in length, or have other names than before.</exception>
    public Panel Bars(IEnumerable<string> names, IEnumerable<double> values, string label = "", bool showValues = false)
    {
        NeedsNoHeatMap(nameof(Bars));
        string[] kept = [.. names.Select(n => PlotFonts.Clean(n ?? ""))];
        double[] given = [.. values], heights = [.. given.Select(ToY)];
        if (kept.Length == 0 || kept.Length != heights.Length)
            throw new ArgumentException($"Bars: expected one value for each name, got {kept.Length} names and {heights.Length} values.", nameof(values));
        if (barNames is not null && !barNames.SequenceEqual(kept))
            throw new ArgumentException(
                $"Bars: a panel's bars share their names ({string.Join(", ", barNames)}), but this call has {string.Join(", ", kept)}; " +
                "use a second panel.", nameof(names));
        barNames = kept;
        int color = ColorOf(label), group = barGroups++;
        string[]? texts = showValues ? [.. given.Select(v => v.ToString("G4", CultureInfo.InvariantCulture))] : null;
        layers.Add(drawing => drawing.Bars(heights, texts, group, barGroups, color, label));
        for (int i = 0; i < heights.Length; i++) AddBar(i, heights[i]);
        xs.AddRange([-0.5, kept.Length - 0.5]);
        if (!LogY) ys.Add(0);
        return this;
    }

    /// <summary>Lines of equal height of a surface. The heights are quantiles of the surface in the range shown, so
    /// that lines tell flat places apart as well as steep ones.</summary>
    /// <param name="f">The surface's height at (x, y); NaN where it has none.</param>
    /// <param name="xRange">What is drawn of the horizontal axis.</param>
    /// <param name="yRange">What is drawn of the vertical axis.</param>
    /// <param name="lines">How many heights, 1 to 100.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">A range is empty, or the number of lines is out of range.</exception>
    public Panel Contours(Func<double, double, double> f, (double Low, double High) xRange, (double Low, double High) yRange, int lines = 16)
    {
        NeedsNoHeatMap(nameof(Contours));
        ArgumentNullException.ThrowIfNull(f);
        if (LogX || LogY) throw new InvalidOperationException("Contours: expected plain axes; leave LogX and LogY out.");
        if (lines is < 1 or > 100) throw new ArgumentOutOfRangeException(nameof(lines), lines, $"Contours: expected 1 to 100 lines, got {lines}.");
        CheckLimits(xRange, nameof(xRange));
        CheckLimits(yRange, nameof(yRange));
        var surface = new ContourLines(f, xRange, yRange, lines);
        layers.Insert(0, drawing => drawing.Plot.Add.Plottable(surface));
        XContours = xRange;
        YContours = yRange;
        return this;
    }

    /// <summary>A vertical reference line over the whole height.</summary>
    /// <param name="x">Where it stands.</param>
    /// <param name="label">What the legend calls it; empty for no entry.</param>
    /// <returns>This panel.</returns>
    public Panel Vertical(double x, string label = "") => Reference(ToX(x), vertical: true, label);

    /// <summary>A horizontal reference line over the whole width.</summary>
    /// <param name="y">Where it stands.</param>
    /// <param name="label">What the legend calls it; empty for no entry.</param>
    /// <returns>This panel.</returns>
    public Panel Horizontal(double y, string label = "") => Reference(ToY(y), vertical: false, label);

    /// <summary>A matrix as coloured cells, the first row at the top; alone in its panel.</summary>
    /// <remarks>Zero is pale, the value of the largest magnitude dark: blue where it is positive, vermilion where it is negative.
    /// Numbers are left out where cells are too small to read them.</remarks>
    /// <param name="values">The matrix, row by row; NaN leaves a cell empty.</param>
    /// <param name="rowNames">A name for each row; by default 0, 1, 2, ...</param>
    /// <param name="columnNames">A name for each column; by default 0, 1, 2, ...</param>
    /// <param name="showValues">Whether each cell has its value written in it, with two decimals where it is no whole number.</param>
    /// <returns>This panel.</returns>
    /// <exception cref="ArgumentException">Rows differ in length, there are none, or the names do not fit.</exception>
    public Panel HeatMap(
        IReadOnlyList<double[]> values, IReadOnlyList<string>? rowNames = null, IReadOnlyList<string>? columnNames = null, bool showValues = false)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (layers.Count > 0) throw new InvalidOperationException("HeatMap: a heat map stands alone in its panel; use another panel.");
        if (values.Count == 0 || values[0].Length == 0)
            throw new ArgumentException("HeatMap: the matrix is empty; expected at least one row and one column.", nameof(values));
        int columns = values[0].Length;
        for (int r = 0; r < values.Count; r++)
        {
            if (values[r].Length != columns)
                throw new ArgumentException(
                    $"HeatMap: expected {columns} values in every row, as in the first, but row {r} has {values[r].Length}.", nameof(values));
        }
        string[] rows = Names(rowNames, values.Count, "row"), heads = Names(columnNames, columns, "column");
        double[][] cells = [.. values.Select(row => row.Select(PlotStyle.Usable).ToArray())];
        double largest = cells.Max(row => row.Max(v => double.IsNaN(v) ? 0 : Math.Abs(v)));
        double[][] shares = [.. cells.Select(row => row.Select(v => largest == 0 ? v : v / largest).ToArray())];
        string[][]? texts = showValues ? [.. cells.Select(row => row.Select(CellText).ToArray())] : null;
        hasHeatMap = true;
        layers.Add(drawing => HeatMapCells.AddTo(drawing.Plot, shares, texts, rows, heads, drawing.Size));
        return this;
    }
}
