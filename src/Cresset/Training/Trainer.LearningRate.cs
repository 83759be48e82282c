using Cresset.Data;
using Cresset.Optim;

namespace Cresset.Training;

/// <summary>How the loss went while the learning rate rose.</summary>
/// <param name="Rates">The learning rate of each step, rising.</param>
/// <param name="Losses">The loss of each step's batch, smoothed.</param>
/// <param name="Suggestion">The middle of the longest fall: a rate to train with; null where the loss never fell by a fiftieth.</param>
public sealed record LearningRateRange(IReadOnlyList<double> Rates, IReadOnlyList<double> Losses, double? Suggestion);

public sealed partial class Trainer
{
    // How much of the mean loss is kept at each step (more would hide how soon it falls), and how many times the lowest of it ends the
    // search.
    const double Smoothing = 0.9, Diverged = 4;

    const int FewestSteps = 20;

    // A loss that wavers falls somewhere too, by less.
    const double Fall = 0.02;

    /// <summary>The range test of Smith (2017, "Cyclical learning rates for training neural networks"): trains a few batches with a
    /// learning rate that rises by the same factor at each, and suggests the one in the middle of the longest fall of the loss, well
    /// below the rate at which training diverges. Ends early when the loss passes four times its lowest. Model, optimizer, random
    /// numbers and the loader's place are then as they were before; callbacks are not called. fastai: <c>lr_find</c> with its
    /// <c>valley</c>; Lightning: <c>Tuner.lr_find</c>, which suggests the steepest place, often too high a rate.</summary>
    /// <param name="training">Batches (inputs, targets); gone through again where there are fewer than steps.</param>
    /// <param name="lowest">The first rate.</param>
    /// <param name="highest">The last rate.</param>
    /// <param name="steps">How many batches are trained on, at least 20.</param>
    /// <param name="cancellation">Ends the search; the model is restored then as well.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public LearningRateRange FindLearningRate(IEnumerable<(Tensor, Tensor)> training, double lowest = 1e-6, double highest = 10, int steps = 100,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(training);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowest);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(highest, lowest);
        ArgumentOutOfRangeException.ThrowIfLessThan(steps, FewestSteps);
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
                if (!double.IsFinite(smooth) || smooth > Diverged * best) return new LearningRateRange(rates, losses, Middle(rates, losses));
                best = Math.Min(best, smooth);
                rates.Add(rate);
                losses.Add(smooth);
                if (rates.Count == steps) break;
                Descend(loss);
            }
            if (rates.Count == before) throw new ArgumentException("Trainer: expected at least one batch to train on, got none; is the data set smaller than a batch, with dropLast?");
        }
        return new LearningRateRange(rates, losses, Middle(rates, losses));
    }

    // The longest series of steps, not all of them neighbours, in which each loss is below the one before; what lies between wavers.
    static double? Middle(List<double> rates, List<double> losses)
    {
        var longest = new int[losses.Count];
        var end = 0;
        for (var i = 0; i < losses.Count; i++)
        {
            longest[i] = 1;
            for (var j = 0; j < i; j++)
                if (losses[i] < losses[j]) longest[i] = Math.Max(longest[i], longest[j] + 1);
            if (longest[i] > longest[end]) end = i;
        }
        return losses.Count > 0 && losses[0] - losses[end] > Fall * Math.Abs(losses[0]) ? rates[end - longest[end] / 2] : null;
    }
}
