using System.Globalization;
using ScottPlot;
using ScottPlot.Plottables;

namespace Cresset.Plotting;

/// <content>How what was asked for becomes a plot.</content>
public sealed partial class Panel
{
    bool hasHeatMap;

    (double Low, double High)? XContours { get; set; }

    (double Low, double High)? YContours { get; set; }

    /// <summary>The panel as a plot of about that size.</summary>
    internal Plot Build(PixelSize size)
    {
        var plot = PlotStyle.NewPlot(xLabel, yLabel);
        if (title.Length > 0)
        {
            plot.Title(title, 15);
            plot.Axes.Title.Label.FontName = PlotFonts.For(title);
            plot.Axes.Title.Label.Bold = false;
            PlotStyle.Fit(plot.Axes.Title.Label, 0.95f * size.Width);
        }
        var (left, right) = Shown(XLimits, XContours, xs, ToX);
        var (bottom, top) = Shown(YLimits, YContours, ys, ToY);
        // Bars stand on the axis.
        if (barNames is not null && YLimits is null && !LogY && ys.Min() == 0) bottom = 0;
        var drawing = new Drawing(plot, size, LogY ? bottom : 0);
        foreach (var layer in layers) layer(drawing);
        if (hasHeatMap) return plot;

        plot.Axes.SetLimits(left, right, bottom, top);
        plot.Axes.Left.TickGenerator = LogY
            ? PlotStyle.LogTicks(bottom, top, Math.Max(2, (int)(size.Height / 35)))
            : PlotStyle.NumberTicks(bottom, top);
        if (barNames is not null) PlotStyle.NameTicks(plot.Axes.Bottom, barNames, 0.85f * size.Width);
        else if (LogX) plot.Axes.Bottom.TickGenerator = PlotStyle.LogTicks(left, right, Math.Max(2, (int)(size.Width / 70)));
        else plot.Axes.Bottom.TickGenerator = PlotStyle.NumberTicks(left, right);

        string texts = string.Concat(labels.Concat(referenceLabels));
        if (texts.Length > 0) PlotStyle.ShowLegend(plot, LegendPlace(left, right, bottom, top, size), texts);
        return plot;
    }

    static (double Low, double High) Shown(
        (double Low, double High)? asked, (double Low, double High)? contours, List<double> values, Func<double, double> map)
    {
        if (asked is not { } limits) return contours ?? PlotStyle.Range(values);
        CheckLimits(limits, "limits");
        var (low, high) = (map(limits.Low), map(limits.High));
        return double.IsNaN(low) || double.IsNaN(high)
            ? throw new InvalidOperationException($"Panel: a logarithmic axis starts above zero, got limits {limits.Low} to {limits.High}.")
            : (low, high);
    }

    static void CheckLimits((double Low, double High) limits, string name)
    {
        if (!(limits.Low < limits.High) || double.IsInfinity(limits.Low) || double.IsInfinity(limits.High))
            throw new ArgumentException($"Panel: expected {name} with a lower number first, got {limits.Low} to {limits.High}.", name);
    }

    // Where the legend covers the fewest points; corners come first where several places are as good.
    Alignment LegendPlace(double left, double right, double bottom, double top, PixelSize size)
    {
        string[] entries = [.. labels.Concat(referenceLabels).Where(l => l.Length > 0).Distinct()];
        double width = (entries.Max(l => l.Length) * 7.5 + 60) / (0.88 * size.Width), height = (entries.Length * 21 + 24) / (0.8 * size.Height);
        (Alignment Place, double X, double Y)[] places =
        [
            (Alignment.UpperRight, 1, 1), (Alignment.UpperLeft, 0, 1), (Alignment.LowerRight, 1, 0), (Alignment.LowerLeft, 0, 0),
            (Alignment.UpperCenter, 0.5, 1), (Alignment.LowerCenter, 0.5, 0), (Alignment.MiddleRight, 1, 0.5), (Alignment.MiddleLeft, 0, 0.5),
        ];
        return places.MinBy(place =>
        {
            // The lower left corner of the legend, in shares of the panel.
            double x = place.X * (1 - width), y = place.Y * (1 - height);
            return points.Count(p =>
                (p.X - left) / (right - left) - x is var u && u >= 0 && u <= width &&
                (p.Y - bottom) / (top - bottom) - y is var v && v >= 0 && v <= height);
        }).Place;
    }

    Panel Reference(double place, bool vertical, string label)
    {
        NeedsNoHeatMap(vertical ? nameof(Vertical) : nameof(Horizontal));
        layers.Add(drawing => drawing.Reference(place, vertical, label));
        referenceLabels.Add(label);
        if (!double.IsNaN(place)) (vertical ? xs : ys).Add(place);
        return this;
    }

    (double[] X, double[] Y) Series(string what, IEnumerable<double> x, IEnumerable<double> y)
    {
        NeedsNoHeatMap(what);
        double[] px = [.. x.Select(ToX)], py = [.. y.Select(ToY)];
        if (px.Length == 0 || px.Length != py.Length)
            throw new ArgumentException($"{what}: expected as many y as x and at least one, got {px.Length} x and {py.Length} y.", nameof(y));
        // A point without a place has no value either; the place then matters no more.
        for (int i = 0; i < px.Length; i++)
        {
            if (!double.IsNaN(px[i])) continue;
            (px[i], py[i]) = (0, double.NaN);
        }
        return (px, py);
    }

