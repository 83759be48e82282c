using System.Globalization;

namespace Cresset.Nn;

/// <summary>Batch normalisation, for every number of dimensions: y = (x - mean) / √(variance + eps) * weight + bias, channel by
/// channel. In training mean and variance are those of the batch and running estimates are kept; in evaluation they are the
/// estimates, where there are any. Ioffe and Szegedy (2015).</summary>
public abstract class BatchNorm : Module
{
    readonly double eps;
    readonly double? momentum;

    private protected BatchNorm(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats, DType dtype)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numFeatures);
        if (!(eps >= 0)) throw new ArgumentOutOfRangeException(nameof(eps), eps, $"{GetType().Name}: expected an eps that is not negative");
        if (momentum is { } rate && !(rate >= 0 && rate <= 1)) throw new ArgumentOutOfRangeException(nameof(momentum), momentum, $"{GetType().Name}: expected a momentum from 0 to 1, or null");
        this.eps = eps;
        this.momentum = momentum;
        NumFeatures = numFeatures;
        if (affine)
        {
            Weight = new Parameter(Tensor.Ones([numFeatures], dtype));
            Bias = new Parameter(Tensor.Zeros([numFeatures], dtype));
        }
        if (trackRunningStats)
        {
            RunningMean = Tensor.Zeros([numFeatures], dtype);
            RunningVar = Tensor.Ones([numFeatures], dtype);
            NumBatchesTracked = Tensor.Zeros([], DType.Int64);
        }
    }

    /// <summary>C, the number of channels.</summary>
    public int NumFeatures { get; }

    /// <summary>The factor of each channel, [C]; null if not affine.</summary>
    public Parameter? Weight { get; }

    /// <summary>What is added to each channel, [C]; null if not affine.</summary>
    public Parameter? Bias { get; }

    /// <summary>The running estimate of the mean, [C]; null where none is kept.</summary>
    [field: Buffer]
    public Tensor? RunningMean { get; }

    /// <summary>The running estimate of the variance (with n - 1 in the denominator), [C]; null where none is kept.</summary>
    [field: Buffer]
    public Tensor? RunningVar { get; }

    /// <summary>The number of batches that the estimates have seen, an int64 scalar; null where none are kept.</summary>
    [field: Buffer]
    public Tensor? NumBatchesTracked { get; }

    /// <summary>Sets the running estimates back to mean 0 and variance 1. PyTorch: <c>reset_running_stats</c>.</summary>
    public void ResetRunningStats()
    {
        RunningMean?.FillInPlace(0);
        RunningVar?.FillInPlace(1);
        NumBatchesTracked?.FillInPlace(0);
    }

    private protected abstract string? ShapeError(Tensor x);

    /// <summary>The normalised input, in its shape.</summary>
    /// <exception cref="ArgumentException">The input's shape or type does not fit, or a batch in training has only one value
    /// for each channel.</exception>
    public override Tensor Forward(Tensor x) => Observe(Normalize(x, null, relu: false));

    /// <summary>relu(Forward(x) + other): the normalised input, with something of its shape added if given, and negative numbers as 0, in one
    /// pass over memory instead of three. Gradient: as of the three. PyTorch has it as three calls.</summary>
    /// <param name="x">The input.</param>
    /// <param name="other">What is added before negative numbers become 0, such as a residual network's shortcut.</param>
    /// <exception cref="ArgumentException">As for <see cref="Forward"/>, or <paramref name="other"/> has another shape or type.</exception>
    public Tensor ForwardRelu(Tensor x, Tensor? other = null)
    {
        // Hooks are shown what is normalised.
        if (!IsObserved) return Normalize(x, other, relu: true);
        var y = Forward(x);
        return (other is null ? y : y + other).Relu();
    }

    /// <summary>relu(Forward(convolution(x)) + other). In evaluation, where no gradients are recorded, the convolution's sums are
    /// normalised, added to and rectified before they are written, and all is one pass; otherwise as <see cref="ForwardRelu(Tensor, Tensor?)"/> of the convolution's output. PyTorch: <c>fuse_conv_bn_eval</c>,
    /// then the calls.</summary>
    /// <param name="convolution">The layer whose output is normalised.</param>
    /// <param name="x">The convolution's input.</param>
    /// <param name="other">What is added before negative numbers become 0, such as a residual network's shortcut.</param>
    /// <exception cref="ArgumentException">As for the layers one after another.</exception>
    public Tensor ForwardRelu(Conv2d convolution, Tensor x, Tensor? other = null)
    {
        ArgumentNullException.ThrowIfNull(convolution);
        if (!IsTraining && RunningMean is { } mean && RunningVar is { } variance && !IsObserved && convolution.Weight.Size(0) == NumFeatures && convolution.Weight.DType == mean.DType
            && !Tracing.IsOn && !Autograd.Records([x, convolution.Weight, mean, .. other is null ? (Tensor[])[] : [other]]))
        {
            var (factor, addend) = NormalizationOperators.FactorAndAddend(mean, variance, Weight, Bias, eps);
            if (convolution.ForwardScaledRelu(x, factor, addend, other) is { } y) return y;
        }
        return ForwardRelu(convolution.Forward(x), other);
    }

    Tensor Normalize(Tensor x, Tensor? other, bool relu)
    {
        var name = GetType().Name;
        if (ShapeError(x) is { } expected) throw new ArgumentException($"{name}: expected an input {expected} with C = {NumFeatures}, got {x.Shape}");
        var dtype = Weight?.DType ?? RunningMean?.DType ?? x.DType;
        if (x.DType != dtype || !dtype.IsFloatingPoint())
            throw new ArgumentException($"{name}: expected an input of {(dtype.IsFloatingPoint() ? dtype : DType.Float32).Name()}, got {x.DType.Name()}; convert it, or the module, with To");
        if (!IsTraining && RunningMean is { } mean && RunningVar is { } variance) return x.BatchNorm(mean, variance, Weight, Bias, eps, other, relu);
        var count = x.ElementCount / NumFeatures;
        if (count <= 1 && IsTraining)
            throw new ArgumentException($"{name}: expected more than one value for each channel in training, got the shape {x.Shape}; use larger batches, or call Eval() first");
        var y = x.BatchNorm(Weight, Bias, eps, out var batchMean, out var batchVariance, other, relu);
        if (IsTraining) Track(batchMean, batchVariance, count);
        return y;
    }

    void Track(Tensor mean, Tensor variance, int count)
    {
        if (RunningMean is null || RunningVar is null || NumBatchesTracked is null) return;
        using (Autograd.NoGrad())
        {
            NumBatchesTracked.AddInPlace(1);
            // Without momentum, the plain mean over all batches.
            var rate = momentum ?? 1 / NumBatchesTracked.Item();
            RunningMean.MulInPlace(1 - rate).AddInPlace(mean * rate);
            RunningVar.MulInPlace(1 - rate).AddInPlace(variance * (rate * count / (count - 1)));
        }
    }

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{NumFeatures}, eps: {eps}, momentum: {momentum?.ToString(CultureInfo.InvariantCulture) ?? "null"}, affine: {(Weight is null ? "false" : "true")}, trackRunningStats: {(RunningMean is null ? "false" : "true")}");
}

