using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Convolution as matrix products over unfolded patches, one picture (and group) after another, pictures shared among the
// threads. For the weights' gradient, pictures are summed in runs whose number depends on the sizes only, and the runs in
// order.
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

    enum ConvolutionPass
    {
        Forward,
        InputGradient,
        WeightGradient,
    }

    static void Convolve<T>(ConvolutionPass pass, in ConvolutionShape shape, byte* x, byte* weight, byte* bias, byte* y)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        var work = new Convolution<T>(pass, shape) { X = (T*)x, Weight = (T*)weight, Bias = (T*)bias, Y = (T*)y };
        work.Execute();
    }

    struct Convolution<T>(ConvolutionPass pass, ConvolutionShape shape) : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int MaxRuns = 16;
        const long MaxPartialElements = 1 << 23;

        readonly ConvolutionPass pass = pass;
        readonly ConvolutionShape shape = shape;
        // Of one group: channels in and out, elements of a patch, places of the kernel in a picture.
        readonly int channels = shape.Channels / shape.Groups, outChannels = shape.OutChannels / shape.Groups;
        readonly int patch = shape.Channels / shape.Groups * shape.KernelHeight * shape.KernelWidth;
        readonly int outHeight = shape.OutHeight, outWidth = shape.OutWidth;
        readonly int places = shape.OutHeight * shape.OutWidth;
        internal T* X, Weight, Bias, Y;
        T* partial;
        int runs;

        // A 1x1 kernel over every pixel needs no unfolding: the picture is its own patches.
        readonly bool Plain => shape is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, PaddingHeight: 0, PaddingWidth: 0 };

        internal void Execute()
        {
            if (pass != ConvolutionPass.WeightGradient)
            {
                if (places > 0 && patch > 0) WorkerPool.For(shape.Batch * shape.Groups, ref this);
                else if (pass == ConvolutionPass.InputGradient) new Span<T>(X, shape.Batch * shape.Channels * shape.Height * shape.Width).Clear();
                else FillBias();
                return;
            }
            long size = (long)shape.OutChannels * patch;
            var total = new Span<T>(Weight, (int)size);
            total.Clear();
            if (size == 0 || places == 0 || shape.Batch == 0) return;
            runs = (int)Math.Clamp(MaxPartialElements / size, 1, Math.Min(shape.Batch, MaxRuns));
            partial = Workspace.Rent<T>(Workspace.Purpose.Partials, runs * size);
            WorkerPool.For(runs * shape.Groups, ref this);
            for (var i = 0; i < runs; i++) TensorPrimitives.Add(total, new ReadOnlySpan<T>(partial + i * size, (int)size), total);
        }

        readonly void FillBias()
        {
            for (var i = 0; i < shape.Batch * shape.OutChannels; i++)
                new Span<T>(Y + (long)i * places, places).Fill(Bias == null ? T.Zero : Bias[i % shape.OutChannels]);
        }

        public readonly void Run(int part)
        {
            var unfolded = Plain ? null : Workspace.Rent<T>(Workspace.Purpose.Patches, (long)patch * places);
            switch (pass)
            {
                case ConvolutionPass.Forward: Forward(part / shape.Groups, part % shape.Groups, unfolded); break;
                case ConvolutionPass.InputGradient: InputGradient(part / shape.Groups, part % shape.Groups, unfolded); break;
                default: WeightGradient(part / shape.Groups, part % shape.Groups, unfolded); break;
            }
        }

        readonly T* Input(int image, int group) => X + ((long)image * shape.Channels + group * channels) * shape.Height * shape.Width;
        readonly T* Output(int image, int group) => Y + ((long)image * shape.OutChannels + group * outChannels) * places;
        readonly T* Weights(T* weights, int group) => weights + (long)group * outChannels * patch;

        // y = weight (O x patch) times patches (patch x places).
        readonly void Forward(int image, int group, T* unfolded)
        {
            T* y = Output(image, group), patches = Input(image, group);
            if (!Plain)
            {
                Unfold(patches, unfolded);
                patches = unfolded;
            }
            if (Bias != null)
                for (var o = 0; o < outChannels; o++) new Span<T>(y + (long)o * places, places).Fill(Bias[group * outChannels + o]);
            Gemm.Multiply(outChannels, places, patch, Weights(Weight, group), patch, 1, patches, places, 1, y, places, accumulate: Bias != null, null);
        }

        // dpatches = weightᵀ dy, folded back onto the picture.
        readonly void InputGradient(int image, int group, T* unfolded)
        {
            var dx = Input(image, group);
            Gemm.Multiply(patch, places, outChannels, Weights(Weight, group), 1, patch, Output(image, group), places, 1, Plain ? dx : unfolded, places, accumulate: false, null);
            if (!Plain) Fold(unfolded, dx);
        }

        // dweight = the sum over the run's pictures of dy times patchesᵀ.
        readonly void WeightGradient(int run, int group, T* unfolded)
        {
            var target = Weights(partial + (long)run * shape.OutChannels * patch, group);
            int first = (int)((long)shape.Batch * run / runs), end = (int)((long)shape.Batch * (run + 1) / runs);
            for (var image = first; image < end; image++)
            {
                var patches = Input(image, group);
                if (!Plain)
                {
                    Unfold(patches, unfolded);
                    patches = unfolded;
                }
                Gemm.Multiply(outChannels, patch, places, Output(image, group), places, 1, patches, 1, places, target, patch, accumulate: image > first, null);
            }
        }

        // Row (c, kh, kw) of the patches: the pixel of channel c that the kernel's element (kh, kw) meets at every place.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Unfold(T* x, T* patches)
        {
            for (var c = 0; c < channels; c++, x += (long)shape.Height * shape.Width)
                for (var kh = 0; kh < shape.KernelHeight; kh++)
                    for (var kw = 0; kw < shape.KernelWidth; kw++)
                    {
                        Columns(kw, out var first, out var end, out var offset);
                        for (var oh = 0; oh < outHeight; oh++, patches += outWidth)
                        {
                            var h = oh * shape.StrideHeight - shape.PaddingHeight + kh * shape.DilationHeight;
                            if ((uint)h >= (uint)shape.Height || first >= end)
                            {
                                new Span<T>(patches, outWidth).Clear();
                                continue;
                            }
                            var source = x + (long)h * shape.Width + offset;
                            var ow = 0;
                            for (; ow < first; ow++) patches[ow] = T.Zero;
                            if (shape.StrideWidth == 1)
                                for (; ow + Vector128<T>.Count <= end; ow += Vector128<T>.Count) Vector128.Load(source + ow).Store(patches + ow);
                            for (; ow < end; ow++) patches[ow] = source[(long)ow * shape.StrideWidth];
                            for (; ow < outWidth; ow++) patches[ow] = T.Zero;
                        }
                    }
        }

        // The reverse: every element of the patches is added to the pixel that it came from.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        readonly void Fold(T* patches, T* x)
        {
            for (var c = 0; c < channels; c++, x += (long)shape.Height * shape.Width)
            {
                new Span<T>(x, shape.Height * shape.Width).Clear();
                for (var kh = 0; kh < shape.KernelHeight; kh++)
                    for (var kw = 0; kw < shape.KernelWidth; kw++)
                    {
                        Columns(kw, out var first, out var end, out var offset);
                        for (var oh = 0; oh < outHeight; oh++, patches += outWidth)
                        {
                            var h = oh * shape.StrideHeight - shape.PaddingHeight + kh * shape.DilationHeight;
                            if ((uint)h >= (uint)shape.Height) continue;
                            var target = x + (long)h * shape.Width + offset;
                            var ow = first;
                            if (shape.StrideWidth == 1)
                                for (; ow + Vector128<T>.Count <= end; ow += Vector128<T>.Count)
                                    (Vector128.Load(target + ow) + Vector128.Load(patches + ow)).Store(target + ow);
                            for (; ow < end; ow++) target[(long)ow * shape.StrideWidth] += patches[ow];
                        }
                    }
            }
        }

        // The places [first, end) of a row at which the kernel's column kw is inside the picture, and where place 0 would be.
        readonly void Columns(int kw, out int first, out int end, out int offset)
        {
            offset = kw * shape.DilationWidth - shape.PaddingWidth;
            first = offset >= 0 ? 0 : Math.Min(outWidth, (-offset + shape.StrideWidth - 1) / shape.StrideWidth);
            end = offset >= shape.Width ? first : Math.Max(first, Math.Min(outWidth, (shape.Width - offset - 1) / shape.StrideWidth + 1));
        }
    }
}
