using System.Numerics;
using Cresset.Kernels;

namespace Cresset.Tests.ReferenceBackend;

sealed partial class NaiveBackend
{
    // The place in a row-major array of this shape of element i of another array, with one coordinate replaced.
    static int Replace(int i, int[] from, int[] to, int dim, long index)
    {
        int place = 0, step = 1, rest = i;
        var coordinates = new int[from.Length];
        for (var d = from.Length - 1; d >= 0; d--)
        {
            coordinates[d] = rest % from[d];
            rest /= from[d];
        }
        coordinates[dim] = (int)index;
        for (var d = to.Length - 1; d >= 0; d--)
        {
            place += coordinates[d] * step;
            step *= to[d];
        }
        return place;
    }

    static int Coordinate(int i, int[] shape, int dim)
    {
        for (var d = shape.Length - 1; d > dim; d--) i /= shape[d];
        return i % shape[dim];
    }

    public override void Gather(in Operand x, int dim, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index);
        int[] from = index.Layout.Shape.ToArray(), to = x.Layout.Shape.ToArray();
        Write(y, [.. places.Select((place, i) => values[Replace(i, from, to, dim, (long)place)])]);
    }

    public override void ScatterAdd(in Operand x, int dim, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index), sums = Read(y);
        int[] from = index.Layout.Shape.ToArray(), to = y.Layout.Shape.ToArray();
        for (var i = 0; i < values.Length; i++) sums[Replace(i, from, to, dim, (long)places[i])] += values[i];
        Write(y, sums);
    }

    public override void Scatter(in Operand x, int dim, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index), target = Read(y);
        int[] from = index.Layout.Shape.ToArray(), to = y.Layout.Shape.ToArray();
        for (var i = 0; i < values.Length; i++) target[Replace(i, from, to, dim, (long)places[i])] = values[i];
        Write(y, target);
    }

    public override void IndexSelect(in Operand x, int dim, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index);
        int[] from = y.Layout.Shape.ToArray(), to = x.Layout.Shape.ToArray();
        Write(y, [.. Enumerable.Range(0, y.Layout.ElementCount).Select(i => values[Replace(i, from, to, dim, (long)places[Coordinate(i, from, dim)])])]);
    }

    public override void IndexAdd(in Operand x, int dim, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index), sums = Read(y);
        int[] from = x.Layout.Shape.ToArray(), to = y.Layout.Shape.ToArray();
        for (var i = 0; i < values.Length; i++) sums[Replace(i, from, to, dim, (long)places[Coordinate(i, from, dim)])] += values[i];
        Write(y, sums);
    }

    public override void IndexCopy(in Operand x, in Operand index, in Operand y)
    {
        double[] values = Read(x), places = Read(index), target = Read(y);
        for (var i = 0; i < places.Length; i++) target[(int)places[i]] = values[i];
        Write(y, target);
    }

    public override long FindOutOfRange(in Operand index, long limit) => Array.FindIndex(Read(index), value => value < 0 || value >= limit);

    public override void CumulativeSum(in Operand x, int dim, bool fromEnd, in Operand y)
    {
        var values = Read(x);
        var shape = x.Layout.Shape.ToArray();
        Write(y, [.. Enumerable.Range(0, values.Length).Select(i =>
        {
            double sum = 0;
            int at = Coordinate(i, shape, dim);
            for (var j = fromEnd ? at : 0; fromEnd ? j < shape[dim] : j <= at; j++) sum += values[Replace(i, shape, shape, dim, j)];
            return sum;
        })]);
    }

    public override void Sort(in Operand x, int dim, bool descending, in Operand values, in Operand indices)
    {
        var source = Read(x);
        var shape = x.Layout.Shape.ToArray();
        double[] sorted = new double[source.Length], places = new double[source.Length];
        for (var i = 0; i < source.Length; i++)
        {
            if (Coordinate(i, shape, dim) != 0) continue;
            // LINQ's order is stable; NaN counts as the largest.
            var line = Enumerable.Range(0, shape[dim]).Select(j => (Value: source[Replace(i, shape, shape, dim, j)], Place: j));
            var rank = (double v) => (double.IsNaN(v) ? 1 : 0, double.IsNaN(v) ? 0 : v);
            var order = (descending ? line.OrderByDescending(e => rank(e.Value)) : line.OrderBy(e => rank(e.Value))).ToArray();
            for (var j = 0; j < order.Length; j++) (sorted[Replace(i, shape, shape, dim, j)], places[Replace(i, shape, shape, dim, j)]) = order[j];
        }
        Write(values, sorted);
        Write(indices, places);
    }

    public override void FillRandom(Distribution distribution, double a, double b, ulong key, ulong position, in Operand y)
    {
        var single = y.DType == DType.Float32;
        Write(y, [.. Enumerable.Range(0, y.Layout.ElementCount).Select(i =>
        {
            var (x0, x1, x2, x3) = Philox.Words(position + (ulong)(i / 2), 0, key);
            var word = i % 2 == 0 ? x0 | (ulong)x1 << 32 : x2 | (ulong)x3 << 32;
            return distribution switch
            {
                Distribution.Uniform => a + (b - a) * (single ? (word >> 40) / 16777216.0 : (word >> 11) / 9007199254740992.0),
                Distribution.Normal => a + b * Distributions.InverseNormal(((word >> 12) + 0.5) / 4503599627370496.0),
                Distribution.Integer => a + (double)((BigInteger)word * (BigInteger)(b - a) >> 64),
                _ => (word >> 11) / 9007199254740992.0 < a ? 1.0 : 0.0,
            };
        })]);
    }
}
