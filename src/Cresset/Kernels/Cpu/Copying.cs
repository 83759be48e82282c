using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Filling, copying with conversion, choosing and comparing.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Fill(Scalar value, in Operand y)
    {
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        switch (y.DType)
        {
            case DType.Float32: loop.Run(new FillBody<float>(value.As<float>())); break;
            case DType.Float64: loop.Run(new FillBody<double>(value.As<double>())); break;
            case DType.Int32: loop.Run(new FillBody<int>(value.As<int>())); break;
            case DType.Int64: loop.Run(new FillBody<long>(value.As<long>())); break;
            case DType.UInt8: loop.Run(new FillBody<byte>(value.As<byte>())); break;
            default: loop.Run(new FillBody<bool>(value.As<bool>())); break;
        }
        GC.KeepAlive(y.Storage);
    }

    readonly struct FillBody<T>(T value) : IStridedBody where T : unmanaged
    {
        readonly T value = value;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            var y = pointers[0];
            if (IsDense<T>(strides[0], count)) new Span<T>(y, (int)count).Fill(value);
            else for (long i = 0; i < count; i++, y += strides[0]) *(T*)y = value;
        }
    }

    /// <inheritdoc/>
    public override void Copy(in Operand x, in Operand y)
    {
        if (x.DType == y.DType && Transposition.TryCopy(x, y))
        {
            GC.KeepAlive(x.Storage);
            GC.KeepAlive(y.Storage);
            return;
        }
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(x);
        if (x.DType == y.DType)
        {
            switch (x.DType.Size())
            {
                case 1: loop.Run(new MoveBody<byte>()); break;
                case 4: loop.Run(new MoveBody<int>()); break;
                default: loop.Run(new MoveBody<long>()); break;
            }
        }
        else
        {
            switch (x.DType)
            {
                case DType.Float32: ConvertFrom<float>(ref loop, y.DType); break;
                case DType.Float64: ConvertFrom<double>(ref loop, y.DType); break;
                case DType.Int32: ConvertFrom<int>(ref loop, y.DType); break;
                case DType.Int64: ConvertFrom<long>(ref loop, y.DType); break;
                // A bool's byte is 0 or 1: what it converts to.
                default: ConvertFrom<byte>(ref loop, y.DType); break;
            }
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    static void ConvertFrom<TFrom>(ref StridedLoop loop, DType to) where TFrom : unmanaged, INumber<TFrom>
    {
        switch (to)
        {
            case DType.Float32: loop.Run(new ConvertBody<TFrom, float>()); break;
            case DType.Float64: loop.Run(new ConvertBody<TFrom, double>()); break;
            case DType.Int32: loop.Run(new ConvertBody<TFrom, int>()); break;
            case DType.Int64: loop.Run(new ConvertBody<TFrom, long>()); break;
            case DType.UInt8: loop.Run(new ConvertBody<TFrom, byte>()); break;
            default: loop.Run(new TruthBody<TFrom>()); break;
        }
    }

    readonly struct MoveBody<T> : IStridedBody where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], x = pointers[1];
            if (IsDense<T>(strides[0], count)) Gather(x, strides[1], (T*)y, count);
            else for (long i = 0; i < count; i++, x += strides[1], y += strides[0]) *(T*)y = *(T*)x;
        }
    }

    readonly struct ConvertBody<TFrom, TTo> : IStridedBody where TFrom : unmanaged, INumber<TFrom> where TTo : unmanaged, INumber<TTo>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], x = pointers[1];
            for (long i = 0; i < count; i++, x += strides[1], y += strides[0]) *(TTo*)y = Convert(*(TFrom*)x);
        }

        static TTo Convert(TFrom value)
        {
            // A negative fraction goes to a byte by way of an integer and wraps around, as PyTorch's does on the CPU.
            if (typeof(TTo) == typeof(byte) && (typeof(TFrom) == typeof(float) || typeof(TFrom) == typeof(double)))
                return TTo.CreateTruncating(long.CreateSaturating(value));
            return typeof(TFrom) == typeof(float) || typeof(TFrom) == typeof(double) ? TTo.CreateSaturating(value) : TTo.CreateTruncating(value);
        }
    }

    readonly struct TruthBody<T> : IStridedBody where T : unmanaged, INumber<T>
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], x = pointers[1];
            for (long i = 0; i < count; i++, x += strides[1], y += strides[0]) *(bool*)y = *(T*)x != T.Zero;
        }
    }

    /// <inheritdoc/>
    public override void Where(in Operand condition, in Operand a, in Operand b, in Operand y)
    {
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(condition);
        loop.Add(a);
        loop.Add(b);
        switch (y.DType.Size())
        {
            case 1: loop.Run(new WhereBody<byte>()); break;
            case 4: loop.Run(new WhereBody<int>()); break;
            default: loop.Run(new WhereBody<long>()); break;
        }
        GC.KeepAlive(condition.Storage);
        GC.KeepAlive(a.Storage);
        GC.KeepAlive(b.Storage);
        GC.KeepAlive(y.Storage);
    }

    readonly struct WhereBody<T> : IStridedBody where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], condition = pointers[1], a = pointers[2], b = pointers[3];
            for (long i = 0; i < count; i++, y += strides[0], condition += strides[1], a += strides[2], b += strides[3])
                *(T*)y = *condition != 0 ? *(T*)a : *(T*)b;
        }
    }

    /// <inheritdoc/>
    public override void Compare<TPredicate>(TPredicate test, in Operand a, in Operand b, in Operand y)
    {
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(a);
        loop.Add(b);
        switch (a.DType)
        {
            case DType.Float32: loop.Run(new CompareBody<TPredicate, float>(test)); break;
            case DType.Float64: loop.Run(new CompareBody<TPredicate, double>(test)); break;
            case DType.Int32: loop.Run(new CompareBody<TPredicate, int>(test)); break;
            case DType.Int64: loop.Run(new CompareBody<TPredicate, long>(test)); break;
            default: loop.Run(new CompareBody<TPredicate, byte>(test)); break;
        }
        GC.KeepAlive(a.Storage);
        GC.KeepAlive(b.Storage);
        GC.KeepAlive(y.Storage);
    }

    readonly struct CompareBody<TPredicate, T>(TPredicate test) : IStridedBody where TPredicate : unmanaged, IPredicate where T : unmanaged, INumber<T>
    {
        readonly TPredicate test = test;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], a = pointers[1], b = pointers[2];
            var local = test;
            if (strides[0] == 1 && strides[1] == sizeof(T) && strides[2] == sizeof(T))
                for (long i = 0; i < count; i++) ((bool*)y)[i] = local.Test(((T*)a)[i], ((T*)b)[i]);
            else
                for (long i = 0; i < count; i++, y += strides[0], a += strides[1], b += strides[2])
                    *(bool*)y = local.Test(*(T*)a, *(T*)b);
        }
    }
}
