using System.Numerics;

namespace Cresset.Kernels.Cpu;

// Every group of a sample is one part of the work: one run of memory, channel after channel. What a sample adds to the gradients of the
// weights is kept by channels and added up in the order of the samples, in double.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void GroupNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale)
    {
        if (x.DType == DType.Float32) Groups<float>(eps, x, x, mean, scale, weight, bias, y, gradient: false, x, x);
        else if (x.DType == DType.Float64) Groups<double>(eps, x, x, mean, scale, weight, bias, y, gradient: false, x, x);
        else throw Unsupported("GroupNorm", x.DType);
    }

    /// <inheritdoc/>
    public override void GroupNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias)
    {
        if (x.DType == DType.Float32) Groups<float>(0, x, dy, mean, scale, weight, weight, dx, gradient: true, dweight, dbias);
        else if (x.DType == DType.Float64) Groups<double>(0, x, dy, mean, scale, weight, weight, dx, gradient: true, dweight, dbias);
        else throw Unsupported("GroupNorm", x.DType);
    }

    static void Groups<T>(double eps, in Operand x, in Operand dy, in Operand mean, in Operand scale, in Operand weight, in Operand bias, in Operand result,
        bool gradient, in Operand dweight, in Operand dbias) where T : unmanaged, IFloatingPointIeee754<T>
    {
        int samples = x.Layout.Shape[0], channels = x.Layout.Shape[1], parts = mean.Layout.ElementCount, planes = samples * channels;
        var body = new GroupBody<T>
        {
            Groups = samples == 0 ? 0 : parts / samples,
            Channels = samples == 0 ? 0 : planes / parts,
            Pixels = planes == 0 ? 0 : x.Layout.ElementCount / planes,
            Eps = eps,
            X = (T*)x.Pointer,
            Dy = (T*)dy.Pointer,
            Mean = (T*)mean.Pointer,
            Scale = (T*)scale.Pointer,
            Weight = (T*)weight.Pointer,
            Bias = (T*)bias.Pointer,
            Result = (T*)result.Pointer,
            Sums = gradient ? Workspace.Rent<double>(Workspace.Purpose.Partials, 2L * planes) : null,
        };
        WorkerPool.For(parts, ref body);
        if (gradient)
        {
            for (var c = 0; c < channels; c++)
            {
                double sum = 0, product = 0;
                for (var plane = c; plane < planes; plane += channels)
                {
                    sum += body.Sums[2L * plane];
                    product += body.Sums[2L * plane + 1];
                }
                ((T*)dbias.Pointer)[c] = T.CreateTruncating(sum);
                ((T*)dweight.Pointer)[c] = T.CreateTruncating(product);
            }
        }
        foreach (var storage in (ReadOnlySpan<Storage>)[x.Storage, dy.Storage, mean.Storage, scale.Storage, weight.Storage, bias.Storage, result.Storage, dweight.Storage, dbias.Storage])
            GC.KeepAlive(storage);
    }

    struct GroupBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Channels of one group.
        internal int Groups, Channels, Pixels;
        internal double Eps;
        internal T* X, Dy, Mean, Scale, Weight, Bias, Result;

        // For each channel of each sample the sum of dy and that of dy z.
        internal double* Sums;

        public readonly void Run(int part)
        {
            var at = (long)part * Channels * Pixels;
            var first = part % Groups * Channels;
            if (Sums == null) Forward(X + at, Result + at, part, first);
            else Backward(Dy + at, X + at, Result + at, part, first, Sums + 2L * part * Channels);
        }

        readonly void Forward(T* x, T* y, int part, int first)
        {
            double sum = 0, squares = 0, count = (double)Channels * Pixels;
            for (var i = 0; i < count; i += ChannelBody<T>.Block) sum += double.CreateTruncating(ChannelBody<T>.Sum(x + i, (int)Math.Min(ChannelBody<T>.Block, count - i)));
            var mean = T.CreateTruncating(sum / count);
            for (var i = 0; i < count; i += ChannelBody<T>.Block)
                squares += double.CreateTruncating(ChannelBody<T>.SumOfSquares(x + i, (int)Math.Min(ChannelBody<T>.Block, count - i), mean));
            var scale = T.CreateTruncating(1 / Math.Sqrt(squares / count + Eps));
            (Mean[part], Scale[part]) = (mean, scale);
            for (var c = 0; c < Channels; c++)
            {
                var factor = scale * Weight[first + c];
                ChannelBody<T>.Scale(x + (long)c * Pixels, Pixels, factor, Bias[first + c] - mean * factor, y + (long)c * Pixels);
            }
        }

        readonly void Backward(T* dy, T* x, T* dx, int part, int first, double* sums)
        {
            T mean = Mean[part], scale = Scale[part];
            double deviation = double.CreateTruncating(scale), sum = 0, product = 0, count = (double)Channels * Pixels;
            for (var c = 0; c < Channels; c++)
            {
                double ofDy = 0, ofDyX = 0;
                for (var i = 0; i < Pixels; i += ChannelBody<T>.Block)
                {
                    var at = (long)c * Pixels + i;
                    ChannelBody<T>.Sums(dy + at, x + at, Math.Min(ChannelBody<T>.Block, Pixels - i), mean, out var s, out var p);
                    ofDy += double.CreateTruncating(s);
                    ofDyX += double.CreateTruncating(p);
                }
                (sums[2 * c], sums[2 * c + 1]) = (ofDy, ofDyX * deviation);
                var weight = double.CreateTruncating(Weight[first + c]);
                sum += weight * sums[2 * c];
                product += weight * sums[2 * c + 1];
            }
            T fromX = T.CreateTruncating(-deviation * deviation * product / count), constant = T.CreateTruncating(-deviation * sum / count);
            for (var c = 0; c < Channels; c++)
            {
                var at = (long)c * Pixels;
                ChannelBody<T>.Combine(dy + at, x + at, Pixels, mean, scale * Weight[first + c], fromX, constant, dx + at);
            }
        }
    }
}
