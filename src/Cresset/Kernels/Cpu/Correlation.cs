using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// A convolution's output, and the gradient of its input, which is a convolution of the output's gradient. Pictures are padded
// and taken apart (PaddedPicture); then every sum runs over the kernel's taps with whole vectors of neighbouring places, which
// a tap meets as one run of memory, so nothing is unfolded. Where the rows of the padded picture are longer than the output's,
// the places between are computed for nothing and left out when the sums are written.
unsafe struct Correlation<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    // Of places at once: their sums for one block of channels stay in the first cache.
    const int ChunkPlaces = 768;

    // Output pixels that share their taps: (FirstRow + i rowStep, FirstColumn + j columnStep).
    struct Phase
    {
        internal T* Weights;
        internal long* Offsets;
        internal int Taps, Rows, Columns, FirstRow, FirstColumn;
    }

    T* source, target, bias;
    PaddedPicture picture;
    Phase* phases;
    int phaseCount, groups, chunks, chunkRows, rowStep, columnStep, channels, height, width;
    long sourceGroup;

    // How many channels the tiles take at once: all by eight where there are registers enough, what is left by four.
    static int Block(int left) => L.Count * sizeof(T) == 64 && left > 4 ? 8 : 4;

    internal static void Forward(in ConvolutionShape s, T* x, T* weight, T* bias, T* y)
    {
        int outHeight = s.OutHeight, outWidth = s.OutWidth, channels = s.Channels / s.Groups, taps = channels * s.KernelHeight * s.KernelWidth;
        if (s.Batch == 0 || s.OutChannels == 0 || outHeight <= 0 || outWidth <= 0) return;
        var work = new Correlation<T, L>
        {
            source = x,
            target = y,
            bias = bias,
            groups = s.Groups,
            channels = s.OutChannels / s.Groups,
            height = outHeight,
            width = outWidth,
            rowStep = 1,
            columnStep = 1,
            sourceGroup = (long)channels * s.Height * s.Width,
            phaseCount = 1,
        };
        var halo = (s.KernelHeight - 1) * s.DilationHeight / s.StrideHeight;
        var pitch = outWidth + (s.KernelWidth - 1) * s.DilationWidth / s.StrideWidth;
        work.Cut(outHeight, pitch);
        work.picture = new PaddedPicture(channels, s.Height, s.Width, s.StrideHeight, s.StrideWidth, -s.PaddingHeight, -s.PaddingWidth, work.chunkRows + halo, pitch);
        work.phases = Workspace.Rent<Phase>(Workspace.Purpose.Phases, s.Groups);
        var packed = Workspace.Rent<T>(Workspace.Purpose.Weights, (long)s.Groups * taps * work.PackedChannels);
        var offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, taps);
        var tap = 0;
        for (var c = 0; c < channels; c++)
            for (var h = 0; h < s.KernelHeight; h++)
                for (var w = 0; w < s.KernelWidth; w++)
                    offsets[tap++] = work.picture.Offset(c, h * s.DilationHeight, w * s.DilationWidth, work.picture.Plane);
        for (var group = 0; group < s.Groups; group++)
        {
            work.phases[group] = new Phase { Weights = packed, Offsets = offsets, Taps = taps, Rows = outHeight, Columns = outWidth };
            var from = weight + (long)group * work.channels * taps;
            for (int first = 0, block; first < work.channels; first += block, packed += (long)block * taps)
            {
                block = Block(work.channels - first);
                Packing.Panel(from + (long)first * taps, 1, taps, Math.Min(block, work.channels - first), block, taps, packed);
            }
        }
        WorkerPool.For(s.Batch * s.Groups * work.chunks, ref work);
    }

    internal static void InputGradient(in ConvolutionShape s, T* dy, T* weight, T* dx)
    {
        int outChannels = s.OutChannels / s.Groups, kernel = s.KernelHeight * s.KernelWidth;
        if (s.Batch == 0 || s.Channels == 0 || s.Height == 0 || s.Width == 0) return;
        var work = new Correlation<T, L>
        {
            source = dy,
            target = dx,
            groups = s.Groups,
            channels = s.Channels / s.Groups,
            height = s.Height,
            width = s.Width,
            rowStep = s.StrideHeight,
            columnStep = s.StrideWidth,
            sourceGroup = (long)outChannels * s.OutHeight * s.OutWidth,
            phaseCount = s.StrideHeight * s.StrideWidth,
        };
        // Pixel h = i stride + a of the input meets row i + (a + padding - kernel row * dilation) / stride of the output.
        Range(s.StrideHeight, s.PaddingHeight, s.KernelHeight, s.DilationHeight, out var lowRow, out var highRow);
        Range(s.StrideWidth, s.PaddingWidth, s.KernelWidth, s.DilationWidth, out var lowColumn, out var highColumn);
        int rows = (s.Height + s.StrideHeight - 1) / s.StrideHeight, pitch = (s.Width + s.StrideWidth - 1) / s.StrideWidth + highColumn - lowColumn;
        work.Cut(rows, pitch);
        work.picture = new PaddedPicture(outChannels, s.OutHeight, s.OutWidth, 1, 1, lowRow, lowColumn, work.chunkRows + highRow - lowRow, pitch);
        work.phases = Workspace.Rent<Phase>(Workspace.Purpose.Phases, s.Groups * work.phaseCount);
        // Every tap belongs to one phase of the rows and one of the columns.
        var packed = Workspace.Rent<T>(Workspace.Purpose.Weights, (long)s.Groups * outChannels * kernel * work.PackedChannels);
        var offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, (long)outChannels * kernel);
        for (var a = 0; a < s.StrideHeight; a++)
            for (var b = 0; b < s.StrideWidth; b++)
            {
                var phase = new Phase
                {
                    Offsets = offsets,
                    FirstRow = a,
                    FirstColumn = b,
                    Rows = (s.Height - a + s.StrideHeight - 1) / s.StrideHeight,
                    Columns = (s.Width - b + s.StrideWidth - 1) / s.StrideWidth,
                };
                for (var o = 0; o < outChannels; o++)
                    for (var h = 0; h < s.KernelHeight; h++)
                        for (var w = 0; w < s.KernelWidth; w++)
                        {
                            int row = a + s.PaddingHeight - h * s.DilationHeight, column = b + s.PaddingWidth - w * s.DilationWidth;
                            if (row % s.StrideHeight != 0 || column % s.StrideWidth != 0) continue;
                            offsets[phase.Taps++] = work.picture.Offset(o, row / s.StrideHeight - lowRow, column / s.StrideWidth - lowColumn, work.picture.Plane);
                        }
                for (var group = 0; group < s.Groups; group++)
                {
                    phase.Weights = packed;
                    work.phases[group * work.phaseCount + a * s.StrideWidth + b] = phase;
                    packed = work.PackTransposed(s, weight + (long)group * outChannels * work.channels * kernel, outChannels, a, b, packed);
                }
                offsets += phase.Taps;
            }
        WorkerPool.For(s.Batch * s.Groups * work.chunks, ref work);
    }

    // The weights of a phase's taps, which come in the order of their offsets, for blocks of the input's channels.
    readonly T* PackTransposed(in ConvolutionShape s, T* weight, int outChannels, int a, int b, T* packed)
    {
        var kernel = s.KernelHeight * s.KernelWidth;
        for (int first = 0, block; first < channels; first += block)
        {
            block = Block(channels - first);
            var valid = Math.Min(block, channels - first);
            for (var o = 0; o < outChannels; o++)
                for (var h = 0; h < s.KernelHeight; h++)
                    for (var w = 0; w < s.KernelWidth; w++)
                    {
                        int row = a + s.PaddingHeight - h * s.DilationHeight, column = b + s.PaddingWidth - w * s.DilationWidth;
                        if (row % s.StrideHeight != 0 || column % s.StrideWidth != 0) continue;
                        var from = weight + ((long)o * channels + first) * kernel + h * s.KernelWidth + w;
                        for (var c = 0; c < block; c++) packed[c] = c < valid ? from[(long)c * kernel] : T.Zero;
                        packed += block;
                    }
        }
        return packed;
    }

    static void Range(int stride, int padding, int kernel, int dilation, out int low, out int high)
    {
        (low, high) = (int.MaxValue, int.MinValue);
        for (var a = 0; a < stride; a++)
            for (var k = 0; k < kernel; k++)
            {
                var at = a + padding - k * dilation;
                if (at % stride != 0) continue;
                low = Math.Min(low, at / stride);
                high = Math.Max(high, at / stride);
            }
    }

    readonly int PackedChannels => (channels + 7) / 8 * 8;

    // Chunks of rows: by size alone, so that the cut is the same for any number of threads.
    void Cut(int rows, int pitch)
    {
        chunks = (int)Math.Clamp((long)rows * pitch / ChunkPlaces, 1, rows);
        chunkRows = (rows + chunks - 1) / chunks;
        chunks = (rows + chunkRows - 1) / chunkRows;
    }

    public readonly void Run(int part)
    {
        int chunk = part % chunks, imageAndGroup = part / chunks, group = imageAndGroup % groups, top = chunk * chunkRows;
        var padded = Workspace.Rent<T>(Workspace.Purpose.Patches, picture.Planes * picture.Plane);
        picture.Fill(source + imageAndGroup * sourceGroup, top, padded, picture.Plane);
        var y = target + (long)imageAndGroup * channels * height * width;
        for (var i = 0; i < phaseCount; i++)
        {
            var phase = phases + group * phaseCount + i;
            var rows = Math.Min(chunkRows, phase->Rows - top);
            if (rows > 0 && phase->Columns > 0) Correlate(phase, padded, top, rows, y, bias == null ? null : bias + group * channels);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Correlate(Phase* phase, T* padded, int top, int rows, T* y, T* biases)
    {
        int places = (rows - 1) * picture.Pitch + phase->Columns, taps = phase->Taps;
        var stride = (places + L.Count - 1) / L.Count * L.Count;
        var sums = Workspace.Rent<T>(Workspace.Purpose.Sums, 8L * stride);
        var weights = phase->Weights;
        for (int first = 0, block; first < channels; first += block, weights += (long)block * taps)
        {
            block = Block(channels - first);
            for (var at = 0; at < places;)
            {
                if (places - at > 2 * L.Count)
                {
                    if (block == 8) CorrelationTile<T, L>.Wide8(taps, weights, phase->Offsets, padded + at, sums + at, stride);
                    else CorrelationTile<T, L>.Wide4(taps, weights, phase->Offsets, padded + at, sums + at, stride);
                    at += 3 * L.Count;
                }
                else
                {
                    if (block == 8) CorrelationTile<T, L>.Narrow8(taps, weights, phase->Offsets, padded + at, sums + at, stride);
                    else CorrelationTile<T, L>.Narrow4(taps, weights, phase->Offsets, padded + at, sums + at, stride);
                    at += L.Count;
                }
            }
            for (var c = 0; c < Math.Min(block, channels - first); c++)
            {
                var start = y + ((long)(first + c) * height + top * rowStep + phase->FirstRow) * width + phase->FirstColumn;
                var addend = biases == null ? T.Zero : biases[first + c];
                for (var r = 0; r < rows; r++)
                    Write(sums + (long)c * stride + (long)r * picture.Pitch, phase->Columns, addend, start + (long)r * rowStep * width, columnStep);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Write(T* sums, int count, T addend, T* y, int step)
    {
        var j = 0;
        if (step == 1)
        {
            var wide = L.Broadcast(addend);
            for (; j + L.Count <= count; j += L.Count) L.Store(L.Load(sums + j) + wide, y + j);
            var narrow = Vector128.Create(addend);
            for (; j + Vector128<T>.Count <= count; j += Vector128<T>.Count) (Vector128.Load(sums + j) + narrow).Store(y + j);
        }
        for (; j < count; j++) y[(long)j * step] = sums[j] + addend;
    }
}
