namespace Cresset.Nn;

/// <summary>Convolution of sequences with learned kernels: x [N, C, L] or [C, L], y [N, O, OL] or [O, OL] with OL = floor((L + 2
/// padding - dilation (kernel - 1) - 1) / stride) + 1. PyTorch: <c>torch.nn.Conv1d</c>, with zeros as the padding mode.</summary>
public sealed class Conv1d : Module
{
    readonly int stride, padding, dilation, groups;

    /// <summary>A layer whose weight and bias start uniform in (-1/√f, 1/√f), f = C / groups * K, as PyTorch's do.</summary>
    /// <param name="inChannels">C, the channels of the input.</param>
    /// <param name="outChannels">O, the channels of the output.</param>
    /// <param name="kernelSize">K.</param>
    /// <param name="stride">The distance between places of the kernel.</param>
    /// <param name="padding">The zeros on each side.</param>
    /// <param name="dilation">The distance between the kernel's elements.</param>
    /// <param name="groups">Groups of channels that see only each other; divides both numbers of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A size is not positive, the padding is negative, or the groups do not divide the
    /// channels.</exception>
    public Conv1d(int inChannels, int outChannels, int kernelSize, int stride = 1, int padding = 0, int dilation = 1, int groups = 1,
        bool bias = true, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kernelSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(stride);
        ArgumentOutOfRangeException.ThrowIfNegative(padding);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(dilation);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        if (inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"Conv1d: expected groups that divide the {inChannels} input and {outChannels} output channels, got {groups}");
        (this.stride, this.padding, this.dilation, this.groups) = (stride, padding, dilation, groups);
        Weight = new Parameter(Tensor.Empty([outChannels, inChannels / groups, kernelSize], dtype));
        if (bias) Bias = new Parameter(Tensor.Empty([outChannels], dtype));
        ResetParameters();
    }

    /// <summary>The kernels, [O, C / groups, K].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [O]; null where there is none.</summary>
    public Parameter? Bias { get; }

    /// <summary>Draws new initial values. PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => Init.LikeLinear(Weight, Bias, generator);

    /// <summary>x convolved with the weight, plus the bias.</summary>
    /// <exception cref="ArgumentException">The input's shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Sequences("Conv1d", x, y => y.Conv1d(Weight, Bias, stride, padding, dilation, groups)));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Size(1) * groups}, {Weight.Size(0)}, kernelSize: {Weight.Size(2)}, stride: {stride}"
        + (padding == 0 ? "" : $", padding: {padding}") + (dilation == 1 ? "" : $", dilation: {dilation}")
        + (groups == 1 ? "" : $", groups: {groups}") + (Bias is null ? ", bias: false" : "");
}
