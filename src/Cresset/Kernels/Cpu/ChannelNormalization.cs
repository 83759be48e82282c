using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Pictures are taken as they lie in memory, all channels of one after those of another: the strips of one channel are far apart, and
// reading them alone is two to four times as slow. Runs of pictures are the parts of the work, whose number depends on the sizes only;
// the sums of each are kept apart and added in order, over a strip in vectors, over strips in double.
public sealed unsafe partial class CpuBackend
{
    enum ChannelPass
    {
        Statistics,
        Scale,
        Sums,
        Gradient,
    }

    /// <inheritdoc/>
    public override void ChannelNormalization(double eps, in Operand x, in Operand weight, in Operand bias, Operand? other, bool relu, in Operand y,
        in Operand mean, in Operand variance, in Operand scale) =>
        Channels(ChannelPass.Statistics, eps, relu, [x, y, other, weight, bias, mean, variance, scale, null, null, null]);

    /// <inheritdoc/>
    public override void ChannelFactors(double eps, in Operand mean, in Operand variance, Operand? weight, Operand? bias, in Operand factor, in Operand addend)
    {
        if (mean.DType == DType.Float32) Factors<float>(eps, mean, variance, weight, bias, factor, addend);
        else if (mean.DType == DType.Float64) Factors<double>(eps, mean, variance, weight, bias, factor, addend);
        else throw Unsupported("BatchNorm", mean.DType);
        foreach (var operand in (ReadOnlySpan<Operand?>)[mean, variance, weight, bias, factor, addend]) GC.KeepAlive(operand?.Storage);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Factors<T>(double eps, in Operand mean, in Operand variance, Operand? weight, Operand? bias, in Operand factor, in Operand addend)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        T* means = (T*)mean.Pointer, variances = (T*)variance.Pointer, factors = (T*)factor.Pointer, addends = (T*)addend.Pointer;
        T* weights = weight is { } w ? (T*)w.Pointer : null, biases = bias is { } b ? (T*)b.Pointer : null;
        var more = T.CreateTruncating(eps);
        for (var c = 0; c < factor.Layout.ElementCount; c++)
        {
            var scale = T.One / T.Sqrt(variances[c] + more);
            factors[c] = weights == null ? scale : scale * weights[c];
            addends[c] = (biases == null ? T.Zero : biases[c]) - means[c] * factors[c];
        }
    }

    /// <inheritdoc/>
    public override void ScaleChannels(in Operand x, in Operand factor, in Operand addend, Operand? other, bool relu, in Operand y) =>
        Channels(ChannelPass.Scale, 0, relu, [x, y, other, factor, addend, null, null, null, null, null, null]);

