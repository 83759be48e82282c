using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// Matrix by matrix, shared among threads, row by row in vectors along the halves.
public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void Rotate(bool back, in Operand x, in Operand cosine, in Operand sine, in Operand y)
    {
        if (y.DType == DType.Float32) Turn<float>(back, x, cosine, sine, y);
        else if (y.DType == DType.Float64) Turn<double>(back, x, cosine, sine, y);
        else throw Unsupported("RotaryPositionalEncoding", y.DType);
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(cosine.Storage);
        GC.KeepAlive(sine.Storage);
        GC.KeepAlive(y.Storage);
    }

    static void Turn<T>(bool back, in Operand x, in Operand cosine, in Operand sine, in Operand y) where T : unmanaged, INumber<T>
    {
        var shape = y.Layout.Shape.AsSpan();
        var dimensions = shape.Length - 2;
        var body = new RotationBody<T>(shape[..dimensions])
        {
            Back = back,
            Rows = shape[^2],
            Half = shape[^1] / 2,
            X = new(x, dimensions),
            Cosine = new(cosine, 0),
            Sine = new(sine, 0),
            Y = new(y, dimensions),
        };
        WorkerPool.For(body.Batch.Count, ref body);
    }

    struct RotationBody<T> : IParallelBody where T : unmanaged, INumber<T>
    {
        internal bool Back;
        internal int Rows, Half;
        internal Matrices<T> X, Cosine, Sine, Y;

        internal RotationBody(ReadOnlySpan<int> batch) => Batch = new(batch);

        internal BatchIndex Batch { get; }

        public readonly void Run(int part)
        {
            var index = stackalloc long[Shape.MaxRank];
            Batch.Of(part, index);
            T* x = X.At(index, Batch.Dimensions), y = Y.At(index, Batch.Dimensions), cosine = Cosine.At(index, 0), sine = Sine.At(index, 0);
            for (var row = 0; row < Rows; row++, x += X.Row, y += Y.Row, cosine += Cosine.Row, sine += Sine.Row) Turn(x, cosine, sine, y, Half, Back);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static void Turn(T* x, T* cosine, T* sine, T* y, int half, bool back)
        {
            T* upper = x + half, result = y + half;
            var i = 0;
            for (; i + Vector<T>.Count <= half; i += Vector<T>.Count)
            {
                Vector<T> a = Vector.Load(x + i), b = Vector.Load(upper + i), c = Vector.Load(cosine + i), s = Vector.Load(sine + i);
                if (back) s = -s;
                (a * c - b * s).Store(y + i);
                (b * c + a * s).Store(result + i);
            }
            for (; i < half; i++)
            {
                T a = x[i], b = upper[i], c = cosine[i], s = back ? -sine[i] : sine[i];
                y[i] = a * c - b * s;
                result[i] = b * c + a * s;
            }
        }
    }
}
