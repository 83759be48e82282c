using System.Globalization;
using ScottPlot;
using ScottPlot.TickGenerators;

namespace Cresset.Plotting;

/// <summary>Charts: of a training run, figures of any panels, and grids of pictures.</summary>
public static class Charts
{
    /// <summary>Loss and accuracy by epoch, side by side, each for the training and the validation set.</summary>
    /// <remarks>NaN, infinite or diverged (beyond 1e100) values leave a gap in their curve; a curve with no value is left
    /// out. A single epoch shows as markers.</remarks>
    /// <param name="history">One point an epoch, in rising order of epoch.</param>
    /// <param name="title">The title above both panels.</param>
    /// <param name="validationName">What the legend calls the second set, for example "test".</param>
    /// <param name="scoreName">What the score beside the loss is called.</param>
    /// <returns>A chart of 1200 x 480 pixels by default.</returns>
    /// <exception cref="ArgumentException">The history is empty or its epochs do not rise.</exception>
    public static Chart LearningCurves(
        IReadOnlyList<EpochPoint> history, string title, string validationName = "validation", string scoreName = "accuracy")
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
        return new Chart(title, 1200, 480, 2,
        [
            size => Curves(points, "loss", name, p => p.TrainLoss, p => p.ValidationLoss, Alignment.UpperRight, size),
            size => Curves(points, scoreName, name, p => p.TrainAccuracy, p => p.ValidationAccuracy, Alignment.LowerRight, size),
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

        string[] names = [.. classNames.Select(n => PlotFonts.Clean(n ?? ""))];
        double[][] shares = [.. counts.Select(row => { double total = row.Sum(c => (double)c); return row.Select(c => total == 0 ? 0 : c / total).ToArray(); })];
        string[][] texts = [.. counts.Select(row => row.Select(c => c.ToString(CultureInfo.InvariantCulture)).ToArray())];
        return new Chart(title, 800, 760, 1, [size =>
        {
            var plot = PlotStyle.NewPlot("predicted", "true");
            HeatMapCells.AddTo(plot, shares, texts, names, names, size);
            return plot;
        }]);
    }

    /// <summary>Panels side by side under one title.</summary>
    /// <param name="title">The title above all panels.</param>
    /// <param name="panels">The panels, left to right.</param>
    /// <returns>A chart of 560 x 480 pixels a panel by default, 800 x 520 for a single one.</returns>
    /// <exception cref="ArgumentException">There is no panel.</exception>
    public static Chart Figure(string title, params Panel[] panels)
    {
        ArgumentNullException.ThrowIfNull(panels);
        return Figure(title, Math.Max(1, panels.Length), panels);
    }

    /// <summary>Panels in rows of a given length under one title.</summary>
    /// <param name="title">The title above all panels.</param>
    /// <param name="columns">How many panels stand in a row, at least 1.</param>
    /// <param name="panels">The panels, row by row.</param>
    /// <returns>A chart of 560 x 440 pixels a panel by default, 800 x 520 for a single one.</returns>
    /// <exception cref="ArgumentException">There is no panel, or no column.</exception>
    public static Chart Figure(string title, int columns, params Panel[] panels)
    {
        ArgumentNullException.ThrowIfNull(panels);
        ArgumentOutOfRangeException.ThrowIfLessThan(columns, 1);
        if (panels.Length == 0) throw new ArgumentException("Figure: expected at least one panel, got none.", nameof(panels));
        columns = Math.Min(columns, panels.Length);
        int rows = (panels.Length + columns - 1) / columns;
        var (width, height) = panels.Length == 1 ? (800, 520) : (560 * columns, 440 * rows + 40);
        return new Chart(title, width, height, columns, [.. panels.Select(p => (Func<PixelSize, Plot>)p.Build)]);
    }

    /// <summary>Grey and coloured pictures in a grid, with enlarged pixels left sharp.</summary>
    /// <param name="title">The title above the grid.</param>
    /// <param name="pictures">The pictures, row by row.</param>
    /// <param name="captions">A line below each picture; null for none.</param>
    /// <param name="columns">How many stand in a row; 0 (the default) for a grid about as wide as high.</param>
    /// <returns>A chart of about 120 pixels a picture by default.</returns>
    /// <exception cref="ArgumentException">There is no picture, or the captions do not fit.</exception>
    public static Chart Pictures(
        string title, IReadOnlyList<Picture> pictures, IReadOnlyList<string>? captions = null, int columns = 0)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (pictures.Count == 0) throw new ArgumentException("Pictures: expected at least one picture, got none.", nameof(pictures));
        if (captions is not null && captions.Count != pictures.Count)
            throw new ArgumentException($"Pictures: expected {pictures.Count} captions, one a picture, got {captions.Count}.", nameof(captions));
        if (columns == 0) columns = (int)Math.Ceiling(Math.Sqrt(pictures.Count));
        columns = Math.Min(columns, pictures.Count);
        int rows = (pictures.Count + columns - 1) / columns;
        var grid = new PictureGrid([.. pictures], captions is null ? null : [.. captions.Select(c => PlotFonts.Clean(c ?? ""))], rows, columns);
        // A grid of very many pictures gets smaller ones.
        int side = Math.Clamp(6000 / Math.Max(rows, columns), 10, 120), caption = captions is null ? 0 : PictureGrid.CaptionHeight;
        return new Chart(title, Math.Clamp(columns * side + 20, 320, 10_000), Math.Clamp(rows * (side + caption) + 60, 160, 10_000), 1,
            [_ => grid.Build()]);
    }

    static Plot Curves(EpochPoint[] points, string quantity, string validationName, Func<EpochPoint, double> train,
        Func<EpochPoint, double> validation, Alignment legend, PixelSize size)
    {
        var plot = PlotStyle.NewPlot("epoch", quantity);
        double[] epochs = [.. points.Select(p => (double)p.Epoch)];
        double[] trainValues = [.. points.Select(p => PlotStyle.Usable(train(p)))];
        double[] validationValues = [.. points.Select(p => PlotStyle.Usable(validation(p)))];
        AddCurve(plot, epochs, trainValues, "train", PlotStyle.Palette[0], MarkerShape.FilledCircle);
        AddCurve(plot, epochs, validationValues, validationName, PlotStyle.Palette[1], MarkerShape.FilledSquare);

        double pad = epochs.Length == 1 ? 0.5 : 0.03 * (epochs[^1] - epochs[0]);
        plot.Axes.SetLimitsX(epochs[0] - pad, epochs[^1] + pad);
        var (low, high) = PlotStyle.Range([.. trainValues, .. validationValues]);
        plot.Axes.SetLimitsY(low, high);
        plot.Axes.Bottom.TickGenerator = EpochTicks(points[0].Epoch, points[^1].Epoch, Math.Max(2, (int)(size.Width / 50)));
        plot.Axes.Left.TickGenerator = PlotStyle.NumberTicks(low, high);
        PlotStyle.ShowLegend(plot, legend, validationName);
        return plot;
    }

    static void AddCurve(
        Plot plot, double[] epochs, double[] values, string name, Color color, MarkerShape marker)
    {
        if (Array.TrueForAll(values, double.IsNaN)) return;
        var curve = plot.Add.Scatter(epochs, values, color);
        curve.LegendText = name;
        curve.LineWidth = 2;
        curve.MarkerShape = marker;
        // Beyond this many epochs markers run together; a value between two gaps would vanish without one.
        curve.MarkerSize = epochs.Length == 1 ? 9 : epochs.Length <= 40 ? 6 : PlotStyle.HasLonelyValue(values) ? 3 : 0;
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
