namespace Cresset;

/// <summary>Losses of numbers against numbers.</summary>
public static class RegressionLossOperators
{
    // The sum or mean of (input - target)² as one operator: of what lies between, the difference alone is kept.
    static Tensor SquaredError(Tensor input, Tensor target, LossReduction reduction)
    {
        var difference = input.Detach() - target.Detach();
        var count = reduction == LossReduction.Mean ? input.ElementCount : 1;
        var loss = Reduction.Run(default(Reduction.SquareSum), difference, uint.MaxValue, keepDim: false);
        if (count != 1) loss = loss / count;
        return Autograd.Records(input, target)
            ? Autograd.Record("MseLoss", loss, [input, target], [input, target, difference], (node, gradient) =>
            {
                var slope = Autograd.IsEnabled
                    ? (node.Saved(0) - node.Saved(1)) * (gradient * 2 / count)
                    : node.Saved(2) * (gradient.Item() * 2 / count);
                return [slope, node.Needs(1) ? -slope : null];
            })
            : loss;
    }

    extension(Tensor input)
    {
        /// <summary>(input - target)². PyTorch: <c>mse_loss</c>.</summary>
        /// <param name="target">What the input should be, in its shape.</param>
        /// <param name="reduction">What becomes of the elements' losses.</param>
        /// <exception cref="ArgumentException">The shapes differ, or a type is not floating point.</exception>
        public Tensor MseLoss(Tensor target, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("MseLoss", input, target);
            return reduction is (LossReduction.Mean or LossReduction.Sum) && input.DType == target.DType && !Tracing.IsOn
                ? SquaredError(input, target, reduction)
                : Losses.Reduce("MseLoss", (input - target).Square(), reduction);
        }

        /// <summary>|input - target|; the gradient at 0 is 0. PyTorch: <c>l1_loss</c>.</summary>
        /// <exception cref="ArgumentException">The shapes differ, or a type is not floating point.</exception>
        public Tensor L1Loss(Tensor target, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("L1Loss", input, target);
            return Losses.Reduce("L1Loss", (input - target).Abs(), reduction);
        }

        /// <summary>With d = |input - target|: d² / (2 beta) where d &lt; beta, else d - beta / 2. Girshick (2015). PyTorch:
        /// <c>smooth_l1_loss</c>.</summary>
        /// <param name="target">What the input should be, in its shape.</param>
        /// <param name="beta">Where the square becomes a line; 0 is the L1 loss.</param>
        /// <param name="reduction">What becomes of the elements' losses.</param>
        /// <exception cref="ArgumentException">The shapes differ, a type is not floating point, or beta is negative.</exception>
        public Tensor SmoothL1Loss(Tensor target, double beta = 1, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("SmoothL1Loss", input, target);
            if (!(beta >= 0)) throw new ArgumentException($"SmoothL1Loss: expected a beta that is not negative, got {beta}");
            var distance = (input - target).Abs();
            if (beta > 0) distance = Tensor.Where(distance < beta, distance.Square() * (0.5 / beta), distance - 0.5 * beta);
            return Losses.Reduce("SmoothL1Loss", distance, reduction);
        }

        /// <summary>With d = |input - target|: d² / 2 where d &lt; delta, else delta (d - delta / 2). Huber (1964). PyTorch:
        /// <c>huber_loss</c>.</summary>
        /// <exception cref="ArgumentException">The shapes differ, a type is not floating point, or delta is not positive.</exception>
        public Tensor HuberLoss(Tensor target, double delta = 1, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("HuberLoss", input, target);
            if (!(delta > 0)) throw new ArgumentException($"HuberLoss: expected a positive delta, got {delta}");
            var distance = (input - target).Abs();
            var loss = Tensor.Where(distance < delta, distance.Square() * 0.5, (distance - 0.5 * delta) * delta);
            return Losses.Reduce("HuberLoss", loss, reduction);
        }

        /// <summary>The Kullback-Leibler divergence of the input, logarithms of probabilities, from the target: target (log(target) -
        /// input), 0 where the target is 0. PyTorch: <c>kl_div</c>.</summary>
        /// <param name="target">Probabilities, or their logarithms, in the input's shape.</param>
        /// <param name="logTarget">Whether the target holds logarithms.</param>
        /// <param name="reduction">What becomes of the elements' losses; <see cref="LossReduction.BatchMean"/> is the definition.</param>
        /// <exception cref="ArgumentException">The shapes differ, or a type is not floating point.</exception>
        public Tensor KlDivLoss(Tensor target, bool logTarget = false, LossReduction reduction = LossReduction.Mean)
        {
            Losses.Check("KlDivLoss", input, target);
            var loss = logTarget ? target.Exp() * (target - input) : target * (target.MaskedFill(target.Equal(0), 1).Log() - input);
            if (reduction != LossReduction.BatchMean) return Losses.Reduce("KlDivLoss", loss, reduction);
            if (input.Rank == 0) throw new ArgumentException("KlDivLoss: BatchMean needs an input with a batch dimension, got a scalar");
            return loss.Sum() / input.Size(0);
        }
    }
}

// What all losses share: the checks and the reduction.
static class Losses
{
    internal static void CheckFloating(string name, string what, Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x, what);
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"{name}: expected a floating-point {what}, got {x.DType.Name()}; convert it with To(DType.Float32)");
    }

    internal static void Check(string name, Tensor input, Tensor target)
    {
        CheckFloating(name, "input", input);
        CheckFloating(name, "target", target);
        if (input.Shape != target.Shape)
            throw new ArgumentException($"{name}: expected a target of the input's shape {input.Shape}, got {target.Shape}; Reshape or Expand one, so that it is clear what is meant");
    }

    internal static Tensor Reduce(string name, Tensor losses, LossReduction reduction) => reduction switch
    {
        LossReduction.None => losses,
        LossReduction.Mean => losses.Mean(),
        LossReduction.Sum => losses.Sum(),
        _ => throw new ArgumentException($"{name}: expected the reduction None, Mean or Sum, got {reduction}"),
    };
}
