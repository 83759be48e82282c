namespace Cresset;

/// <summary>Batch, layer and group normalisation.</summary>
public static class NormalizationOperators
{
    // [C] as [1, C, 1, ...], to meet x channel by channel.
    static Tensor Channels(Tensor values, Tensor x)
    {
        Span<int> sizes = stackalloc int[x.Rank];
        sizes.Fill(1);
        sizes[1] = values.ElementCount;
        return values.Reshape(sizes);
    }

    // The dimensions of x but the channels'.
    static int[] Others(Tensor x) => [.. Enumerable.Range(0, x.Rank).Where(i => i != 1)];

    // y = (x - mean) / √(variance + eps) * weight + bias over the rows of x [..., C], whose last dimensions make one row.
    static Tensor Rows(string name, Tensor x, int columns, Tensor? weight, Tensor? bias, double eps)
    {
        var dense = x.Contiguous();
        var rows = columns == 0 ? 0 : x.ElementCount / columns;
        Tensor factors = weight?.Contiguous() ?? Tensor.Ones([columns], x.DType, x.Backend), addends = bias?.Contiguous() ?? Tensor.Zeros([columns], x.DType, x.Backend);
        Tensor y = dense.EmptyLike(), mean = Tensor.Allocate([rows], x.DType, x.Backend), scale = mean.EmptyLike();
        x.Backend.RowNormalization(eps, dense.Operand, factors.Operand, addends.Operand, y.Operand, mean.Operand, scale.Operand);
        Tensor[] inputs = [x, .. weight is null ? (Tensor[])[] : [weight], .. bias is null ? (Tensor[])[] : [bias]];
        if (!Autograd.Records(inputs)) return y;
        return Autograd.Record(name, y, inputs, weight is null ? [x] : [x, weight], (node, dy) =>
        {
            var input = node.Saved(0);
            var multipliers = weight is null ? factors : node.Saved(1);
            var (dx, dweight, dbias) = Autograd.IsEnabled
                ? DifferentiableGradient(dy.Reshape(rows, columns), input.Reshape(rows, columns), multipliers.Reshape(columns), [1], [0], eps)
                : RowGradient(dy, input, mean, scale, multipliers);
            return [dx.Reshape(input.Shape), .. weight is null ? (Tensor[])[] : [dweight.Reshape(multipliers.Shape)], .. bias is null ? (Tensor[])[] : [dbias.Reshape(multipliers.Shape)]];
        }, [columns, eps, weight is null ? 0 : 1, bias is null ? 0 : 1]);
    }

    static (Tensor X, Tensor Weight, Tensor Bias) RowGradient(Tensor dy, Tensor x, Tensor mean, Tensor scale, Tensor weight)
    {
        var dense = x.Contiguous();
        Tensor dx = dense.EmptyLike(), dweight = weight.EmptyLike(), dbias = weight.EmptyLike();
        x.Backend.RowNormalizationGradient(dy.Contiguous().Operand, dense.Operand, mean.Operand, scale.Operand, weight.Contiguous().Operand, dx.Operand, dweight.Operand, dbias.Operand);
        return (dx, dweight, dbias);
    }

    static (Tensor X, Tensor Weight, Tensor Bias, Tensor? Other) Gradient(Tensor dy, Tensor x, Tensor mean, Tensor scale, Tensor weight, Tensor? bias, Tensor? rectified, bool other)
    {
        Tensor dx = x.EmptyLike(), dweight = weight.EmptyLike(), dbias = weight.EmptyLike();
        var dense = dy.Contiguous();
        var dother = other && rectified is not null ? x.EmptyLike() : null;
        x.Backend.ChannelNormalizationGradient(dense.Operand, x.Operand, mean.Operand, scale.Operand, weight.Contiguous().Operand, bias?.Contiguous().Operand,
            rectified?.Operand, dx.Operand, dweight.Operand, dbias.Operand, dother?.Operand);
        return (dx, dweight, dbias, other ? dother ?? dy : null);
    }

    // The same by operators, for gradients that will be differentiated again: x normalised over some dimensions, by weights that
    // broadcast to it, whose gradients are sums over others.
    static (Tensor X, Tensor Weight, Tensor Bias) DifferentiableGradient(Tensor dy, Tensor x, Tensor weight, int[] dims, int[] others, double eps)
    {
        var centred = x - x.Mean(dims, keepDim: true);
        var scale = (centred.Square().Mean(dims, keepDim: true) + eps).Rsqrt();
        Tensor normalized = centred * scale, weighted = dy * weight;
        var dx = scale * (weighted - weighted.Mean(dims, keepDim: true) - normalized * (weighted * normalized).Mean(dims, keepDim: true));
        return (dx, (dy * normalized).Sum(others), dy.Sum(others));
    }

