using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// One line along the dimension after another, lines shared among the threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void CumulativeSum(in Operand x, int dim, bool fromEnd, in Operand y)
    {
        if (x.Layout.ElementCount == 0) return;
        var loop = new StridedLoop(x.Layout.Shape.With(dim, 1));
        loop.Add(new Operand(y.Storage, y.Layout.Narrow(dim, 0, 1), y.DType));
        loop.Add(new Operand(x.Storage, x.Layout.Narrow(dim, 0, 1), x.DType));
        var size = x.DType.Size();
        long length = x.Layout.Shape[dim], yStep = (long)y.Layout.Strides[dim] * size, xStep = (long)x.Layout.Strides[dim] * size;
        switch (x.DType)
        {
            case DType.Float32: loop.Run(new RunningSumBody<float, double>(length, yStep, xStep, fromEnd)); break;
            case DType.Float64: loop.Run(new RunningSumBody<double, double>(length, yStep, xStep, fromEnd)); break;
            case DType.Int32: loop.Run(new RunningSumBody<int, long>(length, yStep, xStep, fromEnd)); break;
            case DType.Int64: loop.Run(new RunningSumBody<long, long>(length, yStep, xStep, fromEnd)); break;
            default: throw Unsupported("CumSum", x.DType);
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    readonly struct RunningSumBody<T, TSum>(long length, long yStep, long xStep, bool fromEnd) : IStridedBody
        where T : unmanaged, INumber<T> where TSum : unmanaged, INumber<TSum>
    {
        readonly long length = length, yStep = yStep, xStep = xStep;
        readonly bool fromEnd = fromEnd;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], x = pointers[1];
            for (long i = 0; i < count; i++, y += strides[0], x += strides[1])
            {
                var sum = TSum.Zero;
                for (long j = 0; j < length; j++)
                {
                    var at = fromEnd ? length - 1 - j : j;
                    sum += TSum.CreateTruncating(*(T*)(x + at * xStep));
                    *(T*)(y + at * yStep) = T.CreateTruncating(sum);
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void Sort(in Operand x, int dim, bool descending, in Operand values, in Operand indices)
    {
        if (x.Layout.ElementCount == 0) return;
        var loop = new StridedLoop(x.Layout.Shape.With(dim, 1));
        loop.Add(new Operand(values.Storage, values.Layout.Narrow(dim, 0, 1), values.DType));
        loop.Add(new Operand(indices.Storage, indices.Layout.Narrow(dim, 0, 1), indices.DType));
        loop.Add(new Operand(x.Storage, x.Layout.Narrow(dim, 0, 1), x.DType));
        var size = x.DType.Size();
        long length = x.Layout.Shape[dim], valueStep = (long)values.Layout.Strides[dim] * size, indexStep = (long)indices.Layout.Strides[dim] * 8, step = (long)x.Layout.Strides[dim] * size;
        switch (x.DType)
        {
            case DType.Float32: loop.Run(new SortBody<float>(length, valueStep, indexStep, step, descending)); break;
            case DType.Float64: loop.Run(new SortBody<double>(length, valueStep, indexStep, step, descending)); break;
            case DType.Int32: loop.Run(new SortBody<int>(length, valueStep, indexStep, step, descending)); break;
            case DType.Int64: loop.Run(new SortBody<long>(length, valueStep, indexStep, step, descending)); break;
            default: loop.Run(new SortBody<byte>(length, valueStep, indexStep, step, descending)); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(values.Storage);
        GC.KeepAlive(indices.Storage);
    }

    readonly struct SortBody<T>(long length, long valueStep, long indexStep, long step, bool descending) : IStridedBody where T : unmanaged, INumber<T>
    {
        readonly long length = length, valueStep = valueStep, indexStep = indexStep, step = step;
        readonly bool descending = descending;

        // The place breaks ties, which makes any sort a stable one.
        struct Order(bool descending) : IComparer<(T Value, int Place)>
        {
            public readonly int Compare((T Value, int Place) a, (T Value, int Place) b)
            {
                bool aIsNaN = T.IsNaN(a.Value), bIsNaN = T.IsNaN(b.Value);
                var order = aIsNaN || bIsNaN ? aIsNaN.CompareTo(bIsNaN) : a.Value < b.Value ? -1 : a.Value > b.Value ? 1 : 0;
                if (order == 0) return a.Place.CompareTo(b.Place);
                return descending ? -order : order;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* values = pointers[0], indices = pointers[1], x = pointers[2];
            var line = new (T Value, int Place)[length];
            for (long i = 0; i < count; i++, values += strides[0], indices += strides[1], x += strides[2])
            {
                for (var j = 0; j < line.Length; j++) line[j] = (*(T*)(x + j * step), j);
                line.AsSpan().Sort(new Order(descending));
                for (var j = 0; j < line.Length; j++)
                {
                    *(T*)(values + j * valueStep) = line[j].Value;
                    *(long*)(indices + j * indexStep) = line[j].Place;
                }
            }
        }
    }
}
