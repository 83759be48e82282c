using Cresset.Cli.Inputs;
using Cresset.Cli.Reports;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>What a network is trained for, and its score on samples.</summary>
static class Evaluation
{
    /// <summary>The loss: the mean cross-entropy of classes, weighted or not; the mean squared error of a number.</summary>
    public static Loss Criterion(ModelInput input, Tensor? weights = null) => input.Number is null ? new CrossEntropyLoss(weights) : new MseLoss();

    /// <summary>A weight for each class, N / (C n) for n of N samples, so that all classes count the same; 1 for one without samples.</summary>
    /// <exception cref="CommandException">There are no classes to weight.</exception>
    public static Tensor BalancedWeights(Samples training, ModelInput input, IReadOnlyList<string> classes)
    {
        if (input.Number is not null || input.Kind == InputKind.Text) throw CommandException.Usage($"--class-weights: it is for classes; the target here is {(input.Number is { } number ? $"the number {number.Name}" : "the next character")}.");
        var counts = new long[classes.Count];
        foreach (var (_, targets) in training.Batches(input, classes, EvalCommand.DefaultBatchSize))
            // Places that fill up a batch have a target below 0.
            foreach (var target in targets.Flatten().ToArray<long>().Where(t => t >= 0)) counts[target]++;
        return Tensor.From(Array.ConvertAll(counts, n => n == 0 ? 1f : (float)counts.Sum() / classes.Count / n));
    }

    /// <summary>The score beside it.</summary>
    public static Metric Metric(ModelInput input) => input.Number is null ? new Accuracy() : new R2();

    /// <summary>What the score is called.</summary>
    public static string ScoreName(ModelInput input) => input.Number is null ? "accuracy" : "R2";

    /// <summary>Loss and figures over all batches, as a report. The network is in evaluation mode afterwards.</summary>
    /// <param name="network">What is looked at.</param>
    /// <param name="samples">Batches.</param>
    /// <param name="classes">The names of the classes.</param>
    /// <param name="input">What the network takes.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="updates">Take in outputs and targets on the way, as <see cref="WorstMistakes"/> does.</param>
    public static IReport Run(Module network, DataLoader<(Tensor, Tensor)> samples, IReadOnlyList<string> classes, ModelInput input, CancellationToken stop,
        params IReadOnlyList<Action<Tensor, Tensor>> updates)
    {
        double Mean(params IReadOnlyList<Action<Tensor, Tensor>> own) => Trainer.Evaluate(network, Criterion(input), Stoppable(samples, stop), [.. own, .. updates], input.Pairs);
        if (input.Number is not { } number)
        {
            var matrix = new ConfusionMatrix(classes.Count);
            return EvaluationReport.Of(matrix, Mean(matrix.Update), classes);
        }
        Metric squared = new MeanSquaredError(), absolute = new MeanAbsoluteError(), share = new R2();
        long count = 0;
        // Errors in the number's own unit: the mean cancels.
        var loss = Mean(share.Update, (outputs, targets) =>
        {
            squared.Update(outputs * number.Deviation, targets * number.Deviation);
            absolute.Update(outputs * number.Deviation, targets * number.Deviation);
            count += outputs.Size(0);
        });
        return new RegressionReport(loss, Math.Sqrt(squared.Value), absolute.Value, share.Value, count);
    }

    static IEnumerable<(Tensor, Tensor)> Stoppable(DataLoader<(Tensor, Tensor)> samples, CancellationToken stop)
    {
        foreach (var batch in samples)
        {
            stop.ThrowIfCancellationRequested();
            yield return batch;
        }
    }
}
