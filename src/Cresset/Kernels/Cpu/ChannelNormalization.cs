using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Every channel is one part of the work, so that its sums have one order: over rows of neighbouring pixels in vectors, over
// blocks and rows in double.
public sealed unsafe partial class CpuBackend
{
    enum ChannelPass
    {
        Normalize,
        Scale,
        Gradient,
    }

    /// <inheritdoc/>
    public override void ChannelNormalization(double eps, in Operand x, in Operand weight, in Operand bias, Operand? other, bool relu, in Operand y,
        in Operand mean, in Operand variance, in Operand scale) =>
        Channels(ChannelPass.Normalize, eps, relu, [x, y, other, weight, bias, mean, variance, scale, null, null]);

    /// <inheritdoc/>
    public override void ScaleChannels(in Operand x, in Operand factor, in Operand addend, Operand? other, bool relu, in Operand y) =>
        Channels(ChannelPass.Scale, 0, relu, [x, y, other, factor, addend, null, null, null, null, null]);

    /// <inheritdoc/>
    public override void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight, Operand? rectified,
        in Operand dx, in Operand dweight, in Operand dbias, Operand? dother) =>
        Channels(ChannelPass.Gradient, 0, rectified is not null, [x, rectified, dother, weight, dbias, mean, dweight, scale, dy, dx]);

    static void Channels(ChannelPass pass, double eps, bool relu, ReadOnlySpan<Operand?> operands)
    {
        var x = operands[0]!.Value;
        if (x.DType == DType.Float32) Run<float>(pass, eps, relu, x, operands);
        else if (x.DType == DType.Float64) Run<double>(pass, eps, relu, x, operands);
        else throw Unsupported("BatchNorm", x.DType);
        foreach (ref readonly var operand in operands) GC.KeepAlive(operand?.Storage);

        static void Run<T>(ChannelPass pass, double eps, bool relu, in Operand x, ReadOnlySpan<Operand?> operands) where T : unmanaged, IFloatingPointIeee754<T>
        {
            int batch = x.Layout.Shape[0], channels = x.Layout.Shape[1];
            var work = new ChannelBody<T>
            {
                Pass = pass,
                Epsilon = eps,
                Relu = relu,
                Batch = batch,
                Channels = channels,
                Pixels = channels == 0 || batch == 0 ? 0 : x.Layout.ElementCount / channels / batch,
                X = Pointer(operands[0]),
                Y = Pointer(operands[1]),
                Other = Pointer(operands[2]),
                Weight = Pointer(operands[3]),
                Bias = Pointer(operands[4]),
                Mean = Pointer(operands[5]),
                Variance = Pointer(operands[6]),
                Deviation = Pointer(operands[7]),
                Dy = Pointer(operands[8]),
                Dx = Pointer(operands[9]),
            };
            WorkerPool.For(channels, ref work);

            static T* Pointer(Operand? operand) => operand is { } given ? (T*)given.Pointer : null;
        }
    }

    struct ChannelBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Of one sum in vectors.
        internal const int Block = 4096;

        internal ChannelPass Pass;
        internal double Epsilon;
        internal bool Relu;
        internal int Batch, Channels, Pixels;
        // Going back, Y is the rectified result, if it was, Other, Bias and Variance are the gradients of other, bias and weight.
        // Deviation is 1 / the deviation.
        internal T* X, Y, Other, Weight, Bias, Mean, Variance, Deviation, Dy, Dx;

        readonly long Row(int image, int channel) => ((long)image * Channels + channel) * Pixels;

        public readonly void Run(int channel)
        {
            switch (Pass)
            {
                case ChannelPass.Normalize:
                    Statistics(channel);
                    var factor = Weight[channel] * Deviation[channel];
                    Scale(channel, factor, Bias[channel] - Mean[channel] * factor);
                    break;
                case ChannelPass.Scale: Scale(channel, Weight[channel], Bias[channel]); break;
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
            Mean[channel] = mean;
            Variance[channel] = T.CreateTruncating(squares / count);
            Deviation[channel] = T.CreateTruncating(1 / Math.Sqrt(squares / count + Epsilon));
        }

        readonly void Scale(int channel, T factor, T addend)
        {
            for (var n = 0; n < Batch; n++)
            {
                var row = Row(n, channel);
                if (Other != null) ScaleAdd(X + row, Other + row, Pixels, factor, addend, Relu, Y + row);
                else if (Relu) ScaleRectify(X + row, Pixels, factor, addend, Y + row);
                else Scale(X + row, Pixels, factor, addend, Y + row);
            }
        }

        readonly void Gradient(int channel)
        {
            double sum = 0, product = 0, count = (double)Batch * Pixels;
            T mean = Mean[channel], scale = Deviation[channel];
            for (var n = 0; n < Batch; n++)
                for (var i = 0; i < Pixels; i += Block)
                {
                    var at = Row(n, channel) + i;
                    var length = Math.Min(Block, Pixels - i);
                    T s, p;
                    if (Relu) RectifiedSums(Dy + at, Y + at, X + at, length, mean, out s, out p);
                    else Sums(Dy + at, X + at, length, mean, out s, out p);
                    sum += double.CreateTruncating(s);
                    product += double.CreateTruncating(p);
                }
            double deviation = double.CreateTruncating(scale), factor = double.CreateTruncating(Weight[channel]) * deviation;
            Bias[channel] = T.CreateTruncating(sum);
            Variance[channel] = T.CreateTruncating(product * deviation);
            T fromDy = T.CreateTruncating(factor), fromX = T.CreateTruncating(-factor * deviation * deviation * product / count), constant = T.CreateTruncating(-factor * sum / count);
            for (var n = 0; n < Batch; n++)
            {
                var row = Row(n, channel);
                if (Relu) CombineRectified(Dy + row, Y + row, X + row, Pixels, mean, fromDy, fromX, constant, Dx + row, Other == null ? null : Other + row);
                else Combine(Dy + row, X + row, Pixels, mean, fromDy, fromX, constant, Dx + row);
            }
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
        internal static void Sums(T* dy, T* x, int count, T mean, out T sum, out T product)
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

        // The same where y, rectified, is not 0.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void RectifiedSums(T* dy, T* y, T* x, int count, T mean, out T sum, out T product)
        {
            Vector<T> a = default, b = default, c = default, d = default, m = new(mean);
            var width = Vector<T>.Count;
            var i = 0;
            for (; i + 2 * width <= count; i += 2 * width)
            {
                Vector<T> g = Passed(Vector.Load(dy + i), Vector.Load(y + i)), h = Passed(Vector.Load(dy + i + width), Vector.Load(y + i + width));
                a += g;
                b += h;
                c += g * (Vector.Load(x + i) - m);
                d += h * (Vector.Load(x + i + width) - m);
            }
            (sum, product) = (Vector.Sum(a + b), Vector.Sum(c + d));
            for (; i < count; i++)
            {
                if (y[i] <= T.Zero) continue;
                sum += dy[i];
                product += dy[i] * (x[i] - mean);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector<T> Passed(Vector<T> dy, Vector<T> y) => Vector.AndNot(dy, Vector.LessThanOrEqual(y, Vector<T>.Zero));

        // NaN stays NaN.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static Vector<T> Rectify(Vector<T> x) => Vector.AndNot(x, Vector.LessThanOrEqual(x, Vector<T>.Zero));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static T Rectify(T x) => x <= T.Zero ? T.Zero : x;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal static void Scale(T* x, int count, T factor, T addend, T* y)
        {
            Vector<T> f = new(factor), a = new(addend);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) (Vector.Load(x + i) * f + a).Store(y + i);
            for (; i < count; i++) y[i] = x[i] * factor + addend;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void ScaleRectify(T* x, int count, T factor, T addend, T* y)
        {
            Vector<T> f = new(factor), a = new(addend);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) Rectify(Vector.Load(x + i) * f + a).Store(y + i);
            for (; i < count; i++) y[i] = Rectify(x[i] * factor + addend);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void ScaleAdd(T* x, T* other, int count, T factor, T addend, bool relu, T* y)
        {
            Vector<T> f = new(factor), a = new(addend);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
            {
                var sum = Vector.Load(x + i) * f + a + Vector.Load(other + i);
                (relu ? Rectify(sum) : sum).Store(y + i);
            }
            for (; i < count; i++)
            {
                var sum = x[i] * factor + addend + other[i];
                y[i] = relu ? Rectify(sum) : sum;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        internal static void Combine(T* dy, T* x, int count, T mean, T fromDy, T fromX, T constant, T* dx)
        {
            Vector<T> m = new(mean), g = new(fromDy), f = new(fromX), a = new(constant);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) (Vector.Load(dy + i) * g + ((Vector.Load(x + i) - m) * f + a)).Store(dx + i);
            for (; i < count; i++) dx[i] = dy[i] * fromDy + ((x[i] - mean) * fromX + constant);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void CombineRectified(T* dy, T* y, T* x, int count, T mean, T fromDy, T fromX, T constant, T* dx, T* passed)
        {
            Vector<T> m = new(mean), g = new(fromDy), f = new(fromX), a = new(constant);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
            {
                var through = Passed(Vector.Load(dy + i), Vector.Load(y + i));
                (through * g + ((Vector.Load(x + i) - m) * f + a)).Store(dx + i);
                if (passed != null) through.Store(passed + i);
            }
            for (; i < count; i++)
            {
                var through = y[i] <= T.Zero ? T.Zero : dy[i];
                dx[i] = through * fromDy + ((x[i] - mean) * fromX + constant);
                if (passed != null) passed[i] = through;
            }
        }
    }
}
