namespace Cresset.Metrics;

/// <summary>A score over all samples seen since the start or the last <see cref="Reset"/>, kept up to date batch by
/// batch. Not safe for many threads at once.</summary>
public abstract class Metric
{
    private protected Metric()
    {
    }

    /// <summary>Takes in a batch. On an error nothing of it is taken in.</summary>
    /// <param name="predictions">What the model said: see the metric.</param>
    /// <param name="targets">What is right.</param>
    /// <exception cref="ArgumentException">Shapes that do not fit, wrong types, labels out of range.</exception>
    public abstract void Update(Tensor predictions, Tensor targets);

    /// <summary>The score so far.</summary>
    public abstract double Value { get; }

    /// <summary>Forgets all samples.</summary>
    public abstract void Reset();

    // What the score follows from, for a checkpoint: what was got can be set again, also in another process. An array of another
    // length than the metric's own is an ArgumentException.
    internal abstract double[] State { get; set; }

    private protected double[] Saved(double[] state, int length) => state.Length == length ? state
        : throw new ArgumentException($"{GetType().Name}: expected a state of {length} numbers, got {state.Length}; it is of another metric");
}

// Tensors as arrays, with the checks that all metrics share.
static class MetricInput
{
    /// <summary>int64 [N], each from 0 to classes less one; where classes is 0, any that is not negative.</summary>
    internal static long[] Labels(string name, string what, Tensor labels, int classes)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.Rank != 1 || labels.DType is DType.Float32 or DType.Float64)
            throw new ArgumentException($"{name}: expected {what} as class indices, int64 [N], got {labels.DType.Name()} {labels.Shape}");
        var values = labels.Detach().To(DType.Int64).ToArray<long>();
        for (var i = 0; i < values.Length; i++)
            if (values[i] < 0 || (classes > 0 && values[i] >= classes))
                throw new ArgumentException($"{name}: expected {what} {(classes > 0 ? $"from 0 to {classes - 1}" : "not negative")}, got {values[i]} at index {i}");
        return values;
    }

    /// <summary>The predicted class of each sample: the index of the highest score of [N, C], or the indices [N] themselves.</summary>
    internal static long[] Classes(string name, Tensor predictions, Tensor targets, int classes)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        if (predictions.Rank is not (1 or 2) || targets.Rank != 1 || predictions.Shape[0] != targets.Shape[0])
            throw new ArgumentException($"{name}: expected predictions [N, C] or [N] and targets [N], got {predictions.Shape} and {targets.Shape}");
        if (predictions.Rank == 1) return Labels(name, "predictions", predictions, classes);
        var scores = Scores(name, predictions, classes);
        var columns = predictions.Shape[1];
        var best = new long[predictions.Shape[0]];
        for (var i = 0; i < best.Length; i++)
        {
            var row = scores.AsSpan(i * columns, columns);
            var highest = 0;
            // As argmax: the first of equal ones; NaN is above all.
            for (var c = 1; c < columns && !double.IsNaN(row[highest]); c++)
                if (!(row[c] <= row[highest])) highest = c;
            best[i] = highest;
        }
        return best;
    }

    /// <summary>[N, C] as numbers, with at least one class, and as many as the metric has.</summary>
    internal static double[] Scores(string name, Tensor scores, int classes)
    {
        if (scores.Rank != 2 || scores.Shape[1] == 0 || (classes > 0 && scores.Shape[1] != classes))
            throw new ArgumentException($"{name}: expected scores [N, {(classes > 0 ? classes : "C")}], got {scores.Shape}");
        return Numbers(scores);
    }

    internal static double[] Numbers(Tensor x) => x.Detach().To(DType.Float64).ToArray<double>();
}
