namespace Cresset.Optim.Schedulers;

/// <summary>Which metrics are better.</summary>
public enum PlateauMode
{
    /// <summary>Lower ones, as of a loss.</summary>
    Min,

    /// <summary>Higher ones, as of an accuracy.</summary>
    Max,
}

/// <summary>How much better a metric must be.</summary>
public enum ThresholdMode
{
    /// <summary>By a part of the best: best (1 - threshold), or best (1 + threshold) for Max.</summary>
    Rel,

    /// <summary>By the threshold itself.</summary>
    Abs,
}

/// <summary>Multiplies the rate by a factor when a metric has not become better for more than <c>patience</c> steps.
/// PyTorch: <c>ReduceLROnPlateau</c>.</summary>
public sealed class ReduceLrOnPlateau : Scheduler
{
    readonly PlateauMode mode;
    readonly ThresholdMode thresholdMode;
    readonly double factor, threshold, eps;
    readonly double[] minLr;
    readonly int patience, cooldown;
    int badSteps, cooldownLeft;

    /// <summary>A scheduler that waits for the first metric.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="mode">Which metrics are better.</param>
    /// <param name="factor">The factor of the rate.</param>
    /// <param name="patience">How many steps without improvement are let pass.</param>
    /// <param name="threshold">How much better counts.</param>
    /// <param name="thresholdMode">As a part of the best, or absolute.</param>
    /// <param name="cooldown">The steps after a reduction that do not count.</param>
    /// <param name="minLr">The lowest rate, for all groups or for each; 0 unless given.</param>
    /// <param name="eps">The smallest change of a rate that is made.</param>
    public ReduceLrOnPlateau(Optimizer optimizer, PlateauMode mode = PlateauMode.Min, double factor = 0.1, int patience = 10,
        double threshold = 1e-4, ThresholdMode thresholdMode = ThresholdMode.Rel, int cooldown = 0, ReadOnlySpan<double> minLr = default,
        double eps = 1e-8) : base(optimizer)
    {
        Require("factor", factor is > 0 and < 1, "in (0, 1)", factor);
        Require("patience", patience >= 0, "0 or more", patience);
        Require("threshold", threshold >= 0, "0 or more", threshold);
        Require("cooldown", cooldown >= 0, "0 or more", cooldown);
        Require("eps", eps >= 0, "0 or more", eps);
        foreach (var rate in minLr) Require("minLr", rate >= 0, "0 or more", rate);
        this.mode = mode;
        this.factor = factor;
        this.patience = patience;
        this.threshold = threshold;
        this.thresholdMode = thresholdMode;
        this.cooldown = cooldown;
        this.minLr = ForGroups("minLr", minLr.IsEmpty ? [0] : minLr);
        this.eps = eps;
        Best = mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <summary>The best metric so far.</summary>
    public double Best { get; private set; }

    /// <summary>Takes the metric of an epoch and reduces the rates where it is time. A NaN is not better.</summary>
    public void Step(double metric)
    {
        StepCount++;
        if (IsBetter(metric))
        {
            Best = metric;
            badSteps = 0;
        }
        else
        {
            badSteps++;
        }
        if (cooldownLeft > 0)
        {
            cooldownLeft--;
            badSteps = 0;
        }
        if (badSteps <= patience) return;
        cooldownLeft = cooldown;
        badSteps = 0;
        for (var g = 0; g < Optimizer.Groups.Count; g++)
        {
            var options = Optimizer.Groups[g].Options;
            // A group added later has the lowest rate of the last one known.
            var lowest = minLr[Math.Min(g, minLr.Length - 1)];
            var reduced = Math.Max(options.Lr * factor, lowest);
            if (options.Lr - reduced > eps) options.Lr = reduced;
        }
    }

    bool IsBetter(double metric) => (mode, thresholdMode) switch
    {
        (PlateauMode.Min, ThresholdMode.Rel) => metric < Best * (1 - threshold),
        (PlateauMode.Min, _) => metric < Best - threshold,
        (_, ThresholdMode.Rel) => metric > Best * (1 + threshold),
        _ => metric > Best + threshold,
    };

    private protected override void Exchange(OptionValues values)
    {
        base.Exchange(values);
        Best = values.Number("best", Best);
        badSteps = values.Count("num_bad_epochs", badSteps);
        cooldownLeft = values.Count("cooldown_counter", cooldownLeft);
    }
}
