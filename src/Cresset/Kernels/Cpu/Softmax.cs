using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Softmax, one row after another: the largest, the exponentials and their sum, the scale. Rows are shared among threads.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Softmax(bool logarithm, in Operand x, in Operand y)
    {
        if (x.DType == DType.Float32) SoftmaxRows<float>(logarithm, x, x, y, gradient: false);
        else if (x.DType == DType.Float64) SoftmaxRows<double>(logarithm, x, x, y, gradient: false);
        else throw Unsupported("Softmax", x.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    /// <inheritdoc/>
    public override void SoftmaxGradient(bool logarithm, in Operand dy, in Operand y, in Operand dx)
    {
        if (dx.DType == DType.Float32) SoftmaxRows<float>(logarithm, dy, y, dx, gradient: true);
        else if (dx.DType == DType.Float64) SoftmaxRows<double>(logarithm, dy, y, dx, gradient: true);
        else throw Unsupported("Softmax", dx.DType);
        GC.KeepAlive(dy.Storage);
        GC.KeepAlive(y.Storage);
        GC.KeepAlive(dx.Storage);
    }

    static void SoftmaxRows<T>(bool logarithm, in Operand first, in Operand second, in Operand result, bool gradient)
        where T : unmanaged, IFloatingPointIeee754<T>
    {
        if (result.Layout.ElementCount == 0) return;
        var body = new SoftmaxBody<T>
        {
            Logarithm = logarithm,
            Gradient = gradient,
            First = (T*)first.Pointer,
            Second = (T*)second.Pointer,
            Result = (T*)result.Pointer,
            Length = result.Layout.Rank == 0 ? 1 : result.Layout.Shape[^1],
        };
        body.Rows = result.Layout.ElementCount / body.Length;
        body.RowsPerPart = Math.Max(1, (1 << 14) / body.Length);
        WorkerPool.For((body.Rows + body.RowsPerPart - 1) / body.RowsPerPart, ref body);
    }

    struct SoftmaxBody<T> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T>
    {
        internal bool Logarithm, Gradient;
        internal T* First, Second, Result;
        internal int Length, Rows, RowsPerPart;

        public readonly void Run(int part)
        {
            switch (Gemm.Width)
            {
                case 512: Run<Lanes512<T>>(part); break;
                case 256: Run<Lanes256<T>>(part); break;
                default: Run<Lanes128<T>>(part); break;
            }
        }

        readonly void Run<L>(int part) where L : struct, ILanes<L, T>
        {
            var end = Math.Min((part + 1) * RowsPerPart, Rows);
            for (var row = part * RowsPerPart; row < end; row++)
            {
                var at = (long)row * Length;
                T* first = First + at, second = Second + at, result = Result + at;
                if (Gradient && Logarithm) SoftmaxRow<T, L>.Weighted(second, T.Zero, -TensorPrimitives.Sum(new ReadOnlySpan<T>(first, Length)), first, Length, result);
                else if (Gradient) SoftmaxRow<T, L>.Gradient(first, second, TensorPrimitives.Dot(new ReadOnlySpan<T>(first, Length), new ReadOnlySpan<T>(second, Length)), Length, result);
                else
                {
                    var largest = SoftmaxRow<T, L>.Largest(first, Length);
                    var sum = SoftmaxRow<T, L>.Powers(first, largest, Length, Logarithm ? null : result);
                    if (Logarithm) SoftmaxRow<T, L>.Subtract(first, largest, T.Log(sum), Length, result);
                    else ChannelBody<T>.Scale(result, Length, T.One / sum, T.Zero, result);
                }
            }
        }
    }
}

// Passes over a row of numbers. A NaN in it comes out as NaN everywhere; a row of minus infinities as well, as in PyTorch.
static unsafe class SoftmaxRow<T, L> where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    // Of one sum in vectors.
    const int Block = 4096;

    /// <summary>The largest number, of those that are numbers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static T Largest(T* x, int count)
    {
        L a = L.Broadcast(T.NegativeInfinity), b = a, c = a, d = a;
        var i = 0;
        for (; i + 4 * L.Count <= count; i += 4 * L.Count)
        {
            a = Larger(a, L.Load(x + i));
            b = Larger(b, L.Load(x + i + L.Count));
            c = Larger(c, L.Load(x + i + 2 * L.Count));
            d = Larger(d, L.Load(x + i + 3 * L.Count));
        }
        for (; i + L.Count <= count; i += L.Count) a = Larger(a, L.Load(x + i));
        var lanes = stackalloc T[64 / sizeof(T)];
        var largest = T.NegativeInfinity;
        if (i > 0)
        {
            L.Store(Larger(Larger(a, b), Larger(c, d)), lanes);
            for (var j = 0; j < L.Count; j++) largest = largest < lanes[j] ? lanes[j] : largest;
        }
        for (; i < count; i++) largest = largest < x[i] ? x[i] : largest;
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static L Larger(L a, L b) => L.Select(L.Less(a, b), b, a);

    /// <summary>The sum of exp(x - largest), and those themselves, where there is room for them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static T Powers(T* x, T largest, int count, T* powers)
    {
        var most = L.Broadcast(largest);
        var lanes = stackalloc T[64 / sizeof(T)];
        double total = 0;
        for (int start = 0, end; start < count; start = end)
        {
            end = Math.Min(start + Block, count);
            L a = L.Broadcast(T.Zero), b = a;
            var i = start;
            for (; i + 2 * L.Count <= end; i += 2 * L.Count)
            {
                L first = L.Exp(L.Load(x + i) - most), second = L.Exp(L.Load(x + i + L.Count) - most);
                a += first;
                b += second;
                if (powers == null) continue;
                L.Store(first, powers + i);
                L.Store(second, powers + i + L.Count);
            }
            for (; i < end; i += L.Count)
            {
                var left = Math.Min(L.Count, end - i);
                // Powers of minus infinity are 0, and add nothing.
                if (left < L.Count)
                    for (var j = 0; j < L.Count; j++) lanes[j] = j < left ? x[i + j] : T.NegativeInfinity;
                var power = L.Exp(L.Load(left < L.Count ? lanes : x + i) - most);
                L.Store(power, lanes);
                if (powers != null)
                    for (var j = 0; j < left; j++) powers[i + j] = lanes[j];
                // Where the largest is minus infinity itself, what fills up is NaN and so is the sum.
                a += power;
            }
            L.Store(a + b, lanes);
            for (var j = 0; j < L.Count; j++) total += double.CreateTruncating(lanes[j]);
        }
        return T.CreateTruncating(total);
    }

    /// <summary>y = x - largest - logarithm, in this order, in which large parts cancel before the small one goes.</summary>
    internal static void Subtract(T* x, T largest, T logarithm, int count, T* y)
    {
        L most = L.Broadcast(largest), less = L.Broadcast(logarithm);
        var i = 0;
        for (; i + L.Count <= count; i += L.Count) L.Store(L.Load(x + i) - most - less, y + i);
        for (; i < count; i++) y[i] = x[i] - largest - logarithm;
    }

    /// <summary>dx = y (dy - dot), dot = the sum of dy y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Gradient(T* dy, T* y, T dot, int count, T* dx)
    {
        L less = L.Broadcast(dot);
        var i = 0;
        for (; i + L.Count <= count; i += L.Count) L.Store((L.Load(dy + i) - less) * L.Load(y + i), dx + i);
        for (; i < count; i++) dx[i] = (dy[i] - dot) * y[i];
    }

    /// <summary>dx = exp(x - less) factor + addend, which may be missing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    internal static void Weighted(T* x, T less, T factor, T* addend, int count, T* dx)
    {
        L l = L.Broadcast(less), f = L.Broadcast(factor);
        var lanes = stackalloc T[64 / sizeof(T)];
        for (var i = 0; i < count; i += L.Count)
        {
            var left = Math.Min(L.Count, count - i);
            if (left < L.Count)
                for (var j = 0; j < L.Count; j++) lanes[j] = j < left ? x[i + j] : T.Zero;
            var power = L.Exp(L.Load(left < L.Count ? lanes : x + i) - l) * f;
            if (left == L.Count)
            {
                L.Store(addend == null ? power : power + L.Load(addend + i), dx + i);
                continue;
            }
            L.Store(power, lanes);
            for (var j = 0; j < left; j++) dx[i + j] = addend == null ? lanes[j] : lanes[j] + addend[i + j];
        }
    }
}
