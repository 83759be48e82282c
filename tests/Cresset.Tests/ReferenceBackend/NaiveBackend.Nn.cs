using Cresset.Kernels;

namespace Cresset.Tests.ReferenceBackend;

sealed partial class NaiveBackend
{
    // Calls action with the flat places of x, weight and y for every product that a convolution sums up.
    static void Products(ConvolutionShape s, Action<int, int, int> action)
    {
        int group = s.Channels / s.Groups, outGroup = s.OutChannels / s.Groups;
        for (var n = 0; n < s.Batch; n++)
            for (var o = 0; o < s.OutChannels; o++)
                for (var oh = 0; oh < s.OutHeight; oh++)
                    for (var ow = 0; ow < s.OutWidth; ow++)
                        for (var c = 0; c < group; c++)
                            for (var kh = 0; kh < s.KernelHeight; kh++)
                                for (var kw = 0; kw < s.KernelWidth; kw++)
                                {
                                    int h = oh * s.StrideHeight - s.PaddingHeight + kh * s.DilationHeight, w = ow * s.StrideWidth - s.PaddingWidth + kw * s.DilationWidth;
                                    if (h < 0 || h >= s.Height || w < 0 || w >= s.Width) continue;
                                    action(((n * s.Channels + o / outGroup * group + c) * s.Height + h) * s.Width + w,
                                        ((o * group + c) * s.KernelHeight + kh) * s.KernelWidth + kw, ((n * s.OutChannels + o) * s.OutHeight + oh) * s.OutWidth + ow);
                                }
    }

    public override void Convolution2d(in ConvolutionShape shape, in Operand x, in Operand weight, Operand? factor, Operand? bias, Operand? other, bool relu, in Operand y)
    {
        double[] xs = Read(x), weights = Read(weight), sums = new double[y.Layout.ElementCount];
        Products(shape, (i, j, k) => sums[k] += xs[i] * weights[j]);
        int places = shape.OutHeight * shape.OutWidth, channels = shape.OutChannels;
        if (factor is { } scale)
        {
            var factors = Read(scale);
            for (var i = 0; i < sums.Length; i++) sums[i] *= factors[i / places % channels];
        }
        if (bias is { } values)
        {
            var biases = Read(values);
            for (var i = 0; i < sums.Length; i++) sums[i] += biases[i / places % channels];
        }
        if (other is { } added) sums = [.. sums.Zip(Read(added), (a, b) => a + b)];
        if (relu) sums = [.. sums.Select(v => Math.Max(v, 0))];
        Write(y, sums);
    }

    public override void Convolution2dInputGradient(in ConvolutionShape shape, in Operand dy, in Operand weight, in Operand dx)
    {
        double[] gradient = Read(dy), weights = Read(weight), sums = new double[dx.Layout.ElementCount];
        Products(shape, (i, j, k) => sums[i] += gradient[k] * weights[j]);
        Write(dx, sums);
    }

    public override void Convolution2dWeightGradient(in ConvolutionShape shape, in Operand dy, in Operand x, in Operand dweight)
    {
        double[] gradient = Read(dy), xs = Read(x), sums = new double[dweight.Layout.ElementCount];
        Products(shape, (i, j, k) => sums[j] += gradient[k] * xs[i]);
        Write(dweight, sums);
    }

    // Calls action with a window's output place and the places in x that it covers, and its size with padding.
    static void Windows(PoolingShape s, Action<int, List<int>, int> action)
    {
        for (var plane = 0; plane < s.Batch * s.Channels; plane++)
            for (var oh = 0; oh < s.OutHeight; oh++)
                for (var ow = 0; ow < s.OutWidth; ow++)
                {
                    var inside = new List<int>();
                    var padded = 0;
                    for (var kh = 0; kh < s.KernelHeight; kh++)
                        for (var kw = 0; kw < s.KernelWidth; kw++)
                        {
                            int h = oh * s.StrideHeight - s.PaddingHeight + kh * s.DilationHeight, w = ow * s.StrideWidth - s.PaddingWidth + kw * s.DilationWidth;
                            if (h < s.Height + s.PaddingHeight && w < s.Width + s.PaddingWidth) padded++;
                            if (h >= 0 && h < s.Height && w >= 0 && w < s.Width) inside.Add((plane * s.Height + h) * s.Width + w);
                        }
                    action((plane * s.OutHeight + oh) * s.OutWidth + ow, inside, padded);
                }
    }

