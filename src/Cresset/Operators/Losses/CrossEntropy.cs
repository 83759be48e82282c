namespace Cresset;

/// <summary>Losses of predictions among several classes. Inputs are [N, C], [C] or [N, C, d1, ...]; targets of class indices
/// have the same shape without C.</summary>
public static class CrossEntropyOperators
{
    // The dimension of the classes.
    static int ClassDim(Tensor input) => input.Rank == 1 ? 0 : 1;

    extension(Tensor input)
    {
        /// <summary>-input[target], of logarithms of probabilities, times the class's weight. PyTorch: <c>nll_loss</c>.</summary>
        /// <param name="target">Class indices, int64, in the input's shape without C.</param>
        /// <param name="weight">A factor for each class, [C]; the mean is then the weighted one.</param>
        /// <param name="ignoreIndex">A target that counts for nothing.</param>
        /// <param name="reduction">What becomes of the losses.</param>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A target is no class.</exception>
        public Tensor NllLoss(Tensor target, Tensor? weight = null, long ignoreIndex = -100, LossReduction reduction = LossReduction.Mean)
        {
            CheckInput("NllLoss", input, weight);
            var (index, ignored) = CheckTarget("NllLoss", input, target, ignoreIndex);
            var loss = Picked(input, index, ignored, weight, out var weights);
            return Reduce("NllLoss", loss, weights, index, ignored, reduction);
        }

