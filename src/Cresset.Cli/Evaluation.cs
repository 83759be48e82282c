using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>Scores a network on pictures.</summary>
static class Evaluation
{
    /// <summary>What is trained for and reported: the mean cross-entropy.</summary>
    public static readonly CrossEntropyLoss Criterion = new();

    /// <summary>Loss and confusion matrix over all batches, as a report. The network is in evaluation mode afterwards.</summary>
    public static EvaluationReport Run(Module network, DataLoader pictures, IReadOnlyList<string> classes, CancellationToken stop)
    {
        var matrix = new ConfusionMatrix(classes.Count);
        var loss = Trainer.Evaluate(network, Criterion, Stoppable(pictures, stop), matrix.Update);
        return EvaluationReport.Of(matrix, loss, classes);
    }

    static IEnumerable<(Tensor, Tensor)> Stoppable(DataLoader pictures, CancellationToken stop)
    {
        foreach (var batch in pictures)
        {
            stop.ThrowIfCancellationRequested();
            yield return batch;
        }
    }
}