    public override void MaxPool2d(in PoolingShape shape, in Operand x, in Operand y, in Operand indices)
    {
        double[] xs = Read(x), largest = new double[y.Layout.ElementCount], places = new double[y.Layout.ElementCount];
        var plane = shape.Height * shape.Width;
        Windows(shape, (at, inside, _) =>
        {
            var best = inside.Exists(i => double.IsNaN(xs[i])) ? inside.FindLast(i => double.IsNaN(xs[i])) : inside.MaxBy(i => xs[i]);
            (largest[at], places[at]) = (xs[best], best % plane);
        });
        Write(y, largest);
        Write(indices, places);
    }

    public override void MaxPool2dGradient(in PoolingShape shape, in Operand dy, in Operand indices, in Operand dx)
    {
        double[] gradient = Read(dy), places = Read(indices), sums = new double[dx.Layout.ElementCount];
        int from = shape.OutHeight * shape.OutWidth, to = shape.Height * shape.Width;
        for (var i = 0; i < gradient.Length; i++) sums[i / from * to + (int)places[i]] += gradient[i];
        Write(dx, sums);
    }

    public override void AveragePool2d(in PoolingShape shape, bool countPadding, int divisor, in Operand x, in Operand y)
    {
        double[] xs = Read(x), means = new double[y.Layout.ElementCount];
        Windows(shape, (at, inside, padded) => means[at] = inside.Sum(i => xs[i]) / (divisor != 0 ? divisor : countPadding ? padded : inside.Count));
        Write(y, means);
    }

    public override void AveragePool2dGradient(in PoolingShape shape, bool countPadding, int divisor, in Operand dy, in Operand dx)
    {
        double[] gradient = Read(dy), sums = new double[dx.Layout.ElementCount];
        Windows(shape, (at, inside, padded) => inside.ForEach(i => sums[i] += gradient[at] / (divisor != 0 ? divisor : countPadding ? padded : inside.Count)));
        Write(dx, sums);
    }

    static void AdaptiveWindows(int[] x, int[] y, Action<int, List<int>> action)
    {
        for (var i = 0; i < y[0] * y[1] * y[2] * y[3]; i++)
        {
            int plane = i / (y[2] * y[3]), oh = i / y[3] % y[2], ow = i % y[3];
            var inside = new List<int>();
            for (var h = (int)Math.Floor((double)oh * x[2] / y[2]); h < Math.Ceiling((oh + 1.0) * x[2] / y[2]); h++)
                for (var w = (int)Math.Floor((double)ow * x[3] / y[3]); w < Math.Ceiling((ow + 1.0) * x[3] / y[3]); w++)
                    inside.Add((plane * x[2] + h) * x[3] + w);
            action(i, inside);
        }
    }

    public override void AdaptiveAveragePool2d(in Operand x, in Operand y)
    {
        double[] xs = Read(x), means = new double[y.Layout.ElementCount];
        AdaptiveWindows(x.Layout.Shape.ToArray(), y.Layout.Shape.ToArray(), (at, inside) => means[at] = inside.Average(i => xs[i]));
        Write(y, means);
    }

    public override void AdaptiveAveragePool2dGradient(in Operand dy, in Operand dx)
    {
        double[] gradient = Read(dy), sums = new double[dx.Layout.ElementCount];
        AdaptiveWindows(dx.Layout.Shape.ToArray(), dy.Layout.Shape.ToArray(), (at, inside) => inside.ForEach(i => sums[i] += gradient[at] / inside.Count));
        Write(dx, sums);
    }

    static IEnumerable<double[]> Rows(double[] values, in Operand x) => x.Layout.Rank == 0 ? [values] : values.Chunk(Math.Max(1, x.Layout.Shape[^1]));

    static double LogSum(double[] row)
    {
        var largest = row.Max();
        return largest + Math.Log(row.Sum(v => Math.Exp(v - largest)));
    }

    public override void Softmax(bool logarithm, in Operand x, in Operand y) =>
        Write(y, [.. Rows(Read(x), x).SelectMany(row => row.Select(v => logarithm ? v - LogSum(row) : Math.Exp(v - LogSum(row))))]);

    public override void SoftmaxGradient(bool logarithm, in Operand dy, in Operand y, in Operand dx) =>
        Write(dx, [.. Rows(Read(dy), dy).Zip(Rows(Read(y), y)).SelectMany(pair => pair.First.Select((g, i) => logarithm
            ? g - Math.Exp(pair.Second[i]) * pair.First.Sum()
            : pair.Second[i] * (g - pair.First.Zip(pair.Second).Sum(both => both.First * both.Second))))]);

