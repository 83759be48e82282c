namespace Cresset.Nn;

/// <summary>A loss: a number that says how far a model's output is from the target. Called as
/// <c>criterion.Forward(input, target)</c>.</summary>
public abstract class Loss : Module
{
    private protected Loss(LossReduction reduction)
    {
        Reduction = reduction;
    }

    /// <summary>What becomes of the elements' losses.</summary>
    public LossReduction Reduction { get; }

    /// <summary>The loss of an output against its target; a scalar unless the reduction is None.</summary>
    public abstract Tensor Forward(Tensor input, Tensor target);

    /// <inheritdoc/>
    protected override string Describe() => Reduction == LossReduction.Mean ? "" : $"reduction: {Reduction}";
}

/// <summary>(input - target)². PyTorch: <c>torch.nn.MSELoss</c>.</summary>
public sealed class MseLoss(LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.MseLoss(target, Reduction));
}

/// <summary>|input - target|. PyTorch: <c>torch.nn.L1Loss</c>.</summary>
public sealed class L1Loss(LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.L1Loss(target, Reduction));
}

/// <summary>Square near 0, linear beyond <paramref name="beta"/>. PyTorch: <c>torch.nn.SmoothL1Loss</c>.</summary>
public sealed class SmoothL1Loss(double beta = 1, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.SmoothL1Loss(target, beta, Reduction));
}

/// <summary>Square near 0, linear with slope <paramref name="delta"/> beyond it. PyTorch: <c>torch.nn.HuberLoss</c>.</summary>
public sealed class HuberLoss(double delta = 1, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.HuberLoss(target, delta, Reduction));
}

/// <summary>Cross-entropy of probabilities of yes, times a <paramref name="weight"/> that broadcasts. PyTorch:
/// <c>torch.nn.BCELoss</c>.</summary>
public sealed class BceLoss(Tensor? weight = null, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    [Buffer]
    readonly Tensor? weight = weight;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.BinaryCrossEntropy(target, weight, Reduction));
}

/// <summary>Cross-entropy of yes, from logits: the loss of sigmoid(input), precise for large inputs; factors
/// <paramref name="weight"/> for all elements and <paramref name="posWeight"/> for positive targets. PyTorch:
/// <c>torch.nn.BCEWithLogitsLoss</c>.</summary>
public sealed class BceWithLogitsLoss(Tensor? weight = null, Tensor? posWeight = null, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    [Buffer]
    readonly Tensor? weight = weight, posWeight = posWeight;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.BinaryCrossEntropyWithLogits(target, weight, posWeight, Reduction));
}

/// <summary>-input[target] of logarithms of probabilities [N, C, ...] and class indices [N, ...]. PyTorch:
/// <c>torch.nn.NLLLoss</c>.</summary>
/// <param name="weight">A factor for each class, [C].</param>
/// <param name="ignoreIndex">A target that counts for nothing.</param>
/// <param name="reduction">What becomes of the losses.</param>
public sealed class NllLoss(Tensor? weight = null, long ignoreIndex = -100, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    [Buffer]
    readonly Tensor? weight = weight;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.NllLoss(target, weight, ignoreIndex, Reduction));
}

/// <summary>-log softmax(input) at the target: logits [N, C, ...] and class indices [N, ...], or probabilities of the input's
/// shape. PyTorch: <c>torch.nn.CrossEntropyLoss</c>.</summary>
/// <param name="weight">A factor for each class, [C].</param>
/// <param name="ignoreIndex">A target index that counts for nothing.</param>
/// <param name="labelSmoothing">The part of the target that is spread evenly over all classes.</param>
/// <param name="reduction">What becomes of the losses.</param>
public sealed class CrossEntropyLoss(Tensor? weight = null, long ignoreIndex = -100, double labelSmoothing = 0,
    LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    [Buffer]
    readonly Tensor? weight = weight;

    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.CrossEntropy(target, weight, ignoreIndex, labelSmoothing, Reduction));
}

/// <summary>The Kullback-Leibler divergence from the target of logarithms of probabilities. PyTorch:
/// <c>torch.nn.KLDivLoss</c>.</summary>
/// <param name="logTarget">Whether the target holds logarithms as well.</param>
/// <param name="reduction">What becomes of the elements' losses; BatchMean is the definition.</param>
public sealed class KlDivLoss(bool logTarget = false, LossReduction reduction = LossReduction.Mean) : Loss(reduction)
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor input, Tensor target) => Observe(input.KlDivLoss(target, logTarget, Reduction));
}
