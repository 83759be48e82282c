using Cresset.Kernels;

namespace Cresset.Tests.ReferenceBackend;

sealed partial class NaiveBackend
{
    // Row by row of each head, as the formulas say.
    sealed class Heads
    {
        internal required double[] Query, Key, Value;
        internal required double[]? Mask;
        internal required int Count, Rows, Columns, Width, ValueWidth;
        internal required double Scale;
        internal required bool IsCausal;

        internal double[] Scores(int head, int t)
        {
            var scores = new double[Columns];
            for (var s = 0; s < Columns; s++)
            {
                for (var i = 0; i < Width; i++) scores[s] += Query[(head * Rows + t) * Width + i] * Key[(head * Columns + s) * Width + i] * Scale;
                if (Mask is not null) scores[s] += Mask[(head * Rows + t) * Columns + s];
                if (IsCausal && s > t) scores[s] = double.NegativeInfinity;
            }
            return scores;
        }
    }

    Heads HeadsOf(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask) => new()
    {
        Query = Read(query),
        Key = Read(key),
        Value = Read(value),
        Mask = mask is { } added ? Read(added) : null,
        Rows = query.Layout.Shape[^2],
        Columns = key.Layout.Shape[^2],
        Width = query.Layout.Shape[^1],
        ValueWidth = value.Layout.Shape[^1],
        Count = query.Layout.ElementCount / (query.Layout.Shape[^2] * query.Layout.Shape[^1]),
        Scale = scale,
        IsCausal = isCausal,
    };

    public override void Attention(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask, in Operand y, in Operand logSumExp)
    {
        var h = HeadsOf(scale, isCausal, query, key, value, mask);
        double[] sums = new double[h.Count * h.Rows * h.ValueWidth], logarithms = new double[h.Count * h.Rows];
        for (var row = 0; row < logarithms.Length; row++)
        {
            var head = row / h.Rows;
            var scores = h.Scores(head, row % h.Rows);
            var largest = scores.Max();
            logarithms[row] = largest + Math.Log(scores.Sum(score => Math.Exp(score - largest)));
            for (var s = 0; s < h.Columns; s++)
                for (var e = 0; e < h.ValueWidth; e++) sums[row * h.ValueWidth + e] += Math.Exp(scores[s] - logarithms[row]) * h.Value[(head * h.Columns + s) * h.ValueWidth + e];
        }
        Write(y, sums);
        Write(logSumExp, logarithms);
    }

    public override void AttentionGradient(double scale, bool isCausal, in Operand dy, in Operand query, in Operand key, in Operand value, Operand? mask,
        in Operand logSumExp, in Operand dquery, in Operand dkey, in Operand dvalue)
    {
        var h = HeadsOf(scale, isCausal, query, key, value, mask);
        double[] gradient = Read(dy), logarithms = Read(logSumExp), dq = new double[h.Query.Length], dk = new double[h.Key.Length], dv = new double[h.Value.Length];
        for (var row = 0; row < logarithms.Length; row++)
        {
            var head = row / h.Rows;
            var weights = Array.ConvertAll(h.Scores(head, row % h.Rows), score => Math.Exp(score - logarithms[row]));
            var slopes = new double[h.Columns];
            for (var s = 0; s < h.Columns; s++)
                for (var e = 0; e < h.ValueWidth; e++)
                {
                    slopes[s] += gradient[row * h.ValueWidth + e] * h.Value[(head * h.Columns + s) * h.ValueWidth + e];
                    dv[(head * h.Columns + s) * h.ValueWidth + e] += weights[s] * gradient[row * h.ValueWidth + e];
                }
            var mean = weights.Zip(slopes, (weight, slope) => weight * slope).Sum();
            for (var s = 0; s < h.Columns; s++)
                for (var i = 0; i < h.Width; i++)
                {
                    var slope = weights[s] * (slopes[s] - mean) * h.Scale;
                    dq[row * h.Width + i] += slope * h.Key[(head * h.Columns + s) * h.Width + i];
                    dk[(head * h.Columns + s) * h.Width + i] += slope * h.Query[row * h.Width + i];
                }
        }
        Write(dquery, dq);
        Write(dkey, dk);
        Write(dvalue, dv);
    }

    public override void Rotate(bool back, in Operand x, in Operand cosine, in Operand sine, in Operand y)
    {
        double[] from = Read(x), c = Read(cosine), s = Read(sine), to = new double[from.Length];
        int width = y.Layout.Shape[^1], half = width / 2;
        for (var i = 0; i < to.Length; i++)
        {
            int column = i % width, angle = i / width * half % c.Length + column % half;
            var sign = column < half == back ? 1 : -1;
            to[i] = from[i] * c[angle] + sign * s[angle] * from[column < half ? i + half : i - half];
        }
        Write(y, to);
    }
}
