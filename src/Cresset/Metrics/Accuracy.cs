namespace Cresset.Metrics;

/// <summary>The share of samples whose class was predicted: correct / N; NaN before the first sample. Predictions: scores
/// or logits [N, C], of which the highest counts (the first of equal ones), or class indices int64 [N]. Targets: int64 [N].
/// scikit-learn: <c>accuracy_score</c>.</summary>
public sealed class Accuracy : Metric
{
    /// <summary>The number of samples seen.</summary>
    public long Count { get; private set; }

    /// <summary>The number of samples whose class was predicted.</summary>
    public long Correct { get; private set; }

    /// <inheritdoc/>
    public override double Value => (double)Correct / Count;

    /// <inheritdoc/>
    public override void Update(Tensor predictions, Tensor targets)
    {
        var predicted = MetricInput.Classes("Accuracy", predictions, targets, 0);
        var labels = MetricInput.Labels("Accuracy", "targets", targets, predictions.Rank == 2 ? predictions.Shape[1] : 0);
        for (var i = 0; i < labels.Length; i++)
            if (predicted[i] == labels[i]) Correct++;
        Count += labels.Length;
    }

    /// <inheritdoc/>
    public override void Reset() => (Count, Correct) = (0, 0);

    internal override double[] State
    {
        get => [Count, Correct];
        set => (Count, Correct) = ((long)Saved(value, 2)[0], (long)value[1]);
    }
}

/// <summary>The share of samples whose class is among the k with the highest scores; NaN before the first sample. Of equal
/// scores the one of the lower index comes first; NaN is never among them. Predictions: scores [N, C]; targets: int64 [N].
/// scikit-learn: <c>top_k_accuracy_score</c>.</summary>
public sealed class TopKAccuracy : Metric
{
    long count, correct;

    /// <summary>Accuracy among the <paramref name="k"/> highest scores.</summary>
    public TopKAccuracy(int k)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(k);
        K = k;
    }

    /// <summary>How many classes count as predicted.</summary>
    public int K { get; }

    /// <inheritdoc/>
    public override double Value => (double)correct / count;

    /// <inheritdoc/>
    public override void Update(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        if (predictions.Rank != 2 || targets.Rank != 1 || predictions.Shape[0] != targets.Shape[0])
            throw new ArgumentException($"TopKAccuracy: expected predictions [N, C] and targets [N], got {predictions.Shape} and {targets.Shape}");
        var classes = predictions.Shape[1];
        if (K > classes)
            throw new ArgumentException($"TopKAccuracy: expected scores of at least k = {K} classes, got {predictions.Shape}");
        var scores = MetricInput.Scores("TopKAccuracy", predictions, classes);
        var labels = MetricInput.Labels("TopKAccuracy", "targets", targets, classes);
        for (var i = 0; i < labels.Length; i++)
        {
            var row = scores.AsSpan(i * classes, classes);
            var own = row[(int)labels[i]];
            var before = double.IsNaN(own) ? K : 0;
            for (var c = 0; c < classes; c++)
                if (row[c] > own || (row[c] == own && c < labels[i])) before++;
            if (before < K) correct++;
        }
        count += labels.Length;
    }

    /// <inheritdoc/>
    public override void Reset() => (count, correct) = (0, 0);

    internal override double[] State
    {
        get => [count, correct];
        set => (count, correct) = ((long)Saved(value, 2)[0], (long)value[1]);
    }
}