    public override void CrossEntropy(in Operand x, in Operand target, in Operand loss, in Operand logSumExp)
    {
        var labels = Read(target);
        var rows = Rows(Read(x), x).ToArray();
        Write(logSumExp, [.. rows.Select(LogSum)]);
        Write(loss, [.. rows.Select((row, i) => LogSum(row) - row[(int)labels[i]])]);
    }

    public override void CrossEntropyGradient(in Operand dy, in Operand x, in Operand target, in Operand logSumExp, in Operand dx)
    {
        double[] gradient = Read(dy), labels = Read(target);
        Write(dx, [.. Rows(Read(x), x).SelectMany((row, i) => row.Select((v, c) => gradient[i] * (Math.Exp(v - LogSum(row)) - (c == (int)labels[i] ? 1 : 0))))]);
    }

    // The values of a channel of x [N, C, ...], with their places.
    static IEnumerable<int> OfChannel(in Operand x, int channel)
    {
        var shape = x.Layout.Shape.ToArray();
        return Enumerable.Range(0, x.Layout.ElementCount).Where(i => Coordinate(i, shape, 1) == channel);
    }

    public override void ChannelNormalization(double eps, in Operand x, in Operand weight, in Operand bias, Operand? other, bool relu, in Operand y,
        in Operand mean, in Operand variance, in Operand scale)
    {
        double[] xs = Read(x), weights = Read(weight), biases = Read(bias);
        double[] means = new double[weights.Length], variances = new double[means.Length], scales = new double[means.Length];
        for (var c = 0; c < means.Length; c++)
        {
            var values = OfChannel(x, c).Select(i => xs[i]).ToArray();
            means[c] = values.Sum() / values.Length;
            variances[c] = values.Sum(v => (v - means[c]) * (v - means[c])) / values.Length;
            scales[c] = 1 / Math.Sqrt(variances[c] + eps);
        }
        Write(mean, means);
        Write(variance, variances);
        Write(scale, scales);
        var others = other is { } given ? Read(given) : new double[xs.Length];
        var shape = x.Layout.Shape.ToArray();
        Write(y, [.. xs.Select((v, i) =>
        {
            var c = Coordinate(i, shape, 1);
            var sum = (v - means[c]) * scales[c] * weights[c] + biases[c] + others[i];
            return relu ? Math.Max(sum, 0) : sum;
        })]);
    }

    public override void ChannelFactors(double eps, in Operand mean, in Operand variance, Operand? weight, Operand? bias, in Operand factor, in Operand addend)
    {
        double[] means = Read(mean);
        double[] factors = [.. Read(variance).Select(v => 1 / Math.Sqrt(v + eps))];
        if (weight is { } given) factors = [.. factors.Zip(Read(given), (f, w) => f * w)];
        var biases = bias is { } addends ? Read(addends) : new double[means.Length];
        Write(factor, factors);
        Write(addend, [.. means.Select((m, c) => biases[c] - m * factors[c])]);
    }

    public override void ScaleChannels(in Operand x, in Operand factor, in Operand addend, Operand? other, bool relu, in Operand y)
    {
        double[] factors = Read(factor), addends = Read(addend);
        var others = other is { } given ? Read(given) : new double[x.Layout.ElementCount];
        var shape = x.Layout.Shape.ToArray();
        Write(y, [.. Read(x).Select((v, i) =>
        {
            var sum = v * factors[Coordinate(i, shape, 1)] + addends[Coordinate(i, shape, 1)] + others[i];
            return relu ? Math.Max(sum, 0) : sum;
        })]);
    }

