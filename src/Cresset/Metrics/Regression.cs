namespace Cresset.Metrics;

/// <summary>A score of predicted numbers, over all their elements, summed in float64.</summary>
public abstract class RegressionMetric : Metric
{
    private protected RegressionMetric()
    {
    }

    /// <summary>The number of elements seen.</summary>
    public long Count { get; private set; }

    /// <summary>Takes in a batch: predictions and targets of one shape. On an error nothing of it is taken in.</summary>
    /// <exception cref="ArgumentException">Different shapes.</exception>
    public override void Update(Tensor predictions, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(predictions);
        ArgumentNullException.ThrowIfNull(targets);
        if (predictions.Shape != targets.Shape)
            throw new ArgumentException($"{GetType().Name}: expected predictions and targets of one shape, got {predictions.Shape} and {targets.Shape}; reshape one of them, since broadcasting would compare each with each");
        Check(predictions);
        double[] p = MetricInput.Numbers(predictions), t = MetricInput.Numbers(targets);
        for (var i = 0; i < p.Length; i++)
        {
            Count++;
            Add(p[i], t[i]);
        }
    }

    /// <inheritdoc/>
    public override void Reset()
    {
        Count = 0;
        Sums = new double[Sums.Length];
    }

    internal override double[] State
    {
        get => [Count, .. Sums];
        set
        {
            Sums = Saved(value, 1 + Sums.Length)[1..];
            Count = (long)value[0];
        }
    }

    private protected virtual void Check(Tensor predictions)
    {
    }

    private protected abstract void Add(double prediction, double target);

    private protected abstract double[] Sums { get; set; }
}

/// <summary>mean((prediction - target)^2); NaN before the first sample. scikit-learn: <c>mean_squared_error</c>.</summary>
public sealed class MeanSquaredError : RegressionMetric
{
    double sum;

    /// <inheritdoc/>
    public override double Value => sum / Count;

    private protected override void Add(double prediction, double target) => sum += (prediction - target) * (prediction - target);

    private protected override double[] Sums { get => [sum]; set => sum = value[0]; }
}

/// <summary>mean(|prediction - target|); NaN before the first sample. scikit-learn: <c>mean_absolute_error</c>.</summary>
public sealed class MeanAbsoluteError : RegressionMetric
{
    double sum;

    /// <inheritdoc/>
    public override double Value => sum / Count;

    private protected override void Add(double prediction, double target) => sum += Math.Abs(prediction - target);

    private protected override double[] Sums { get => [sum]; set => sum = value[0]; }
}

/// <summary>The share of the targets' variance that the predictions explain: 1 - sum((p - t)^2) / sum((t - mean(t))^2). At
/// most 1; 0 for the mean itself. Where all targets are equal: 1 for exact predictions, else 0; NaN before the second
/// sample. Predictions and targets: [N] or [N, 1]. scikit-learn: <c>r2_score</c>.</summary>
public sealed class R2 : RegressionMetric
{
    double residual, mean, spread;

    /// <inheritdoc/>
    public override double Value => Count < 2 ? double.NaN
        : spread == 0 ? (residual == 0 ? 1 : 0)
        : 1 - residual / spread;

    private protected override void Check(Tensor predictions)
    {
        if (predictions.Rank != 1 && !(predictions.Rank == 2 && predictions.Shape[1] == 1))
            throw new ArgumentException($"R2: expected predictions [N] or [N, 1], got {predictions.Shape}; take one R2 for each output");
    }

    // Welford's sums: exact also where the mean is large beside the spread.
    private protected override void Add(double prediction, double target)
    {
        residual += (prediction - target) * (prediction - target);
        var step = target - mean;
        mean += step / Count;
        spread += step * (target - mean);
    }

    private protected override double[] Sums { get => [residual, mean, spread]; set => (residual, mean, spread) = (value[0], value[1], value[2]); }
}
