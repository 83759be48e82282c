using Cresset.Optim;
using Cresset.Optim.Schedulers;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>How the learning rate goes: a schedule by name, over so many steps.</summary>
sealed record ScheduleChoice(string Name, Func<Optimizer, int, Scheduler?> Create);

/// <summary>The schedules that `--schedule` knows.</summary>
static class Schedules
{
    public const string None = "none", Cosine = "cosine", OneCycle = "one-cycle";

    // Where a warm-up begins, and where the exponential way down ends, as a part of the learning rate.
    const double Least = 0.01;

    // Epochs without improvement until a plateau halves the rate.
    const int Patience = 2;

    public static readonly IReadOnlyList<ScheduleChoice> All =
    [
        new(None, (_, _) => null),
        new(Cosine, (optimizer, steps) => new CosineAnnealingLr(optimizer, steps)),
        new("step", (optimizer, steps) => new MultiStepLr(optimizer, [steps / 2, steps * 3 / 4])),
        new(OneCycle, (optimizer, steps) => new OneCycleLr(optimizer, optimizer.Groups[0].Options.Lr, steps, cycleMomentum: false)),
        new("linear", (optimizer, steps) => new LinearLr(optimizer, startFactor: 1, endFactor: 0, steps)),
        new("exponential", (optimizer, steps) => new ExponentialLr(optimizer, Math.Pow(Least, 1.0 / steps))),
        // Three cosines, each twice as long as the one before.
        new("restarts", (optimizer, steps) => new CosineAnnealingWarmRestarts(optimizer, Math.Max(1, (steps + 6) / 7), tMult: 2)),
        new("plateau", (optimizer, _) => new ReduceLrOnPlateau(optimizer, factor: 0.5, patience: Patience)),
    ];

    public static string Names => string.Join(", ", All.Select(s => s.Name));

    /// <summary>What steps the optimizer's rate over a run; null where it stays.</summary>
    /// <param name="choice">The schedule.</param>
    /// <param name="optimizer">Whose rate.</param>
    /// <param name="epochs">The run's epochs.</param>
    /// <param name="batches">Batches an epoch.</param>
    /// <param name="warmup">Epochs in which the rate rises in a line to the schedule's first.</param>
    /// <exception cref="CommandException">The warm-up does not fit.</exception>
    public static TrainerCallback? Create(ScheduleChoice choice, Optimizer optimizer, int epochs, int batches, double? warmup)
    {
        int steps = epochs * batches;
        if (warmup is not { } rise)
        {
            var scheduler = choice.Create(optimizer, steps);
            return scheduler is null ? null : new SchedulerStep(scheduler, eachBatch: scheduler is StepScheduler);
        }
        int rising = Math.Max(1, (int)Math.Round(rise * batches));
        if (rising >= steps) throw CommandException.Usage(FormattableString.Invariant($"--warmup: expected fewer than the run's {epochs} epochs, got {rise}."));
        var first = new LinearLr(optimizer, Least, totalIters: rising);
        return choice.Create(optimizer, steps - rising) switch
        {
            null => new SchedulerStep(first, eachBatch: true),
            OneCycleLr => throw CommandException.Usage($"--warmup: {OneCycle} has a warm-up of its own."),
            StepScheduler then => new SchedulerStep(new SequentialLr(optimizer, [first, then], [rising]), eachBatch: true),
            _ => throw CommandException.Usage($"--warmup: {choice.Name} follows the loss and has no warm-up."),
        };
    }
}