    /// <summary>Normalisation with given statistics as one factor and one addend for each channel.</summary>
    internal static (Tensor Factor, Tensor Addend) FactorAndAddend(Tensor mean, Tensor variance, Tensor? weight, Tensor? bias, double eps)
    {
        if (!Autograd.Records([mean, variance, .. weight is null ? (Tensor[])[] : [weight], .. bias is null ? (Tensor[])[] : [bias]]))
        {
            Tensor known = mean.EmptyLike(), addends = mean.EmptyLike();
            mean.Backend.ChannelFactors(eps, mean.Contiguous().Operand, variance.Contiguous().Operand, weight?.Contiguous().Operand, bias?.Contiguous().Operand, known.Operand, addends.Operand);
            return (known, addends);
        }
        var factor = (variance + eps).Rsqrt();
        if (weight is not null) factor = factor * weight;
        var addend = -mean * factor;
        return (factor, bias is null ? addend : addend + bias);
    }

    // y = x factor + addend, channel by channel, + other, or the larger of that and 0.
    static Tensor ScaleChannels(Tensor x, Tensor factor, Tensor addend, Tensor? other, bool relu)
    {
        Tensor[] inputs = [x, factor, addend, .. other is null ? (Tensor[])[] : [other]];
        if (Autograd.Records(inputs))
        {
            var sum = x * Channels(factor, x) + Channels(addend, x);
            if (other is not null) sum = sum + other;
            return relu ? sum.Relu() : sum;
        }
        var dense = x.Contiguous();
        var y = dense.EmptyLike();
        x.Backend.ScaleChannels(dense.Operand, factor.Contiguous().Operand, addend.Contiguous().Operand, other?.Contiguous().Operand, relu, y.Operand);
        return y;
    }

    extension(Tensor x)
    {
        /// <summary>Batch normalisation with given statistics: y = (x - mean) / √(variance + eps) * weight + bias, channel by
        /// channel. x [N, C, ...], the others [C]. PyTorch: <c>batch_norm</c> with <c>training=False</c>.</summary>
        /// <param name="mean">The mean of each channel.</param>
        /// <param name="variance">The variance of each channel.</param>
        /// <param name="weight">The factor of each channel; 1 where missing.</param>
        /// <param name="bias">The addend of each channel; 0 where missing.</param>
        /// <param name="eps">Added to the variance.</param>
        /// <param name="other">Of x's shape: added to y, in the same pass over memory, as a residual network's shortcut is.</param>
        /// <param name="relu">Whether the larger of the sum and 0 is given, in the same pass.</param>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        public Tensor BatchNorm(Tensor mean, Tensor variance, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5, Tensor? other = null, bool relu = false)
        {
            CheckChannels(x, mean, variance, weight, bias);
            CheckOther(x, other);
            var (factor, addend) = FactorAndAddend(mean, variance, weight, bias, eps);
            if (!Tracing.IsOn) return ScaleChannels(x, factor, addend, other, relu);
            // Told as one, beside the pieces.
            var y = Tracing.Tell("BatchNormInference", ScaleChannels(x, factor, addend, null, false), [x, mean, variance, .. weight is null ? (Tensor[])[] : [weight], .. bias is null ? (Tensor[])[] : [bias]],
                [eps, weight is null ? 0 : 1, bias is null ? 0 : 1]);
            if (other is not null) y = y + other;
            return relu ? y.Relu() : y;
        }

