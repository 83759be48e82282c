namespace Cresset.Nn;

/// <summary>Transposed convolution with learned kernels: x [N, C, H, W] or [C, H, W], y [N, O, OH, OW] or [O, OH, OW] with OH = (H - 1)
/// stride - 2 padding + dilation (kernel - 1) + outputPadding + 1. PyTorch: <c>torch.nn.ConvTranspose2d</c>, with zeros as the
/// padding mode and an output padding below the stride.</summary>
public sealed class ConvTranspose2d : Module
{
    readonly Size2d stride, padding, outputPadding, dilation;
    readonly int groups;

    /// <summary>A layer whose weight and bias start uniform in (-1/√f, 1/√f), f = O / groups * KH * KW, as PyTorch's do.</summary>
    /// <param name="inChannels">C, the channels of the input.</param>
    /// <param name="outChannels">O, the channels of the output.</param>
    /// <param name="kernelSize">KH and KW.</param>
    /// <param name="stride">The distance between the places of neighbouring elements; 1 unless given.</param>
    /// <param name="padding">Rows and columns cut off on each side.</param>
    /// <param name="outputPadding">Rows and columns more at the end; below the stride.</param>
    /// <param name="groups">Groups of channels that see only each other; divides both numbers of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dilation">The distance between the kernel's elements; 1 unless given.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A size is not positive, the groups do not divide the channels, or the output padding is
    /// not below the stride.</exception>
    public ConvTranspose2d(int inChannels, int outChannels, Size2d kernelSize, Size2d? stride = null, Size2d padding = default, Size2d outputPadding = default,
        int groups = 1, bool bias = true, Size2d? dilation = null, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        (this.stride, this.padding, this.outputPadding, this.dilation, this.groups) = (stride ?? 1, padding, outputPadding, dilation ?? 1, groups);
        foreach (var (name, size) in (ReadOnlySpan<(string, Size2d)>)[("kernelSize", kernelSize), ("stride", this.stride), ("dilation", this.dilation)])
            if (size.Height < 1 || size.Width < 1) throw new ArgumentException($"ConvTranspose2d: expected a {name} of at least 1, got {size}");
        if (inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"ConvTranspose2d: expected groups that divide the {inChannels} input and {outChannels} output channels, got {groups}");
        if (outputPadding.Height >= this.stride.Height || outputPadding.Width >= this.stride.Width)
            throw new ArgumentException($"ConvTranspose2d: expected an output padding below the stride {this.stride}, got {outputPadding}");
        Weight = new Parameter(Tensor.Empty([inChannels, outChannels / groups, kernelSize.Height, kernelSize.Width], dtype));
        if (bias) Bias = new Parameter(Tensor.Empty([outChannels], dtype));
        ResetParameters();
    }

    /// <summary>The kernels, [C, O / groups, KH, KW].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [O]; null where there is none.</summary>
    public Parameter? Bias { get; }

    /// <summary>Draws new initial values. PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => Init.LikeLinear(Weight, Bias, generator);

    /// <summary>The transposed convolution of x, plus the bias.</summary>
    /// <exception cref="ArgumentException">The input's shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x) =>
        Observe(Batches.Apply("ConvTranspose2d", x, y => y.ConvTranspose2d(Weight, Bias, stride, padding, outputPadding, groups, dilation)));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Size(0)}, {Weight.Size(1) * groups}, kernelSize: {(Size2d)(Weight.Size(2), Weight.Size(3))}, stride: {stride}"
        + (padding == default ? "" : $", padding: {padding}") + (outputPadding == default ? "" : $", outputPadding: {outputPadding}")
        + (dilation == 1 ? "" : $", dilation: {dilation}") + (groups == 1 ? "" : $", groups: {groups}") + (Bias is null ? ", bias: false" : "");
}
