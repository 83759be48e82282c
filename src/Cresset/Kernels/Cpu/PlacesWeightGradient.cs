using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The gradient of a convolution's weights, as ConvolutionWeightGradient, where its output channels would leave many lanes idle: a vector
// holds neighbouring places, of x and of dy, and every sum's lanes are added in the end. What one column of the kernel meets of x is laid out
// as dy is, row behind row, so that what any tap meets is one run of memory. One channel of x goes through all pictures of a run before the
// next one, or all channels at once where a kernel has few taps. A part of the work is such channels and a run; how many runs there are
// depends on the sizes only, and they are added in order.
unsafe struct PlacesWeightGradient<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    const int MaxRuns = 16;
    // Of what is laid out of x and of dy of a block of output channels, together: it stays in the first cache.
    const int ChunkBytes = 32 << 10;

    readonly ConvolutionShape shape;
    // A kernel of one tap is met where it lies.
    readonly bool inPlace;
    readonly int channels, outChannels, together, blocks, taps, rows, places, vectors, pictures, runs;
    // What one column of the kernel meets of a channel, and what is laid out of a picture.
    readonly long plane, planes;
    T* dy, x, sums;
    long* offsets;

    PlacesWeightGradient(in ConvolutionShape s)
    {
        shape = s;
        (channels, outChannels, places) = (s.Channels / s.Groups, s.OutChannels / s.Groups, s.OutHeight * s.OutWidth);
        var kernel = s.KernelHeight * s.KernelWidth;
        together = kernel >= WeightGradientTile<T, L>.Taps ? 1 : channels;
        blocks = channels / Math.Max(1, together);
        taps = together * kernel;
        inPlace = kernel == 1 && s is { PaddingHeight: 0, PaddingWidth: 0 };
        vectors = (places + L.Count - 1) / L.Count;
        rows = s.OutHeight + (s.KernelHeight - 1) * s.DilationHeight;
        plane = (long)rows * s.OutWidth;
        planes = inPlace ? (long)s.Channels * places : together * s.KernelWidth * plane;
        runs = Math.Clamp(MaxRuns / Math.Max(1, blocks * s.Groups), 1, Math.Max(1, s.Batch));
        pictures = (int)Math.Clamp(ChunkBytes / Math.Max(1, ((inPlace ? together * plane : planes) + WeightGradientTile<T, L>.Rows * places) * sizeof(T)), 1, Math.Max(1, (s.Batch + runs - 1) / runs));
    }

    /// <summary>Whether there are registers and places enough for this, and fewer lanes idle than where vectors hold output channels.</summary>
    internal static bool Suits(in ConvolutionShape s)
    {
        if (L.Count * sizeof(T) != 64 || s.StrideHeight != 1 || s.StrideWidth != 1 || s.OutHeight <= 0 || s.OutWidth <= 0 || s.Batch == 0) return false;
        var work = new PlacesWeightGradient<T, L>(s);
        if (work.places < L.Count) return false;
        // Measured, GFLOP/s of what is computed: 135 here; there 150 with one vector, 215 with more.
        int all = (work.outChannels + L.Count - 1) / L.Count, vectors = OuterTile<T, L>.Vectors(all), kernels = work.channels * s.KernelHeight * s.KernelWidth;
        var here = (double)Up(work.outChannels, WeightGradientTile<T, L>.Rows) * work.blocks * Up(work.taps, WeightGradientTile<T, L>.Taps) * work.vectors * L.Count / 135;
        var there = (double)Up(all, vectors) * L.Count * Up(kernels, OuterTile<T, L>.Taps) * work.places / (vectors == 1 ? 150 : 215);
        return here < there;
    }

    static int Up(int count, int step) => (count + step - 1) / step * step;

    internal static void Compute(in ConvolutionShape s, T* dy, T* x, T* dweight)
    {
        var work = new PlacesWeightGradient<T, L>(s) { dy = dy, x = x };
        // The last taps come twice, and only the first time counts.
        var all = Up(work.taps, WeightGradientTile<T, L>.Taps);
        work.offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, all);
        for (var tap = 0; tap < all; tap++)
        {
            int kept = Math.Min(tap, work.taps - 1), column = kept % s.KernelWidth, row = kept / s.KernelWidth % s.KernelHeight, channel = kept / s.KernelWidth / s.KernelHeight;
            work.offsets[tap] = (channel * s.KernelWidth + column) * work.plane + (long)row * s.DilationHeight * s.OutWidth;
        }
        var size = checked(s.OutChannels * work.blocks * work.taps);
        work.sums = work.runs == 1 ? dweight : Workspace.Rent<T>(Workspace.Purpose.Partials, (long)work.runs * size);
        WorkerPool.For(work.runs * work.blocks * s.Groups, ref work);
        if (work.runs == 1) return;
        for (var run = 0; run < work.runs; run++) Packing.Store(work.sums + (long)run * size, size, dweight, add: run > 0);
    }

    public readonly void Run(int part)
    {
        int run = part / (blocks * shape.Groups), group = part / blocks % shape.Groups, first = part % blocks * together, kernel = shape.KernelHeight * shape.KernelWidth;
        int begin = (int)((long)shape.Batch * run / runs), end = (int)((long)shape.Batch * (run + 1) / runs);
        long channelPlaces = (long)shape.Height * shape.Width, row = (long)channels * kernel, outRow = (long)shape.OutChannels * places;
        var laid = inPlace ? null : Workspace.Rent<T>(Workspace.Purpose.Patches, planes * pictures);
        var results = sums + ((long)run * shape.OutChannels + (long)group * outChannels) * row + first * kernel;
        for (var image = begin; image < end; image += pictures)
        {
            var count = Math.Min(pictures, end - image);
            var from = x + (((long)image * shape.Groups + group) * channels + first) * channelPlaces;
            for (var i = 0; !inPlace && i < count; i++)
                for (var c = 0; c < together; c++) Lay(from + (i * (long)shape.Channels + c) * channelPlaces, laid + i * planes + c * shape.KernelWidth * plane);
            var gradients = dy + image * outRow + (long)group * outChannels * places;
            for (var o = 0; o < outChannels; o += WeightGradientTile<T, L>.Rows)
                for (var t = 0; t < taps; t += WeightGradientTile<T, L>.Taps)
                    WeightGradientTile<T, L>.Add(count, places, inPlace ? from : laid, planes, offsets + t, gradients + (long)o * places, outRow,
                        Math.Min(WeightGradientTile<T, L>.Rows, outChannels - o), results + o * row + t, row, Math.Min(WeightGradientTile<T, L>.Taps, taps - t), add: image > begin);
        }
    }

    // For each column of the kernel what it meets, zeros beyond the picture.
    readonly void Lay(T* picture, T* target)
    {
        int width = shape.OutWidth;
        for (var column = 0; column < shape.KernelWidth; column++)
        {
            var left = column * shape.DilationWidth - shape.PaddingWidth;
            int first = Math.Clamp(-left, 0, width), end = Math.Clamp(shape.Width - left, first, width);
            for (var r = 0; r < rows; r++, target += width)
            {
                var at = r - shape.PaddingHeight;
                if ((uint)at >= (uint)shape.Height)
                {
                    new Span<T>(target, width).Clear();
                    continue;
                }
                if (first > 0) new Span<T>(target, first).Clear();
                new ReadOnlySpan<T>(picture + (long)at * shape.Width + left + first, end - first).CopyTo(new Span<T>(target + first, end - first));
                if (end < width) new Span<T>(target + end, width - end).Clear();
            }
        }
    }
}

