using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Unary, gradient-of-unary and binary functions over operands of any strides. Every element takes the same path through a
// vector register, also the few at a row's end and those that lie apart in memory, so that a value does not depend on
// where it stands.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Unary<TFunction>(TFunction f, in Operand x, in Operand y)
    {
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(x);
        switch (x.DType)
        {
            case DType.Float32: loop.Run(new UnaryBody<TFunction, float>(f)); break;
            case DType.Float64: loop.Run(new UnaryBody<TFunction, double>(f)); break;
            case DType.Int32: loop.Run(new UnaryBody<TFunction, int>(f)); break;
            case DType.Int64: loop.Run(new UnaryBody<TFunction, long>(f)); break;
            default: loop.Run(new UnaryBody<TFunction, byte>(f)); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void UnaryGradient<TFunction>(TFunction f, in Operand dy, in Operand x, in Operand y, in Operand dx)
    {
        var loop = new StridedLoop(dx.Layout.Shape);
        loop.Add(dx);
        loop.Add(dy);
        loop.Add(x);
        loop.Add(y);
        if (dx.DType == DType.Float32) loop.Run(new UnaryGradientBody<TFunction, float>(f));
        else if (dx.DType == DType.Float64) loop.Run(new UnaryGradientBody<TFunction, double>(f));
        else throw Unsupported("the gradient of a pointwise function", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(dx.Storage);
    }

    /// <inheritdoc/>
    public override void Binary<TFunction>(TFunction f, in Operand a, in Operand b, in Operand y)
    {
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(a);
        loop.Add(b);
        switch (a.DType)
        {
            case DType.Float32: loop.Run(new BinaryBody<TFunction, float>(f)); break;
            case DType.Float64: loop.Run(new BinaryBody<TFunction, double>(f)); break;
            case DType.Int32: loop.Run(new BinaryBody<TFunction, int>(f)); break;
            case DType.Int64: loop.Run(new BinaryBody<TFunction, long>(f)); break;
            default: loop.Run(new BinaryBody<TFunction, byte>(f)); break;
        }
        GC.KeepAlive(a.Storage);
        GC.KeepAlive(b.Storage);
        GC.KeepAlive(y.Storage);
    }

    // How many elements a strided operand is gathered into at once.
    const int BlockLength = 128;

    static bool IsDense<T>(long stride, long count) where T : unmanaged => stride == sizeof(T) || count == 1;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Gather<T>(byte* source, long stride, T* target, long count) where T : unmanaged
    {
        if (stride == sizeof(T)) Unsafe.CopyBlockUnaligned(target, source, (uint)(count * sizeof(T)));
        else if (stride == 0) new Span<T>(target, (int)count).Fill(*(T*)source);
        else for (long i = 0; i < count; i++, source += stride) target[i] = *(T*)source;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Scatter<T>(T* source, byte* target, long stride, long count) where T : unmanaged
    {
        if (stride == sizeof(T)) Unsafe.CopyBlockUnaligned(target, source, (uint)(count * sizeof(T)));
        else for (long i = 0; i < count; i++, target += stride) *(T*)target = source[i];
    }

    readonly struct UnaryBody<TFunction, T>(TFunction f) : IStridedBody where TFunction : unmanaged, IUnaryFunction where T : unmanaged
    {
        readonly TFunction f = f;

        public void Run(long count, byte** pointers, long* strides)
        {
            if (Vector512.IsHardwareAccelerated) Run<Lanes512<T>>(count, pointers, strides);
            else if (Vector256.IsHardwareAccelerated) Run<Lanes256<T>>(count, pointers, strides);
            else Run<Lanes128<T>>(count, pointers, strides);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void Run<L>(long count, byte** pointers, long* strides) where L : struct, ILanes<L, T>
        {
            byte* y = pointers[0], x = pointers[1];
            if (IsDense<T>(strides[0], count) && IsDense<T>(strides[1], count))
            {
                var whole = count - count % L.Count;
                Dense<L>((T*)x, (T*)y, whole);
                x += whole * sizeof(T);
                y += whole * sizeof(T);
                count -= whole;
            }
            if (count == 0) return;
            var xs = stackalloc T[BlockLength];
            var ys = stackalloc T[BlockLength];
            for (; count > 0; count -= BlockLength)
            {
                var n = Math.Min(count, BlockLength);
                Gather(x, strides[1], xs, n);
                Pad(xs, n);
                Dense<L>(xs, ys, n);
                Scatter(ys, y, strides[0], n);
                x += n * strides[1];
                y += n * strides[0];
            }
        }

        // Whole vectors only: count is a multiple of the width, or the arrays are blocks that have room.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Dense<L>(T* x, T* y, long count) where L : struct, ILanes<L, T>
        {
            var local = f;
            for (long i = 0; i < count; i += L.Count) L.Store(local.Value(L.Load(x + i)), y + i);
        }
    }

    // The lanes behind a block's last element: any number that cannot trap.
    static void Pad<T>(T* block, long count) where T : unmanaged
    {
        for (var i = count; i < BlockLength && i % (64 / sizeof(T)) != 0; i++) block[i] = ((Scalar)1).As<T>();
    }

    readonly struct UnaryGradientBody<TFunction, T>(TFunction f) : IStridedBody where TFunction : unmanaged, IDifferentiableFunction where T : unmanaged
    {
        readonly TFunction f = f;

        public void Run(long count, byte** pointers, long* strides)
        {
            if (Vector512.IsHardwareAccelerated) Run<Lanes512<T>>(count, pointers, strides);
            else if (Vector256.IsHardwareAccelerated) Run<Lanes256<T>>(count, pointers, strides);
            else Run<Lanes128<T>>(count, pointers, strides);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void Run<L>(long count, byte** pointers, long* strides) where L : struct, ILanes<L, T>
        {
            byte* dx = pointers[0], dy = pointers[1], x = pointers[2], y = pointers[3];
            if (IsDense<T>(strides[0], count) && IsDense<T>(strides[1], count) && IsDense<T>(strides[2], count) && IsDense<T>(strides[3], count))
            {
                var whole = count - count % L.Count;
                Dense<L>((T*)dy, (T*)x, (T*)y, (T*)dx, whole);
                var bytes = whole * sizeof(T);
                dx += bytes;
                dy += bytes;
                x += bytes;
                y += bytes;
                count -= whole;
            }
            if (count == 0) return;
            var dxs = stackalloc T[BlockLength];
            var dys = stackalloc T[BlockLength];
            var xs = stackalloc T[BlockLength];
            var ys = stackalloc T[BlockLength];
            for (; count > 0; count -= BlockLength)
            {
                var n = Math.Min(count, BlockLength);
                Gather(dy, strides[1], dys, n);
                Gather(x, strides[2], xs, n);
                Gather(y, strides[3], ys, n);
                Dense<L>(dys, xs, ys, dxs, n);
                Scatter(dxs, dx, strides[0], n);
                dx += n * strides[0];
                dy += n * strides[1];
                x += n * strides[2];
                y += n * strides[3];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Dense<L>(T* dy, T* x, T* y, T* dx, long count) where L : struct, ILanes<L, T>
        {
            var local = f;
            for (long i = 0; i < count; i += L.Count)
                L.Store(L.Load(dy + i) * local.Derivative(L.Load(x + i), L.Load(y + i)), dx + i);
        }
    }

    readonly struct BinaryBody<TFunction, T>(TFunction f) : IStridedBody where TFunction : unmanaged, IBinaryFunction where T : unmanaged
    {
        readonly TFunction f = f;

        public void Run(long count, byte** pointers, long* strides)
        {
            if (Vector512.IsHardwareAccelerated) Run<Lanes512<T>>(count, pointers, strides);
            else if (Vector256.IsHardwareAccelerated) Run<Lanes256<T>>(count, pointers, strides);
            else Run<Lanes128<T>>(count, pointers, strides);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        void Run<L>(long count, byte** pointers, long* strides) where L : struct, ILanes<L, T>
        {
            byte* y = pointers[0], a = pointers[1], b = pointers[2];
            if (IsDense<T>(strides[0], count) && IsDense<T>(strides[1], count) && IsDense<T>(strides[2], count))
            {
                var whole = count - count % L.Count;
                Dense<L>((T*)a, (T*)b, (T*)y, whole);
                a += whole * sizeof(T);
                b += whole * sizeof(T);
                y += whole * sizeof(T);
                count -= whole;
            }
            if (count == 0) return;
            var av = stackalloc T[BlockLength];
            var bv = stackalloc T[BlockLength];
            var yv = stackalloc T[BlockLength];
            for (; count > 0; count -= BlockLength)
            {
                var n = Math.Min(count, BlockLength);
                Gather(a, strides[1], av, n);
                Gather(b, strides[2], bv, n);
                Pad(av, n);
                Pad(bv, n);
                Dense<L>(av, bv, yv, n);
                Scatter(yv, y, strides[0], n);
                a += n * strides[1];
                b += n * strides[2];
                y += n * strides[0];
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        void Dense<L>(T* a, T* b, T* y, long count) where L : struct, ILanes<L, T>
        {
            var local = f;
            for (long i = 0; i < count; i += L.Count) L.Store(local.Value(L.Load(a + i), L.Load(b + i)), y + i);
        }
    }
}
