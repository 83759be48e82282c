using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Convolution2d(in ConvolutionShape shape, in Operand x, in Operand weight, Operand? factor, Operand? bias, Operand? other, bool relu, in Operand y)
    {
        if (x.DType == DType.Float32) Convolve(ConvolutionPass.Forward, shape, (float*)x.Pointer, (float*)weight.Pointer, weight.Storage, Finish<float>.Of(factor, bias, other, relu), (float*)y.Pointer);
        else if (x.DType == DType.Float64) Convolve(ConvolutionPass.Forward, shape, (double*)x.Pointer, (double*)weight.Pointer, weight.Storage, Finish<double>.Of(factor, bias, other, relu), (double*)y.Pointer);
        else throw Unsupported("Conv2d", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(weight.Storage);
        GC.KeepAlive(factor?.Storage);
        GC.KeepAlive(bias?.Storage);
        GC.KeepAlive(other?.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void Convolution2dInputGradient(in ConvolutionShape shape, in Operand dy, in Operand weight, in Operand dx)
    {
        if (dx.DType == DType.Float32) Convolve(ConvolutionPass.InputGradient, shape, (float*)dx.Pointer, (float*)weight.Pointer, null, default, (float*)dy.Pointer);
        else if (dx.DType == DType.Float64) Convolve(ConvolutionPass.InputGradient, shape, (double*)dx.Pointer, (double*)weight.Pointer, null, default, (double*)dy.Pointer);
        else throw Unsupported("Conv2d", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(weight.Storage);
        GC.KeepAlive(dx.Storage);
    }

    /// <inheritdoc/>
    public override void Convolution2dWeightGradient(in ConvolutionShape shape, in Operand dy, in Operand x, in Operand dweight)
    {
        if (x.DType == DType.Float32) Convolve(ConvolutionPass.WeightGradient, shape, (float*)x.Pointer, (float*)dweight.Pointer, null, default, (float*)dy.Pointer);
        else if (x.DType == DType.Float64) Convolve(ConvolutionPass.WeightGradient, shape, (double*)x.Pointer, (double*)dweight.Pointer, null, default, (double*)dy.Pointer);
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

    // What becomes of a sum: a factor and a bias for each output channel, something of the output's shape, a rectifier.
    internal readonly struct Finish<T> where T : unmanaged
    {
        internal T* Factor { get; init; }
        internal T* Bias { get; init; }
        internal T* Other { get; init; }
        internal bool Relu { get; init; }

        internal static Finish<T> Of(Operand? factor, Operand? bias, Operand? other, bool relu) =>
            new() { Factor = Pointer(factor), Bias = Pointer(bias), Other = Pointer(other), Relu = relu };

        internal bool IsNothing => Bias == null && !IsMoreThanBias;

        internal bool IsMoreThanBias => Factor != null || Other != null || Relu;

        /// <summary>Finishes `count` sums of a channel, still in the cache, that lie at `start` of the output and what is added.</summary>
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal void Apply<L>(T* output, long start, int count, int channel) where L : struct, ILanes<L, T>
        {
            var relu = Relu;
            T* y = output + start, other = Other == null ? null : Other + start;
            T zero = default, factor = Factor == null ? ((Scalar)1).As<T>() : Factor[channel], bias = Bias == null ? zero : Bias[channel];
            L f = L.Broadcast(factor), b = L.Broadcast(bias), nothing = L.Broadcast(zero);
            var i = 0;
            for (; i + L.Count <= count; i += L.Count) L.Store(Finished(L.Load(y + i), other == null ? nothing : L.Load(other + i), f, b, nothing, relu), y + i);
            if (i == count) return;
            // The last few by way of a vector of their own.
            T* ys = stackalloc T[64 / sizeof(T)], others = stackalloc T[64 / sizeof(T)];
            for (var j = i; j < count; j++) (ys[j - i], others[j - i]) = (y[j], other == null ? zero : other[j]);
            L.Store(Finished(L.Load(ys), L.Load(others), f, b, nothing, relu), ys);
            for (var j = i; j < count; j++) y[j] = ys[j - i];
        }

        // NaN stays NaN.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static L Finished<L>(L sum, L more, L factor, L bias, L nothing, bool relu) where L : struct, ILanes<L, T>
        {
            sum = L.MultiplyAdd(sum, factor, bias) + more;
            return relu ? L.Select(L.LessOrEqual(sum, nothing), nothing, sum) : sum;
        }

        static T* Pointer(Operand? operand) => operand is { } given ? (T*)given.Pointer : null;
    }

    // Packed weights are kept with `kept`, if given: the weights' storage.
    static void Convolve<T>(ConvolutionPass pass, in ConvolutionShape shape, T* x, T* weight, Storage? kept, in Finish<T> finish, T* y) where T : unmanaged, IFloatingPointIeee754<T>
    {
        switch (Gemm.Width)
        {
            case 512: Convolve<T, Lanes512<T>>(pass, shape, x, weight, kept, finish, y); break;
            case 256: Convolve<T, Lanes256<T>>(pass, shape, x, weight, kept, finish, y); break;
            default: Convolve<T, Lanes128<T>>(pass, shape, x, weight, kept, finish, y); break;
        }
    }

    static void Convolve<T, L>(ConvolutionPass pass, in ConvolutionShape shape, T* x, T* weight, Storage? kept, in Finish<T> finish, T* y)
        where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
    {
        if (WinogradConvolution<T, L>.Suits(pass, shape))
        {
            if (pass == ConvolutionPass.Forward) WinogradConvolution<T, L>.Compute(true, shape, x, weight, kept, finish, y);
            else if (pass == ConvolutionPass.InputGradient) WinogradConvolution<T, L>.Compute(false, shape, y, weight, kept, finish, x);
            else WinogradWeightGradient<T, L>.Compute(shape, y, x, weight);
            return;
        }
        if (UnfoldedConvolution<T>.Suits(pass, shape))
        {
            UnfoldedConvolution<T>.Compute(pass, shape, x, weight, finish, y);
            return;
        }
        if (pass != ConvolutionPass.WeightGradient && PlacewiseConvolution<T, L>.Suits(pass == ConvolutionPass.Forward, shape))
        {
            if (pass == ConvolutionPass.Forward) PlacewiseConvolution<T, L>.Compute(true, shape, x, weight, kept, finish, y);
            else PlacewiseConvolution<T, L>.Compute(false, shape, y, weight, kept, finish, x);
            return;
        }
        if (pass == ConvolutionPass.WeightGradient && PlacesWeightGradient<T, L>.Suits(shape))
        {
            PlacesWeightGradient<T, L>.Compute(shape, y, x, weight);
            return;
        }
        switch (pass)
        {
            case ConvolutionPass.Forward: Correlation<T, L>.Forward(shape, x, weight, kept, finish, y); break;
            case ConvolutionPass.InputGradient: Correlation<T, L>.InputGradient(shape, y, weight, x); break;
            default: ConvolutionWeightGradient<T, L>.Compute(shape, y, x, weight); break;
        }
    }
}
