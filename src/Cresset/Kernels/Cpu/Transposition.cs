using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// Copies whose source runs along another dimension than the target: blocks of a cache line's side are turned in a buffer, so that
// every line of either side is touched once.
static unsafe class Transposition
{
    // Of the dimension along which the source runs, for one part of the work.
    const int Strip = 128;
    const long LargestCached = 16 << 20;

    /// <summary>y = x where y is contiguous and x, of the same type, has neighbours along a dimension that is not the last; false
    /// where it is otherwise.</summary>
    internal static bool TryCopy(in Operand x, in Operand y)
    {
        var size = x.DType.Size();
        int rank = y.Layout.Rank, last = rank - 1, run = -1;
        if (size < 4 || rank < 2 || !y.Layout.IsContiguous || y.Layout.Shape[last] < 4) return false;
        for (var i = 0; i < last; i++)
            if (x.Layout.Strides[i] == 1 && x.Layout.Shape[i] >= 4) run = i;
        if (run < 0 || Math.Abs(x.Layout.Strides[last]) <= 1) return false;
        if (size == 4) Copy<float>(x, y, run);
        else Copy<double>(x, y, run);
        return true;
    }

    static void Copy<T>(in Operand x, in Operand y, int run) where T : unmanaged
    {
        var last = y.Layout.Rank - 1;
        var work = new Body<T>
        {
            X = (T*)x.Pointer,
            Y = (T*)y.Pointer,
            Along = x.Layout.Shape[run],
            Across = x.Layout.Shape[last],
            XStride = x.Layout.Strides[last],
            YStride = y.Layout.Strides[run],
        };
        work.Strips = (work.Along + Strip - 1) / Strip;
        var planes = 1;
        for (var i = 0; i < last; i++)
        {
            if (i == run) continue;
            work.Sizes[work.Outer] = x.Layout.Shape[i];
            work.XStrides[work.Outer] = x.Layout.Strides[i];
            work.YStrides[work.Outer++] = y.Layout.Strides[i];
            planes *= x.Layout.Shape[i];
        }
        work.Streams = (long)y.Layout.ElementCount * sizeof(T) >= LargestCached && (nint)work.Y % 64 == 0 && work.YStride * sizeof(T) % 64 == 0;
        for (var i = 0; i < work.Outer; i++) work.Streams &= work.YStrides[i] * sizeof(T) % 64 == 0;
        WorkerPool.For(planes * work.Strips, ref work);
    }

    struct Body<T> : IParallelBody where T : unmanaged
    {
        internal T* X, Y;
        internal int Along, Across, Strips, Outer;
        internal long XStride, YStride;
        // Whole cache lines are written past the caches, which are smaller than the target: otherwise each would be read first.
        internal bool Streams;
        internal fixed long Sizes[Shape.MaxRank], XStrides[Shape.MaxRank], YStrides[Shape.MaxRank];

        public readonly void Run(int part)
        {
            T* x = X, y = Y;
            long plane = part / Strips;
            for (var i = Outer - 1; i >= 0; i--)
            {
                var index = plane % Sizes[i];
                plane /= Sizes[i];
                x += index * XStrides[i];
                y += index * YStrides[i];
            }
            int first = part % Strips * Strip, end = Math.Min(first + Strip, Along);
            Turn(x, y, first, end);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
        readonly void Turn(T* x, T* y, int first, int end)
        {
            var side = 64 / sizeof(T);
            // Aligned, as the stores are.
            var space = stackalloc byte[64 * side + 64];
            var block = (T*)(((nint)space + 63) & ~63);
            for (var j = 0; j < Across; j += side)
                for (var i = first; i < end; i += side)
                {
                    int height = Math.Min(side, end - i), width = Math.Min(side, Across - j);
                    // Row q of the panel: element i of rows j, j + 1, ... of the source.
                    Packing.Panel(x + i + j * XStride, 1, XStride, width, side, height, block);
                    if (Streams && width == side)
                    {
                        for (var q = 0; q < height; q++) Vector512.LoadAligned(block + q * side).StoreAlignedNonTemporal(y + (i + q) * YStride + j);
                        continue;
                    }
                    for (var q = 0; q < height; q++)
                        Unsafe.CopyBlockUnaligned(y + (i + q) * YStride + j, block + q * side, (uint)(width * sizeof(T)));
                }
            // What was written past the caches is there before anyone hears that this part is done.
            if (Streams) Interlocked.MemoryBarrier();
        }
    }
}
