namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial gamma^(number of milestones reached). PyTorch: <c>MultiStepLR</c>.</summary>
public sealed class MultiStepLr : StepScheduler
{
    readonly int[] milestones;
    readonly double gamma;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="milestones">The steps at which the rate changes; one given twice counts twice.</param>
    /// <param name="gamma">The factor.</param>
    public MultiStepLr(Optimizer optimizer, IEnumerable<int> milestones, double gamma = 0.1) : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(milestones);
        Require("gamma", gamma > 0, "above 0", gamma);
        this.milestones = [.. milestones];
        this.gamma = gamma;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) =>
        initial * Math.Pow(gamma, milestones.Count(milestone => milestone <= step));
}
