using System.Diagnostics;
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

    /// <summary>After the forward pass of each batch in training, before its backward pass: what went in, what came out and what was
    /// wanted, as the loss compares them.</summary>
    public virtual void OnForward(Trainer trainer, Tensor inputs, Tensor outputs, Tensor targets)
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

    /// <summary>What the callback must remember to go on in another process, for a checkpoint; nothing unless overridden.</summary>
    public virtual IReadOnlyDictionary<string, double> StateDict() => new Dictionary<string, double>();

    /// <summary>Takes over what <see cref="StateDict"/> gave.</summary>
    /// <exception cref="ArgumentException">It is the state of another callback.</exception>
    public virtual void LoadStateDict(IReadOnlyDictionary<string, double> state)
    {
    }

    /// <summary>A number of a saved state.</summary>
    /// <exception cref="ArgumentException">It has none of that name.</exception>
    protected double Number(IReadOnlyDictionary<string, double> state, string name)
    {
        ArgumentNullException.ThrowIfNull(state);
        return state.TryGetValue(name, out var number) ? number
            : throw new ArgumentException($"{GetType().Name}.LoadStateDict: expected the number {name}, got {(state.Count == 0 ? "none" : string.Join(", ", state.Keys))}; is it the state of another callback?");
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
        var loss = record.Judged;
        if (loss < best - minDelta) (best, waited) = (loss, 0);
        else if (++waited >= patience) trainer.Stop();
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> StateDict() => new Dictionary<string, double> { ["best"] = best, ["waited"] = waited };

    /// <inheritdoc/>
    public override void LoadStateDict(IReadOnlyDictionary<string, double> state) => (best, waited) = (Number(state, "best"), (int)Number(state, "waited"));
}

/// <summary>Saves the model's state (safetensors) after each epoch, or only after the best so far by validation loss (by training
/// loss without validation data); the last state also when training ends, unless only the best is kept. To go on with a training
/// later takes more than that: <see cref="TrainingCheckpoint"/>.</summary>
/// <param name="path">The file, replaced each time.</param>
/// <param name="bestOnly">Whether to keep only the best.</param>
/// <param name="metadata">Text that is saved with it.</param>
public sealed class ModelCheckpoint(string path, bool bestOnly = false, IReadOnlyDictionary<string, string>? metadata = null) : TrainerCallback
{
    double best = double.PositiveInfinity;

    /// <summary>The epoch, from 1, whose model the file holds; 0 before the first.</summary>
    public int Epoch { get; private set; }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(record);
        if (bestOnly && !(record.Judged < best)) return;
        (best, Epoch) = (record.Judged, record.Epoch);
        trainer.Model.Save(path, metadata);
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (!bestOnly) trainer.Model.Save(path, metadata);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> StateDict() => new Dictionary<string, double> { ["best"] = best, ["epoch"] = Epoch };

    /// <inheritdoc/>
    public override void LoadStateDict(IReadOnlyDictionary<string, double> state) => (best, Epoch) = (Number(state, "best"), (int)Number(state, "epoch"));
}

/// <summary>Saves a checkpoint (<see cref="Trainer.SaveCheckpoint"/>) after each epoch, when training ends or is cancelled, and within
/// epochs as often as asked. Wherever it stands in the list, it is called after all other callbacks.</summary>
/// <param name="path">The file, replaced each time.</param>
/// <param name="everyBatches">Save after so many batches of an epoch as well; not if null.</param>
/// <param name="every">Save within an epoch when so much time has gone by since the last time; not if null.</param>
public sealed class TrainingCheckpoint(string path, int? everyBatches = null, TimeSpan? every = null) : TrainerCallback
{
    readonly Stopwatch watch = Stopwatch.StartNew();

    /// <inheritdoc/>
    public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        if (progress.Batch % everyBatches != 0 && !(watch.Elapsed >= every)) return;
        Save(trainer);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record) => Save(trainer);

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Interrupted) Save(trainer);
    }

    void Save(Trainer trainer)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        trainer.SaveCheckpoint(path);
        watch.Restart();
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
        ArgumentNullException.ThrowIfNull(record);
        if (!eachBatch) Step(record.Judged);
    }

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> StateDict() => scheduler.StateDict();

    /// <inheritdoc/>
    public override void LoadStateDict(IReadOnlyDictionary<string, double> state) => scheduler.LoadStateDict(state);

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
