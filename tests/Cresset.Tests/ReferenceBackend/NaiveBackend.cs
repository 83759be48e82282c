using Cresset.Kernels;
using Cresset.Kernels.Cpu;

namespace Cresset.Tests.ReferenceBackend;

/// <summary>The second implementation of the backend contract: plain loops over logical indices, in double (integers in
/// long), without vectors, threads or blocks. The oracle of the fast kernels.</summary>
sealed partial class NaiveBackend : Backend
{
    public static readonly NaiveBackend Instance = new();

    public override string Name => "reference";

    /// <summary>A copy on this backend, with the same values.</summary>
    public static Tensor Move(Tensor x, Backend backend)
    {
        var y = Tensor.Empty(x.Shape, x.DType, backend);
        NaiveBackend.Instance.Write(y.Operand, NaiveBackend.Instance.Read(x.Operand));
        return y;
    }

    // The position in memory of every element, in row-major order.
    static IEnumerable<long> Positions(Layout layout)
    {
        var shape = layout.Shape.ToArray();
        var strides = layout.Strides.ToArray();
        for (var i = 0; i < layout.ElementCount; i++)
        {
            long position = layout.Offset, rest = i;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                position += rest % shape[d] * strides[d];
                rest /= shape[d];
            }
            yield return position;
        }
    }

    double[] Read(in Operand x)
    {
        var storage = x.Storage;
        var dtype = x.DType;
        return [.. Positions(x.Layout).Select(position => Element(storage, dtype, position))];
    }

    static unsafe double Element(Storage storage, DType dtype, long position) => dtype switch
    {
        DType.Float32 => ((float*)storage.Pointer)[position],
        DType.Float64 => ((double*)storage.Pointer)[position],
        DType.Int32 => ((int*)storage.Pointer)[position],
        DType.Int64 => ((long*)storage.Pointer)[position],
        _ => storage.Pointer[position],
    };

    void Write(in Operand y, double[] values)
    {
        var i = 0;
        foreach (var position in Positions(y.Layout)) SetElement(y.Storage, y.DType, position, values[i++]);
    }

    static unsafe void SetElement(Storage storage, DType dtype, long position, double value)
    {
        switch (dtype)
        {
            case DType.Float32: ((float*)storage.Pointer)[position] = (float)value; break;
            case DType.Float64: ((double*)storage.Pointer)[position] = value; break;
            case DType.Int32: ((int*)storage.Pointer)[position] = (int)value; break;
            case DType.Int64: ((long*)storage.Pointer)[position] = (long)value; break;
            case DType.UInt8: storage.Pointer[position] = (byte)(long)value; break;
            default: storage.Pointer[position] = (byte)(value != 0 ? 1 : 0); break;
        }
    }

    public override void Fill(Scalar value, in Operand y) => Write(y, Enumerable.Repeat(value.ToDouble(), y.Layout.ElementCount).ToArray());

    public override void Copy(in Operand x, in Operand y) => Write(y, Read(x));

    static bool Whole(in Operand x) => !x.DType.IsFloatingPoint();

    public override void Unary<TFunction>(TFunction f, in Operand x, in Operand y)
    {
        var whole = Whole(x);
        Write(y, [.. Read(x).Select(v => whole ? f.Value(new Lane<long>((long)v)).Value : f.Value(new Lane<double>(v)).Value)]);
    }

    public override void UnaryGradient<TFunction>(TFunction f, in Operand dy, in Operand x, in Operand y, in Operand dx)
    {
        double[] gradient = Read(dy), xs = Read(x), ys = Read(y);
        Write(dx, [.. gradient.Select((g, i) => g * f.Derivative(new Lane<double>(xs[i]), new Lane<double>(ys[i])).Value)]);
    }

    public override void Binary<TFunction>(TFunction f, in Operand a, in Operand b, in Operand y)
    {
        var whole = Whole(a);
        var right = Read(b);
        Write(y, [.. Read(a).Select((v, i) => whole ? f.Value(new Lane<long>((long)v), new Lane<long>((long)right[i])).Value
            : f.Value(new Lane<double>(v), new Lane<double>(right[i])).Value)]);
    }

    public override void Compare<TPredicate>(TPredicate test, in Operand a, in Operand b, in Operand y)
    {
        var right = Read(b);
        Write(y, [.. Read(a).Select((v, i) => test.Test(v, right[i]) ? 1.0 : 0.0)]);
    }

    public override void Where(in Operand condition, in Operand a, in Operand b, in Operand y)
    {
        double[] left = Read(a), right = Read(b);
        Write(y, [.. Read(condition).Select((c, i) => c != 0 ? left[i] : right[i])]);
    }

    // For each element of x, the element of y (of the same rank, size 1 where folded) that it belongs to.
    static int[] Targets(in Operand x, in Operand y)
    {
        int[] shape = x.Layout.Shape.ToArray(), kept = y.Layout.Shape.ToArray();
        var targets = new int[x.Layout.ElementCount];
        for (var i = 0; i < targets.Length; i++)
        {
            int rest = i, target = 0, step = 1;
            for (var d = shape.Length - 1; d >= 0; d--)
            {
                if (kept[d] != 1) target += rest % shape[d] * step;
                step *= kept[d];
                rest /= shape[d];
            }
            targets[i] = target;
        }
        return targets;
    }

    public override void Reduce<TReduction>(TReduction f, in Operand x, in Operand y)
    {
        var identity = x.DType switch
        {
            DType.Float32 or DType.Float64 => f.Identity<double>(),
            DType.Int32 => f.Identity<int>(),
            DType.Int64 => f.Identity<long>(),
            _ => (double)f.Identity<byte>(),
        };
        var sums = Enumerable.Repeat(identity, y.Layout.ElementCount).ToArray();
        var values = Read(x);
        var targets = Targets(x, y);
        var whole = Whole(x);
        for (var i = 0; i < values.Length; i++)
        {
            ref var sum = ref sums[targets[i]];
            sum = whole ? f.Combine(new Lane<long>((long)sum), f.Map(new Lane<long>((long)values[i]))).Value
                : f.Combine(new Lane<double>(sum), f.Map(new Lane<double>(values[i]))).Value;
        }
        Write(y, sums);
    }

    public override void ArgExtreme(bool largest, in Operand x, int dim, in Operand y)
    {
        var values = Read(x);
        var targets = Targets(x, y);
        var inner = x.Layout.Shape.ToArray()[(dim + 1)..].Aggregate(1, (product, size) => product * size);
        var best = new (double Value, int Place)?[y.Layout.ElementCount];
        for (var i = 0; i < values.Length; i++)
        {
            var place = i / inner % x.Layout.Shape[dim];
            ref var current = ref best[targets[i]];
            if (current is not { } known || (!double.IsNaN(known.Value) && (double.IsNaN(values[i]) || (largest ? values[i] > known.Value : values[i] < known.Value))))
                current = (values[i], place);
        }
        Write(y, [.. best.Select(entry => (double)entry!.Value.Place)]);
    }

    public override void MatMul(in Operand a, in Operand b, Operand? bias, in Operand c, bool relu = false)
    {
        double[] left = Read(a), right = Read(b), start = bias is { } values ? Read(values) : [];
        int m = c.Layout.Shape[^2], n = c.Layout.Shape[^1], k = a.Layout.Shape[^1];
        var result = new double[c.Layout.ElementCount];
        for (var i = 0; i < result.Length; i++)
        {
            int batch = i / (m * n), row = i / n % m, column = i % n;
            var sum = start.Length > 0 ? start[column] : 0;
            for (var p = 0; p < k; p++) sum += left[(batch * m + row) * k + p] * right[(batch * k + p) * n + column];
            result[i] = relu ? Math.Max(sum, 0) : sum;
        }
        Write(c, result);
    }

    public override void ExtremeGradient(in Operand dy, in Operand x, in Operand y, in Operand dx)
    {
        double[] values = Read(x), ends = Read(y), gradient = Read(dy), result = new double[values.Length];
        var length = x.Layout.Shape[1];
        for (var row = 0; row < ends.Length; row++)
        {
            var count = Enumerable.Range(row * length, length).Count(i => values[i] == ends[row]);
            for (var i = row * length; i < (row + 1) * length; i++) result[i] = count == 0 ? double.NaN : values[i] == ends[row] ? gradient[row] / count : 0;
        }
        Write(dx, result);
    }

    public override void RectifiedGradient(in Operand dy, in Operand y, in Operand dx, Operand? dbias)
    {
        var rectified = Read(y);
        double[] gradient = [.. Read(dy).Select((d, i) => rectified[i] > 0 ? d : 0)];
        Write(dx, gradient);
        if (dbias is not { } sums) return;
        var columns = y.Layout.Shape[1];
        Write(sums, [.. Enumerable.Range(0, columns).Select(column => gradient.Where((_, i) => i % columns == column).Sum())]);
    }

    public override void Update<TFunction, TStep>(Span<TStep> steps)
    {
        foreach (ref var step in steps)
        {
            double[] p = Read(step.Parameter), g = Read(step.Gradient);
            var states = new double[3][];
            for (var k = 0; k < states.Length; k++) states[k] = k < step.StateCount ? Read(step.State(k)) : new double[p.Length];
            for (var i = 0; i < p.Length; i++)
            {
                Lane<double> value = new(p[i]), first = new(states[0][i]), second = new(states[1][i]), third = new(states[2][i]);
                step.Function.Update(ref value, new Lane<double>(g[i]), ref first, ref second, ref third);
                (p[i], states[0][i], states[1][i], states[2][i]) = (value.Value, first.Value, second.Value, third.Value);
            }
            Write(step.Parameter, p);
            for (var k = 0; k < step.StateCount; k++) Write(step.State(k), states[k]);
        }
    }
}
