using Cresset.Nn;
using Cresset.Optim.Schedulers;

namespace Cresset.Training;

/// <summary>How far an epoch has come.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="Batch">From 1.</param>
/// <param name="Loss">Mean over the epoch's samples so far.</param>
/// <param name="Score">The trainer's metric over them; NaN without one.</param>
/// <param name="SamplesPerSecond">In this epoch so far.</param>
public readonly record struct BatchProgress(int Epoch, int Batch, double Loss, double Score, double SamplesPerSecond);

/// <summary>What takes part in a training: override what you need.</summary>
public abstract class TrainerCallback
{
    /// <summary>Before the first batch of an epoch (from 1).</summary>
    public virtual void OnEpochStart(Trainer trainer, int epoch)
    {
    }

    /// <summary>After the step of each batch.</summary>
    public virtual void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
    }

    /// <summary>After each epoch and its validation.</summary>
    public virtual void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
    }

    /// <summary>When training ends, also where it was cancelled; not after an exception.</summary>
    public virtual void OnEnd(Trainer trainer, TrainingResult result)
    {
    }
}

/// <summary>Ends training when the validation loss (the training loss without validation data) has not improved for some epochs.</summary>
/// <param name="patience">How many epochs without improvement are borne.</param>
/// <param name="minDelta">How much smaller the loss must be to count.</param>
public sealed class EarlyStopping(int patience, double minDelta = 0) : TrainerCallback
{
    double best = double.PositiveInfinity;
    int waited;

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        var loss = Checkpoint.LossOf(record);
        if (loss < best - minDelta) (best, waited) = (loss, 0);
        else if (++waited >= patience) trainer.Stop();
    }
}

/// <summary>Saves the model's state (safetensors) after each epoch, or only after the best so far by validation loss (by training
/// loss without validation data); the last state also when training ends, unless only the best is kept.</summary>
/// <param name="path">The file, replaced each time.</param>
/// <param name="bestOnly">Whether to keep only the best.</param>
public sealed class Checkpoint(string path, bool bestOnly = false) : TrainerCallback
{
    double best = double.PositiveInfinity;

    internal static double LossOf(EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return double.IsNaN(record.ValidationLoss) ? record.TrainLoss : record.ValidationLoss;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        var loss = LossOf(record);
        if (bestOnly && !(loss < best)) return;
        best = loss;
        trainer.Model.Save(path);
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (!bestOnly) trainer.Model.Save(path);
    }
}

/// <summary>Steps a learning-rate scheduler after each epoch, or after each batch.</summary>
/// <param name="scheduler">The scheduler; one on a plateau is given the validation loss (the training loss without validation data).</param>
/// <param name="eachBatch">After each batch instead, as one-cycle asks.</param>
public sealed class SchedulerStep(Scheduler scheduler, bool eachBatch = false) : TrainerCallback
{
    /// <inheritdoc/>
    public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
        if (eachBatch) Step(progress.Loss);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        if (!eachBatch) Step(Checkpoint.LossOf(record));
    }

    void Step(double loss)
    {
        switch (scheduler)
        {
            case StepScheduler stepping: stepping.Step(); break;
            case ReduceLrOnPlateau plateau: plateau.Step(loss); break;
            default: throw new InvalidOperationException($"SchedulerStep: expected a StepScheduler or ReduceLrOnPlateau, got {scheduler.GetType().Name}");
        }
    }
}
