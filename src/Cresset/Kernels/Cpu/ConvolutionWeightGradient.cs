using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The gradient of a convolution's weights: dweight[o][tap] = the sum over all places of dy[o][place] x[offset(tap) + place]. A vector
// holds a place's dy of neighbouring output channels, for which dy is transposed piece by piece; x is met one number at a time, so that
// any stride and any width is as good as another, and it is read where it lies unless it is padded. Pictures are summed in runs whose
// number depends on the sizes only, and the runs in order.
unsafe struct ConvolutionWeightGradient<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    const int MaxRuns = 16;
    const long MaxPartialElements = 1 << 23;
    // Of places whose dy is transposed at once: it stays in the first two caches.
    const int ChunkPlaces = 512;

    ConvolutionShape shape;
    PaddedPicture picture;
    bool inPlace;
    T* dy, x, partial;
    long* offsets;
    int runs, channels, outChannels, taps, pictures, vectors;

    internal static void Compute(in ConvolutionShape s, T* dy, T* x, T* dweight)
    {
        int channels = s.Channels / s.Groups, taps = channels * s.KernelHeight * s.KernelWidth, places = s.OutHeight * s.OutWidth;
        var size = (long)s.OutChannels * taps;
        new Span<T>(dweight, checked((int)size)).Clear();
        if (size == 0 || places <= 0 || s.Batch == 0) return;
        var runs = (int)Math.Clamp(MaxPartialElements / size, 1, Math.Min(s.Batch, MaxRuns));
        var work = new ConvolutionWeightGradient<T, L>
        {
            shape = s,
            dy = dy,
            x = x,
            runs = runs,
            channels = channels,
            outChannels = s.OutChannels / s.Groups,
            taps = taps,
            pictures = Math.Clamp(ChunkPlaces / places, 1, (s.Batch + runs - 1) / runs),
            inPlace = s.PaddingHeight == 0 && s.PaddingWidth == 0,
            // The padded picture ends where the last tap does.
            picture = new PaddedPicture(channels, s.Height, s.Width, 1, 1, -s.PaddingHeight, -s.PaddingWidth,
                (s.OutHeight - 1) * s.StrideHeight + (s.KernelHeight - 1) * s.DilationHeight + 1, (s.OutWidth - 1) * s.StrideWidth + (s.KernelWidth - 1) * s.DilationWidth + 1),
            offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, taps),
        };
        work.vectors = OuterTile<T, L>.Vectors((work.outChannels + L.Count - 1) / L.Count);
        long pitch = work.inPlace ? s.Width : work.picture.Pitch, plane = work.inPlace ? (long)s.Height * s.Width : work.picture.Plane;
        var tap = 0;
        for (var c = 0; c < channels; c++)
            for (var h = 0; h < s.KernelHeight; h++)
                for (var w = 0; w < s.KernelWidth; w++) work.offsets[tap++] = c * plane + h * s.DilationHeight * pitch + (long)w * s.DilationWidth;
        work.partial = Workspace.Rent<T>(Workspace.Purpose.Partials, runs * s.Groups * work.Size);
        WorkerPool.For(runs * s.Groups, ref work);
        for (var run = 0; run < runs; run++)
            for (var group = 0; group < s.Groups; group++)
                for (var o = 0; o < work.outChannels; o += work.Width)
                    Packing.StoreTransposed(work.Sums(run, group) + (long)o * taps, work.Width, taps, Math.Min(work.Width, work.outChannels - o),
                        dweight + ((long)group * work.outChannels + o) * taps, taps, add: true);
    }

    // Output channels of one block of sums, as many as leave the fewest lanes idle.
    readonly int Width => vectors * L.Count;

    // Of the sums of one run and group: [block of output channels][tap][output channel].
    readonly long Size => (long)(outChannels + Width - 1) / Width * Width * taps;

    readonly T* Sums(int run, int group) => partial + ((long)run * shape.Groups + group) * Size;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int part)
    {
        int run = part / shape.Groups, group = part % shape.Groups, pixels = shape.OutHeight * shape.OutWidth;
        int first = (int)((long)shape.Batch * run / runs), end = (int)((long)shape.Batch * (run + 1) / runs);
        new Span<T>(Sums(run, group), checked((int)Size)).Clear();
        long xPicture = (long)shape.Channels * shape.Height * shape.Width, planes = inPlace ? xPicture : picture.Planes * picture.Plane;
        var padded = inPlace ? null : Workspace.Rent<T>(Workspace.Purpose.Patches, planes * pictures);
        var turned = Workspace.Rent<T>(Workspace.Purpose.Sums, (long)ChunkPlaces * Width);
        // Lanes without a channel are computed with for nothing; with zeros, since other numbers may be slow.
        new Span<T>(turned, ChunkPlaces * Width).Clear();
        var places = Places(planes, inPlace ? shape.Width : picture.Pitch);
        for (var image = first; image < end; image += pictures)
        {
            var count = Math.Min(pictures, end - image);
            var from = x + image * xPicture + (long)group * channels * shape.Height * shape.Width;
            if (!inPlace)
                for (var i = 0; i < count; i++) picture.Fill(from + i * xPicture, 0, padded + i * planes, picture.Plane);
            for (var start = 0; start < count * pixels; start += ChunkPlaces)
                Accumulate(inPlace ? from : padded, image, group, places, start, Math.Min(ChunkPlaces, count * pixels - start), turned, Sums(run, group));
        }
    }

    // Where x lies that the first tap meets at each place of the pictures that go together.
    readonly long* Places(long pictureStride, long pitch)
    {
        var places = Workspace.Rent<long>(Workspace.Purpose.Places, (long)pictures * shape.OutHeight * shape.OutWidth);
        var at = places;
        for (var i = 0; i < pictures; i++)
            for (var r = 0; r < shape.OutHeight; r++)
                for (var c = 0; c < shape.OutWidth; c++) *at++ = i * pictureStride + r * shape.StrideHeight * pitch + (long)c * shape.StrideWidth;
        return places;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    readonly void Accumulate(T* from, int image, int group, long* places, int start, int count, T* turned, T* sums)
    {
        int pixels = shape.OutHeight * shape.OutWidth, width = Width;
        var at = stackalloc long[8];
        for (var o = 0; o < outChannels; o += width)
        {
            // Piece by piece, where several pictures go together.
            for (int done = 0, piece; done < count; done += piece)
            {
                int inside = (start + done) % pixels, of = image + (start + done) / pixels;
                piece = Math.Min(count - done, pixels - inside);
                Packing.Turned(dy + (((long)of * shape.Groups + group) * outChannels + o) * pixels + inside, pixels, Math.Min(width, outChannels - o), width, piece, turned + (long)done * width);
            }
            var block = sums + (long)o * taps;
            var rows = OuterTile<T, L>.Taps;
            for (var t = 0; t < taps; t += rows)
            {
                // At the end taps come twice, and only the first time counts.
                for (var j = 0; j < rows; j++) at[j] = offsets[Math.Min(t + j, taps - 1)];
                var valid = Math.Min(rows, taps - t);
                OuterTile<T, L>.Block(vectors, count, from, at, places + start, turned, block + (long)t * width, valid, add: true);
            }
        }
    }
}
