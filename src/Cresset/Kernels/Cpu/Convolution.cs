using System.Numerics;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Convolution2d(in ConvolutionShape shape, in Operand x, in Operand weight, Operand? bias, in Operand y)
    {
        if (x.DType == DType.Float32) Convolve<float>(ConvolutionPass.Forward, shape, x.Pointer, weight.Pointer, bias is { } b ? b.Pointer : null, y.Pointer);
        else if (x.DType == DType.Float64) Convolve<double>(ConvolutionPass.Forward, shape, x.Pointer, weight.Pointer, bias is { } b ? b.Pointer : null, y.Pointer);
        else throw Unsupported("Conv2d", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(weight.Storage);
        GC.KeepAlive(bias?.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void Convolution2dInputGradient(in ConvolutionShape shape, in Operand dy, in Operand weight, in Operand dx)
    {
        if (dx.DType == DType.Float32) Convolve<float>(ConvolutionPass.InputGradient, shape, dx.Pointer, weight.Pointer, null, dy.Pointer);
        else if (dx.DType == DType.Float64) Convolve<double>(ConvolutionPass.InputGradient, shape, dx.Pointer, weight.Pointer, null, dy.Pointer);
        else throw Unsupported("Conv2d", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(weight.Storage);
        GC.KeepAlive(dx.Storage);
    }

    /// <inheritdoc/>
    public override void Convolution2dWeightGradient(in ConvolutionShape shape, in Operand dy, in Operand x, in Operand dweight)
    {
        if (x.DType == DType.Float32) Convolve<float>(ConvolutionPass.WeightGradient, shape, x.Pointer, dweight.Pointer, null, dy.Pointer);
        else if (x.DType == DType.Float64) Convolve<double>(ConvolutionPass.WeightGradient, shape, x.Pointer, dweight.Pointer, null, dy.Pointer);
        else throw Unsupported("Conv2d", x.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(dweight.Storage);
    }

    internal enum ConvolutionPass
    {
        Forward,
        InputGradient,
        WeightGradient,
    }

    static void Convolve<T>(ConvolutionPass pass, in ConvolutionShape shape, byte* x, byte* weight, byte* bias, byte* y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        switch (Gemm.Width)
        {
            case 512: Convolve<T, Lanes512<T>>(pass, shape, (T*)x, (T*)weight, (T*)bias, (T*)y); break;
            case 256: Convolve<T, Lanes256<T>>(pass, shape, (T*)x, (T*)weight, (T*)bias, (T*)y); break;
            default: Convolve<T, Lanes128<T>>(pass, shape, (T*)x, (T*)weight, (T*)bias, (T*)y); break;
        }
    }

    static void Convolve<T, L>(ConvolutionPass pass, in ConvolutionShape shape, T* x, T* weight, T* bias, T* y)
        where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
    {
        if (UnfoldedConvolution<T>.Suits(pass, shape))
        {
            UnfoldedConvolution<T>.Compute(pass, shape, x, weight, bias, y);
            return;
        }
        switch (pass)
        {
            case ConvolutionPass.Forward: Correlation<T, L>.Forward(shape, x, weight, bias, y); break;
            case ConvolutionPass.InputGradient: Correlation<T, L>.InputGradient(shape, y, weight, x); break;
            default: ConvolutionWeightGradient<T, L>.Compute(shape, y, x, weight); break;
        }
    }
}
