namespace Cresset.Optim.Schedulers;

/// <summary>One schedule after another, each counting its steps from its own start: such as warm-up, then decay.
/// PyTorch: <c>SequentialLR</c>.</summary>
public sealed class SequentialLr : StepScheduler
{
    readonly StepScheduler[] schedulers;
    readonly int[] milestones;

    /// <summary>Sets the first schedule's first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="schedulers">The schedules, made for the same optimizer; they are stepped from here alone.</param>
    /// <param name="milestones">The step at which each but the first begins, rising.</param>
    public SequentialLr(Optimizer optimizer, IEnumerable<StepScheduler> schedulers, IEnumerable<int> milestones) : base(optimizer)
    {
        this.schedulers = [.. schedulers];
        this.milestones = [.. milestones];
        if (this.schedulers.Length == 0 || this.milestones.Length != this.schedulers.Length - 1)
            throw new ArgumentException($"SequentialLr: expected one milestone between each two schedulers, got {this.schedulers.Length} schedulers and {this.milestones.Length} milestones");
        foreach (var scheduler in this.schedulers)
            if (scheduler.Optimizer != optimizer) throw new ArgumentException("SequentialLr: expected schedulers of the optimizer given, got one of another");
        for (var i = 0; i < this.milestones.Length; i++)
            Require("milestones", this.milestones[i] > (i == 0 ? 0 : this.milestones[i - 1]), "above 0 and rising", this.milestones[i]);
        Set(0);
    }

    // The schedule at a step, and where it began.
    (StepScheduler Scheduler, int Start) At(int step)
    {
        var place = milestones.Count(milestone => milestone <= step);
        return (schedulers[place], place == 0 ? 0 : milestones[place - 1]);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial)
    {
        var (scheduler, start) = At(step);
        return scheduler.Rate(step - start, group, initial);
    }

    internal override void Set(int step)
    {
        var (scheduler, start) = At(step);
        scheduler.Set(step - start);
    }
}
