using Cresset.Training;

namespace Cresset.TensorBoard;

/// <summary>Writes the course of a training for TensorBoard: after each epoch <c>loss/train</c> and <c>loss/validation</c>, the scores
/// likewise, <c>learning_rate</c>, <c>samples_per_second</c> and a histogram of each parameter, <c>parameters/NAME</c>, at the epoch's
/// number as the step. A training that goes on from a checkpoint writes a file of its own in the same folder, from the epoch on that it
/// goes through again; of earlier files TensorBoard then shows the epochs before. Lightning: <c>TensorBoardLogger</c>.</summary>
/// <param name="folder">Where the event file is made, at the end of the first epoch.</param>
/// <param name="scoreName">What the trainer's metric is called.</param>
/// <param name="validationName">What the second data set is called.</param>
public sealed class TensorBoardLog(string folder, string scoreName = "accuracy", string validationName = "validation") : TrainerCallback
{
    SummaryWriter? writer;

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(record);
        // A process that was killed between an epoch's events and its checkpoint has left them already.
        writer ??= new SummaryWriter(folder, purgeStep: record.Epoch);
        foreach (var (tag, value) in (ReadOnlySpan<(string, double)>)
            [("loss/train", record.TrainLoss), ($"loss/{validationName}", record.ValidationLoss), ($"{scoreName}/train", record.TrainScore),
                ($"{scoreName}/{validationName}", record.ValidationScore), ("learning_rate", record.LearningRate), ("samples_per_second", record.SamplesPerSecond)])
        {
            // Without a metric or validation data there is none.
            if (!double.IsNaN(value)) writer.AddScalar(tag, value, record.Epoch);
        }
        foreach (var (name, parameter) in trainer.Model.NamedParameters())
        {
            if (parameter.ElementCount > 0) writer.AddHistogram($"parameters/{name}", parameter, record.Epoch);
        }
    }

    /// <inheritdoc/>
    public override void OnEnd(Trainer trainer, TrainingResult result)
    {
        writer?.Dispose();
        writer = null;
    }
}
