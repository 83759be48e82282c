using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;

namespace Cresset.Cli;

/// <summary>Scores a network on pictures.</summary>
static class Evaluation
{
    /// <summary>What is trained for and reported: the mean cross-entropy.</summary>
    public static readonly CrossEntropyLoss Criterion = new();

    /// <summary>Loss and confusion matrix over all batches, as a report. The network is in evaluation mode afterwards.</summary>
    public static EvaluationReport Run(Module network, DataLoader pictures, IReadOnlyList<string> classes, CancellationToken stop)
    {
        network.Eval();
        var matrix = new ConfusionMatrix(classes.Count);
        double loss = 0;
        long count = 0;
        using (Autograd.NoGrad())
        {
            foreach (var (images, labels) in pictures)
            {
                stop.ThrowIfCancellationRequested();
                var scores = network.Forward(images);
                loss += Criterion.Forward(scores, labels).Item() * labels.Shape[0];
                count += labels.Shape[0];
                matrix.Update(scores, labels);
            }
        }
        return EvaluationReport.Of(matrix, loss / count, classes);
    }
}
