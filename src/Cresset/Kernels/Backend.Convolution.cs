namespace Cresset.Kernels;

/// <summary>The geometry of a two-dimensional convolution: x [N, C, H, W], weight [O, C / groups, KH, KW], y [N, O, OH, OW].</summary>
public readonly record struct ConvolutionShape(
    int Batch, int Channels, int Height, int Width, int OutChannels, int KernelHeight, int KernelWidth,
    int StrideHeight, int StrideWidth, int PaddingHeight, int PaddingWidth, int DilationHeight, int DilationWidth, int Groups)
{
    /// <summary>OH.</summary>
    public int OutHeight => Size(Height, KernelHeight, StrideHeight, PaddingHeight, DilationHeight);

    /// <summary>OW.</summary>
    public int OutWidth => Size(Width, KernelWidth, StrideWidth, PaddingWidth, DilationWidth);

    /// <summary>floor((size + 2 padding - dilation (kernel - 1) - 1) / stride) + 1, not positive where the kernel does not fit.</summary>
    public static int Size(int size, int kernel, int stride, int padding, int dilation)
    {
        var free = (long)size + 2L * padding - (long)dilation * (kernel - 1) - 1;
        return free < 0 ? 0 : (int)(free / stride) + 1;
    }
}

/// <summary>The geometry of two-dimensional pooling: x [N, C, H, W], y [N, C, OH, OW].</summary>
public readonly record struct PoolingShape(
    int Batch, int Channels, int Height, int Width, int KernelHeight, int KernelWidth, int StrideHeight, int StrideWidth,
    int PaddingHeight, int PaddingWidth, int DilationHeight, int DilationWidth, bool CeilMode)
{
    /// <summary>OH.</summary>
    public int OutHeight => Size(Height, KernelHeight, StrideHeight, PaddingHeight, DilationHeight, CeilMode);

    /// <summary>OW.</summary>
    public int OutWidth => Size(Width, KernelWidth, StrideWidth, PaddingWidth, DilationWidth, CeilMode);

    // With ceil mode, windows may reach beyond the end, but none starts in the padding behind it.
    static int Size(int size, int kernel, int stride, int padding, int dilation, bool ceilMode)
    {
        var free = (long)size + 2L * padding - (long)dilation * (kernel - 1) - 1;
        if (free < 0) return 0;
        var count = (int)((free + (ceilMode ? stride - 1 : 0)) / stride) + 1;
        return ceilMode && (long)(count - 1) * stride >= size + padding ? count - 1 : count;
    }
}

// Convolution and pooling. Operands are contiguous, in the order N, C, H, W.
public abstract partial class Backend
{
    /// <summary>y = x convolved with weight (cross-correlation, as in all of deep learning), times factor [O], plus bias [O], plus other, which has
    /// y's shape, where they are given; or the larger of that and 0.</summary>
    public abstract void Convolution2d(in ConvolutionShape shape, in Operand x, in Operand weight, Operand? factor, Operand? bias, Operand? other, bool relu, in Operand y);

    /// <summary>dx of a convolution: dy spread back through the weights.</summary>
    public abstract void Convolution2dInputGradient(in ConvolutionShape shape, in Operand dy, in Operand weight, in Operand dx);

    /// <summary>dweight of a convolution: dy correlated with x.</summary>
    public abstract void Convolution2dWeightGradient(in ConvolutionShape shape, in Operand dy, in Operand x, in Operand dweight);

    /// <summary>y = the largest of each window, NaN if one is; indices (int64) = its place h * W + w in x's picture, the first of equals.</summary>
    public abstract void MaxPool2d(in PoolingShape shape, in Operand x, in Operand y, in Operand indices);

    /// <summary>dx of max pooling: each dy added at its index.</summary>
    public abstract void MaxPool2dGradient(in PoolingShape shape, in Operand dy, in Operand indices, in Operand dx);

    /// <summary>y = the sum of each window divided by its size (with its part in the padding, if asked), or by
    /// <paramref name="divisor"/> unless that is 0.</summary>
    public abstract void AveragePool2d(in PoolingShape shape, bool countPadding, int divisor, in Operand x, in Operand y);

    /// <summary>dx of average pooling.</summary>
    public abstract void AveragePool2dGradient(in PoolingShape shape, bool countPadding, int divisor, in Operand dy, in Operand dx);

    /// <summary>y = the means of x over windows from floor(i H / OH) to ceil((i + 1) H / OH), and so for the width; the sizes are
    /// the operands' own.</summary>
    public abstract void AdaptiveAveragePool2d(in Operand x, in Operand y);

    /// <summary>dx of adaptive average pooling.</summary>
    public abstract void AdaptiveAveragePool2dGradient(in Operand dy, in Operand dx);
}
