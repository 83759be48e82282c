namespace Cresset;

/// <summary>Batch and layer normalisation.</summary>
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

    static uint AllButChannels(int rank) => ~2u & ((1u << rank) - 1);

    static int[] Dims(uint flags, int rank) => [.. Enumerable.Range(0, rank).Where(i => (flags & (1u << i)) != 0)];

    static Tensor Affine(Tensor x, Tensor? weight, Tensor? bias)
    {
        if (weight is not null) x = x * weight;
        return bias is null ? x : x + bias;
    }

    // (x - mean) / sqrt(variance + eps) over some dimensions. Its gradient takes the mean of dy and of dy y out of dy, which is
    // both faster and more precise than the gradients of mean and variance one by one.
    static Tensor Normalize(string name, Tensor x, int[] dims, double eps, out Tensor mean, out Tensor variance)
    {
        Tensor y, scale;
        using (Autograd.NoGrad())
        {
            mean = x.Mean(dims, keepDim: true);
            var centred = x - mean;
            variance = centred.Square().Mean(dims, keepDim: true);
            scale = (variance + eps).Rsqrt();
            y = centred.MulInPlace(scale);
        }
        if (!Autograd.Records(x)) return y;
        return Autograd.Record(name, y, [x], [x, y], (node, dy) =>
        {
            var input = node.Saved(0);
            // Where the gradient will be differentiated again, y and its scale are computed from x once more, recorded.
            Tensor normalized = node.Saved(1), factor = scale;
            if (Autograd.IsEnabled)
            {
                var centred = input - input.Mean(dims, keepDim: true);
                factor = (centred.Square().Mean(dims, keepDim: true) + eps).Rsqrt();
                normalized = centred * factor;
            }
            return [factor * (dy - dy.Mean(dims, keepDim: true) - normalized * (dy * normalized).Mean(dims, keepDim: true))];
        });
    }

    extension(Tensor x)
    {
        /// <summary>Batch normalisation with given statistics: y = (x - mean) / √(variance + eps) * weight + bias, channel by
        /// channel. x [N, C, ...], the others [C]. PyTorch: <c>batch_norm</c> with <c>training=False</c>.</summary>
        /// <exception cref="ArgumentException">A shape does not fit.</exception>
        public Tensor BatchNorm(Tensor mean, Tensor variance, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
        {
            CheckChannels(x, mean, variance, weight, bias);
            // One factor and one addend for each channel.
            var scale = (variance + eps).Rsqrt();
            if (weight is not null) scale = scale * weight;
            var shift = -mean * scale;
            if (bias is not null) shift = shift + bias;
            return x * Channels(scale, x) + Channels(shift, x);
        }

        /// <summary>Batch normalisation with the batch's own statistics, which it gives back outside the graph: the mean and the
        /// variance (with n in the denominator) of each channel. PyTorch: <c>batch_norm</c> with <c>training=True</c>.</summary>
        /// <exception cref="ArgumentException">A shape does not fit.</exception>
        public Tensor BatchNorm(Tensor? weight, Tensor? bias, double eps, out Tensor mean, out Tensor variance)
        {
            CheckChannels(x, weight, bias);
            var y = Normalize("BatchNorm", x, Dims(AllButChannels(x.Rank), x.Rank), eps, out mean, out variance);
            mean = mean.Reshape(-1);
            variance = variance.Reshape(-1);
            return Affine(y, weight is null ? null : Channels(weight, x), bias is null ? null : Channels(bias, x));
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
            return Affine(Normalize("LayerNorm", x, [.. Enumerable.Range(start, normalizedShape.Rank)], eps, out _, out _), weight, bias);
        }
    }

    static void CheckChannels(Tensor x, params ReadOnlySpan<Tensor?> parameters)
    {
        if (x.Rank < 2) throw new ArgumentException($"BatchNorm: expected an input [N, C, ...], got {x.Shape}");
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"BatchNorm: expected a floating-point input, got {x.DType.Name()}; convert it with To(DType.Float32)");
        foreach (var parameter in parameters)
            if (parameter is not null && (parameter.Rank != 1 || parameter.Size(0) != x.Size(1)))
                throw new ArgumentException($"BatchNorm: expected parameters of shape [{x.Size(1)}], one for each channel of the input {x.Shape}, got {parameter.Shape}");
    }
}