/// <summary>Batch normalisation of vectors [N, C] or sequences [N, C, L]; see <see cref="BatchNorm"/>. PyTorch:
/// <c>torch.nn.BatchNorm1d</c>.</summary>
/// <param name="numFeatures">C, the number of channels.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">The weight of a new batch in the running estimates; null is the plain mean over all batches.</param>
/// <param name="affine">Whether a factor and a bias are learned for each channel.</param>
/// <param name="trackRunningStats">Whether running estimates are kept; otherwise evaluation uses the batch too.</param>
/// <param name="dtype">The type of parameters and estimates.</param>
public sealed class BatchNorm1d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true,
    DType dtype = DType.Float32) : BatchNorm(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override string? ShapeError(Tensor x) => x.Rank is 2 or 3 && x.Size(1) == NumFeatures ? null : "[N, C] or [N, C, L]";
}

/// <summary>Batch normalisation of pictures [N, C, H, W]; see <see cref="BatchNorm"/>. PyTorch:
/// <c>torch.nn.BatchNorm2d</c>.</summary>
/// <param name="numFeatures">C, the number of channels.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">The weight of a new batch in the running estimates; null is the plain mean over all batches.</param>
/// <param name="affine">Whether a factor and a bias are learned for each channel.</param>
/// <param name="trackRunningStats">Whether running estimates are kept; otherwise evaluation uses the batch too.</param>
/// <param name="dtype">The type of parameters and estimates.</param>
public sealed class BatchNorm2d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true,
    DType dtype = DType.Float32) : BatchNorm(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override string? ShapeError(Tensor x) => x.Rank == 4 && x.Size(1) == NumFeatures ? null : "[N, C, H, W]";
}
