using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The gradient of a convolution's weights: dweight[o][tap] = the sum over all places of dy[o][place] x[offset(tap) + place], dot
// products of two runs of memory. dy is laid out with the pitch of the padded picture, zeros between its rows, several pictures
// one behind the other so that sums are long. Pictures are summed in runs whose number depends on the sizes only, and the runs
// in order.
unsafe struct ConvolutionWeightGradient<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    const int MaxRuns = 16;
    const long MaxPartialElements = 1 << 23;
    // Of places in one sum, and of elements of the padded pictures: they stay in the second cache.
    const int Places = 2048;
    const long PaddedElements = 1 << 17;

    ConvolutionShape shape;
    PaddedPicture picture;
    T* dy, x, partial;
    long* offsets;
    int runs, channels, outChannels, taps, chunkRows, pictures, places;

    internal static void Compute(in ConvolutionShape s, T* dy, T* x, T* dweight)
    {
        int outHeight = s.OutHeight, outWidth = s.OutWidth, channels = s.Channels / s.Groups, taps = channels * s.KernelHeight * s.KernelWidth;
        var size = (long)s.OutChannels * taps;
        var total = new Span<T>(dweight, checked((int)size));
        total.Clear();
        if (size == 0 || outHeight <= 0 || outWidth <= 0 || s.Batch == 0) return;
        var runs = (int)Math.Clamp(MaxPartialElements / size, 1, Math.Min(s.Batch, MaxRuns));
        int halo = (s.KernelHeight - 1) * s.DilationHeight / s.StrideHeight, pitch = outWidth + (s.KernelWidth - 1) * s.DilationWidth / s.StrideWidth;
        var chunkRows = (int)Math.Clamp(Math.Min(2 * Places, PaddedElements / Math.Max(1, (long)channels * s.StrideHeight * s.StrideWidth)) / pitch - halo, 1, outHeight);
        var picture = new PaddedPicture(channels, s.Height, s.Width, s.StrideHeight, s.StrideWidth, -s.PaddingHeight, -s.PaddingWidth, chunkRows + halo, pitch);
        var places = ((chunkRows - 1) * pitch + outWidth + L.Count - 1) / L.Count * L.Count;
        var pictures = (int)Math.Clamp(Math.Min(Places / places, PaddedElements / (picture.Planes * picture.Plane)), 1, (s.Batch + runs - 1) / runs);
        var work = new ConvolutionWeightGradient<T, L>
        {
            shape = s,
            picture = picture,
            dy = dy,
            x = x,
            runs = runs,
            channels = channels,
            outChannels = s.OutChannels / s.Groups,
            taps = taps,
            chunkRows = chunkRows,
            pictures = pictures,
            places = places,
            partial = Workspace.Rent<T>(Workspace.Purpose.Partials, runs * size),
            offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, taps),
        };
        var tap = 0;
        for (var c = 0; c < channels; c++)
            for (var h = 0; h < s.KernelHeight; h++)
                for (var w = 0; w < s.KernelWidth; w++)
                    work.offsets[tap++] = picture.Offset(c, h * s.DilationHeight, w * s.DilationWidth, picture.Plane * pictures);
        WorkerPool.For(runs * s.Groups, ref work);
        for (var i = 0; i < runs; i++) TensorPrimitives.Add(total, new ReadOnlySpan<T>(work.partial + i * size, (int)size), total);
    }

    public readonly void Run(int part)
    {
        int run = part / shape.Groups, group = part % shape.Groups;
        int first = (int)((long)shape.Batch * run / runs), end = (int)((long)shape.Batch * (run + 1) / runs);
        var sums = partial + ((long)run * shape.OutChannels + group * outChannels) * taps;
        new Span<T>(sums, outChannels * taps).Clear();
        int outHeight = shape.OutHeight, outWidth = shape.OutWidth;
        var padded = Workspace.Rent<T>(Workspace.Purpose.Patches, picture.Planes * picture.Plane * pictures);
        var gradients = Workspace.Rent<T>(Workspace.Purpose.Sums, (long)outChannels * pictures * places);
        for (var image = first; image < end; image += pictures)
        {
            var count = Math.Min(pictures, end - image);
            for (var top = 0; top < outHeight; top += chunkRows)
            {
                for (var i = 0; i < count; i++)
                {
                    var imageAndGroup = (long)(image + i) * shape.Groups + group;
                    picture.Fill(x + imageAndGroup * channels * shape.Height * shape.Width, top, padded + i * picture.Plane, picture.Plane * pictures);
                    FillGradients(dy + imageAndGroup * outChannels * outHeight * outWidth + (long)top * outWidth, Math.Min(chunkRows, outHeight - top), gradients + (long)i * places);
                }
                Accumulate(count, padded, gradients, sums);
            }
        }
    }

    // The rows of dy at the padded picture's pitch.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void FillGradients(T* from, int rows, T* to)
    {
        int outWidth = shape.OutWidth, pitch = picture.Pitch;
        for (var o = 0; o < outChannels; o++, from += (long)shape.OutHeight * outWidth, to += (long)pictures * places)
        {
            var at = to;
            for (var r = 0; r < rows; r++)
            {
                new ReadOnlySpan<T>(from + (long)r * outWidth, outWidth).CopyTo(new Span<T>(at, outWidth));
                var gap = (r < rows - 1 ? at + pitch : to + places) - (at + outWidth);
                new Span<T>(at + outWidth, (int)gap).Clear();
                at += pitch;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    readonly void Accumulate(int count, T* padded, T* gradients, T* sums)
    {
        var wide = L.Count * sizeof(T) == 64;
        int rows = wide ? 4 : 2, columns = wide ? 6 : 4;
        var dyRow = (long)pictures * places;
        var block = stackalloc T[4 * 6];
        var at = stackalloc long[6];
        for (var p = 0; p < taps; p += columns)
        {
            // At the edges rows and taps come twice, and only the first time counts.
            for (var j = 0; j < columns; j++) at[j] = offsets[Math.Min(p + j, taps - 1)];
            for (var o = 0; o < outChannels; o += rows)
            {
                int height = Math.Min(rows, outChannels - o), width = Math.Min(columns, taps - p);
                var row = gradients + o * dyRow;
                if (wide) DotTile<T, L>.Four6(count, places, row, height > 1 ? dyRow : 0, height > 2 ? 2 * dyRow : 0, height > 3 ? 3 * dyRow : 0, padded, at, picture.Plane, block);
                else DotTile<T, L>.Two4(count, places, row, height > 1 ? dyRow : 0, padded, at, picture.Plane, block);
                for (var i = 0; i < height; i++)
                    for (var j = 0; j < width; j++) sums[(long)(o + i) * taps + p + j] += block[i * columns + j];
            }
        }
    }
}