        /// <summary>The negative logarithm of softmax(input) at the target. With class indices: -log softmax(input)[target], times
        /// the class's weight; with probabilities (a floating-point target of the input's shape): -Σ target log softmax(input)
        /// weight over the classes. PyTorch: <c>cross_entropy</c>.</summary>
        /// <param name="target">Class indices, int64, in the input's shape without C; or probabilities in the input's shape.</param>
        /// <param name="weight">A factor for each class, [C].</param>
        /// <param name="ignoreIndex">A target index that counts for nothing.</param>
        /// <param name="labelSmoothing">The part of the target, from 0 to 1, that is spread evenly over all classes. Szegedy et
        /// al. (2016).</param>
        /// <param name="reduction">What becomes of the losses.</param>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        /// <exception cref="ArgumentOutOfRangeException">A target is no class.</exception>
        public Tensor CrossEntropy(Tensor target, Tensor? weight = null, long ignoreIndex = -100, double labelSmoothing = 0,
            LossReduction reduction = LossReduction.Mean)
        {
            const string name = "CrossEntropyLoss";
            CheckInput(name, input, weight);
            ArgumentNullException.ThrowIfNull(target);
            if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) throw new ArgumentException($"{name}: expected a labelSmoothing from 0 to 1, got {labelSmoothing}");
            if (target.DType.IsFloatingPoint()) return Probabilities(input, target, weight, labelSmoothing, reduction);
            var (index, ignored) = CheckTarget(name, input, target, ignoreIndex);
            if (weight is null && labelSmoothing == 0 && ignored is null && input.Rank == 2)
                return Losses.Reduce(name, Fused(input, index), reduction);
            var logarithms = input.LogSoftmax(ClassDim(input));
            var loss = Picked(logarithms, index, ignored, weight, out var weights);
            if (labelSmoothing > 0)
            {
                var all = -(weight is null ? logarithms : logarithms * Classes(weight, input)).Sum(ClassDim(input));
                if (ignored is not null) all = all.MaskedFill(ignored, 0);
                loss = loss * (1 - labelSmoothing) + all * (labelSmoothing / input.Size(ClassDim(input)));
            }
            return Reduce(name, loss, weights, index, ignored, reduction);
        }
    }

    // The plain case, [N, C] and indices, in one pass over the input forwards and one backwards.
    static Tensor Fused(Tensor input, Tensor index)
    {
        var x = input.Contiguous();
        index = index.Contiguous();
        Tensor loss = Tensor.Allocate(index.Shape, x.DType, x.Backend), logSumExp = Tensor.Allocate(index.Shape, x.DType, x.Backend);
        x.Backend.CrossEntropy(x.Operand, index.Operand, loss.Operand, logSumExp.Operand);
        return Autograd.Records(input)
            ? Autograd.Record("CrossEntropy", loss, [input], [input, index], (node, dy) => [FusedGradient(dy, node.Saved(0), node.Saved(1), logSumExp)])
            : loss;
    }

    // (softmax(x) - the target's one-hot vector) dy; by tensor operators where the gradient will be differentiated again.
    static Tensor FusedGradient(Tensor dy, Tensor input, Tensor index, Tensor logSumExp)
    {
        if (Autograd.IsEnabled)
            return (input.Softmax(1) - index.OneHot(input.Size(1)).To(input.DType)) * dy.Unsqueeze(1);
        Tensor x = input.Contiguous(), gradient = dy.Contiguous();
        var dx = Tensor.Allocate(x.Shape, x.DType, x.Backend);
        x.Backend.CrossEntropyGradient(gradient.Operand, x.Operand, index.Operand, logSumExp.Operand, dx.Operand);
        return dx;
    }

    static Tensor Probabilities(Tensor input, Tensor target, Tensor? weight, double labelSmoothing, LossReduction reduction)
    {
        Losses.Check("CrossEntropyLoss", input, target);
        var dim = ClassDim(input);
        if (labelSmoothing > 0) target = target * (1 - labelSmoothing) + labelSmoothing / input.Size(dim);
        var terms = input.LogSoftmax(dim) * target;
        var loss = -(weight is null ? terms : terms * Classes(weight, input)).Sum(dim);
        return Losses.Reduce("CrossEntropyLoss", loss, reduction);
    }

    // -input[index] times the index's weight, 0 where ignored.
    static Tensor Picked(Tensor input, Tensor index, Tensor? ignored, Tensor? weight, out Tensor? weights)
    {
        var dim = ClassDim(input);
        var loss = -input.Gather(dim, index.Unsqueeze(dim)).Squeeze(dim);
        weights = weight?.IndexSelect(0, index.Reshape(-1)).Reshape(index.Shape);
        if (weights is not null) loss = loss * weights;
        if (ignored is null) return loss;
        weights = weights?.MaskedFill(ignored, 0);
        return loss.MaskedFill(ignored, 0);
    }

    // The mean divides by the weights of what counts; NaN where nothing does, as in PyTorch.
    static Tensor Reduce(string name, Tensor loss, Tensor? weights, Tensor index, Tensor? ignored, LossReduction reduction)
    {
        if (reduction != LossReduction.Mean || (weights is null && ignored is null)) return Losses.Reduce(name, loss, reduction);
        return weights is not null ? loss.Sum() / weights.Sum() : loss.Sum() / (index.ElementCount - ignored!.To(DType.Int64).Sum().Item());
    }

    static Tensor Classes(Tensor weight, Tensor input)
    {
        Span<int> sizes = stackalloc int[input.Rank];
        sizes.Fill(1);
        sizes[ClassDim(input)] = weight.ElementCount;
        return weight.Reshape(sizes);
    }

    static void CheckInput(string name, Tensor input, Tensor? weight)
    {
        Losses.CheckFloating(name, "input", input);
        if (input.Rank == 0) throw new ArgumentException($"{name}: expected an input [N, C], [C] or [N, C, d1, ...], got a scalar");
        if (weight is null) return;
        var classes = input.Size(ClassDim(input));
        if (weight.Rank != 1 || weight.Size(0) != classes) throw new ArgumentException($"{name}: expected a weight for each of the {classes} classes, [{classes}], got {weight.Shape}");
        if (weight.DType != input.DType) throw new ArgumentException($"{name}: expected a weight of the input's type {input.DType.Name()}, got {weight.DType.Name()}; convert it with To");
    }

    // The class indices, with 0 in place of what is ignored, and where that is; null if nowhere.
    static (Tensor Index, Tensor? Ignored) CheckTarget(string name, Tensor input, Tensor target, long ignoreIndex)
    {
        ArgumentNullException.ThrowIfNull(target);
        if (target.DType is not (DType.Int64 or DType.Int32 or DType.UInt8))
            throw new ArgumentException($"{name}: expected targets of int64, which are class indices, got {target.DType.Name()}{(target.DType.IsFloatingPoint() ? "; convert them with To(DType.Int64)" : "")}");
        var expected = input.Shape.Without(ClassDim(input));
        if (target.Shape != expected)
            throw new ArgumentException($"{name}: expected class indices of shape {expected} for the input {input.Shape}, got {target.Shape}");
        var classes = input.Size(ClassDim(input));
        target = target.To(DType.Int64);
        if (target.Backend.FindOutOfRange(target.Operand, classes) < 0 && (ignoreIndex < 0 || ignoreIndex >= classes)) return (target, null);
        var ignored = target.Equal(ignoreIndex);
        var index = target.MaskedFill(ignored, 0);
        var at = index.Backend.FindOutOfRange(index.Operand, classes);
        if (at >= 0)
        {
            var value = index.Reshape(-1).Select(0, (int)at).Item<long>();
            throw new ArgumentOutOfRangeException(nameof(target), $"{name}: expected class indices from 0 to {classes - 1}, got {value} at position {at} of the target of shape {target.Shape}; the input {input.Shape} has {classes} classes{(value == classes ? "; if labels count from 1, subtract 1" : "")}");
        }
        return (index, ignored.Any().Item<bool>() ? ignored : null);
    }
}
