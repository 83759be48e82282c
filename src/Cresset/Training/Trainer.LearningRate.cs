using Cresset.Data;
using Cresset.Optim;

namespace Cresset.Training;

/// <summary>How the loss went while the learning rate rose.</summary>
/// <param name="Rates">The learning rate of each step, rising.</param>
/// <param name="Losses">The loss of each step's batch, smoothed.</param>
/// <param name="Suggestion">Where the loss fell fastest: a rate to train with; null where it never fell.</param>
public sealed record LearningRateRange(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses, double? Suggestion);

public sealed partial class Trainer
{
    // How much of the mean loss is kept at each step, and how many times the lowest of it ends the search: Gugger's and Lightning's.
    const double Smoothing = 0.98, Diverged = 4;

    // The mean of the first steps says little; at the last the loss has begun to rise.
    const int PassedOver = 10;

    /// <summary>The range test of Smith (2017, "Cyclical learning rates for training neural networks"): trains a few batches with a
    /// learning rate that rises by the same factor at each, and suggests the one at which the loss fell fastest. Ends early when the
    /// loss passes four times its lowest. Model, optimizer, random numbers and the loader's place are then as they were before;
    /// callbacks are not called. Lightning: <c>Tuner.lr_find</c>.</summary>
    /// <param name="training">Batches (inputs, targets); gone through again where there are fewer than steps.</param>
    /// <param name="lowest">The first rate.</param>
    /// <param name="highest">The last rate.</param>
    /// <param name="steps">How many batches are trained on, at least 20.</param>
    /// <param name="cancellation">Ends the search; the model is restored then as well.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LearningRateRange FindLearningRate(IEnumerable<(Tensor, Tensor)> training, double lowest = 1e-7, double highest = 10, int steps = 100,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowest);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(highest, lowest);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, 2 * PassedOver);
        var model = Model.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value.Clone());
        var saved = Optimizer.StateDict();
        var optimizer = new OptimizerState();
        foreach (var (name, number) in saved.Numbers) optimizer.Numbers[name] = number;
        foreach (var (name, tensor) in saved.Tensors) optimizer.Tensors[name] = tensor.Clone();
        var random = Random.Default.State;
        var loader = training as DataLoader<(Tensor, Tensor)>;
        var epoch = loader?.Epoch ?? 0;
        try
        {
            return Search(training, lowest, highest, steps, cancellation);
        }
        finally
        {
            Model.LoadStateDict(model);
            Optimizer.LoadStateDict(optimizer);
            Optimizer.ZeroGrad();
            Random.Default.State = random;
            loader?.StartAt(epoch, 0);
        }
    }

    LearningRateRange Search(IEnumerable<(Tensor, Tensor)> training, double lowest, double highest, int steps, CancellationToken cancellation)
    {
        List<double> rates = [], losses = [];
        double mean = 0, best = double.PositiveInfinity;
        Model.Train();
        while (rates.Count < steps)
        {
            var before = rates.Count;
            foreach (var (inputs, targets) in training)
            {
                cancellation.ThrowIfCancellationRequested();
                var rate = lowest * Math.Pow(highest / lowest, (double)rates.Count / (steps - 1));
                foreach (var group in Optimizer.Groups) group.Options.Lr = rate;
                var (outputs, wanted) = Compared(pairs, Model.Forward(inputs), targets);
                var loss = Criterion.Forward(outputs, wanted);
                mean = Smoothing * mean + (1 - Smoothing) * loss.Item();
                // A mean that begins at 0 is too small by this factor, as in Adam.
                var smooth = mean / (1 - Math.Pow(Smoothing, rates.Count + 1));
                if (!double.IsFinite(smooth) || smooth > Diverged * best) return new LearningRateRange(rates, losses, Steepest(rates, losses));
                best = Math.Min(best, smooth);
                rates.Add(rate);
                losses.Add(smooth);
                if (rates.Count == steps) break;
                Descend(loss);
            }
            if (rates.Count == before) throw new ArgumentException("Trainer: expected at least one batch to train on, got none; is the data set smaller than a batch, with dropLast?");
        }
        return new LearningRateRange(rates, losses, Steepest(rates, losses));
    }

    // The rates are equally far apart in the logarithm, so that differences of losses compare as slopes do.
    static double? Steepest(List<double> rates, List<double> losses)
    {
        var place = -1;
        double slope = 0;
        for (var i = PassedOver; i < losses.Count - 1; i++)
        {
            var here = losses[i + 1] - losses[i - 1];
            if (here < slope) (slope, place) = (here, i);
        }
        return place < 0 ? null : rates[place];
    }
}
