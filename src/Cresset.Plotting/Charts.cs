using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cresset.Plotting;

/// <summary>The charts of a training run.</summary>
public static class Charts
{
    // Blue and vermilion of Okabe and Ito's palette, told apart by colour-blind readers; their markers
    // differ too. (No dashes: Skia's SVG cannot write them, and says so on stderr.)
    static readonly Color TrainColor = Color.FromHex("#0072B2"), ValidationColor = Color.FromHex("#D55E00");
    internal static readonly Color Ink = Color.FromHex("#222222");

    // Larger values break the arithmetic of axis limits and ticks; a run that gets there has diverged.
    const double LargestValue = 1e100;

    /// <summary>Loss and accuracy by epoch, side by side, each for the training and the validation set.</summary>
    /// <remarks>NaN, infinite or diverged (beyond 1e100) values leave a gap in their curve; a curve with no value is left
    /// out. A single epoch shows as markers.</remarks>
    /// <param name="history">One point an epoch, in rising order of epoch.</param>
    /// <param name="title">The title above both panels.</param>
    /// <param name="validationName">What the legend calls the second set, for example "test".</param>
    /// <returns>A chart of 1200 x 480 pixels by default.</returns>
    /// <exception cref="ArgumentException">The history is empty or its epochs do not rise.</exception>
    public static Chart LearningCurves(
        IReadOnlyList<EpochPoint> history, string title, string validationName = "validation")
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(validationName);
        if (history.Count == 0)
            throw new ArgumentException("LearningCurves: the history is empty; expected at least one epoch.", nameof(history));
        for (int i = 1; i < history.Count; i++)
        {
            if (history[i].Epoch <= history[i - 1].Epoch)
                throw new ArgumentException(
                    $"LearningCurves: epochs must rise, but epoch {history[i].Epoch} follows {history[i - 1].Epoch} " +
                    $"at index {i}; sort the history and drop repeated epochs.", nameof(history));
        }

