using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;

namespace Cresset.Cli;

/// <summary>Scores a network on pictures.</summary>
static class Evaluation
{
    /// <summary>Mean cross-entropy: scores [N, C], labels int64 [N].</summary>
    public static Tensor Loss(Tensor scores, Tensor labels) =>
        -scores.LogSoftmax(1).Gather(1, labels.Unsqueeze(1)).Mean();

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
                loss += Loss(scores, labels).Item() * labels.Shape[0];
                count += labels.Shape[0];
                matrix.Update(scores, labels);
            }
        }
        return EvaluationReport.Of(matrix, loss / count, classes);
    }
}
