using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Attention without its matrix of weights, after Dao et al. (2022): head by head, a microkernel's columns of queries at a time, whose
// scores with all keys stay in the cache between the products. They stand as S^T, a row for each key, so that the softmax runs down
// vectors of queries without a sum across one; backward computes them again. Heads are shared among threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Attention(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask, in Operand y, in Operand logSumExp) =>
        Attend(scale, isCausal, query, key, value, mask, logSumExp, y, null, null, null);

    /// <inheritdoc/>
    public override void AttentionGradient(double scale, bool isCausal, in Operand dy, in Operand query, in Operand key, in Operand value, Operand? mask,
        in Operand logSumExp, in Operand dquery, in Operand dkey, in Operand dvalue) =>
        Attend(scale, isCausal, query, key, value, mask, logSumExp, dy, dquery, dkey, dvalue);

    static void Attend(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask, in Operand logSumExp, in Operand y,
        Operand? dquery, Operand? dkey, Operand? dvalue)
    {
        if (query.DType == DType.Float32) Attend<float>(scale, isCausal, query, key, value, mask, logSumExp, y, dquery, dkey, dvalue);
        else if (query.DType == DType.Float64) Attend<double>(scale, isCausal, query, key, value, mask, logSumExp, y, dquery, dkey, dvalue);
        else throw Unsupported("ScaledDotProductAttention", query.DType);
        foreach (var storage in (ReadOnlySpan<Storage?>)[query.Storage, key.Storage, value.Storage, mask?.Storage, logSumExp.Storage, y.Storage, dquery?.Storage, dkey?.Storage, dvalue?.Storage])
            GC.KeepAlive(storage);
    }

    static void Attend<T>(double scale, bool isCausal, in Operand query, in Operand key, in Operand value, Operand? mask, in Operand logSumExp, in Operand y,
        Operand? dquery, Operand? dkey, Operand? dvalue) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var shape = query.Layout.Shape.AsSpan();
        var dimensions = shape.Length - 2;
        var body = new AttentionBody<T>(shape[..dimensions])
        {
            Queries = shape[^2],
            Keys = key.Layout.Shape[^2],
            Width = shape[^1],
            ValueWidth = value.Layout.Shape[^1],
            IsCausal = isCausal,
            Scale = T.CreateTruncating(scale),
            Query = new(query, dimensions),
            Key = new(key, dimensions),
            Value = new(value, dimensions),
            Mask = mask is { } added ? new(added, dimensions) : default,
            LogSumExp = new(logSumExp, dimensions),
            Y = new(y, dimensions),
            Dquery = dquery is { } first ? new(first, dimensions) : default,
            Dkey = dkey is { } second ? new(second, dimensions) : default,
            Dvalue = dvalue is { } third ? new(third, dimensions) : default,
        };
        WorkerPool.For(body.Batch.Count, ref body);
    }

    struct AttentionBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        // Of one sum in registers.
        const int Block = 256;

        internal int Queries, Keys, Width, ValueWidth;
        internal bool IsCausal;
        internal T Scale;
        // Y is dy backward.
        internal Matrices<T> Query, Key, Value, Mask, LogSumExp, Y, Dquery, Dkey, Dvalue;

        internal AttentionBody(ReadOnlySpan<int> batch) => Batch = new(batch);

        internal BatchIndex Batch { get; }

        public readonly void Run(int part)
        {
            switch (Gemm.Width)
            {
                case 512: Run<Microkernel512<T>, Lanes512<T>>(part); break;
                case 256: Run<Microkernel256<T>, Lanes256<T>>(part); break;
                default: Run<Microkernel128<T>, Lanes128<T>>(part); break;
            }
        }

        readonly void Run<TKernel, L>(int part) where TKernel : struct, IMicrokernel<T> where L : struct, ILanes<L, T>
        {
            var index = stackalloc long[Shape.MaxRank];
            var dimensions = Batch.Dimensions;
            Batch.Of(part, index);
            T* query = Query.At(index, dimensions), key = Key.At(index, dimensions), value = Value.At(index, dimensions), statistics = LogSumExp.At(index, dimensions);
            T* mask = Mask.At(index, dimensions), y = Y.At(index, dimensions);
            var tile = new Tile<TKernel, L>(this);
            if (Dquery.Exist) tile.Backward(this, query, key, value, mask, statistics, y, Dquery.At(index, dimensions), Dkey.At(index, dimensions), Dvalue.At(index, dimensions));
            else tile.Forward(this, query, key, value, mask, statistics, y);
        }

        // A head's scratch memory, and what is computed in it.
        readonly struct Tile<TKernel, L> where TKernel : struct, IMicrokernel<T> where L : struct, ILanes<L, T>
        {
            // Queries and dy, turned: a row for each of their columns. Keys or values as panels of a few of their columns. What stands in the
            // places of queries and keys that are missing from a last panel is no number that anything is computed from.
            readonly T* queries, gradients, turned;
            // A row for each key.
            readonly T* scores, scoreGradients, masks;
            // Edges of products, a number for each query, and panels at the edge.
            readonly T* edge, numbers, spare;

            static int Rows => TKernel.Rows;
            static int Columns => TKernel.Columns;

            internal Tile(in AttentionBody<T> of)
            {
                bool backward = of.Dquery.Exist;
                int widest = Math.Max(of.Width, of.ValueWidth), keys = Up(of.Keys, Rows), scored = keys * Columns;
                ReadOnlySpan<int> lengths = [of.Width * Columns, backward ? of.ValueWidth * Columns : 0, Up(backward ? of.Width : of.ValueWidth, Rows) * of.Keys,
                    scored, backward ? scored : 0, of.Mask.Exist ? scored : 0, Rows * Columns, 2 * Columns, Math.Max(Rows * widest, Columns * Columns)];
                long length = 0;
                foreach (var part in lengths) length += Up(part, 16);
                var at = Workspace.Rent<T>(Workspace.Purpose.Scores, length);
                T* Next(int part, ReadOnlySpan<int> lengths)
                {
                    var mine = at;
                    at += Up(lengths[part], 16);
                    return mine;
                }
                queries = Next(0, lengths);
                gradients = Next(1, lengths);
                turned = Next(2, lengths);
                scores = Next(3, lengths);
                scoreGradients = Next(4, lengths);
                masks = Next(5, lengths);
                edge = Next(6, lengths);
                numbers = Next(7, lengths);
                spare = Next(8, lengths);
            }

            static int Up(int count, int step) => checked((count + step - 1) / step * step);

            internal void Forward(in AttentionBody<T> of, T* query, T* key, T* value, T* mask, T* statistics, T* y)
            {
                Turn(value, of.Value.Row, of.Keys, of.ValueWidth);
                for (var first = 0; first < of.Queries; first += Columns)
                {
                    int count = Math.Min(Columns, of.Queries - first), seen = of.IsCausal ? Math.Min(of.Keys, first + count) : of.Keys;
                    var columns = Taken(count);
                    Score(of, first, count, columns, seen, query, key, mask);
                    Softmax(columns, seen);
                    new ReadOnlySpan<T>(numbers, count).CopyTo(new Span<T>(statistics + first, count));
                    Combine(scores, columns, of.Keys, seen, of.ValueWidth, count, numbers + Columns, y + first * of.Y.Row, of.Y.Row);
                }
            }

            internal void Backward(in AttentionBody<T> of, T* query, T* key, T* value, T* mask, T* statistics, T* dy, T* dquery, T* dkey, T* dvalue)
            {
                Turn(key, of.Key.Row, of.Keys, of.Width);
                // Of keys that no query sees, nothing else is written.
                if (of.IsCausal)
                {
                    for (var i = 0; i < of.Keys; i++)
                    {
                        new Span<T>(dkey + i * of.Dkey.Row, of.Width).Clear();
                        new Span<T>(dvalue + i * of.Dvalue.Row, of.ValueWidth).Clear();
                    }
                }
                for (var first = 0; first < of.Queries; first += Columns)
                {
                    int count = Math.Min(Columns, of.Queries - first), seen = of.IsCausal ? Math.Min(of.Keys, first + count) : of.Keys;
                    var add = of.IsCausal || first > 0;
                    var columns = Taken(count);
                    Score(of, first, count, columns, seen, query, key, mask);
                    var from = dy + first * of.Y.Row;
                    Packing.Turned(from, of.Y.Row, count, Columns, of.ValueWidth, gradients);
                    Products(value, of.Value.Row, columns, seen, of.ValueWidth, gradients, scoreGradients);
                    new Span<T>(numbers, Columns).Clear();
                    new ReadOnlySpan<T>(statistics + first, count).CopyTo(new Span<T>(numbers, count));
                    SoftmaxGradient(columns, seen, of.Scale);
                    AddOuter(scores, seen, count, from, of.Y.Row, of.ValueWidth, dvalue, of.Dvalue.Row, add);
                    AddOuter(scoreGradients, seen, count, query + first * of.Query.Row, of.Query.Row, of.Width, dkey, of.Dkey.Row, add);
                    Combine(scoreGradients, columns, of.Keys, seen, of.Width, count, null, dquery + first * of.Dquery.Row, of.Dquery.Row);
                }
            }

            // Few queries take one vector, others two.
            static int Taken(int count) => count <= L.Count ? L.Count : Columns;

            // Columns of keys or values as the microkernel's A, panel by panel.
            void Turn(T* matrix, long row, int count, int width) => Packing.Rows(matrix, row, width, Rows, count, turned, (long)Rows * count);

            // The scores of some queries with the keys that they may see.
            void Score(in AttentionBody<T> of, int first, int count, int columns, int seen, T* query, T* key, T* mask)
            {
                Packing.Turned(query + first * of.Query.Row, of.Query.Row, count, Columns, of.Width, queries);
                // The smaller factor takes the scale.
                Multiply(queries, of.Width * Columns, of.Scale);
                Products(key, of.Key.Row, columns, seen, of.Width, queries, scores);
                if (of.Mask.Exist)
                {
                    Packing.Panel(mask + first * of.Mask.Row, of.Mask.Column, of.Mask.Row, count, Columns, seen, masks);
                    Add(masks, scores, seen * Columns);
                }
                if (of.IsCausal) Hide(first, seen);
            }

            // c (count x columns) = a (count x depth) times a packed panel.
            void Products(T* a, long row, int columns, int count, int depth, T* panel, T* c)
            {
                if (count < Rows)
                {
                    Packing.Panel(a, 1, row, count, Rows, depth, spare);
                    Run(count, columns, depth, spare, IMicrokernel<T>.PackedRow, panel, Columns, c, Columns, false);
                    return;
                }
                // The last rows begin earlier, rather than to be packed: some are computed again.
                for (var i = 0; i < count; i += Rows)
                {
                    var start = Math.Min(i, count - Rows);
                    Run(Rows, columns, depth, a + start * row, row, panel, Columns, c + start * Columns, Columns, false);
                }
            }

            // Rows of the result = sums of the turned matrix's rows with these weights, each row's sum times its factor.
            void Combine(T* weights, int columns, int keys, int seen, int width, int count, T* factors, T* result, long row)
            {
                for (var i = 0; i < width; i += Rows)
                {
                    var height = Math.Min(Rows, width - i);
                    Run(height, columns, seen, turned + (long)i * keys, IMicrokernel<T>.PackedRow, weights, Columns, edge, Columns, false);
                    if (factors != null) Multiply(edge, height, factors);
                    Packing.StoreTransposed(edge, Columns, height, count, result + i, row, false);
                }
            }

            // c (seen x width) = or += weights (seen x count) times b (count x width).
            void AddOuter(T* weights, int seen, int count, T* b, long row, int width, T* c, long cRow, bool add)
            {
                for (var j = 0; j < width; j += Columns)
                {
                    int wide = Math.Min(Columns, width - j), columns = Taken(wide);
                    var panel = b + j;
                    var step = row;
                    if (wide < columns)
                    {
                        Packing.Rows(panel, row, wide, columns, count, spare, 0);
                        panel = spare;
                        step = columns;
                    }
                    for (var i = 0; i < seen; i += Rows)
                    {
                        var height = Math.Min(Rows, seen - i);
                        T* a = weights + i * Columns, target = c + i * cRow + j;
                        if (wide == columns && height == Rows)
                        {
                            Run(height, columns, count, a, Columns, panel, step, target, cRow, add);
                            continue;
                        }
                        Run(height, columns, count, a, Columns, panel, step, edge, Columns, false);
                        Store(edge, height, wide, target, cRow, add);
                    }
                }
            }

            // At least so many rows of so many columns: one vector or two. Long sums in blocks.
            static void Run(int rows, int columns, int depth, T* a, long aRow, T* b, long bStep, T* c, long cRow, bool add)
            {
                var packed = aRow == IMicrokernel<T>.PackedRow;
                var step = packed ? Rows : 1;
                for (var p = 0; p < depth; p += Block, a += Block * step, b += Block * bStep, add = true)
                {
                    var k = Math.Min(Block, depth - p);
                    if (columns == Columns) TKernel.Run(TKernel.RowsFor(rows), k, a, aRow, b, bStep, c, cRow, add);
                    else NarrowTile<T, L>.Run<TKernel>(k, a, packed ? 1 : aRow, step, b, bStep, c, cRow, add);
                }
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            static void Store(T* block, int height, int width, T* target, long row, bool add)
            {
                for (var i = 0; i < height; i++, block += Columns, target += row)
                {
                    var j = 0;
                    for (; j + L.Count <= width; j += L.Count) L.Store(add ? L.Load(target + j) + L.Load(block + j) : L.Load(block + j), target + j);
                    for (; j < width; j++) target[j] = add ? target[j] + block[j] : block[j];
                }
            }

            // Counts here and below are whole vectors.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            static void Multiply(T* numbers, int count, T factor)
            {
                var f = L.Broadcast(factor);
                for (var i = 0; i < count; i += L.Count) L.Store(L.Load(numbers + i) * f, numbers + i);
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            static void Multiply(T* rows, int height, T* factors)
            {
                for (var j = 0; j < Columns; j += L.Count)
                {
                    var f = L.Load(factors + j);
                    for (var i = j; i < height * Columns; i += Columns) L.Store(L.Load(rows + i) * f, rows + i);
                }
            }

            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            static void Add(T* numbers, T* target, int count)
            {
                for (var i = 0; i < count; i += L.Count) L.Store(L.Load(target + i) + L.Load(numbers + i), target + i);
            }

            // Of keys behind a query, minus infinity.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            void Hide(int first, int seen)
            {
                var places = numbers;
                for (var i = 0; i < Columns; i++) places[i] = T.CreateTruncating(i);
                var hidden = L.Broadcast(T.NegativeInfinity);
                for (var j = 0; j < Columns; j += L.Count)
                {
                    var place = L.Load(places + j);
                    for (var key = first + 1; key < seen; key++)
                    {
                        var score = scores + key * Columns + j;
                        L.Store(L.Select(L.Less(place, L.Broadcast(T.CreateTruncating(key - first))), hidden, L.Load(score)), score);
                    }
                }
            }

            // Exponentials of the scores less the largest; of each query the logarithm of their sum, and one by it. A NaN comes out as NaN, and
            // so does a query that may see nothing.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            void Softmax(int columns, int seen)
            {
                for (var j = 0; j < columns; j += L.Count)
                {
                    var column = scores + j;
                    var end = (long)seen * Columns;
                    L largest = L.Load(column), total = default;
                    for (long i = Columns; i < end; i += Columns)
                    {
                        var score = L.Load(column + i);
                        largest = L.Select(L.Less(largest, score), score, largest);
                    }
                    for (long i = 0; i < end;)
                    {
                        L sum = default;
                        for (var stop = Math.Min(end, i + Block * Columns); i < stop; i += Columns)
                        {
                            var power = L.Exp(L.Load(column + i) - largest);
                            L.Store(power, column + i);
                            sum += power;
                        }
                        total += sum;
                    }
                    L.Store(largest + L.Log(total), numbers + j);
                    L.Store(L.From(1) / total, numbers + Columns + j);
                }
            }

            // Scores become weights, the weights' gradients those of the scores before the scale.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            void SoftmaxGradient(int columns, int seen, T scale)
            {
                var s = L.Broadcast(scale);
                for (var j = 0; j < columns; j += L.Count)
                {
                    T* weights = scores + j, slopes = scoreGradients + j;
                    L logarithm = L.Load(numbers + j), total = default;
                    long end = (long)seen * Columns;
                    for (long i = 0; i < end;)
                    {
                        L sum = default;
                        for (var stop = Math.Min(end, i + Block * Columns); i < stop; i += Columns)
                        {
                            var weight = L.Exp(L.Load(weights + i) - logarithm);
                            L.Store(weight, weights + i);
                            sum = L.MultiplyAdd(weight, L.Load(slopes + i), sum);
                        }
                        total += sum;
                    }
                    for (long i = 0; i < end; i += Columns) L.Store(L.Load(weights + i) * (L.Load(slopes + i) - total) * s, slopes + i);
                }
            }
        }
    }
}
