using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Every channel is one part of the work, so that its sums have one order: over rows of neighbouring pixels in vectors, over
// blocks and rows in double.
public sealed unsafe partial class CpuBackend
{
    enum ChannelPass
    {
        Statistics,
        Scale,
        Gradient,
    }

    /// <inheritdoc/>
    public override void ChannelStatistics(in Operand x, in Operand mean, in Operand variance) =>
        Channels(ChannelPass.Statistics, x, x, mean, variance, mean, x, mean, variance);

    /// <inheritdoc/>
    public override void ScaleChannels(in Operand x, in Operand factor, in Operand addend, in Operand y) =>
        Channels(ChannelPass.Scale, x, x, factor, addend, factor, y, factor, addend);

    /// <inheritdoc/>
    public override void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias) => Channels(ChannelPass.Gradient, x, dy, mean, scale, weight, dx, dweight, dbias);

    static void Channels(ChannelPass pass, in Operand x, in Operand dy, in Operand first, in Operand second, in Operand weight, in Operand result, in Operand dweight, in Operand dbias)
    {
        if (x.DType == DType.Float32) Run<float>(pass, x, dy, first, second, weight, result, dweight, dbias);
        else if (x.DType == DType.Float64) Run<double>(pass, x, dy, first, second, weight, result, dweight, dbias);
        else throw Unsupported("BatchNorm", x.DType);
        foreach (var storage in (ReadOnlySpan<Storage>)[x.Storage, dy.Storage, first.Storage, second.Storage, weight.Storage, result.Storage, dweight.Storage, dbias.Storage])
            GC.KeepAlive(storage);

        static void Run<T>(ChannelPass pass, in Operand x, in Operand dy, in Operand first, in Operand second, in Operand weight, in Operand result, in Operand dweight, in Operand dbias)
            where T : unmanaged, IFloatingPointIeee754<T>
        {
            int batch = x.Layout.Shape[0], channels = x.Layout.Shape[1];
            var work = new ChannelBody<T>
            {
                Pass = pass,
                Batch = batch,
                Channels = channels,
                Pixels = channels == 0 || batch == 0 ? 0 : x.Layout.ElementCount / channels / batch,
                X = (T*)x.Pointer,
                Dy = (T*)dy.Pointer,
                First = (T*)first.Pointer,
                Second = (T*)second.Pointer,
                Weight = (T*)weight.Pointer,
                Result = (T*)result.Pointer,
                DWeight = (T*)dweight.Pointer,
                DBias = (T*)dbias.Pointer,
            };
            WorkerPool.For(channels, ref work);
        }
    }

    struct ChannelBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Of one sum in vectors.
        const int Block = 4096;

        internal ChannelPass Pass;
        internal int Batch, Channels, Pixels;
        internal T* X, Dy, First, Second, Weight, Result, DWeight, DBias;

        readonly long Row(int image, int channel) => ((long)image * Channels + channel) * Pixels;

        public readonly void Run(int channel)
        {
            switch (Pass)
            {
                case ChannelPass.Statistics: Statistics(channel); break;
                case ChannelPass.Scale:
                    for (var n = 0; n < Batch; n++) Scale(X + Row(n, channel), Pixels, First[channel], Second[channel], Result + Row(n, channel));
                    break;
                default: Gradient(channel); break;
            }
        }

        readonly void Statistics(int channel)
        {
            double sum = 0, squares = 0, count = (double)Batch * Pixels;
            for (var n = 0; n < Batch; n++)
                for (var i = 0; i < Pixels; i += Block) sum += double.CreateTruncating(Sum(X + Row(n, channel) + i, Math.Min(Block, Pixels - i)));
            var mean = T.CreateTruncating(sum / count);
            for (var n = 0; n < Batch; n++)
                for (var i = 0; i < Pixels; i += Block) squares += double.CreateTruncating(SumOfSquares(X + Row(n, channel) + i, Math.Min(Block, Pixels - i), mean));
            First[channel] = mean;
            Second[channel] = T.CreateTruncating(squares / count);
        }

        readonly void Gradient(int channel)
        {
            double sum = 0, product = 0, count = (double)Batch * Pixels;
            T mean = First[channel], scale = Second[channel];
            for (var n = 0; n < Batch; n++)
                for (var i = 0; i < Pixels; i += Block)
                {
                    Sums(Dy + Row(n, channel) + i, X + Row(n, channel) + i, Math.Min(Block, Pixels - i), mean, out var s, out var p);
                    sum += double.CreateTruncating(s);
                    product += double.CreateTruncating(p);
                }
            double deviation = double.CreateTruncating(scale), factor = double.CreateTruncating(Weight[channel]) * deviation;
            DBias[channel] = T.CreateTruncating(sum);
            DWeight[channel] = T.CreateTruncating(product * deviation);
            T fromDy = T.CreateTruncating(factor), fromX = T.CreateTruncating(-factor * deviation * deviation * product / count), constant = T.CreateTruncating(-factor * sum / count);
            for (var n = 0; n < Batch; n++) Combine(Dy + Row(n, channel), X + Row(n, channel), Pixels, mean, fromDy, fromX, constant, Result + Row(n, channel));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal static T Sum(T* x, int count)
        {
            Vector<T> a = default, b = default;
            var width = Vector<T>.Count;
            var i = 0;
            for (; i + 2 * width <= count; i += 2 * width)
            {
                a += Vector.Load(x + i);
                b += Vector.Load(x + i + width);
            }
            var sum = Vector.Sum(a + b);
            for (; i < count; i++) sum += x[i];
            return sum;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal static T SumOfSquares(T* x, int count, T mean)
        {
            Vector<T> a = default, b = default, m = new(mean);
            var width = Vector<T>.Count;
            var i = 0;
            for (; i + 2 * width <= count; i += 2 * width)
            {
                Vector<T> u = Vector.Load(x + i) - m, v = Vector.Load(x + i + width) - m;
                a += u * u;
                b += v * v;
            }
            var sum = Vector.Sum(a + b);
            for (; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
            return sum;
        }

        // The sums of dy and of dy (x - mean).
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Sums(T* dy, T* x, int count, T mean, out T sum, out T product)
        {
            Vector<T> a = default, b = default, c = default, d = default, m = new(mean);
            var width = Vector<T>.Count;
            var i = 0;
            for (; i + 2 * width <= count; i += 2 * width)
            {
                Vector<T> g = Vector.Load(dy + i), h = Vector.Load(dy + i + width);
                a += g;
                b += h;
                c += g * (Vector.Load(x + i) - m);
                d += h * (Vector.Load(x + i + width) - m);
            }
            (sum, product) = (Vector.Sum(a + b), Vector.Sum(c + d));
            for (; i < count; i++)
            {
                sum += dy[i];
                product += dy[i] * (x[i] - mean);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Scale(T* x, int count, T factor, T addend, T* y)
        {
            Vector<T> f = new(factor), a = new(addend);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) (Vector.Load(x + i) * f + a).Store(y + i);
            for (; i < count; i++) y[i] = x[i] * factor + addend;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Combine(T* dy, T* x, int count, T mean, T fromDy, T fromX, T constant, T* dx)
        {
            Vector<T> m = new(mean), g = new(fromDy), f = new(fromX), a = new(constant);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) (Vector.Load(dy + i) * g + ((Vector.Load(x + i) - m) * f + a)).Store(dx + i);
            for (; i < count; i++) dx[i] = dy[i] * fromDy + ((x[i] - mean) * fromX + constant);
        }
    }
}