    double ToX(double x) => LogX ? Log(x) : PlotStyle.Usable(x);

    double ToY(double y) => LogY ? Log(y) : PlotStyle.Usable(y);

    static double Log(double value) => value > 0 ? PlotStyle.Usable(Math.Log10(value)) : double.NaN;

    int ColorOf(string label)
    {
        ArgumentNullException.ThrowIfNull(label);
        int known = label.Length > 0 ? labels.IndexOf(label) : -1;
        if (known < 0)
        {
            known = labels.Count;
            labels.Add(label);
        }
        return known;
    }

    // Bars cover what is below their top as well.
    void AddBar(int place, double height)
    {
        for (int p = 0; p <= 10; p++) AddPoint(place, LogY ? height : height * p / 10);
    }

    void AddPoint(double x, double y)
    {
        if (double.IsNaN(x) || double.IsNaN(y)) return;
        xs.Add(x);
        ys.Add(y);
        points.Add(new Coordinates(x, y));
    }

    // A long straight piece fills the corners that it crosses as well as many short ones.
    void AddSegments(double[] x, double[] y)
    {
        int parts = Math.Clamp(400 / x.Length, 1, 50);
        for (int i = 0; i < x.Length; i++)
        {
            AddPoint(x[i], y[i]);
            for (int p = 1; i > 0 && p < parts; p++)
                AddPoint(x[i - 1] + (x[i] - x[i - 1]) * p / parts, y[i - 1] + (y[i] - y[i - 1]) * p / parts);
        }
    }

    void NeedsNoHeatMap(string what)
    {
        if (hasHeatMap) throw new InvalidOperationException($"{what}: a heat map stands alone in its panel; use another panel.");
    }

    static string[] Names(IReadOnlyList<string>? names, int count, string what)
    {
        if (names is null) return [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];
        return names.Count == count
            ? [.. names.Select(n => PlotFonts.Clean(n ?? ""))]
            : throw new ArgumentException($"HeatMap: expected {count} {what} names, got {names.Count}.", what + "Names");
    }

    static string CellText(double value) => double.IsNaN(value) ? ""
        : value.ToString(value == Math.Round(value) ? "0" : "0.00", CultureInfo.InvariantCulture);

    /// <summary>The plot that layers draw on.</summary>
    sealed class Drawing(Plot plot, PixelSize size, double barBase)
    {
        readonly HashSet<string> named = [];

        public Plot Plot => plot;

        public PixelSize Size => size;

        public void Curve(double[] x, double[] y, int color, string label, float lineWidth, float markerSize)
        {
            if (Array.TrueForAll(y, double.IsNaN)) return;
            var curve = plot.Add.Scatter(x, y, ColorAt(color));
            curve.LineWidth = lineWidth;
            curve.MarkerSize = markerSize;
            curve.LegendText = NameOnce(label);
        }

        public void Path(double[] x, double[] y, int color, string label)
        {
            Curve(x, y, color, label, lineWidth: 2, markerSize: x.Length <= 40 ? 4 : 0);
            int first = Array.FindIndex(y, v => !double.IsNaN(v)), last = Array.FindLastIndex(y, v => !double.IsNaN(v));
            if (first < 0) return;
            var start = plot.Add.Marker(x[first], y[first], MarkerShape.OpenCircle, 12, ColorAt(color));
            start.MarkerLineWidth = 2;
            plot.Add.Marker(x[last], y[last], MarkerShape.FilledCircle, 12, ColorAt(color));
        }

        public void Bars(double[] heights, string[]? texts, int group, int groups, int color, string label)
        {
            double width = 0.8 / groups;
            double Place(int i) => i + (group - (groups - 1) / 2.0) * width;
            var bars = plot.Add.Bars(heights.Select((height, i) => new Bar
            {
                Position = Place(i),
                Size = width,
                Value = double.IsNaN(height) ? barBase : height,
                ValueBase = barBase,
                FillColor = ColorAt(color),
                LineWidth = 0,
            }).ToArray());
            bars.LegendText = NameOnce(label);
            for (int i = 0; texts is not null && i < texts.Length; i++)
            {
                if (double.IsNaN(heights[i])) continue;
                var text = plot.Add.Text(texts[i], Place(i), heights[i]);
                text.LabelFontName = PlotFonts.Family;
                text.LabelFontSize = 12;
                text.LabelFontColor = PlotStyle.Ink;
                text.LabelAlignment = heights[i] < barBase ? Alignment.UpperCenter : Alignment.LowerCenter;
            }
        }

        public void Reference(double place, bool vertical, string label)
        {
            if (double.IsNaN(place)) return;
            AxisLine line = vertical ? plot.Add.VerticalLine(place) : plot.Add.HorizontalLine(place);
            line.LineColor = Colors.Gray;
            line.LineWidth = 1.5f;
            line.LegendText = NameOnce(label);
        }

        static Color ColorAt(int index) => PlotStyle.Palette[index % PlotStyle.Palette.Length];

        string NameOnce(string label) => label.Length > 0 && named.Add(label) ? PlotFonts.Clean(label) : "";
    }
}