// The innermost piece: of four output channels and five taps the sums over all vectors of places stay in registers.
static unsafe class WeightGradientTile<T, L> where T : unmanaged, INumberBase<T> where L : struct, ILanes<L, T>
{
    internal const int Rows = 4, Taps = 5;

    // One tap.
    struct Tap
    {
        L a, b, c, d;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal void Add(L x, L first, L second, L third, L fourth)
        {
            a = L.MultiplyAdd(x, first, a);
            b = L.MultiplyAdd(x, second, b);
            c = L.MultiplyAdd(x, third, c);
            d = L.MultiplyAdd(x, fourth, d);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal readonly void Put(T* sums, long row, int rows, bool add)
        {
            sums[0] = (add ? sums[0] : T.Zero) + L.Sum(a);
            if (rows > 1) sums[row] = (add ? sums[row] : T.Zero) + L.Sum(b);
            if (rows > 2) sums[2 * row] = (add ? sums[2 * row] : T.Zero) + L.Sum(c);
            if (rows > 3) sums[3 * row] = (add ? sums[3 * row] : T.Zero) + L.Sum(d);
        }
    }

    /// <summary>sums[o][t] = or += the sum over the places of so many pictures of dy[o] times x at offsets[t]; of the rows and taps only so many
    /// are written.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static void Add(int pictures, int places, T* x, long xPicture, long* offsets, T* dy, long dyPicture, int rows, T* sums, long row, int taps, bool add)
    {
        // Rows that there are not are the last one again.
        long second = Math.Min(1, rows - 1) * (long)places, third = Math.Min(2, rows - 1) * (long)places, fourth = Math.Min(3, rows - 1) * (long)places;
        long o0 = offsets[0], o1 = offsets[1], o2 = offsets[2], o3 = offsets[3], o4 = offsets[4];
        // The last vector begins earlier where it would reach beyond the places; those that it has from the vector before count nothing.
        L rest = Places<T, L>.From((L.Count - places % L.Count) % L.Count);
        Tap t0 = default, t1 = default, t2 = default, t3 = default, t4 = default;
        for (var picture = 0; picture < pictures; picture++, x += xPicture, dy += dyPicture)
            for (var start = 0; start < places; start += L.Count)
            {
                var at = Math.Min(start, places - L.Count);
                T* from = x + at, gradient = dy + at;
                L a = L.Load(gradient), b = L.Load(gradient + second), c = L.Load(gradient + third), d = L.Load(gradient + fourth);
                if (at < start) (a, b, c, d) = (a & rest, b & rest, c & rest, d & rest);
                t0.Add(L.Load(from + o0), a, b, c, d);
                t1.Add(L.Load(from + o1), a, b, c, d);
                t2.Add(L.Load(from + o2), a, b, c, d);
                t3.Add(L.Load(from + o3), a, b, c, d);
                t4.Add(L.Load(from + o4), a, b, c, d);
            }
        t0.Put(sums, row, rows, add);
        if (taps > 1) t1.Put(sums + 1, row, rows, add);
        if (taps > 2) t2.Put(sums + 2, row, rows, add);
        if (taps > 3) t3.Put(sums + 3, row, rows, add);
        if (taps > 4) t4.Put(sums + 4, row, rows, add);
    }
}
