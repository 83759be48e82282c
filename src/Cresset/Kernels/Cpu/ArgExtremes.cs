using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

public sealed unsafe partial class CpuBackend
{
    /// <inheritdoc/>
    public override void ArgExtreme(bool largest, in Operand x, int dim, in Operand y)
    {
        var length = x.Layout.Shape.AsSpan()[dim];
        var step = (long)x.Layout.Strides[dim] * x.DType.Size();
        // x without the dimension walks beside y; the body walks the dimension.
        var lines = new Operand(x.Storage, x.Layout.Narrow(dim, 0, 1), x.DType);
        var loop = new StridedLoop(y.Layout.Shape);
        loop.Add(y);
        loop.Add(lines);
        switch (x.DType)
        {
            case DType.Float32: loop.Run(new ArgBody<float>(largest, length, step)); break;
            case DType.Float64: loop.Run(new ArgBody<double>(largest, length, step)); break;
            case DType.Int32: loop.Run(new ArgBody<int>(largest, length, step)); break;
            case DType.Int64: loop.Run(new ArgBody<long>(largest, length, step)); break;
            default: loop.Run(new ArgBody<byte>(largest, length, step)); break;
        }
        GC.KeepAlive(x.Storage);
        GC.KeepAlive(y.Storage);
    }

    readonly struct ArgBody<T>(bool largest, long length, long step) : IStridedBody where T : unmanaged, INumber<T>
    {
        readonly bool largest = largest;
        readonly long length = length, step = step;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run(long count, byte** pointers, long* strides)
        {
            byte* y = pointers[0], x = pointers[1];
            for (long i = 0; i < count; i++, y += strides[0], x += strides[1])
            {
                long best = 0;
                var value = *(T*)x;
                for (long j = 1; j < length && !T.IsNaN(value); j++)
                {
                    var other = *(T*)(x + j * step);
                    if (!(largest ? other > value : other < value) && !T.IsNaN(other)) continue;
                    value = other;
                    best = j;
                }
                *(long*)y = best;
            }
        }
    }
}
