using System.Globalization;
using System.Text;

namespace Cresset.Metrics;

/// <summary>The scores of one class, or an average of them. Zero divided by zero counts as 0, as in scikit-learn: the
/// precision of a class that was never predicted, the recall of one that does not occur.</summary>
/// <param name="Name">The class, or the average.</param>
/// <param name="Precision">Of the samples predicted to be of the class, the share that is: TP / (TP + FP).</param>
/// <param name="Recall">Of the samples of the class, the share that was found: TP / (TP + FN).</param>
/// <param name="F1">Their harmonic mean: 2 * precision * recall / (precision + recall).</param>
/// <param name="Support">The number of samples of the class; for an average, of all.</param>
public sealed record ClassScores(string Name, double Precision, double Recall, double F1, long Support);

/// <summary>Precision, recall and F1 of every class and as averages. scikit-learn: <c>classification_report</c>.</summary>
/// <param name="Classes">The scores of each class, by index.</param>
/// <param name="Macro">The mean over all classes, each with equal weight.</param>
/// <param name="Micro">From the counts of all classes together; with one label a sample all three are the accuracy.</param>
/// <param name="Weighted">The mean over all classes, weighted by their support.</param>
/// <param name="Accuracy">The share of samples whose class was predicted; 0 without samples.</param>
public sealed record ClassificationReport(
    IReadOnlyList<ClassScores> Classes, ClassScores Macro, ClassScores Micro, ClassScores Weighted, double Accuracy)
{
    internal static ClassificationReport Of(ConfusionMatrix matrix, IReadOnlyList<string>? classNames)
    {
        var count = matrix.Classes;
        if (classNames is not null && classNames.Count != count)
            throw new ArgumentException($"ClassificationReport: expected a name for each of the {count} classes, got {classNames.Count}");
        var classes = new ClassScores[count];
        long total = 0, hits = 0;
        for (var c = 0; c < count; c++)
        {
            long predicted = 0, support = 0;
            for (var other = 0; other < count; other++)
            {
                predicted += matrix[other, c];
                support += matrix[c, other];
            }
            var hit = matrix[c, c];
            classes[c] = Scores(classNames?[c] ?? c.ToString(CultureInfo.InvariantCulture), Ratio(hit, predicted), Ratio(hit, support), support);
            total += support;
            hits += hit;
        }
        var accuracy = Ratio(hits, total);
        return new ClassificationReport(classes, Average("macro avg", c => Ratio(1, count)),
            new ClassScores("micro avg", accuracy, accuracy, accuracy, total),
            Average("weighted avg", c => Ratio(c.Support, total)), accuracy);

        // F1 is averaged itself, not computed from the averages of the other two.
        ClassScores Average(string name, Func<ClassScores, double> weight) => new(name, classes.Sum(c => c.Precision * weight(c)),
            classes.Sum(c => c.Recall * weight(c)), classes.Sum(c => c.F1 * weight(c)), total);
    }

    static ClassScores Scores(string name, double precision, double recall, long support) =>
        new(name, precision, recall, Ratio(2 * precision * recall, precision + recall), support);

    static double Ratio(double a, double b) => b == 0 ? 0 : a / b;

    /// <summary>A table: a line for each class and each average, with three decimals.</summary>
    public override string ToString()
    {
        ClassScores[] lines = [.. Classes, Micro, Macro, Weighted];
        var width = lines.Max(l => l.Name.Length);
        var text = new StringBuilder();
        text.Append(' ', width).Append("  precision  recall      f1  support\n");
        for (var i = 0; i < lines.Length; i++)
        {
            if (i == Classes.Count) text.Append('\n');
            var line = lines[i];
            text.Append(line.Name.PadRight(width)).Append(CultureInfo.InvariantCulture,
                $"  {line.Precision,9:F3}  {line.Recall,6:F3}  {line.F1,6:F3}  {line.Support,7}\n");
        }
        return text.ToString();
    }
}
