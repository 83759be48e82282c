namespace Cresset.Metrics;

/// <summary>The area under the receiver operating characteristic of a binary classifier: the share of pairs of a positive
/// and a negative sample in which the positive scores higher, a tie counting one half. NaN until both kinds were seen.
/// Predictions: scores [N] or [N, 1], any increasing function of the probability; targets: 0 and 1, int64 [N]. All scores are
/// kept: 9 bytes a sample. scikit-learn: <c>roc_auc_score</c>.</summary>
public sealed class RocAuc : Metric
{
    readonly List<double> scores = [];
    readonly List<bool> positive = [];

    /// <inheritdoc/>
    public override double Value
    {
        get
        {
            var sorted = scores.ToArray();
            var kinds = positive.ToArray();
            Array.Sort(sorted, kinds);
            // Twice the pairs won, in whole numbers: each positive wins against the negatives below, and half of those beside.
            Int128 wins = 0;
            long positives = 0, negatives = 0;
            for (var start = 0; start < sorted.Length;)
            {
                long up = 0, down = 0;
                var end = start;
                for (; end < sorted.Length && sorted[end] == sorted[start]; end++)
                    if (kinds[end]) up++;
                    else down++;
                wins += (Int128)up * (2 * negatives + down);
                positives += up;
                negatives += down;
                start = end;
            }
            return positives == 0 || negatives == 0 ? double.NaN : (double)wins / (2.0 * positives * negatives);
        }
    }

    /// <inheritdoc/>
    public override void Update(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        if (!(predictions.Rank == 1 || (predictions.Rank == 2 && predictions.Shape[1] == 1)) || targets.Rank != 1 || predictions.Shape[0] != targets.Shape[0])
            throw new ArgumentException($"RocAuc: expected scores [N] or [N, 1] and targets [N], got {predictions.Shape} and {targets.Shape}; of two classes' scores take those of class 1");
        var labels = MetricInput.Labels("RocAuc", "targets", targets, 2);
        var numbers = MetricInput.Numbers(predictions);
        for (var i = 0; i < numbers.Length; i++)
            if (double.IsNaN(numbers[i])) throw new ArgumentException($"RocAuc: expected scores that are numbers, got NaN at index {i}");
        scores.AddRange(numbers);
        positive.AddRange(labels.Select(l => l == 1));
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        scores.Clear();
        positive.Clear();
    }

    // The scores, then 1 for each positive sample and 0 for each negative one.
    internal override double[] State
    {
        get => [.. scores, .. positive.Select(p => p ? 1.0 : 0)];
        set
        {
            var count = Saved(value, value.Length / 2 * 2).Length / 2;
            Reset();
            scores.AddRange(value[..count]);
            positive.AddRange(value[count..].Select(p => p != 0));
        }
    }
}
