namespace Cresset.Nn;

/// <summary>The largest value of each window: x [N, C, H, W] or [C, H, W]. PyTorch: <c>torch.nn.MaxPool2d</c>.</summary>
/// <param name="kernelSize">The window.</param>
/// <param name="stride">The distance between windows; the window's size unless given.</param>
/// <param name="padding">Minus infinity on each side, at most half a window.</param>
/// <param name="dilation">The distance between a window's elements; 1 unless given.</param>
/// <param name="ceilMode">Round the output's size up: windows may reach beyond the end.</param>
public sealed class MaxPool2d(Size2d kernelSize, Size2d? stride = null, Size2d padding = default, Size2d? dilation = null, bool ceilMode = false) : Module
{
    /// <summary>The windows' largest values.</summary>
    /// <exception cref="ArgumentException">The input's shape or an option does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Apply("MaxPool2d", x,
        pictures => pictures.MaxPool2d(kernelSize, (stride ?? kernelSize), padding, (dilation ?? 1), ceilMode)));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"kernelSize: {kernelSize}, stride: {stride ?? kernelSize}, padding: {padding}, dilation: {dilation ?? 1}, ceilMode: {(ceilMode ? "true" : "false")}";
}

/// <summary>The largest value of each window: x [N, C, L] or [C, L]. PyTorch: <c>torch.nn.MaxPool1d</c>.</summary>
/// <param name="kernelSize">The window.</param>
/// <param name="stride">The distance between windows; the window's size unless given.</param>
/// <param name="padding">Minus infinity on each side, at most half a window.</param>
/// <param name="dilation">The distance between a window's elements.</param>
/// <param name="ceilMode">Round the output's size up: windows may reach beyond the end.</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false) : Module
{
    /// <summary>The windows' largest values.</summary>
    /// <exception cref="ArgumentException">The input's shape or an option does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Sequences("MaxPool1d", x,
        y => y.Unsqueeze(2).MaxPool2d((1, kernelSize), (1, stride ?? kernelSize), (0, padding), (1, dilation), ceilMode).Squeeze(2)));

    /// <inheritdoc/>
    protected override string Describe() =>
        $"kernelSize: {kernelSize}, stride: {stride ?? kernelSize}, padding: {padding}, dilation: {dilation}, ceilMode: {(ceilMode ? "true" : "false")}";
}

/// <summary>The mean of each window: x [N, C, H, W] or [C, H, W]. PyTorch: <c>torch.nn.AvgPool2d</c>.</summary>
/// <param name="kernelSize">The window.</param>
/// <param name="stride">The distance between windows; the window's size unless given.</param>
/// <param name="padding">Zeros on each side, at most half a window.</param>
/// <param name="ceilMode">Round the output's size up: windows may reach beyond the end.</param>
/// <param name="countIncludePad">Whether the zeros count in the mean.</param>
/// <param name="divisorOverride">What the sums are divided by instead of the windows' sizes.</param>
public sealed class AvgPool2d(Size2d kernelSize, Size2d? stride = null, Size2d padding = default, bool ceilMode = false,
    bool countIncludePad = true, int? divisorOverride = null) : Module
{
    /// <summary>The windows' means.</summary>
    /// <exception cref="ArgumentException">The input's shape or an option does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Apply("AvgPool2d", x,
        pictures => pictures.AvgPool2d(kernelSize, (stride ?? kernelSize), padding, ceilMode, countIncludePad, divisorOverride)));

    /// <inheritdoc/>
    protected override string Describe() => $"kernelSize: {kernelSize}, stride: {stride ?? kernelSize}, padding: {padding}";
}

/// <summary>The means of as many windows as asked, whatever the input's size: x [N, C, H, W] or [C, H, W]. PyTorch:
/// <c>torch.nn.AdaptiveAvgPool2d</c>.</summary>
public sealed class AdaptiveAvgPool2d : Module
{
    readonly int? height, width;

    /// <summary>Means over height x width windows.</summary>
    public AdaptiveAvgPool2d(Size2d outputSize) : this(outputSize.Height, outputSize.Width)
    {
    }

    /// <summary>Means over height x width windows; null is as many as the input has rows or columns.</summary>
    public AdaptiveAvgPool2d(int? height, int? width)
    {
        if (height < 1 || width < 1) throw new ArgumentException($"AdaptiveAvgPool2d: expected an output of at least 1 x 1, got {height} x {width}");
        this.height = height;
        this.width = width;
    }

    /// <summary>The windows' means.</summary>
    /// <exception cref="ArgumentException">The input's shape does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Batches.Apply("AdaptiveAvgPool2d", x,
        pictures => pictures.AdaptiveAvgPool2d(height ?? pictures.Size(2), width ?? pictures.Size(3))));

    /// <inheritdoc/>
    protected override string Describe() => $"outputSize: ({height?.ToString() ?? "null"}, {width?.ToString() ?? "null"})";
}
