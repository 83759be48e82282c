using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Slices by index along one dimension: taking them copies rows; adding them is cut by columns, each of which meets the
// indices in order, so that sums have one order at any thread count.
public sealed unsafe partial class CpuBackend
{
    const int SliceGrain = 1 << 15;

    // The operand itself, or a contiguous copy.
    Operand Dense(in Operand x)
    {
        if (x.Layout.IsContiguous) return x;
        var dense = new Operand(Allocate((long)x.Layout.ElementCount * x.DType.Size()), new Layout(x.Layout.Shape), x.DType);
        Copy(x, dense);
        return dense;
    }

    // The elements before and behind a dimension.
    static (long Outer, long Inner) Around(Shape shape, int dim)
    {
        long outer = 1, inner = 1;
        for (var i = 0; i < shape.Rank; i++)
        {
            if (i < dim) outer *= shape[i];
            if (i > dim) inner *= shape[i];
        }
        return (outer, inner);
    }

    /// <inheritdoc/>
    public override void IndexSelect(in Operand x, int dim, in Operand index, in Operand y)
    {
        if (y.Layout.ElementCount == 0) return;
        var places = Dense(index);
        if (!x.Layout.IsContiguous || !y.Layout.IsContiguous)
        {
            // Few slices of a strided operand: each by itself, without a copy of the whole.
            for (var i = 0; i < places.Layout.ElementCount; i++) Copy(Slice(x, dim, ((long*)places.Pointer)[i]), Slice(y, dim, i));
        }
        else
        {
            var (outer, inner) = Around(x.Layout.Shape, dim);
            var body = new SelectBody
            {
                X = x.Pointer,
                Y = y.Pointer,
                Index = (long*)places.Pointer,
                Size = x.Layout.Shape[dim],
                Count = places.Layout.ElementCount,
                RowBytes = inner * x.DType.Size(),
                Rows = outer * places.Layout.ElementCount,
                RowsPerPart = Math.Max(1, SliceGrain / inner),
            };
            WorkerPool.For((int)((body.Rows + body.RowsPerPart - 1) / body.RowsPerPart), ref body);
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(places.Storage);
        GC.KeepAlive(y.Storage);
    }

    static Operand Slice(in Operand x, int dim, long index) => new(x.Storage, x.Layout.Select(dim, (int)index), x.DType);

    struct SelectBody : IParallelBody
    {
        internal byte* X, Y;
        internal long* Index;
        internal long Size, Count, RowBytes, Rows, RowsPerPart;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int part)
        {
            long start = part * RowsPerPart, end = Math.Min(start + RowsPerPart, Rows);
            for (var row = start; row < end; row++)
            {
                var from = X + (row / Count * Size + Index[row % Count]) * RowBytes;
                var to = Y + row * RowBytes;
                switch (RowBytes)
                {
                    case 1: *to = *from; break;
                    case 4: *(int*)to = *(int*)from; break;
                    case 8: *(long*)to = *(long*)from; break;
                    default: Buffer.MemoryCopy(from, to, RowBytes, RowBytes); break;
                }
            }
        }
    }

    /// <inheritdoc/>
    public override void IndexAdd(in Operand x, int dim, in Operand index, in Operand y)
    {
        if (x.Layout.ElementCount == 0) return;
        Operand source = Dense(x), places = Dense(index), target = Dense(y);
        switch (x.DType)
        {
            case DType.Float32: AddSlices<float>(source, dim, places, target); break;
            case DType.Float64: AddSlices<double>(source, dim, places, target); break;
            case DType.Int32: AddSlices<int>(source, dim, places, target); break;
            case DType.Int64: AddSlices<long>(source, dim, places, target); break;
            default: AddSlices<byte>(source, dim, places, target); break;
        }
        if (!y.Layout.IsContiguous) Copy(target, y);
        GC.KeepAlive(source.Storage);
        GC.KeepAlive(places.Storage);
        GC.KeepAlive(target.Storage);
        GC.KeepAlive(y.Storage);
    }

    static void AddSlices<T>(in Operand x, int dim, in Operand index, in Operand y) where T : unmanaged, INumber<T>
    {
        var (outer, inner) = Around(y.Layout.Shape, dim);
        var body = new AddSlicesBody<T>
        {
            X = (T*)x.Pointer,
            Y = (T*)y.Pointer,
            Index = (long*)index.Pointer,
            Size = y.Layout.Shape[dim],
            Count = index.Layout.ElementCount,
            Inner = inner,
            Blocks = (inner + AddSlicesBody<T>.Columns - 1) / AddSlicesBody<T>.Columns,
        };
        body.Items = outer * body.Blocks;
        body.ItemsPerPart = Math.Max(1, SliceGrain / (body.Count * Math.Min(inner, AddSlicesBody<T>.Columns)));
        WorkerPool.For((int)((body.Items + body.ItemsPerPart - 1) / body.ItemsPerPart), ref body);
    }

    struct AddSlicesBody<T> : IParallelBody where T : unmanaged, INumber<T>
    {
        internal const int Columns = 64;
        internal T* X, Y;
        internal long* Index;
        internal long Size, Count, Inner, Blocks, Items, ItemsPerPart;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int part)
        {
            long start = part * ItemsPerPart, end = Math.Min(start + ItemsPerPart, Items);
            for (var item = start; item < end; item++)
            {
                long outer = item / Blocks, column = item % Blocks * Columns, length = Math.Min(Columns, Inner - column);
                T* x = X + outer * Count * Inner + column, y = Y + outer * Size * Inner + column;
                for (long i = 0; i < Count; i++, x += Inner)
                {
                    var target = y + Index[i] * Inner;
                    if (length == Columns) AddColumns(x, target);
                    else for (long j = 0; j < length; j++) target[j] += x[j];
                }
            }
        }

        static void AddColumns(T* x, T* y)
        {
            if (Vector512.IsHardwareAccelerated) AddColumns<Lanes512<T>>(x, y);
            else if (Vector256.IsHardwareAccelerated) AddColumns<Lanes256<T>>(x, y);
            else AddColumns<Lanes128<T>>(x, y);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void AddColumns<L>(T* x, T* y) where L : struct, ILanes<L, T>
        {
            for (var j = 0; j < Columns; j += L.Count) L.Store(L.Load(y + j) + L.Load(x + j), y + j);
        }
    }
}
