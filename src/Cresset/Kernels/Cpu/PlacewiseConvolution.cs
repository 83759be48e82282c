using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// A convolution's output, or the gradient of its input, one place after another, for several pictures at once: a vector holds the weights
// of neighbouring result channels, the source is met one number at a time, so that no tap beyond its edge is computed. Where pictures are
// small, their padding wide or a stride leaves most taps unused, those would be many.
unsafe struct PlacewiseConvolution<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    // The sums of so many places stay in the second cache.
    const int MostPlaces = 1024;
    const int MostPictures = 8;

    // The result's and the source's channels, of one group, and sizes.
    readonly int channels, sourceChannels, height, width, sourceHeight, sourceWidth;
    readonly ConvolutionShape shape;
    readonly bool forward;
    CpuBackend.Finish<T> finish;
    T* source, result, weights;
    long* places;
    int vectors, blocks;

    PlacewiseConvolution(bool forward, in ConvolutionShape s)
    {
        shape = s;
        this.forward = forward;
        (channels, sourceChannels) = (s.OutChannels / s.Groups, s.Channels / s.Groups);
        (height, width, sourceHeight, sourceWidth) = (s.OutHeight, s.OutWidth, s.Height, s.Width);
        if (!forward) (channels, sourceChannels, height, width, sourceHeight, sourceWidth) = (sourceChannels, channels, sourceHeight, sourceWidth, height, width);
        var all = (channels + L.Count - 1) / L.Count;
        vectors = OuterTile<T, L>.Vectors(all);
        blocks = vectors == 0 ? 0 : (all + vectors - 1) / vectors;
    }

    static int Together => OuterTile<T, L>.Taps;

    /// <summary>Whether so few of all taps are reached, and so few lanes idle, that this is the faster way.</summary>
    internal static bool Suits(bool forward, in ConvolutionShape s)
    {
        var work = new PlacewiseConvolution<T, L>(forward, s);
        var strided = s.StrideHeight * s.StrideWidth > 1;
        if (s.Batch < Together || (long)work.height * work.width > MostPlaces || work.channels < L.Count / 2) return false;
        // With a stride the input's gradient has one tap of a row at a time.
        if (work.vectors == 1 && strided && !forward) return false;
        // Measured, GFLOP/s of what is computed: here 150 with one vector, 200 with more; the correlation 230, with a stride 145 and 120, or
        // more where there are many channels to sum over.
        var correlation = !strided ? 230 : work.sourceChannels >= 64 ? 215 : forward ? 145 : 120;
        long reached = (long)Reached(s.OutHeight, s.Height, s.KernelHeight, s.StrideHeight, s.PaddingHeight, s.DilationHeight) * Reached(s.OutWidth, s.Width, s.KernelWidth, s.StrideWidth, s.PaddingWidth, s.DilationWidth);
        double all = (double)work.height * work.width * s.KernelHeight * s.KernelWidth / (forward ? 1 : s.StrideHeight * s.StrideWidth);
        double here = reached * (double)work.blocks * work.Lanes / (work.vectors == 1 ? 150 : 200), there = all * ((work.channels + 3) / 4 * 4) / correlation;
        return here < there;
    }

    // Pairs of an output's place and a tap that meet the input, along one dimension.
    static int Reached(int outSize, int size, int kernel, int stride, int padding, int dilation)
    {
        var count = 0;
        for (var k = 0; k < kernel; k++)
            for (var o = 0; o < outSize; o++)
                if ((uint)(o * stride + k * dilation - padding) < (uint)size) count++;
        return count;
    }

    internal static void Compute(bool forward, in ConvolutionShape s, T* source, T* weight, Storage? kept, in CpuBackend.Finish<T> finish, T* result)
    {
        var work = new PlacewiseConvolution<T, L>(forward, s) { source = source, result = result, finish = finish };
        var packed = PackedWeights<T>.Of(kept, PackedForm.Of<PlacewiseConvolution<T, L>>(weight, s), s.Groups * work.blocks * work.WeightsLength);
        work.weights = packed.Pointer;
        if (!packed.IsPacked)
        {
            work.Turn(weight);
            packed.Keep();
        }
        // What the taps of one row of the kernel meet, from the first one's place on.
        work.places = Workspace.Rent<long>(Workspace.Purpose.Places, (long)s.KernelWidth * work.sourceChannels);
        for (var i = 0; i < s.KernelWidth; i++)
            for (var c = 0; c < work.sourceChannels; c++)
                work.places[i * work.sourceChannels + c] = ((long)c * work.sourceHeight * work.sourceWidth + (forward ? i : -i) * s.DilationWidth) * Together;
        WorkerPool.For((s.Batch + Together - 1) / Together * s.Groups * work.blocks, ref work);
        packed.KeepAlive();
    }

    // Channels of a block.
    readonly int Lanes => vectors * L.Count;

    // Of the weights of one group's block.
    readonly long WeightsLength => (long)shape.KernelHeight * shape.KernelWidth * sourceChannels * Lanes;

    // [group][block][tap][source channel][result channel], zeros where there is no channel.
    readonly void Turn(T* weight)
    {
        int kernel = shape.KernelHeight * shape.KernelWidth, perOutput = shape.Channels / shape.Groups * kernel;
        long step = forward ? perOutput : kernel, sourceStep = forward ? kernel : perOutput;
        var to = weights;
        for (var group = 0; group < shape.Groups; group++)
            for (var first = 0; first < blocks * Lanes; first += Lanes)
                for (var tap = 0; tap < kernel; tap++)
                    for (var c = 0; c < sourceChannels; c++)
                    {
                        var from = weight + (long)group * (shape.OutChannels / shape.Groups) * perOutput + first * step + c * sourceStep + tap;
                        for (var i = 0; i < Lanes; i++) *to++ = first + i < channels ? from[i * step] : T.Zero;
                    }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    public readonly void Run(int part)
    {
        int block = part % blocks, group = part / blocks % shape.Groups, image = part / blocks / shape.Groups * Together, count = Math.Min(Together, shape.Batch - image);
        int lanes = Lanes, pixels = height * width, row = Together * lanes, depth = sourceChannels * sourceHeight * sourceWidth;
        var kernels = weights + ((long)group * blocks + block) * WeightsLength;
        // [place][picture][result channel].
        var sums = Workspace.Rent<T>(Workspace.Purpose.Sums, (long)pixels * row);
        new Span<T>(sums, pixels * row).Clear();
        // [source channel][place][picture]: what is met at once lies side by side. Behind the last picture nothing is written.
        var turned = Workspace.Rent<T>(Workspace.Purpose.Patches, (long)depth * Together);
        if (count < Together) new Span<T>(turned, depth * Together).Clear();
        Packing.Turned(source + ((long)image * shape.Groups + group) * depth, (long)shape.Groups * depth, count, Together, depth, turned);
        var offsets = stackalloc long[MostPictures];
        for (var j = 0; j < MostPictures; j++) offsets[j] = j;
        for (var h = 0; h < height; h++)
            for (var kh = 0; kh < shape.KernelHeight; kh++)
            {
                if (!Meets(h, kh, shape.StrideHeight, shape.PaddingHeight, shape.DilationHeight, sourceHeight, out var above)) continue;
                var line = turned + (long)above * sourceWidth * Together;
                for (var w = 0; w < width; w++)
                    for (int kw = 0, taps; kw < shape.KernelWidth; kw += taps)
                    {
                        taps = 1;
                        if (!Meets(w, kw, shape.StrideWidth, shape.PaddingWidth, shape.DilationWidth, sourceWidth, out var left)) continue;
                        // Neighbouring taps meet places at the dilation's distance, as far as these go.
                        if (forward) taps = Math.Min(shape.KernelWidth - kw, (sourceWidth - 1 - left) / shape.DilationWidth + 1);
                        else if (shape.StrideWidth == 1) taps = Math.Min(shape.KernelWidth - kw, left / shape.DilationWidth + 1);
                        OuterTile<T, L>.Block(vectors, taps * sourceChannels, line + (long)left * Together, offsets, places,
                            kernels + ((long)kh * shape.KernelWidth + kw) * sourceChannels * lanes, sums + ((long)h * width + w) * row, count, add: true);
                    }
            }
        for (var j = 0; j < count; j++)
        {
            var first = ((long)(image + j) * shape.Groups + group) * channels + block * lanes;
            var valid = Math.Min(lanes, channels - block * lanes);
            Packing.StoreTransposed(sums + j * lanes, row, pixels, valid, result + first * pixels, pixels, add: false);
            if (finish.IsNothing) continue;
            for (var c = 0; c < valid; c++) finish.Apply<L>(result, (first + c) * pixels, pixels, group * channels + block * lanes + c);
        }
    }

    // The source's row or column that a result's place meets with a tap.
    readonly bool Meets(int place, int tap, int stride, int padding, int dilation, int size, out int met)
    {
        met = forward ? place * stride + tap * dilation - padding : place + padding - tap * dilation;
        if (forward || met < 0) return (uint)met < (uint)size;
        if (met % stride != 0) return false;
        met /= stride;
        return met < size;
    }
}
