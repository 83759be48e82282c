using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void FillRandom(Distribution distribution, double a, double b, ulong key, ulong position, in Operand y)
    {
        if (!y.Layout.IsContiguous)
        {
            var dense = new Operand(Allocate((long)y.Layout.ElementCount * y.DType.Size()), new Layout(y.Layout.Shape), y.DType);
            FillRandom(distribution, a, b, key, position, dense);
            Copy(dense, y);
            return;
        }
        switch (y.DType)
        {
            case DType.Float32: Draw<float>(distribution, a, b, key, position, y); break;
            case DType.Float64: Draw<double>(distribution, a, b, key, position, y); break;
            case DType.Int32: Draw<int>(distribution, a, b, key, position, y); break;
            case DType.Int64: Draw<long>(distribution, a, b, key, position, y); break;
            default: Draw<byte>(distribution, a, b, key, position, y); break;
        }
        GC.KeepAlive(y.Storage);
    }

    static void Draw<T>(Distribution distribution, double a, double b, ulong key, ulong position, in Operand y) where T : unmanaged, INumber<T>
    {
        var body = new DrawBody<T>
        {
            Distribution = distribution,
            A = a,
            B = b,
            Key = key,
            Position = position,
            Y = (T*)y.Pointer,
            Count = y.Layout.ElementCount,
        };
        WorkerPool.For((body.Count + DrawBody<T>.Grain - 1) / DrawBody<T>.Grain, ref body);
    }

    struct DrawBody<T> : IParallelBody where T : unmanaged, INumber<T>
    {
        internal const int Grain = 8192;
        internal Distribution Distribution;
        internal double A, B;
        internal ulong Key, Position;
        internal T* Y;
        internal int Count;

        // At full optimisation at once: a model's first weights are a million draws.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int part)
        {
            int start = part * Grain, end = Math.Min(start + Grain, Count);
            for (var i = start; i < end; i += 2)
            {
                var (first, second) = Philox.Pair(Position + (ulong)(i / 2), Key);
                Y[i] = Value(first);
                if (i + 1 < end) Y[i + 1] = Value(second);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        readonly T Value(ulong word)
        {
            switch (Distribution)
            {
                case Distribution.Uniform:
                    // Drawn with as many bits as the type holds, so that rounding never reaches the upper end of [0, 1).
                    var unit = typeof(T) == typeof(float) ? (word >> 40) * (1.0 / (1 << 24)) : Distributions.Uniform(word);
                    var value = T.CreateTruncating(A + (B - A) * unit);
                    return value < T.CreateTruncating(B) || A == B ? value : T.CreateTruncating(A);
                case Distribution.Normal:
                    return T.CreateTruncating(A + B * Distributions.Normal(word));
                case Distribution.Integer:
                    return T.CreateTruncating((long)A + (long)Math.BigMul(word, (ulong)((long)B - (long)A), out _));
                default:
                    return Distributions.Uniform(word) < A ? T.One : T.Zero;
            }
        }
    }
}