        EpochPoint[] points = [.. history];
        var name = PlotFonts.Clean(validationName);
        return new Chart(title, 1200, 480, size =>
        [
            Curves(points, "loss", name, p => p.TrainLoss, p => p.ValidationLoss, Alignment.UpperRight, size),
            Curves(points, "accuracy", name, p => p.TrainAccuracy, p => p.ValidationAccuracy, Alignment.LowerRight, size),
        ]);
    }

    /// <summary>A heat map of a confusion matrix, with the count in each cell.</summary>
    /// <remarks>The colour of a cell is its share of its row, that is, of the samples of that true class; a row with no
    /// sample stays white. Counts are left out where cells are too small to read them.</remarks>
    /// <param name="counts">counts[t][p]: how many samples of true class t were predicted as class p; (K, K), K at least 2.</param>
    /// <param name="classNames">The K names of the classes.</param>
    /// <param name="title">The title above the chart.</param>
    /// <returns>A chart of 800 x 760 pixels by default.</returns>
    /// <exception cref="ArgumentException">The matrix is not square, has a negative count, or the names do not fit it.</exception>
    public static Chart ConfusionMatrix(long[][] counts, IReadOnlyList<string> classNames, string title)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(classNames);
        int k = counts.Length;
        if (k < 2)
            throw new ArgumentException($"ConfusionMatrix: expected at least 2 classes, got {k} rows.", nameof(counts));
        for (int t = 0; t < k; t++)
        {
            if (counts[t] is null || counts[t].Length != k)
                throw new ArgumentException(
                    $"ConfusionMatrix: expected a square matrix of {k} x {k}, but row {t} has {counts[t]?.Length ?? 0} counts.",
                    nameof(counts));
            if (Array.FindIndex(counts[t], c => c < 0) is >= 0 and var p)
                throw new ArgumentException(
                    $"ConfusionMatrix: counts must not be negative, but row {t}, column {p} is {counts[t][p]}.", nameof(counts));
        }
        if (classNames.Count != k)
            throw new ArgumentException(
                $"ConfusionMatrix: expected {k} class names for a {k} x {k} matrix, got {classNames.Count}.", nameof(classNames));

        long[][] copy = [.. counts.Select(row => (long[])row.Clone())];
        string[] names = [.. classNames.Select(n => PlotFonts.Clean(n ?? ""))];
        return new Chart(title, 800, 760, size => [ConfusionMatrixPanel.Build(copy, names, size)]);
    }

    /// <summary>A panel with this library's fonts, colours and axis labels.</summary>
    internal static Plot Panel(string xLabel, string yLabel)
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
        return plot;
    }

    static Plot Curves(EpochPoint[] points, string quantity, string validationName, Func<EpochPoint, double> train,
        Func<EpochPoint, double> validation, Alignment legend, PixelSize size)
    {
        var plot = Panel("epoch", quantity);
        double[] epochs = [.. points.Select(p => (double)p.Epoch)];
        double[] trainValues = [.. points.Select(p => Usable(train(p)))];
        double[] validationValues = [.. points.Select(p => Usable(validation(p)))];
        AddCurve(plot, epochs, trainValues, "train", TrainColor, MarkerShape.FilledCircle);
        AddCurve(plot, epochs, validationValues, validationName, ValidationColor, MarkerShape.FilledSquare);

        double pad = epochs.Length == 1 ? 0.5 : 0.03 * (epochs[^1] - epochs[0]);
        plot.Axes.SetLimitsX(epochs[0] - pad, epochs[^1] + pad);
        var (low, high) = Range([.. trainValues, .. validationValues]);
        plot.Axes.SetLimitsY(low, high);
        plot.Axes.Bottom.TickGenerator = EpochTicks(points[0].Epoch, points[^1].Epoch, Math.Max(2, (int)(size.Width / 2 / 50)));
        plot.Axes.Left.TickGenerator = new NumericAutomatic
        {
            LabelFormatter = v => (Math.Abs(v) < 1e-12 * (high - low) ? 0 : v).ToString("G6", CultureInfo.InvariantCulture),
        };
        plot.Axes.Frame(true);
        plot.Axes.Right.FrameLineStyle.Width = plot.Axes.Top.FrameLineStyle.Width = 0;
        plot.Grid.MajorLineColor = Colors.Black.WithAlpha(0.1);

        plot.ShowLegend(legend);
        plot.Legend.FontName = PlotFonts.For(validationName);
        plot.Legend.FontSize = 13;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.OutlineColor = Colors.Black.WithAlpha(0.25);
        plot.Legend.BackgroundColor = Colors.White.WithAlpha(0.85);
        return plot;
    }

    static double Usable(double value) => Math.Abs(value) <= LargestValue ? value : double.NaN;

    static void AddCurve(
        Plot plot, double[] epochs, double[] values, string name, Color color, MarkerShape marker)
    {
        if (Array.TrueForAll(values, double.IsNaN)) return;
        var curve = plot.Add.Scatter(epochs, values, color);
        curve.LegendText = name;
        curve.LineWidth = 2;
        curve.MarkerShape = marker;
        // Beyond this many epochs markers run together; a value between two gaps would vanish without one.
        curve.MarkerSize = epochs.Length == 1 ? 9 : epochs.Length <= 40 ? 6 : HasLonelyValue(values) ? 3 : 0;
    }

    static bool HasLonelyValue(double[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            if (!double.IsNaN(values[i])
                && (i == 0 || double.IsNaN(values[i - 1])) && (i == values.Length - 1 || double.IsNaN(values[i + 1])))
                return true;
        }
        return false;
    }

    static (double Low, double High) Range(double[] values)
    {
        double[] known = [.. values.Where(v => !double.IsNaN(v))];
        if (known.Length == 0) return (0, 1);
        double low = known.Min(), high = known.Max();
        double pad = high > low ? 0.06 * (high - low) : Math.Max(0.05, 0.05 * Math.Abs(high));
        return (low - pad, high + pad);
    }

    // Steps of 1, 2 or 5 times a power of ten: whole epochs only, at multiples of the step.
    static NumericManual EpochTicks(int first, int last, int most)
    {
        long step = 1;
        for (int i = 0; ((long)last - first) / step >= most; i++) step = i % 3 == 1 ? step * 5 / 2 : step * 2;
        var ticks = new NumericManual();
        long start = (long)Math.Ceiling(first / (double)step) * step;
        for (long e = start; e <= last; e += step) ticks.AddMajor(e, e.ToString(CultureInfo.InvariantCulture));
        return ticks;
    }
}
