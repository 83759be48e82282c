using System.Globalization;
using Cresset.Nn;

namespace Cresset.Training;

/// <summary>Tells of mistakes that raise no error and spoil a training: probabilities where a loss wants logits, or logits where it
/// wants logarithms of probabilities; features that are not scaled; parameters that the optimizer does not have; labels that count
/// from 1; a loss that does not move. Each is told once, in a sentence that says what was seen and what to do. It looks at the first
/// batch and the first two epochs, so that it costs next to nothing.</summary>
/// <param name="warn">Told of each mistake.</param>
/// <param name="inputsAreIndices">Whether inputs of a floating type hold indices too, such as categories that will be embedded: their
/// scale is then not looked at.</param>
public sealed class ClassicMistakes(Action<string> warn, bool inputsAreIndices = false) : TrainerCallback
{
    // Features of this root mean square and more let a first layer saturate; standardised ones have 1, pixels of 0 to 1 below 1.
    const double LargeFeature = 10;

    // A loss that changed by less from the first epoch to the second, having begun no more than this far off, does not move.
    const double Still = 5e-3, Near = 0.1;

    bool looked;
    bool[]? classesSeen;
    double? firstLoss;
    double firstEpoch;

    /// <inheritdoc/>
    public override void OnForward(Trainer trainer, Tensor inputs, Tensor outputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(outputs);
        ArgumentNullException.ThrowIfNull(targets);
        if (!looked)
        {
            looked = true;
            using var scope = Autograd.NoGrad();
            LookAtOutputs(trainer.Criterion, outputs.Detach());
            if (!inputsAreIndices && inputs.DType.IsFloatingPoint()) LookAtFeatures(inputs.Detach());
            LookAtParameters(trainer);
        }
        if (classesSeen is null || targets.DType.IsFloatingPoint()) return;
        foreach (var target in targets.To(DType.Int64).Flatten().ToArray<long>())
            if (target >= 0 && target < classesSeen.Length) classesSeen[target] = true;
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
        if ((progress.Epoch, progress.Batch) == (1, 1)) firstLoss = progress.Loss;
    }

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        ArgumentNullException.ThrowIfNull(trainer);
        ArgumentNullException.ThrowIfNull(record);
        if (record.Epoch == 1)
        {
            firstEpoch = record.TrainLoss;
            // A training that goes on within its first epoch has not seen all of it.
            if (firstLoss is not null && classesSeen is [false, _, .., true] && classesSeen.AsSpan(1).IndexOf(false) < 0)
                warn($"class 0 of {classesSeen.Length} never occurs among the targets, and every other does: do the labels count from 1? Class indices count from 0.");
            classesSeen = null;
        }
        if (record.Epoch == 2 && firstLoss is { } first && Math.Abs(record.TrainLoss - firstEpoch) <= Still * firstEpoch && Math.Abs(firstEpoch - first) <= Near * first)
        {
            warn(string.Create(CultureInfo.InvariantCulture,
                $"the loss does not move: {first:G4} at the first batch, {firstEpoch:G4} and {record.TrainLoss:G4} over the first two epochs, with the learning rate {record.LearningRate:G4}. Try rates ten times larger and smaller, see that one batch alone can be learned, and that each input has its own target."));
        }
    }

    void LookAtOutputs(Loss criterion, Tensor outputs)
    {
        if (criterion is not (CrossEntropyLoss or NllLoss) || outputs.Rank == 0) return;
        var classes = outputs.Rank == 1 ? 0 : 1;
        if (outputs.Size(classes) < 2) return;
        classesSeen = new bool[outputs.Size(classes)];
        if (criterion is NllLoss && outputs.Max().Item() > 1e-3)
            warn("the loss is NllLoss, which wants logarithms of probabilities, and the outputs are above 0: end the model with LogSoftmax, or use CrossEntropyLoss, which takes logits.");
        if (criterion is CrossEntropyLoss && outputs.Min().Item() >= 0 && (outputs.Sum(classes) - 1).Abs().Max().Item() < 1e-3)
            warn("the outputs are probabilities already (each at least 0, together 1), and CrossEntropyLoss takes logits: leave out the softmax at the model's end, or use NllLoss on logarithms.");
    }

    void LookAtFeatures(Tensor inputs)
    {
        // Of a table each column has its own scale; of pictures and sequences all values share one.
        var squares = inputs.To(DType.Float64).Square();
        var scales = (inputs.Rank == 2 ? squares.Mean(0) : squares.Mean().Reshape(1)).Sqrt().ToArray<double>();
        if (scales.Max() is not (>= LargeFeature and var largest)) return;
        var what = inputs.Rank == 2 ? $"feature {Array.IndexOf(scales, largest)}" : "the input";
        warn(string.Create(CultureInfo.InvariantCulture,
            $"{what} has a root mean square of {largest:G4} in the first batch: networks learn best from features of about 1. Standardise them: subtract the training part's mean and divide by its standard deviation; pixels by 255."));
    }

    void LookAtParameters(Trainer trainer)
    {
        var known = trainer.Optimizer.Groups.SelectMany(group => group.Parameters).ToHashSet<Tensor>(ReferenceEqualityComparer.Instance);
        string[] forgotten = [.. trainer.Model.NamedParameters().Where(p => p.Parameter.RequiresGrad && !known.Contains(p.Parameter)).Select(p => p.Name)];
        if (forgotten.Length > 0)
            warn($"the optimizer does not have {forgotten.Length} of the model's parameters, such as {forgotten[0]}, and will not change them: make it from model.Parameters(), or freeze them by RequiresGrad = false.");
    }
}
