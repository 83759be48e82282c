using Cresset.Training;
using Microsoft.Extensions.Logging;

namespace Cresset.Logging;

/// <summary>Writes the course of a training to an <see cref="ILogger"/>, figures as fields of structured messages. Information: each
/// epoch with the losses, scores (shares, not percentages), learning rate and speed, and the end, also where early stopping brought it.
/// Warning: a training that was cancelled. Debug: each epoch's start. Trace: each batch. Which messages there are does not depend on the
/// level. What ends in an exception is told by whoever catches it. Lightning: the messages of its module <c>logging</c>.</summary>
/// <param name="logger">Where to.</param>
/// <param name="scoreName">What the trainer's metric is called.</param>
/// <param name="validationName">What the second data set is called.</param>
public sealed partial class TrainingLog(ILogger logger, string scoreName = "accuracy", string validationName = "validation") : TrainerCallback
{
    /// <inheritdoc/>
    public override void OnEpochStart(Trainer trainer, int epoch)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        LogStart(epoch, trainer.Optimizer.Groups[0].Options.Lr);
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
        // Without a metric there is no score.
        if (double.IsNaN(progress.Score)) LogBatch(progress.Epoch, progress.Batch, progress.Loss, progress.SamplesPerSecond);
        else LogScoredBatch(progress.Epoch, progress.Batch, progress.Loss, scoreName, progress.Score, progress.SamplesPerSecond);
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        if (double.IsNaN(record.TrainScore)) LogEpoch(record.Epoch, record.TrainLoss, record.LearningRate, record.SamplesPerSecond, record.Seconds);
        else LogScoredEpoch(record.Epoch, record.TrainLoss, scoreName, record.TrainScore, record.LearningRate, record.SamplesPerSecond, record.Seconds);
        if (double.IsNaN(record.ValidationLoss)) return;
        if (double.IsNaN(record.ValidationScore)) LogValidation(record.Epoch, validationName, record.ValidationLoss);
        else LogScoredValidation(record.Epoch, validationName, record.ValidationLoss, scoreName, record.ValidationScore);
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        var epochs = result.History.Count;
        if (result.Interrupted) LogCancelled(epochs + 1, epochs);
        else if (result.History.MinBy(record => record.Judged) is not { } best) LogNothing();
        else if (result.Stopped) LogStopped(epochs, best.Epoch, best.Judged);
        else LogEnd(epochs, best.Epoch, best.Judged);
    }

    [LoggerMessage(1, LogLevel.Debug, "Epoch {Epoch} begins, learning rate {LearningRate}")]
    partial void LogStart(int epoch, double learningRate);

    [LoggerMessage(2, LogLevel.Trace, "Epoch {Epoch}, batch {Batch}: loss {Loss:F4} so far, {SamplesPerSecond:F0} samples/s")]
    partial void LogBatch(int epoch, int batch, double loss, double samplesPerSecond);

    [LoggerMessage(3, LogLevel.Trace, "Epoch {Epoch}, batch {Batch}: loss {Loss:F4}, {ScoreName} {Score:F4} so far, {SamplesPerSecond:F0} samples/s")]
    partial void LogScoredBatch(int epoch, int batch, double loss, string scoreName, double score, double samplesPerSecond);

    [LoggerMessage(4, LogLevel.Information, "Epoch {Epoch}: loss {Loss:F4}, learning rate {LearningRate}, {SamplesPerSecond:F0} samples/s, {Seconds:F1} s")]
    partial void LogEpoch(int epoch, double loss, double learningRate, double samplesPerSecond, double seconds);

    [LoggerMessage(5, LogLevel.Information, "Epoch {Epoch}: loss {Loss:F4}, {ScoreName} {Score:F4}, learning rate {LearningRate}, {SamplesPerSecond:F0} samples/s, {Seconds:F1} s")]
    partial void LogScoredEpoch(int epoch, double loss, string scoreName, double score, double learningRate, double samplesPerSecond, double seconds);

    [LoggerMessage(6, LogLevel.Information, "Epoch {Epoch}: {Validation} loss {Loss:F4}")]
    partial void LogValidation(int epoch, string validation, double loss);

    [LoggerMessage(7, LogLevel.Information, "Epoch {Epoch}: {Validation} loss {Loss:F4}, {ScoreName} {Score:F4}")]
    partial void LogScoredValidation(int epoch, string validation, double loss, string scoreName, double score);

    [LoggerMessage(8, LogLevel.Information, "Training ended after {Epochs} epochs; the best was {BestEpoch} with a loss of {BestLoss:F4}")]
    partial void LogEnd(int epochs, int bestEpoch, double bestLoss);

    [LoggerMessage(9, LogLevel.Information, "Training was stopped early after {Epochs} epochs; the best was {BestEpoch} with a loss of {BestLoss:F4}")]
    partial void LogStopped(int epochs, int bestEpoch, double bestLoss);

    [LoggerMessage(10, LogLevel.Warning, "Training was cancelled in epoch {Epoch}, after {Epochs} whole ones")]
    partial void LogCancelled(int epoch, int epochs);

    [LoggerMessage(11, LogLevel.Information, "Training ended without an epoch")]
    partial void LogNothing();
}
