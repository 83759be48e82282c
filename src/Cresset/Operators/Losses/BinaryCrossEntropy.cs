namespace Cresset;

/// <summary>Losses of yes-or-no predictions.</summary>
public static class BinaryCrossEntropyOperators
{
    extension(Tensor input)
    {
        /// <summary>-(target log(input) + (1 - target) log(1 - input)), of probabilities; the logarithms are at least -100, so that
        /// the loss stays finite. PyTorch: <c>binary_cross_entropy</c>.</summary>
        /// <param name="target">Numbers from 0 to 1, in the input's shape.</param>
        /// <param name="weight">A factor for each loss; broadcasts to the input.</param>
        /// <param name="reduction">What becomes of the elements' losses.</param>
        /// <exception cref="ArgumentException">The shapes differ, a type is not floating point, or an input is not in [0, 1].</exception>
        public Tensor BinaryCrossEntropy(Tensor target, Tensor? weight = null, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("BceLoss", input, target);
            if ((input < 0).Any().Item<bool>() || (input > 1).Any().Item<bool>())
                throw new ArgumentException($"BceLoss: expected probabilities from 0 to 1, got values from {input.Detach().Min().Item()} to {input.Detach().Max().Item()}; apply Sigmoid() first, or use BceWithLogitsLoss");
            return Losses.Reduce("BceLoss", Weighted("BceLoss", Elements(input, target), input, weight), reduction);
        }

        /// <summary>As <see cref="BinaryCrossEntropy"/> of sigmoid(input), computed from the logits without loss of digits:
        /// (1 - target) input - (1 + (posWeight - 1) target) log(sigmoid(input)). PyTorch:
        /// <c>binary_cross_entropy_with_logits</c>.</summary>
        /// <param name="target">Numbers from 0 to 1, in the input's shape.</param>
        /// <param name="weight">A factor for each loss; broadcasts to the input.</param>
        /// <param name="posWeight">A factor for the losses of positive targets; broadcasts to the input.</param>
        /// <param name="reduction">What becomes of the elements' losses.</param>
        /// <exception cref="ArgumentException">The shapes differ, or a type is not floating point.</exception>
        public Tensor BinaryCrossEntropyWithLogits(Tensor target, Tensor? weight = null, Tensor? posWeight = null, LossReduction reduction = LossReduction.Mean)
        {
            const string name = "BceWithLogitsLoss";
            Losses.Check(name, input, target);
            var logarithm = input.LogSigmoid();
            if (posWeight is not null) logarithm = logarithm * (1 + (Broadcast(name, "posWeight", posWeight, input) - 1) * target);
            return Losses.Reduce(name, Weighted(name, (1 - target) * input - logarithm, input, weight), reduction);
        }
    }

    // The gradient is written out: that of a logarithm at 0 would be infinite, times 0.
    static Tensor Elements(Tensor input, Tensor target)
    {
        Tensor loss;
        using (Autograd.NoGrad())
            loss = -(target * input.Log().ClampMin(-100) + (1 - target) * (1 - input).Log().ClampMin(-100));
        return Autograd.Records(input, target)
            ? Autograd.Record("BinaryCrossEntropy", loss, [input, target], [input, target], static (node, dy) =>
            {
                Tensor x = node.Saved(0), t = node.Saved(1);
                return [
                    node.Needs(0) ? dy * (x - t) / (x * (1 - x)).ClampMin(1e-12) : null,
                    node.Needs(1) ? dy * ((1 - x).Log().ClampMin(-100) - x.Log().ClampMin(-100)) : null,
                ];
            })
            : loss;
    }

    static Tensor Broadcast(string name, string what, Tensor weight, Tensor input) =>
        Shape.Broadcast(weight.Shape, input.Shape, name) == input.Shape ? weight
            : throw new ArgumentException($"{name}: expected a {what} that broadcasts to the input's shape {input.Shape}, got {weight.Shape}");

    static Tensor Weighted(string name, Tensor loss, Tensor input, Tensor? weight) =>
        weight is null ? loss : loss * Broadcast(name, "weight", weight, input);
}