    public override void ChannelNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight, Operand? bias, Operand? rectified,
        in Operand dx, in Operand dweight, in Operand dbias, Operand? dother)
    {
        double[] gradient = Read(dy), xs = Read(x), means = Read(mean), scales = Read(scale), weights = Read(weight);
        if (bias is { } addend)
        {
            var biases = Read(addend);
            var shape = x.Layout.Shape.ToArray();
            gradient = [.. gradient.Select((g, i) =>
            {
                var c = Coordinate(i, shape, 1);
                return (xs[i] - means[c]) * scales[c] * weights[c] + biases[c] <= 0 ? 0 : g;
            })];
        }
        if (rectified is { } y)
        {
            var ys = Read(y);
            gradient = [.. gradient.Select((g, i) => ys[i] <= 0 ? 0 : g)];
        }
        if (dother is { } passed) Write(passed, gradient);
        double[] result = new double[xs.Length], dws = new double[means.Length], dbs = new double[means.Length];
        for (var c = 0; c < means.Length; c++)
        {
            var places = OfChannel(x, c).ToArray();
            double Normalized(int i) => (xs[i] - means[c]) * scales[c];
            dbs[c] = places.Sum(i => gradient[i]);
            dws[c] = places.Sum(i => gradient[i] * Normalized(i));
            foreach (var i in places) result[i] = weights[c] * scales[c] * (gradient[i] - dbs[c] / places.Length - Normalized(i) * dws[c] / places.Length);
        }
        Write(dx, result);
        Write(dweight, dws);
        Write(dbias, dbs);
    }

    public override void RowNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale)
    {
        double[] xs = Read(x), weights = Read(weight), biases = Read(bias), ys = new double[xs.Length];
        double[] means = new double[mean.Layout.ElementCount], scales = new double[means.Length];
        for (var r = 0; r < means.Length; r++)
        {
            var row = xs.Skip(r * weights.Length).Take(weights.Length).ToArray();
            means[r] = row.Sum() / row.Length;
            scales[r] = 1 / Math.Sqrt(row.Sum(v => (v - means[r]) * (v - means[r])) / row.Length + eps);
            for (var c = 0; c < row.Length; c++) ys[r * row.Length + c] = (row[c] - means[r]) * scales[r] * weights[c] + biases[c];
        }
        Write(y, ys);
        Write(mean, means);
        Write(scale, scales);
    }

    public override void RowNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias)
    {
        double[] gradient = Read(dy), xs = Read(x), means = Read(mean), scales = Read(scale), weights = Read(weight);
        double[] result = new double[xs.Length], dws = new double[weights.Length], dbs = new double[weights.Length];
        var columns = weights.Length;
        for (var r = 0; r < means.Length; r++)
        {
            double Z(int c) => (xs[r * columns + c] - means[r]) * scales[r];
            double G(int c) => gradient[r * columns + c] * weights[c];
            double meanG = Enumerable.Range(0, columns).Sum(G) / columns, meanGz = Enumerable.Range(0, columns).Sum(c => G(c) * Z(c)) / columns;
            for (var c = 0; c < columns; c++)
            {
                result[r * columns + c] = scales[r] * (G(c) - meanG - Z(c) * meanGz);
                dws[c] += gradient[r * columns + c] * Z(c);
                dbs[c] += gradient[r * columns + c];
            }
        }
        Write(dx, result);
        Write(dweight, dws);
        Write(dbias, dbs);
    }

    public override void GroupNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale)
    {
        double[] xs = Read(x), weights = Read(weight), biases = Read(bias), ys = new double[xs.Length];
        double[] means = new double[mean.Layout.ElementCount], scales = new double[means.Length];
        var length = xs.Length / means.Length;
        for (var g = 0; g < means.Length; g++)
        {
            var values = xs.Skip(g * length).Take(length).ToArray();
            means[g] = values.Sum() / length;
            scales[g] = 1 / Math.Sqrt(values.Sum(v => (v - means[g]) * (v - means[g])) / length + eps);
        }
        for (var i = 0; i < xs.Length; i++)
            ys[i] = (xs[i] - means[i / length]) * scales[i / length] * weights[Channel(x, i)] + biases[Channel(x, i)];
        Write(y, ys);
        Write(mean, means);
        Write(scale, scales);
    }

    static int Channel(in Operand x, int element) => element / (x.Layout.ElementCount / x.Layout.Shape[0] / x.Layout.Shape[1]) % x.Layout.Shape[1];

    public override void GroupNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias)
    {
        double[] gradient = Read(dy), xs = Read(x), means = Read(mean), scales = Read(scale), weights = Read(weight);
        double[] result = new double[xs.Length], dws = new double[weights.Length], dbs = new double[weights.Length], sums = new double[means.Length], products = new double[means.Length];
        var length = xs.Length / means.Length;
        for (var pass = 0; pass < 2; pass++)
            for (var i = 0; i < xs.Length; i++)
            {
                int group = i / length, channel = Channel(x, i);
                double z = (xs[i] - means[group]) * scales[group], g = gradient[i] * weights[channel];
                if (pass == 1)
                {
                    result[i] = scales[group] * (g - sums[group] / length - z * products[group] / length);
                    continue;
                }
                sums[group] += g;
                products[group] += g * z;
                dws[channel] += gradient[i] * z;
                dbs[channel] += gradient[i];
            }
        Write(dx, result);
        Write(dweight, dws);
        Write(dbias, dbs);
    }
}
