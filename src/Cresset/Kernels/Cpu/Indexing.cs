using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Elements by index. Putting and adding at indices run over the dimension in order, whole lines to a thread, so that equal
// indices never meet and sums have one order.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Gather(in Operand x, int dim, in Operand index, in Operand y)
    {
        switch (x.DType.Size())
        {
            case 1: Lines<byte>(LinePass.Gather, x, dim, index, y); break;
            case 4: Lines<int>(LinePass.Gather, x, dim, index, y); break;
            default: Lines<long>(LinePass.Gather, x, dim, index, y); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(index.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void ScatterAdd(in Operand x, int dim, in Operand index, in Operand y)
    {
        switch (x.DType)
        {
            case DType.Float32: Lines<float>(LinePass.Add, y, dim, index, x); break;
            case DType.Float64: Lines<double>(LinePass.Add, y, dim, index, x); break;
            case DType.Int32: Lines<int>(LinePass.Add, y, dim, index, x); break;
            case DType.Int64: Lines<long>(LinePass.Add, y, dim, index, x); break;
            default: Lines<byte>(LinePass.Add, y, dim, index, x); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(index.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void Scatter(in Operand x, int dim, in Operand index, in Operand y)
    {
        switch (x.DType.Size())
        {
            case 1: Lines<byte>(LinePass.Put, y, dim, index, x); break;
            case 4: Lines<int>(LinePass.Put, y, dim, index, x); break;
            default: Lines<long>(LinePass.Put, y, dim, index, x); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(index.Storage);
        GC.KeepAlive(y.Storage);
    }

    enum LinePass
    {
        Gather,
        Put,
        Add,
    }

    // `indexed` is addressed through the index, `plain` has the index's shape.
    static void Lines<T>(LinePass pass, in Operand indexed, int dim, in Operand index, in Operand plain) where T : unmanaged, INumber<T>
    {
        var shape = index.Layout.Shape;
        if (shape.ElementCount == 0) return;
        var loop = new StridedLoop(shape.With(dim, 1));
        loop.Add(new Operand(plain.Storage, plain.Layout.Narrow(dim, 0, 1), plain.DType));
        loop.Add(new Operand(index.Storage, index.Layout.Narrow(dim, 0, 1), index.DType));
        // Only the part of the indexed operand that the index's shape covers in the other dimensions.
        var layout = indexed.Layout;
        for (var i = 0; i < shape.Rank; i++) layout = layout.Narrow(i, 0, i == dim ? 1 : shape[i]);
        loop.Add(new Operand(indexed.Storage, layout, indexed.DType));
        loop.Run(new LineBody<T>(pass, shape[dim], (long)plain.Layout.Strides[dim] * sizeof(T), (long)index.Layout.Strides[dim] * sizeof(long),
            (long)indexed.Layout.Strides[dim] * sizeof(T)));
    }

    readonly struct LineBody<T>(LinePass pass, long length, long plainStep, long indexStep, long indexedStep) : IStridedBody where T : unmanaged, INumber<T>
    {
        readonly LinePass pass = pass;
        readonly long length = length, plainStep = plainStep, indexStep = indexStep, indexedStep = indexedStep;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* plain = pointers[0], index = pointers[1], indexed = pointers[2];
            for (long i = 0; i < count; i++, plain += strides[0], index += strides[1], indexed += strides[2])
                for (long j = 0; j < length; j++)
                {
                    var element = (T*)(plain + j * plainStep);
                    var place = (T*)(indexed + *(long*)(index + j * indexStep) * indexedStep);
                    if (pass == LinePass.Gather) *element = *place;
                    else if (pass == LinePass.Put) *place = *element;
                    else *place += *element;
                }
        }
    }

    /// <inheritdoc/>
    public override void IndexCopy(in Operand x, in Operand index, in Operand y)
    {
        var places = new ReadOnlySpan<long>(index.Pointer, index.Layout.ElementCount);
        int size = x.DType.Size(), at = 0;
        foreach (var place in places) new ReadOnlySpan<byte>(x.Pointer + (long)size * at++, size).CopyTo(new Span<byte>(y.Pointer + size * place, size));
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(index.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override long FindOutOfRange(in Operand index, long limit)
    {
        var dense = index;
        if (!index.Layout.IsContiguous)
        {
            dense = new Operand(Allocate((long)index.Layout.ElementCount * sizeof(long)), new Layout(index.Layout.Shape), DType.Int64);
            Copy(index, dense);
        }
        var values = new ReadOnlySpan<long>(dense.Pointer, dense.Layout.ElementCount);
        long found = -1;
        for (var i = 0; i < values.Length && found < 0; i++)
            if ((ulong)values[i] >= (ulong)limit) found = i;
        GC.KeepAlive(dense.Storage);
        return found;
    }
}
