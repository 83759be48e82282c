namespace Cresset.Metrics;

/// <summary>How often each class was predicted for each true one, from which accuracy, precision, recall and F1 follow. A
/// row per true and a column per predicted class. Predictions: scores or logits [N, C], or class indices int64 [N];
/// targets: int64 [N]. scikit-learn: <c>confusion_matrix</c>.</summary>
public sealed class ConfusionMatrix
{
    readonly long[,] counts;

    /// <summary>A matrix for this many classes.</summary>
    public ConfusionMatrix(int classes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(classes);
        counts = new long[classes, classes];
    }

    /// <summary>The number of classes.</summary>
    public int Classes => counts.GetLength(0);

    /// <summary>How many samples of class <paramref name="actual"/> were taken for class <paramref name="predicted"/>.</summary>
    public long this[int actual, int predicted] => counts[actual, predicted];

    /// <summary>A copy of the matrix: [true, predicted].</summary>
    public long[,] ToArray() => (long[,])counts.Clone();

    /// <summary>Takes in a batch. On an error nothing of it is taken in.</summary>
    /// <exception cref="ArgumentException">Shapes that do not fit, or classes out of range.</exception>
    public void Update(Tensor predictions, Tensor targets) => Update("ConfusionMatrix", predictions, targets);

    internal void Update(string name, Tensor predictions, Tensor targets)
    {
        var predicted = MetricInput.Classes(name, predictions, targets, Classes);
        var actual = MetricInput.Labels(name, "targets", targets, Classes);
        for (var i = 0; i < actual.Length; i++) counts[actual[i], predicted[i]]++;
    }

    /// <summary>Forgets all samples.</summary>
    public void Reset() => Array.Clear(counts);

    // Row by row.
    internal double[] State
    {
        get => [.. counts.Cast<long>().Select(n => (double)n)];
        set
        {
            for (var i = 0; i < value.Length; i++) counts[i / Classes, i % Classes] = (long)value[i];
        }
    }

    /// <summary>Precision, recall and F1 of each class and their averages.</summary>
    /// <param name="classNames">A name for each class; their indices unless given.</param>
    /// <exception cref="ArgumentException">Not as many names as classes.</exception>
    public ClassificationReport Report(IReadOnlyList<string>? classNames = null) => ClassificationReport.Of(this, classNames);
}
