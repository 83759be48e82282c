using Cresset.Data;
using Cresset.Plotting;

namespace Cresset.Cli.Reports;

/// <summary>Keeps predicted and true numbers while batches go by, and draws the ones against the others.</summary>
/// <param name="number">The number that is predicted.</param>
sealed class PredictedNumbers(TableTarget number)
{
    // More points hide each other, and make the drawing large.
    const int MostPoints = 2000;

    readonly List<double> truths = [], predictions = [];

    /// <summary>Takes in standardised numbers [N, 1] and [N, 1].</summary>
    public void Update(Tensor outputs, Tensor targets)
    {
        truths.AddRange(Numbers(targets));
        predictions.AddRange(Numbers(outputs));
    }

    /// <summary>A point for each sample, evenly chosen where there are too many, and the line on which predictions are right.</summary>
    public Chart Chart(string title)
    {
        int[] shown = [.. Enumerable.Range(0, Math.Min(truths.Count, MostPoints)).Select(i => (int)((long)i * truths.Count / Math.Min(truths.Count, MostPoints)))];
        double[] x = [.. shown.Select(i => truths[i])], y = [.. shown.Select(i => predictions[i])];
        double[] ends = [x.Min(), x.Max()];
        return Charts.Figure(title, new Panel($"true {number.Name}", $"predicted {number.Name}").Points(x, y).Line(ends, ends, "predicted = true"));
    }

    IEnumerable<double> Numbers(Tensor standardised) => standardised.To(DType.Float64).Flatten().ToArray<double>().Select(value => value * number.Deviation + number.Mean);
}
