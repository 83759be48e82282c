using System.Diagnostics;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;

namespace Cresset.Cli;

/// <summary>Epochs of training with a score on the test pictures after each.</summary>
sealed class TrainingLoop(
    Module network, Optimizer optimizer, DataLoader training, DataLoader testing, IReadOnlyList<string> classes,
    int epochs, TrainingDisplay display, CancellationToken stop)
{
    readonly List<EpochRow> history = [];

    /// <summary>The epochs that were completed.</summary>
    public IReadOnlyList<EpochRow> History => history;

    /// <summary>The score after the last epoch that was completed.</summary>
    public EvaluationReport? Report { get; private set; }

    /// <summary>Trains; <paramref name="saved"/> runs after each epoch.</summary>
    /// <returns>False where it was stopped; the batch that was running then has been completed.</returns>
    /// <exception cref="CommandException">The loss is no longer a number.</exception>
    public bool Run(Action saved)
    {
        for (int epoch = 1; epoch <= epochs; epoch++)
        {
            if (Epoch(epoch) is not var (loss, accuracy, watch)) return false;
            double seconds = watch.Elapsed.TotalSeconds;
            Report = Evaluation.Run(network, testing, classes, CancellationToken.None);
            history.Add(new EpochRow(epoch, loss, accuracy.Value, Report.Loss, Report.Accuracy,
                optimizer.Groups[0].Options.Lr, seconds, accuracy.Count / seconds));
            display.Epoch(history[^1]);
            saved();
        }
        return true;
    }

    (double Loss, Accuracy Accuracy, Stopwatch Watch)? Epoch(int epoch)
    {
        network.Train();
        var watch = Stopwatch.StartNew();
        var accuracy = new Accuracy();
        double total = 0;
        int batch = 0;
        foreach (var (images, labels) in training)
        {
            if (stop.IsCancellationRequested) return null;
            batch++;
            var scores = network.Forward(images);
            var loss = Evaluation.Criterion.Forward(scores, labels);
            double value = loss.Item();
            if (!double.IsFinite(value))
                throw new CommandException(FormattableString.Invariant(
                    $"training: the loss is {value} at epoch {epoch}, step {batch}; try a smaller --lr than {optimizer.Groups[0].Options.Lr}."));
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            total += value * labels.Shape[0];
            accuracy.Update(scores, labels);
            display.Batch(epoch, batch, total / accuracy.Count, accuracy.Value, accuracy.Count / watch.Elapsed.TotalSeconds);
        }
        return (total / accuracy.Count, accuracy, watch);
    }
}
