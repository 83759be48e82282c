using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Cresset.Kernels.Cpu;

// Row after row, while it is in the cache; rows are cut into parts by the problem's size. The sums over the rows, for the weights'
// gradients, are formed by parts and added in their order, in double.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void RowNormalization(double eps, in Operand x, in Operand weight, in Operand bias, in Operand y, in Operand mean, in Operand scale)
    {
        if (x.DType == DType.Float32) Rows<float>(eps, x, x, mean, scale, weight, bias, y, gradient: false, x, x);
        else if (x.DType == DType.Float64) Rows<double>(eps, x, x, mean, scale, weight, bias, y, gradient: false, x, x);
        else throw Unsupported("LayerNorm", x.DType);
    }

    /// <inheritdoc/>
    public override void RowNormalizationGradient(in Operand dy, in Operand x, in Operand mean, in Operand scale, in Operand weight,
        in Operand dx, in Operand dweight, in Operand dbias)
    {
        if (x.DType == DType.Float32) Rows<float>(0, x, dy, mean, scale, weight, weight, dx, gradient: true, dweight, dbias);
        else if (x.DType == DType.Float64) Rows<double>(0, x, dy, mean, scale, weight, weight, dx, gradient: true, dweight, dbias);
        else throw Unsupported("LayerNorm", x.DType);
    }

    static void Rows<T>(double eps, in Operand x, in Operand dy, in Operand mean, in Operand scale, in Operand weight, in Operand bias, in Operand result,
        bool gradient, in Operand dweight, in Operand dbias) where T : unmanaged, IFloatingPointIeee754<T>
    {
        const int elementsPerPart = 1 << 14, mostPartialSums = 1 << 22;
        int columns = weight.Layout.ElementCount, rows = mean.Layout.ElementCount;
        var body = new RowBody<T>
        {
            Columns = columns,
            Rows = rows,
            // Long rows in parts of several, so that the parts' sums do not outgrow the operands.
            RowsPerPart = Math.Max(Math.Max(1, elementsPerPart / Math.Max(1, columns)), (int)((long)rows * columns / mostPartialSums)),
            Eps = eps,
            X = (T*)x.Pointer,
            Dy = (T*)dy.Pointer,
            Mean = (T*)mean.Pointer,
            Scale = (T*)scale.Pointer,
            Weight = (T*)weight.Pointer,
            Bias = (T*)bias.Pointer,
            Result = (T*)result.Pointer,
        };
        var parts = (rows + body.RowsPerPart - 1) / body.RowsPerPart;
        if (gradient)
        {
            body.Partials = Workspace.Rent<T>(Workspace.Purpose.Partials, 2L * parts * columns);
            NativeMemory.Clear(body.Partials, checked((nuint)(2L * parts * columns * sizeof(T))));
        }
        if (columns > 0) WorkerPool.For(parts, ref body);
        if (gradient)
        {
            SumParts(body.Partials, parts, 2L * columns, columns, (T*)dweight.Pointer);
            SumParts(body.Partials + columns, parts, 2L * columns, columns, (T*)dbias.Pointer);
        }
        foreach (var storage in (ReadOnlySpan<Storage>)[x.Storage, dy.Storage, mean.Storage, scale.Storage, weight.Storage, bias.Storage, result.Storage, dweight.Storage, dbias.Storage])
            GC.KeepAlive(storage);
    }

    // The sums of columns from those of parts, which stand at a distance, in their order, in double.
    static void SumParts<T>(T* partials, int parts, long distance, int columns, T* sums) where T : unmanaged, IFloatingPointIeee754<T>
    {
        for (var c = 0; c < columns; c++)
        {
            double sum = 0;
            for (var part = 0; part < parts; part++) sum += double.CreateTruncating(partials[part * distance + c]);
            sums[c] = T.CreateTruncating(sum);
        }
    }

    struct RowBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Of one sum in vectors.
        const int Block = 4096;

        internal int Columns, Rows, RowsPerPart;
        internal double Eps;
        internal T* X, Dy, Mean, Scale, Weight, Bias, Result;

        // For each part the sums of dy z, then those of dy.
        internal T* Partials;

        public readonly void Run(int part)
        {
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
            {
                var at = (long)row * Columns;
                if (Partials is null) Forward(X + at, Result + at, row);
                else Backward(Dy + at, X + at, Result + at, row, Partials + 2L * part * Columns);
            }
        }

        readonly void Forward(T* x, T* y, int row)
        {
            double sum = 0, squares = 0;
            for (var i = 0; i < Columns; i += Block) sum += double.CreateTruncating(ChannelBody<T>.Sum(x + i, Math.Min(Block, Columns - i)));
            var mean = T.CreateTruncating(sum / Columns);
            for (var i = 0; i < Columns; i += Block) squares += double.CreateTruncating(ChannelBody<T>.SumOfSquares(x + i, Math.Min(Block, Columns - i), mean));
            var scale = T.CreateTruncating(1 / Math.Sqrt(squares / Columns + Eps));
            (Mean[row], Scale[row]) = (mean, scale);
            Write(x, y, Columns, mean, scale, Weight, Bias);
        }

        readonly void Backward(T* dy, T* x, T* dx, int row, T* sums)
        {
            T mean = Mean[row], scale = Scale[row];
            double sum = 0, product = 0;
            for (var i = 0; i < Columns; i += Block)
            {
                Sums(dy + i, x + i, Weight + i, Math.Min(Block, Columns - i), mean, scale, sums + i, sums + Columns + i, out var s, out var p);
                sum += double.CreateTruncating(s);
                product += double.CreateTruncating(p);
            }
            Combine(dy, x, Weight, Columns, mean, scale, T.CreateTruncating(sum / Columns), T.CreateTruncating(product / Columns), dx);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Write(T* x, T* y, int count, T mean, T scale, T* weight, T* bias)
        {
            Vector<T> m = new(mean), s = new(scale);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count) ((Vector.Load(x + i) - m) * s * Vector.Load(weight + i) + Vector.Load(bias + i)).Store(y + i);
            for (; i < count; i++) y[i] = (x[i] - mean) * scale * weight[i] + bias[i];
        }

        // The sums of g and g z, and what the row adds to the columns' sums of dy z and dy.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Sums(T* dy, T* x, T* weight, int count, T mean, T scale, T* dweight, T* dbias, out T sum, out T product)
        {
            Vector<T> m = new(mean), s = new(scale), a = default, b = default;
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
            {
                Vector<T> d = Vector.Load(dy + i), z = (Vector.Load(x + i) - m) * s, g = d * Vector.Load(weight + i);
                a += g;
                b += g * z;
                (Vector.Load(dweight + i) + d * z).Store(dweight + i);
                (Vector.Load(dbias + i) + d).Store(dbias + i);
            }
            (sum, product) = (Vector.Sum(a), Vector.Sum(b));
            for (; i < count; i++)
            {
                T z = (x[i] - mean) * scale, g = dy[i] * weight[i];
                sum += g;
                product += g * z;
                dweight[i] += dy[i] * z;
                dbias[i] += dy[i];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Combine(T* dy, T* x, T* weight, int count, T mean, T scale, T meanG, T meanGz, T* dx)
        {
            Vector<T> m = new(mean), s = new(scale), a = new(meanG), b = new(meanGz);
            var i = 0;
            for (; i + Vector<T>.Count <= count; i += Vector<T>.Count)
                (s * (Vector.Load(dy + i) * Vector.Load(weight + i) - a - (Vector.Load(x + i) - m) * s * b)).Store(dx + i);
            for (; i < count; i++) dx[i] = scale * (dy[i] * weight[i] - meanG - (x[i] - mean) * scale * meanGz);
        }
    }
}