        /// <summary>Batch normalisation with the batch's own statistics, which it gives back outside the graph: the mean and the
        /// variance (with n in the denominator) of each channel. PyTorch: <c>batch_norm</c> with <c>training=True</c>.</summary>
        /// <param name="weight">The factor of each channel; 1 where missing.</param>
        /// <param name="bias">The addend of each channel; 0 where missing.</param>
        /// <param name="eps">Added to the variance.</param>
        /// <param name="mean">The batch's mean of each channel.</param>
        /// <param name="variance">The batch's variance of each channel.</param>
        /// <param name="other">Of x's shape: added to y, in the same pass over memory, as a residual network's shortcut is.</param>
        /// <param name="relu">Whether the larger of the sum and 0 is given, in the same pass.</param>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        public Tensor BatchNorm(Tensor? weight, Tensor? bias, double eps, out Tensor mean, out Tensor variance, Tensor? other = null, bool relu = false)
        {
            CheckChannels(x, weight, bias);
            CheckOther(x, other);
            var dense = x.Contiguous();
            Tensor batchMean = Tensor.Allocate([x.Shape[1]], x.DType, x.Backend), scale = batchMean.EmptyLike(), y = dense.EmptyLike();
            variance = batchMean.EmptyLike();
            mean = batchMean;
            using (Autograd.NoGrad())
                x.Backend.ChannelNormalization(eps, dense.Operand, (weight?.Contiguous() ?? batchMean.OnesLike()).Operand, (bias?.Contiguous() ?? batchMean.ZerosLike()).Operand,
                    other?.Contiguous().Operand, relu, y.Operand, mean.Operand, variance.Operand, scale.Operand);
            Tensor[] inputs = [dense, .. weight is null ? (Tensor[])[] : [weight], .. bias is null ? (Tensor[])[] : [bias], .. other is null ? (Tensor[])[] : [other]];
            if (!Autograd.Records(inputs)) return y;
            // Where the rectifier let through: y itself tells, or what is needed to compute it again, which is less to read.
            Tensor[] told = relu ? [other is null ? bias ?? batchMean.ZerosLike() : y] : [];
            return Autograd.Record("BatchNorm", y, inputs, [dense, .. weight is null ? (Tensor[])[] : [weight], .. told], (node, dy) =>
            {
                var input = node.Saved(0);
                var factors = weight is null ? batchMean.OnesLike() : node.Saved(1);
                var last = relu ? node.Saved(weight is null ? 1 : 2) : null;
                var (addends, rectified) = other is null ? (last, null) : ((Tensor?)null, last);
                Tensor dx, dweight, dbias;
                Tensor? dother;
                if (Autograd.IsEnabled)
                {
                    dother = dy;
                    if (addends is not null)
                    {
                        var factor = factors.Detach() * scale;
                        rectified = input.Detach() * Channels(factor, input) + Channels(addends.Detach() - batchMean * factor, input);
                    }
                    if (rectified is not null) dother = dy * (rectified.Detach() > 0).To(dy.DType);
                    (dx, dweight, dbias) = DifferentiableGradient(dother, input, Channels(factors, input), Others(input), Others(input), eps);
                }
                else (dx, dweight, dbias, dother) = Gradient(dy, input, batchMean, scale, factors, addends, rectified, other is not null);
                return [dx, .. weight is null ? (Tensor[])[] : [dweight], .. bias is null ? (Tensor[])[] : [dbias], .. other is null ? (Tensor[])[] : [dother!]];
            });
        }

        /// <summary>y = (x - mean) / √(variance + eps) * weight + bias, mean and variance over the last dimensions, whose sizes
        /// are <paramref name="normalizedShape"/>; weight and bias have that shape. PyTorch: <c>layer_norm</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
        public Tensor LayerNorm(Shape normalizedShape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
        {
            var shape = x.Shape;
            var start = x.Rank - normalizedShape.Rank;
            if (normalizedShape.Rank == 0 || start < 0 || !shape.AsSpan()[start..].SequenceEqual(normalizedShape.AsSpan()))
                throw new ArgumentException($"LayerNorm: expected last dimensions {normalizedShape}, got {shape}");
            foreach (var parameter in (ReadOnlySpan<Tensor?>)[weight, bias])
                if (parameter is not null && (parameter.Shape != normalizedShape || parameter.DType != x.DType))
                    throw new ArgumentException($"LayerNorm: expected a weight and bias of shape {normalizedShape} and type {x.DType.Name()}, got {parameter.Shape} and {parameter.DType.Name()}; convert the input or the module with To");
            if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"LayerNorm: expected a floating-point input, got {x.DType.Name()}; convert it with To(DType.Float32)");
            return Rows("LayerNorm", x, normalizedShape.ElementCount, weight, bias, eps);
        }
    }

    extension(Tensor x)
    {
        /// <summary>y = (x - mean) / √(variance + eps) * weight + bias, mean and variance over each of <paramref name="groups"/> groups
        /// of neighbouring channels of each sample; weight and bias [C]. x [N, C, ...]. Wu and He (2018). PyTorch:
        /// <c>group_norm</c>.</summary>
        /// <exception cref="ArgumentException">A shape or type does not fit, or the groups do not divide the channels.</exception>
        public Tensor GroupNorm(int groups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
        {
            if (x.Rank < 2 || !x.DType.IsFloatingPoint()) throw new ArgumentException($"GroupNorm: expected a floating-point input [N, C, ...], got {x.Shape} of {x.DType.Name()}");
            if (groups < 1 || x.Size(1) % groups != 0) throw new ArgumentException($"GroupNorm: expected groups that divide the {x.Size(1)} channels, got {groups}");
            foreach (var parameter in (ReadOnlySpan<Tensor?>)[weight, bias])
                if (parameter is not null && (parameter.Shape != [x.Size(1)] || parameter.DType != x.DType))
                    throw new ArgumentException($"GroupNorm: expected a weight and bias of shape [{x.Size(1)}] and type {x.DType.Name()}, got {parameter.Shape} and {parameter.DType.Name()}");
            return Tracing.IsOn ? GroupsAsRows(x, groups, weight, bias, eps) : Groups(x, groups, weight, bias, eps);
        }
    }

