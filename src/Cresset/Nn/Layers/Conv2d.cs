namespace Cresset.Nn;

/// <summary>Convolution of pictures with learned kernels: x [N, C, H, W] or [C, H, W], y [N, O, OH, OW] or [O, OH, OW] with OH =
/// floor((H + 2 padding - dilation (kernel - 1) - 1) / stride) + 1. PyTorch: <c>torch.nn.Conv2d</c>, with zeros as the padding
/// mode.</summary>
public sealed class Conv2d : Module
{
    readonly Size2d stride, dilation;
    readonly Padding2d padding;
    readonly int groups;

    /// <summary>A layer whose weight and bias start uniform in (-1/√f, 1/√f), f = C / groups * KH * KW, as PyTorch's do.</summary>
    /// <param name="inChannels">C, the channels of the input.</param>
    /// <param name="outChannels">O, the channels of the output.</param>
    /// <param name="kernelSize">KH and KW.</param>
    /// <param name="stride">The distance between places of the kernel; 1 unless given.</param>
    /// <param name="padding">The zeros on each side of the picture, "same" or "valid"; 0 unless given.</param>
    /// <param name="dilation">The distance between the kernel's elements; 1 unless given.</param>
    /// <param name="groups">Groups of channels that see only each other; divides both numbers of channels.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A size is not positive, the groups do not divide the channels, or "same" comes
    /// with a stride.</exception>
    public Conv2d(int inChannels, int outChannels, Size2d kernelSize, Size2d? stride = null, Padding2d padding = default,
        Size2d? dilation = null, int groups = 1, bool bias = true, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outChannels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(groups);
        this.stride = stride ?? 1;
        this.dilation = dilation ?? 1;
        this.padding = padding;
        this.groups = groups;
        Positive("kernelSize", kernelSize);
        Positive("stride", this.stride);
        Positive("dilation", this.dilation);
        if (padding.Size.Height < 0 || padding.Size.Width < 0) throw new ArgumentException($"Conv2d: expected a padding that is not negative, got {padding}");
        if (inChannels % groups != 0 || outChannels % groups != 0)
            throw new ArgumentException($"Conv2d: expected groups that divide the {inChannels} input and {outChannels} output channels, got {groups}");
        if (padding.IsSame && this.stride != 1) throw new ArgumentException($"Conv2d: the padding \"same\" needs the stride 1, got {this.stride}");
        Weight = new Parameter(Tensor.Empty([outChannels, inChannels / groups, kernelSize.Height, kernelSize.Width], dtype));
        if (bias) Bias = new Parameter(Tensor.Empty([outChannels], dtype));
        ResetParameters();
    }

    static void Positive(string name, Size2d size)
    {
        if (size.Height < 1 || size.Width < 1) throw new ArgumentException($"Conv2d: expected a {name} of at least 1, got {size}");
    }

    /// <summary>The kernels, [O, C / groups, KH, KW].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [O]; null where there is none.</summary>
    public Parameter? Bias { get; }

    /// <summary>Draws new initial values. PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => Init.LikeLinear(Weight, Bias, generator);

    /// <summary>x convolved with the weight, plus the bias.</summary>
    /// <exception cref="ArgumentException">The input's shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Apply("Conv2d", x, padding.IsSame ? Same : Convolve));

    /// <summary>relu(Forward(x) factor + addend + other), channel by channel, in one pass and without gradients; null where this layer cannot
    /// compute it so, or shows its output to hooks.</summary>
    internal Tensor? ForwardScaledRelu(Tensor x, Tensor factor, Tensor addend, Tensor? other)
    {
        if (IsObserved || padding.IsSame || x.Rank != 4) return null;
        var bias = Bias is null ? addend : addend + Bias * factor;
        return Conv2dOperator.ConvolveRelu(x, Weight, factor, bias, other, stride, padding.Size, dilation, groups);
    }

    Tensor Convolve(Tensor x) => x.Conv2d(Weight, Bias, stride, padding.Size, dilation, groups);

    // An odd number of zeros leaves one more at the end than at the start: the convolution pads both sides by the larger number,
    // and the first row or column of the result, which it makes too much, is left out.
    Tensor Same(Tensor x)
    {
        int rows = dilation.Height * (Weight.Size(2) - 1), columns = dilation.Width * (Weight.Size(3) - 1);
        var y = x.Conv2d(Weight, Bias, (1, 1), ((rows + 1) / 2, (columns + 1) / 2), dilation, groups);
        return y.Narrow(2, rows % 2, x.Size(2)).Narrow(3, columns % 2, x.Size(3));
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"{Weight.Size(1) * groups}, {Weight.Size(0)}, kernelSize: {(Size2d)(Weight.Size(2), Weight.Size(3))}, stride: {stride}"
        + (padding == default ? "" : $", padding: {padding}") + (dilation == 1 ? "" : $", dilation: {dilation}")
        + (groups == 1 ? "" : $", groups: {groups}") + (Bias is null ? ", bias: false" : "");
}
