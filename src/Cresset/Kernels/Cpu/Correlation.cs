using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// A convolution's output, and the gradient of its input, which is a convolution of the output's gradient. Pictures are padded
// and taken apart (PaddedPicture); then every sum runs over the kernel's taps with whole vectors of neighbouring places, which
// a tap meets as one run of memory or as pieces of rows (Places), so nothing is unfolded. Only where rows are too short for that, or
// the output is written with a stride, the places between the rows of the padded picture are computed for nothing and left out when the
// sums are written.
unsafe struct Correlation<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    // Of places at once: their sums for one block of channels stay in the first cache.
    const int ChunkPlaces = 768;
    // Of a chunk, where pictures are fewer than threads.
    const int LeastPlaces = 128;
    // So many vectors, and pictures of fewer go together.
    const int FewVectors = 12;

    // Output pixels that share their taps: (FirstRow + i rowStep, FirstColumn + j columnStep).
    struct Phase
    {
        internal T* Weights;
        internal long* Offsets;
        internal int Taps, Rows, Columns, FirstRow, FirstColumn;
    }

    T* source, target;
    CpuBackend.Finish<T> finish;
    PaddedPicture picture;
    Phase* phases;
    int phaseCount, groups, chunks, chunkRows, rowStep, columnStep, channels, height, width;
    int batch, pictures;
    long sourceGroup;
    PlacesKind kind;
    // Whether taps meet the source itself: nothing is padded, and one by one.
    bool inPlace;

    // How many channels the tiles take at once: all by eight where there are registers enough, what is left by four.
    static int Block(int left) => L.Count * sizeof(T) == 64 && left > 4 ? 8 : 4;

    internal static void Forward(in ConvolutionShape s, T* x, T* weight, Storage? kept, in CpuBackend.Finish<T> finish, T* y)
    {
        int outHeight = s.OutHeight, outWidth = s.OutWidth, channels = s.Channels / s.Groups, taps = channels * s.KernelHeight * s.KernelWidth;
        if (s.Batch == 0 || s.OutChannels == 0 || outHeight <= 0 || outWidth <= 0) return;
        var work = new Correlation<T, L>
        {
            source = x,
            target = y,
            finish = finish,
            batch = s.Batch,
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
        work.Cut(outHeight, pitch, taps);
        work.picture = new PaddedPicture(channels, s.Height, s.Width, s.StrideHeight, s.StrideWidth, -s.PaddingHeight, -s.PaddingWidth, work.chunkRows + halo, pitch);
        var plane = work.Plane(s);
        work.phases = Workspace.Rent<Phase>(Workspace.Purpose.Phases, s.Groups);
        var packed = PackedWeights<T>.Of(kept, PackedForm.Of<Correlation<T, L>>(weight, s), (long)s.Groups * taps * work.PackedChannels);
        var offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, taps);
        var tap = 0;
        for (var c = 0; c < channels; c++)
            for (var h = 0; h < s.KernelHeight; h++)
                for (var w = 0; w < s.KernelWidth; w++)
                    offsets[tap++] = work.picture.Offset(c, h * s.DilationHeight, w * s.DilationWidth, plane);
        var to = packed.Pointer;
        for (var group = 0; group < s.Groups; group++)
        {
            work.phases[group] = new Phase { Weights = to, Offsets = offsets, Taps = taps, Rows = outHeight, Columns = outWidth };
            var from = weight + (long)group * work.channels * taps;
            for (int first = 0, block; first < work.channels; first += block, to += (long)block * taps)
            {
                block = Block(work.channels - first);
                if (!packed.IsPacked) Packing.Panel(from + (long)first * taps, 1, taps, Math.Min(block, work.channels - first), block, taps, to);
            }
        }
        if (!packed.IsPacked) packed.Keep();
        work.Execute();
        packed.KeepAlive();
    }

    internal static void InputGradient(in ConvolutionShape s, T* dy, T* weight, T* dx)
    {
        int outChannels = s.OutChannels / s.Groups, kernel = s.KernelHeight * s.KernelWidth;
        if (s.Batch == 0 || s.Channels == 0 || s.Height == 0 || s.Width == 0) return;
        var work = new Correlation<T, L>
        {
            source = dy,
            target = dx,
            batch = s.Batch,
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
        work.Cut(rows, pitch, outChannels * kernel);
        work.picture = new PaddedPicture(outChannels, s.OutHeight, s.OutWidth, 1, 1, lowRow, lowColumn, work.chunkRows + highRow - lowRow, pitch);
        var plane = work.Plane(s);
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
                            offsets[phase.Taps++] = work.picture.Offset(o, row / s.StrideHeight - lowRow, column / s.StrideWidth - lowColumn, plane);
                        }
                for (var group = 0; group < s.Groups; group++)
                {
                    phase.Weights = packed;
                    work.phases[group * work.phaseCount + a * s.StrideWidth + b] = phase;
                    packed = work.PackTransposed(s, weight + (long)group * outChannels * work.channels * kernel, outChannels, a, b, packed);
                }
                offsets += phase.Taps;
            }
        work.Execute();
    }

    // Whether taps meet the source itself, and the distance of its channels where they do, otherwise that of the padded picture's.
    long Plane(in ConvolutionShape s)
    {
        inPlace = s is { KernelHeight: 1, KernelWidth: 1, StrideHeight: 1, StrideWidth: 1, PaddingHeight: 0, PaddingWidth: 0 } && chunks == 1 && height * width >= L.Count;
        return inPlace ? (long)height * width : picture.Plane;
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

    // Chunks of rows. No sum runs over several chunks, so that they may follow the number of threads.
    void Cut(int rows, int pitch, int taps)
    {
        var places = (long)rows * pitch;
        chunks = (int)Math.Clamp(places / ChunkPlaces, 1, rows);
        var parts = (long)batch * groups * chunks;
        if (parts < WorkerPool.WantedParts && places * batch * groups * channels * taps >= Gemm.ParallelWork)
            chunks = (int)Math.Clamp(Math.Min(chunks * ((WorkerPool.WantedParts + parts - 1) / parts), places / LeastPlaces), chunks, rows);
        chunkRows = (rows + chunks - 1) / chunks;
        chunks = (rows + chunkRows - 1) / chunkRows;
    }

    // Chooses how places are read, and how many pictures go together, and starts the parts. Where no place between the rows is computed,
    // as all chunks have to allow, the sums are the output itself.
    void Execute()
    {
        var last = height - (chunks - 1) * chunkRows;
        kind = phaseCount > 1 ? PlacesKind.Pitch : inPlace ? PlacesKind.OneRun : Places<T, L>.Kind(chunkRows, width);
        if (kind != PlacesKind.Pitch && !inPlace && Places<T, L>.Kind(last, width) != kind) kind = PlacesKind.Pitch;
        if (chunkRows * width < L.Count || last * width < L.Count) kind = PlacesKind.Pitch;
        // Not so many that threads go without.
        pictures = kind == PlacesKind.Pitch ? 1 : Math.Clamp(FewVectors / Places<T, L>.Count(chunkRows * width), 1, Math.Max(1, batch / 16));
        WorkerPool.For((batch + pictures - 1) / pictures * groups * chunks, ref this);
    }

    public readonly void Run(int part)
    {
        int chunk = part % chunks, group = part / chunks % groups, image = part / chunks / groups * pictures, top = chunk * chunkRows;
        var count = Math.Min(pictures, batch - image);
        var from = source + ((long)image * groups + group) * sourceGroup;
        var planes = picture.Planes * picture.Plane;
        T* padded = from;
        if (!inPlace)
        {
            padded = Workspace.Rent<T>(Workspace.Purpose.Patches, count * planes);
            for (var i = 0; i < count; i++) picture.Fill(from + (long)i * groups * sourceGroup, top, padded + i * planes, picture.Plane);
        }
        var y = target + ((long)image * groups + group) * channels * height * width;
        for (var i = 0; i < phaseCount; i++)
        {
            var phase = phases + group * phaseCount + i;
            var rows = Math.Min(chunkRows, phase->Rows - top);
            if (rows <= 0 || phase->Columns <= 0) continue;
            switch (kind)
            {
                case PlacesKind.SplitRows: Correlate<SplitRows>(phase, padded, count, group, top, rows, y); break;
                case PlacesKind.FourRows: Correlate<FourRows>(phase, padded, count, group, top, rows, y); break;
                default: Correlate<OneRun>(phase, padded, count, group, top, rows, y); break;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    readonly void Correlate<TPlaces>(Phase* phase, T* padded, int count, int group, int top, int rows, T* y) where TPlaces : struct, IPlaces
    {
        // At the picture's pitch the rows are one long row, whose places between them are left out when the sums are written.
        var direct = kind != PlacesKind.Pitch;
        int places = direct ? rows * width : (rows - 1) * picture.Pitch + phase->Columns, taps = phase->Taps, each = Places<T, L>.Count(places), all = count * each;
        var vectors = Workspace.Rent<PlaceVector>(Workspace.Purpose.Places, all);
        if (direct) Plan(vectors, count, rows, each);
        else Places<T, L>.Plan(places, vectors);
        long sumsRow = (long)each * L.Count, cRow = direct ? (long)height * width : sumsRow;
        var sums = direct ? null : Workspace.Rent<T>(Workspace.Purpose.Sums, 8 * sumsRow);
        var picturePlaces = (long)groups * channels * height * width;
        var weights = phase->Weights;
        var addends = stackalloc T[8];
        // More than a bias is a matter of its own, after the sums.
        var more = finish.IsMoreThanBias;
        for (int first = 0, block; first < channels; first += block, weights += (long)block * taps)
        {
            block = Block(channels - first);
            var valid = Math.Min(block, channels - first);
            for (var c = 0; c < 8; c++) addends[c] = finish.Bias != null && !more && c < valid ? finish.Bias[group * channels + first + c] : T.Zero;
            var results = direct ? y + ((long)first * height + top) * width : sums;
            for (var v = 0; v < all;)
            {
                var c = results + vectors[v].Target;
                if (all - v > 2)
                {
                    long second = vectors[v + 1].Target - vectors[v].Target, third = vectors[v + 2].Target - vectors[v].Target;
                    if (block == 8) CorrelationTile<T, L>.Wide8<TPlaces>(taps, weights, phase->Offsets, padded, vectors + v, addends, c, second, third, cRow, valid);
                    else CorrelationTile<T, L>.Wide4<TPlaces>(taps, weights, phase->Offsets, padded, vectors + v, addends, c, second, third, cRow, valid);
                    v += 3;
                }
                else
                {
                    if (block == 8) CorrelationTile<T, L>.Narrow8<TPlaces>(taps, weights, phase->Offsets, padded, vectors + v, addends, c, cRow, valid);
                    else CorrelationTile<T, L>.Narrow4<TPlaces>(taps, weights, phase->Offsets, padded, vectors + v, addends, c, cRow, valid);
                    v++;
                }
            }
            if (direct)
            {
                if (more)
                    for (var i = 0; i < count; i++)
                        for (var c = 0; c < valid; c++) finish.Apply<L>(target, results + i * picturePlaces + c * cRow - target, places, group * channels + first + c);
                continue;
            }
            for (var c = 0; c < valid; c++)
            {
                var start = y + ((long)(first + c) * height + top * rowStep + phase->FirstRow) * width + phase->FirstColumn;
                for (var r = 0; r < rows; r++)
                {
                    Write(sums + c * sumsRow + (long)r * picture.Pitch, phase->Columns, start + (long)r * rowStep * width, columnStep);
                    // Only a forward pass has more, and its rows are whole.
                    if (more) finish.Apply<L>(target, start + (long)r * rowStep * width - target, phase->Columns, group * channels + first + c);
                }
            }
        }
    }

    // The vectors of several pictures.
    readonly void Plan(PlaceVector* vectors, int count, int rows, int each)
    {
        if (inPlace) Places<T, L>.Plan(kind, 1, rows * width, 0, vectors);
        else Places<T, L>.Plan(kind, rows, width, picture.Pitch, vectors);
        Places<T, L>.Repeat(vectors, each, count, inPlace ? groups * sourceGroup : picture.Planes * picture.Plane, (long)groups * channels * height * width);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    static void Write(T* sums, int count, T* y, int step)
    {
        var j = 0;
        if (step == 1)
        {
            for (; j + L.Count <= count; j += L.Count) L.Store(L.Load(sums + j), y + j);
            for (; j + Vector128<T>.Count <= count; j += Vector128<T>.Count) Vector128.Load(sums + j).Store(y + j);
        }
        for (; j < count; j++) y[(long)j * step] = sums[j];
    }
}
