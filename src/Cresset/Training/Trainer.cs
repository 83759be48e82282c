using System.Diagnostics;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;

namespace Cresset.Training;

/// <summary>How a training ended.</summary>
/// <param name="History">The epochs that were completed.</param>
/// <param name="Interrupted">True where it was cancelled; the model then holds what the last batch left.</param>
/// <param name="Stopped">True where <see cref="Trainer.Stop"/> ended it before the last of its epochs.</param>
public sealed record TrainingResult(IReadOnlyList<EpochRecord> History, bool Interrupted, bool Stopped);

/// <summary>The usual loop of supervised learning: for each batch of inputs and targets the forward pass, the loss, backward and a
/// step of the optimizer; after each epoch a look at the validation data. An explicit loop of your own works just as well.</summary>
/// <param name="model">What is trained.</param>
/// <param name="optimizer">Over the model's parameters.</param>
/// <param name="criterion">The loss; its mean over a batch.</param>
/// <param name="metric">A score that is shown beside the loss, <see cref="Accuracy"/> for classes; none if null.</param>
/// <param name="clipNorm">Scale gradients down to this norm (2) before each step; not if null.</param>
/// <param name="pairs">What of the outputs and the targets the loss and the metric compare, such as the places of sequences that do
/// not fill up; the mean over an epoch then counts by those targets. All, counted by inputs, if null.</param>
/// <param name="callbacks">Called as training goes on, in this order.</param>
public sealed partial class Trainer(Module model, Optimizer optimizer, Loss criterion, Metric? metric = null, double? clipNorm = null,
    Func<Tensor, Tensor, (Tensor Outputs, Tensor Targets)>? pairs = null, params IReadOnlyList<TrainerCallback> callbacks)
{
    readonly List<EpochRecord> history = [];
    // Checkpoints are taken when all else has been done.
    readonly IReadOnlyList<TrainerCallback> callbacks = [.. callbacks.Where(c => c is not TrainingCheckpoint), .. callbacks.Where(c => c is TrainingCheckpoint)];
    bool stopping;
    // How far the epoch at hand has come; and whether Fit goes on from there, after a checkpoint was loaded.
    Progress running;
    bool resumed;

    // What an epoch's means are of: batches and samples gone through, targets counted, the sum of their losses, and the time it took.
    record struct Progress(int Batch, long Samples, long Counted, double Total, double Seconds, double Rate);

    /// <summary>What is trained.</summary>
    public Module Model { get; } = model;

    /// <summary>What trains it.</summary>
    public Optimizer Optimizer { get; } = optimizer;

    /// <summary>What it is trained for.</summary>
    public Loss Criterion { get; } = criterion;

    /// <summary>The epochs completed so far, over all calls of <see cref="Fit"/>.</summary>
    public IReadOnlyList<EpochRecord> History => history;

    /// <summary>Lets <see cref="Fit"/> end after this epoch: what early stopping calls.</summary>
    public void Stop() => stopping = true;

    /// <summary>Trains for a number of epochs.</summary>
    /// <param name="training">Batches (inputs, targets), as a <c>DataLoader</c> gives them, one <c>foreach</c> an epoch.</param>
    /// <param name="epochs">How often to go through them.</param>
    /// <param name="validation">Looked at after each epoch, with the model in evaluation mode.</param>
    /// <param name="cancellation">Ends after the batch at hand; callbacks then save as at a normal end.</param>
    /// <exception cref="ArithmeticException">The loss is NaN or infinite; says at which epoch and step.</exception>
    public TrainingResult Fit(IEnumerable<(Tensor, Tensor)> training, int epochs, IEnumerable<(Tensor, Tensor)>? validation = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentOutOfRangeException.ThrowIfNegative(epochs);
        if (!resumed) (running, stopping) = (default, false);
        else if (training is DataLoader<(Tensor, Tensor)> loader) loader.StartAt(history.Count, running.Batch);
        else if (running.Batch > 0) throw new ArgumentException("Trainer: the checkpoint was taken within an epoch; expected a DataLoader to go on with, which can start there");
        resumed = false;
        var interrupted = false;
        var last = history.Count + epochs;
        while (history.Count < last && !stopping && !interrupted)
        {
            var record = Epoch(history.Count + 1, training, cancellation);
            interrupted = record is null;
            if (record is null) break;
            if (validation is not null)
            {
                metric?.Reset();
                var loss = Evaluate(Model, Criterion, validation, metric is null ? [] : [metric.Update], pairs);
                record = record with { ValidationLoss = loss, ValidationScore = metric?.Value ?? double.NaN };
            }
            history.Add(record);
            running = default;
            foreach (var callback in callbacks) callback.OnEpochEnd(this, record);
        }
        var result = new TrainingResult(history, interrupted, stopping && !interrupted && history.Count < last);
        foreach (var callback in callbacks) callback.OnEnd(this, result);
        return result;
    }

    // One epoch of training; null where it was cancelled.
    EpochRecord? Epoch(int epoch, IEnumerable<(Tensor, Tensor)> training, CancellationToken cancellation)
    {
        foreach (var callback in callbacks) callback.OnEpochStart(this, epoch);
        Model.Train();
        if (running.Batch == 0)
        {
            metric?.Reset();
            running.Rate = Optimizer.Groups[0].Options.Lr;
        }
        var before = running.Seconds;
        var watch = Stopwatch.StartNew();
        foreach (var (inputs, targets) in training)
        {
            if (cancellation.IsCancellationRequested) return null;
            running.Batch++;
            var (outputs, wanted) = Compared(pairs, Model.Forward(inputs), targets);
            foreach (var callback in callbacks) callback.OnForward(this, inputs, outputs, wanted);
            var loss = Criterion.Forward(outputs, wanted);
            var value = loss.Item();
            if (!double.IsFinite(value))
                throw new ArithmeticException(FormattableString.Invariant(
                    $"training: the loss is {value} at epoch {epoch}, step {running.Batch}; try a smaller learning rate than {Optimizer.Groups[0].Options.Lr}, clip the gradients, or look for NaN in the data"));
            Descend(loss);
            var count = (pairs is null ? inputs : wanted).Size(0);
            running.Samples += inputs.Size(0);
            running.Counted += count;
            running.Total += value * count;
            running.Seconds = before + watch.Elapsed.TotalSeconds;
            metric?.Update(outputs, wanted);
            var progress = new BatchProgress(epoch, running.Batch, running.Total / running.Counted, metric?.Value ?? double.NaN, running.Samples / running.Seconds);
            foreach (var callback in callbacks) callback.OnBatchEnd(this, progress);
        }
        if (running.Batch == 0) throw new ArgumentException("Trainer: expected at least one batch to train on, got none; is the data set smaller than a batch, with dropLast?");
        return new EpochRecord(epoch, running.Total / running.Counted, metric?.Value ?? double.NaN, double.NaN, double.NaN, running.Rate, running.Seconds, running.Samples / running.Seconds);
    }

    void Descend(Tensor loss)
    {
        Optimizer.ZeroGrad();
        loss.Backward();
        if (clipNorm is { } norm) GradientClipping.ClipNorm(Optimizer.Groups.SelectMany(group => group.Parameters), norm);
        Optimizer.Step();
    }

    /// <summary>The mean loss over all batches, with the model in evaluation mode (in which it stays) and nothing recorded.</summary>
    /// <param name="model">What is looked at.</param>
    /// <param name="criterion">The loss; its mean over a batch.</param>
    /// <param name="data">Batches (inputs, targets).</param>
    /// <param name="updates">Take in the outputs and targets of each batch: the <c>Update</c> of metrics, of a confusion matrix.</param>
    /// <param name="pairs">As in the constructor.</param>
    public static double Evaluate(Module model, Loss criterion, IEnumerable<(Tensor, Tensor)> data, IReadOnlyList<Action<Tensor, Tensor>>? updates = null,
        Func<Tensor, Tensor, (Tensor Outputs, Tensor Targets)>? pairs = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(criterion);
        ArgumentNullException.ThrowIfNull(data);
        model.Eval();
        using var scope = Autograd.NoGrad();
        double total = 0;
        long counted = 0;
        foreach (var (inputs, targets) in data)
        {
            var (outputs, wanted) = Compared(pairs, model.Forward(inputs), targets);
            var count = (pairs is null ? inputs : wanted).Size(0);
            total += criterion.Forward(outputs, wanted).Item() * count;
            counted += count;
            foreach (var update in updates ?? []) update(outputs, wanted);
        }
        return total / counted;
    }

    static (Tensor Outputs, Tensor Targets) Compared(Func<Tensor, Tensor, (Tensor, Tensor)>? pairs, Tensor outputs, Tensor targets) =>
        pairs is null ? (outputs, targets) : pairs(outputs, targets);
}