    // As it is told: rows are normalised, then come the weights.
    static Tensor GroupsAsRows(Tensor x, int groups, Tensor? weight, Tensor? bias, double eps)
    {
        var size = x.Size(0) * groups;
        var columns = size == 0 ? 0 : x.ElementCount / size;
        var y = Rows("GroupNorm", x.Reshape([size, columns]), columns, null, null, eps).Reshape(x.Shape);
        if (weight is not null) y = y * Channels(weight, x);
        return bias is null ? y : y + Channels(bias, x);
    }

    static Tensor Groups(Tensor x, int groups, Tensor? weight, Tensor? bias, double eps)
    {
        var dense = x.Contiguous();
        int samples = x.Size(0), channels = x.Size(1);
        Tensor factors = weight?.Contiguous() ?? Tensor.Ones([channels], x.DType, x.Backend), addends = bias?.Contiguous() ?? Tensor.Zeros([channels], x.DType, x.Backend);
        Tensor y = dense.EmptyLike(), mean = Tensor.Allocate([samples, groups], x.DType, x.Backend), scale = mean.EmptyLike();
        x.Backend.GroupNormalization(eps, dense.Operand, factors.Operand, addends.Operand, y.Operand, mean.Operand, scale.Operand);
        Tensor[] inputs = [x, .. weight is null ? (Tensor[])[] : [weight], .. bias is null ? (Tensor[])[] : [bias]];
        if (!Autograd.Records(inputs)) return y;
        return Autograd.Record("GroupNorm", y, inputs, weight is null ? [x] : [x, weight], (node, dy) =>
        {
            var input = node.Saved(0);
            var multipliers = weight is null ? factors : node.Saved(1);
            Tensor dx, dweight, dbias;
            if (Autograd.IsEnabled)
            {
                Shape grouped = [samples, groups, channels / groups, input.ElementCount / Math.Max(1, samples * channels)];
                (dx, dweight, dbias) = DifferentiableGradient(dy.Reshape(grouped), input.Reshape(grouped), multipliers.Reshape(groups, channels / groups, 1), [2, 3], [0, 3], eps);
            }
            else
            {
                var own = input.Contiguous();
                (dx, dweight, dbias) = (own.EmptyLike(), factors.EmptyLike(), factors.EmptyLike());
                input.Backend.GroupNormalizationGradient(dy.Contiguous().Operand, own.Operand, mean.Operand, scale.Operand, multipliers.Contiguous().Operand,
                    dx.Operand, dweight.Operand, dbias.Operand);
            }
            return [dx.Reshape(input.Shape), .. weight is null ? (Tensor[])[] : [dweight.Reshape(channels)], .. bias is null ? (Tensor[])[] : [dbias.Reshape(channels)]];
        });
    }

    static void CheckOther(Tensor x, Tensor? other)
    {
        if (other is not null && (other.Shape != x.Shape || other.DType != x.DType))
            throw new ArgumentException($"BatchNorm: expected what is added to have the input's shape {x.Shape} and type {x.DType.Name()}, got {other.Shape} and {other.DType.Name()}");
    }

    static void CheckChannels(Tensor x, params ReadOnlySpan<Tensor?> parameters)
    {
        if (x.Rank < 2) throw new ArgumentException($"BatchNorm: expected an input [N, C, ...], got {x.Shape}");
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"BatchNorm: expected a floating-point input, got {x.DType.Name()}; convert it with To(DType.Float32)");
        foreach (var parameter in parameters)
            if (parameter is not null && (parameter.Rank != 1 || parameter.Size(0) != x.Size(1) || parameter.DType != x.DType))
                throw new ArgumentException($"BatchNorm: expected parameters of shape [{x.Size(1)}], one for each channel of the input {x.Shape}, and of its type {x.DType.Name()}, got {parameter.Shape} and {parameter.DType.Name()}");
    }
}