    /// <inheritdoc/>
    public override void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight, Operand? bias, Operand? rectified,
        in Operand dx, in Operand dweight, in Operand dbias, Operand? dother) =>
        Channels(ChannelPass.Sums, 0, bias is not null || rectified is not null, [x, rectified, dother, weight, bias, mean, dweight, scale, dy, dx, dbias]);

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
                Dbias = Pointer(operands[10]),
            };
            work.Compute(eps);

            static T* Pointer(Operand? operand) => operand is { } given ? (T*)given.Pointer : null;
        }
    }

    struct ChannelBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Of one sum in vectors.
        internal const int Block = 4096;
        const int Parts = 16;

        // Of one run and channel: the sum, the sum of squares of strips' sums over their counts and that of squares about their means, or
        // the sums of dy and of dy (x - mean).
        struct ChannelSums
        {
            internal double Sum, Strips, Squares, Product;
        }

        // Of one channel: y = x Factor + Addend, dx = dy FromDy + (x - mean) FromX + Constant.
        struct Numbers
        {
            internal T Factor, Addend, FromDy, FromX, Constant;
        }

        internal ChannelPass Pass;
        internal bool Relu;
        internal int Batch, Channels, Pixels;
        // Going back, Y is the rectified result, where it is not computed again, and Other and Variance are the gradients of other and weight.
        // Deviation is 1 / the deviation.
        internal T* X, Y, Other, Weight, Bias, Mean, Variance, Deviation, Dy, Dx, Dbias;
        ChannelSums* sums;
        Numbers* numbers;
        int runs, blocks;

        readonly long Row(int image, int channel) => ((long)image * Channels + channel) * Pixels;

        internal void Compute(double eps)
        {
            // Of few pictures, channels are shared too.
            runs = Math.Clamp(Batch, 1, Parts);
            blocks = Math.Clamp((Parts + runs - 1) / runs, 1, Math.Max(1, Channels));
            numbers = Workspace.Rent<Numbers>(Workspace.Purpose.Sums, Channels);
            if (Pass == ChannelPass.Scale)
                for (var channel = 0; channel < Channels; channel++) (numbers[channel].Factor, numbers[channel].Addend) = (Weight[channel], Bias[channel]);
            else
            {
                if (Bias != null && Pass == ChannelPass.Sums)
                    for (var channel = 0; channel < Channels; channel++) FinishScale(channel);
                sums = Workspace.Rent<ChannelSums>(Workspace.Purpose.Partials, (long)runs * Channels);
                WorkerPool.For(runs * blocks, ref this);
                for (var channel = 0; channel < Channels; channel++)
                    if (Pass == ChannelPass.Statistics) FinishStatistics(channel, eps);
                    else FinishSums(channel);
            }
            Pass = Pass == ChannelPass.Sums ? ChannelPass.Gradient : ChannelPass.Scale;
            WorkerPool.For(runs * blocks, ref this);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int part)
        {
            // What was met last is still in the caches.
            var backwards = Pass is ChannelPass.Scale or ChannelPass.Gradient;
            if (backwards) part = runs * blocks - 1 - part;
            int run = part / blocks, block = part % blocks;
            int first = (int)((long)Batch * run / runs), end = (int)((long)Batch * (run + 1) / runs);
            int from = (int)((long)Channels * block / blocks), to = (int)((long)Channels * (block + 1) / blocks);
            var mine = sums + (long)run * Channels;
            if (!backwards) new Span<ChannelSums>(mine + from, to - from).Clear();
            for (var i = first; i < end; i++)
            {
                var image = backwards ? first + end - 1 - i : i;
                for (var channel = from; channel < to; channel++)
                    switch (Pass)
                    {
                        case ChannelPass.Statistics: Statistics(Row(image, channel), mine + channel); break;
                        case ChannelPass.Sums: AddSums(Row(image, channel), Mean[channel], numbers + channel, mine + channel); break;
                        case ChannelPass.Scale: Scale(Row(image, channel), numbers + channel); break;
                        default: Gradient(Row(image, channel), Mean[channel], numbers + channel); break;
                    }
            }
        }

        readonly ChannelSums Total(int channel)
        {
            ChannelSums total = default;
            for (var run = 0; run < runs; run++)
            {
                var one = sums + (long)run * Channels + channel;
                total.Sum += one->Sum;
                total.Strips += one->Strips;
                total.Squares += one->Squares;
                total.Product += one->Product;
            }
            return total;
        }

        // A strip is read once from memory and twice from the first cache: its sum, then its squares about its own mean, to which a
        // mean far from 0 does no harm (Chan, Golub and LeVeque 1979).
        readonly void Statistics(long row, ChannelSums* mine)
        {
            for (var i = 0; i < Pixels; i += Block)
            {
                var count = Math.Min(Block, Pixels - i);
                var sum = double.CreateTruncating(Sum(X + row + i, count));
                mine->Sum += sum;
                mine->Strips += sum * sum / count;
                mine->Squares += double.CreateTruncating(SumOfSquares(X + row + i, count, T.CreateTruncating(sum / count)));
            }
        }

        readonly void FinishStatistics(int channel, double eps)
        {
            var total = Total(channel);
            var count = (double)Batch * Pixels;
            var variance = (total.Squares + Math.Max(0, total.Strips - total.Sum * total.Sum / count)) / count;
            Mean[channel] = T.CreateTruncating(total.Sum / count);
            Variance[channel] = T.CreateTruncating(variance);
            Deviation[channel] = T.CreateTruncating(1 / Math.Sqrt(variance + eps));
            FinishScale(channel);
        }

        // The same numbers forward and back, so that y, computed again, has the same signs.
        readonly void FinishScale(int channel)
        {
            var factor = Weight[channel] * Deviation[channel];
            (numbers[channel].Factor, numbers[channel].Addend) = (factor, Bias[channel] - Mean[channel] * factor);
        }

        readonly void Scale(long row, Numbers* number)
        {
            if (Other != null) ScaleAdd(X + row, Other + row, Pixels, number->Factor, number->Addend, Relu, Y + row);
            else if (Relu) ScaleRectify(X + row, Pixels, number->Factor, number->Addend, Y + row);
            else Scale(X + row, Pixels, number->Factor, number->Addend, Y + row);
        }

        readonly void AddSums(long row, T mean, Numbers* number, ChannelSums* mine)
        {
            for (var i = 0; i < Pixels; i += Block)
            {
                var at = row + i;
                var length = Math.Min(Block, Pixels - i);
                T sum, product;
                if (Relu) RectifiedSums(Dy + at, Y == null ? null : Y + at, X + at, length, mean, number->Factor, number->Addend, out sum, out product);
                else Sums(Dy + at, X + at, length, mean, out sum, out product);
                mine->Sum += double.CreateTruncating(sum);
                mine->Product += double.CreateTruncating(product);
            }
        }

        readonly void FinishSums(int channel)
        {
            var total = Total(channel);
            double count = (double)Batch * Pixels, deviation = double.CreateTruncating(Deviation[channel]), factor = double.CreateTruncating(Weight[channel]) * deviation;
            Dbias[channel] = T.CreateTruncating(total.Sum);
            Variance[channel] = T.CreateTruncating(total.Product * deviation);
            var number = numbers + channel;
            number->FromDy = T.CreateTruncating(factor);
            number->FromX = T.CreateTruncating(-factor * deviation * deviation * total.Product / count);
            number->Constant = T.CreateTruncating(-factor * total.Sum / count);
        }

        readonly void Gradient(long row, T mean, Numbers* number)
        {
            if (Relu) CombineRectified(Dy + row, Y == null ? null : Y + row, X + row, Pixels, mean, *number, Dx + row, Other == null ? null : Other + row);
            else Combine(Dy + row, X + row, Pixels, mean, number->FromDy, number->FromX, number->Constant, Dx + row);
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

        // The same where y, given or computed again, is not 0 or less.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void RectifiedSums(T* dy, T* y, T* x, int count, T mean, T factor, T addend, out T sum, out T product)
        {
            Vector<T> a = default, b = default, c = default, d = default, m = new(mean), f = new(factor), r = new(addend);
            var width = Vector<T>.Count;
            var i = 0;
            for (; i + 2 * width <= count; i += 2 * width)
            {
                Vector<T> u = Vector.Load(x + i), v = Vector.Load(x + i + width);
                Vector<T> g = Passed(Vector.Load(dy + i), y == null ? u * f + r : Vector.Load(y + i)), h = Passed(Vector.Load(dy + i + width), y == null ? v * f + r : Vector.Load(y + i + width));
                a += g;
                b += h;
                c += g * (u - m);
                d += h * (v - m);
            }
            (sum, product) = (Vector.Sum(a + b), Vector.Sum(c + d));
            for (; i < count; i++)
            {
                if ((y == null ? x[i] * factor + addend : y[i]) <= T.Zero) continue;
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
        static void CombineRectified(T* dy, T* y, T* x, int count, T mean, in Numbers number, T* dx, T* passed)
        {
            T factor = number.Factor, addend = number.Addend, fromDy = number.FromDy, fromX = number.FromX, constant = number.Constant;
            Vector<T> m = new(mean), p = new(factor), r = new(addend), g = new(fromDy), f = new(fromX), a = new(constant);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
            {
                var v = Vector.Load(x + i);
                var through = Passed(Vector.Load(dy + i), y == null ? v * p + r : Vector.Load(y + i));
                (through * g + ((v - m) * f + a)).Store(dx + i);
                if (passed != null) through.Store(passed + i);
            }
            for (; i < count; i++)
            {
                var through = (y == null ? x[i] * factor + addend : y[i]) <= T.Zero ? T.Zero : dy[i];
                dx[i] = through * fromDy + ((x[i] - mean) * fromX + constant);
                if (passed != null) passed[i] = through;
            }
        }
    }
}
