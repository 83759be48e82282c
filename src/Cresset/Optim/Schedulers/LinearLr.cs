namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial (startFactor + (endFactor - startFactor) min(t, totalIters) / totalIters): warm-up, or the way down. PyTorch: <c>LinearLR</c>.</summary>
public sealed class LinearLr : StepScheduler
{
    readonly double startFactor;
    readonly double endFactor;
    readonly int totalIters;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="startFactor">The factor at first.</param>
    /// <param name="endFactor">The factor in the end.</param>
    /// <param name="totalIters">The steps from one to the other.</param>
    public LinearLr(Optimizer optimizer, double startFactor = 1.0 / 3, double endFactor = 1, int totalIters = 5) : base(optimizer)
    {
        Require("startFactor", startFactor is > 0 and <= 1, "in (0, 1]", startFactor);
        Require("endFactor", endFactor is >= 0 and <= 1, "in [0, 1]", endFactor);
        Require("totalIters", totalIters > 0, "above 0", totalIters);
        this.startFactor = startFactor;
        this.endFactor = endFactor;
        this.totalIters = totalIters;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) =>
        initial * (startFactor + (endFactor - startFactor) * Math.Min(step, totalIters) / totalIters);
}
