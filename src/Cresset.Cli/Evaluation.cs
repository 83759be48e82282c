using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>Scores a network on samples.</summary>
static class Evaluation
{
    /// <summary>What is trained for and reported: the mean cross-entropy.</summary>
    public static readonly CrossEntropyLoss Criterion = new();

    /// <summary>Loss and confusion matrix over all batches, as a report. The network is in evaluation mode afterwards.</summary>
    public static EvaluationReport Run(Module network, DataLoader<(Tensor, Tensor)> samples, IReadOnlyList<string> classes, ModelInput input, CancellationToken stop)
    {
        var matrix = new ConfusionMatrix(classes.Count);
        var loss = Trainer.Evaluate(network, Criterion, Stoppable(samples, stop), [matrix.Update], input.Pairs);
        return EvaluationReport.Of(matrix, loss, classes);
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
