using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// A 3x3 convolution's output, or the gradient of its input, by WinogradTransforms: for each of the 16 numbers of a tile a product of
// [tiles, source channels] by [source channels, result channels]. Tiles go together whose numbers stay in the second cache: some rows of
// a picture, or several small pictures. A number that is not finite reaches all four outputs of a tile that meets it.
unsafe struct WinogradConvolution<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    const int LeastChannels = 16;
    const int SmallKernels = 1 << 19;

    enum Step
    {
        Kernels,
        Parts,
        // Of one part.
        Transform,
        Multiply,
    }

    readonly int channels, sourceChannels, height, width, sourceHeight, sourceWidth, padding, paddingColumns, batch;
    // Parts are shared by tiles, or each by its channels.
    readonly bool forward, shareTiles;
    CpuBackend.Finish<T> finish;
    T* source, result, weight, kernels;
    readonly WinogradTiles tiles;
    WinogradTiles.Cut cut;
    T* numbers;
    long* offsets;
    readonly int vectors, blocks;
    Step step;

    WinogradConvolution(bool forward, in ConvolutionShape s)
    {
        this.forward = forward;
        batch = s.Batch;
        (channels, sourceChannels, height, width, sourceHeight, sourceWidth, padding, paddingColumns) = (s.OutChannels, s.Channels, s.OutHeight, s.OutWidth, s.Height, s.Width, s.PaddingHeight, s.PaddingWidth);
        if (!forward) (channels, sourceChannels, height, width, sourceHeight, sourceWidth, padding, paddingColumns) = (sourceChannels, channels, sourceHeight, sourceWidth, height, width, 2 - padding, 2 - paddingColumns);
        var all = (channels + L.Count - 1) / L.Count;
        vectors = OuterTile<T, L>.Vectors(all);
        blocks = (all + vectors - 1) / vectors;
        // Where the kernels stay in the second cache, few tiles are shared by threads as well. No sum runs over several tiles, so that they may
        // follow the number of threads.
        var small = blocks * KernelsLength * sizeof(T) <= SmallKernels;
        tiles = new WinogradTiles(batch, height, width, Math.Max(channels, sourceChannels) * sizeof(T), small ? OuterTile<T, L>.Taps : 16, small ? WorkerPool.WantedParts : 1);
        shareTiles = small || tiles.Parts >= WinogradTiles.ManyParts;
    }

    /// <summary>Whether there is such a form of the convolution, and channels enough for a pass.</summary>
    internal static bool Suits(CpuBackend.ConvolutionPass pass, in ConvolutionShape s)
    {
        if (s is not { KernelHeight: 3, KernelWidth: 3, StrideHeight: 1, StrideWidth: 1, DilationHeight: 1, DilationWidth: 1, Groups: 1, PaddingHeight: <= 2, PaddingWidth: <= 2 }) return false;
        if (Math.Min(s.Channels, s.OutChannels) < LeastChannels) return false;
        var work = new WinogradConvolution<T, L>(pass != CpuBackend.ConvolutionPass.InputGradient, s);
        if (pass == CpuBackend.ConvolutionPass.WeightGradient) return work.tiles.Count >= WinogradWeightGradient<T, L>.LeastTiles;
        // Measured, in products of whole vectors: a tile's numbers cost 115 for each channel, a kernel's 150, and one vector at a time a third
        // more than several.
        double pairs = (double)work.sourceChannels * work.channels, products = work.sourceChannels * work.blocks * work.Lanes * (work.vectors == 1 ? 1.3 : 1);
        var here = work.tiles.Count * (WinogradTransforms<T, L>.Squares * products + 115 * (work.sourceChannels + work.channels)) + 150 * pairs;
        return here < pairs * s.Batch * Reached(s.OutHeight, s.PaddingHeight) * Reached(s.OutWidth, s.PaddingWidth);
    }

    // Pairs of an output's place and a tap that meet the input, along one dimension.
    static double Reached(int outSize, int padding) => 3 * outSize - padding * (padding + 1);

    /// <summary>The output y from x, or the input's gradient from the output's.</summary>
    internal static void Compute(bool forward, in ConvolutionShape s, T* source, T* weight, Storage? kept, in CpuBackend.Finish<T> finish, T* result)
    {
        var work = new WinogradConvolution<T, L>(forward, s) { source = source, result = result, weight = weight, finish = finish };
        var packed = PackedWeights<T>.Of(kept, PackedForm.Of<WinogradConvolution<T, L>>(weight, s), work.blocks * work.KernelsLength);
        work.kernels = packed.Pointer;
        if (!packed.IsPacked)
        {
            work.Run(Step.Kernels, work.blocks * work.vectors);
            packed.Keep();
        }
        work.offsets = Workspace.Rent<long>(Workspace.Purpose.Offsets, work.sourceChannels);
        for (var c = 0; c < work.sourceChannels; c++) work.offsets[c] = c;
        if (work.shareTiles) work.Run(Step.Parts, work.tiles.Parts);
        else
            for (var part = 0; part < work.tiles.Parts; part++)
            {
                work.Take(part);
                work.Run(Step.Transform, work.SourceVectors);
                work.Run(Step.Multiply, work.blocks);
            }
        packed.KeepAlive();
    }

    void Run(Step step, int parts)
    {
        this.step = step;
        WorkerPool.For(parts, ref this);
    }

    // Result channels of a block.
    readonly int Lanes => vectors * L.Count;

    // Of a block: [number of the tile][source channel][result channel].
    readonly long KernelsLength => (long)WinogradTransforms<T, L>.Squares * sourceChannels * Lanes;

    public readonly void Run(int part)
    {
        switch (step)
        {
            case Step.Kernels: Turn(part); break;
            case Step.Transform: Transform(part); break;
            case Step.Multiply: Multiply(part); break;
            default:
                var mine = this;
                mine.Take(part);
                for (var vector = 0; vector < SourceVectors; vector++) mine.Transform(vector);
                for (var block = 0; block < blocks; block++) mine.Multiply(block);
                break;
        }
    }

    // The kernels of one vector of result channels.
    [SkipLocalsInit]
    readonly void Turn(int vector)
    {
        var first = vector * L.Count;
        var to = kernels + vector / vectors * KernelsLength + vector % vectors * L.Count;
        var square = (long)sourceChannels * Lanes;
        int valid = Math.Clamp(channels - first, 0, L.Count), taps = WinogradTransforms<T, L>.Taps;
        // Weights are [output channel][input channel][tap].
        long step = (forward ? sourceChannels : 1) * taps, sourceStep = (forward ? 1 : channels) * taps;
        var turned = stackalloc T[taps * L.Count];
        new Span<T>(turned, taps * L.Count).Clear();
        for (var c = 0; c < sourceChannels; c++, to += Lanes)
        {
            if (valid > 0) Packing.Turned(weight + first * step + c * sourceStep, step, valid, L.Count, taps, turned);
            WinogradTransforms<T, L>.Kernel(turned, flipped: !forward, to, square);
        }
    }

    readonly int SourceVectors => (sourceChannels + L.Count - 1) / L.Count;

    // From tile to tile, and from one of its 16 numbers to the next: a vector more, so that they do not all fall into one set of the cache.
    readonly long Row => SourceVectors * L.Count;

    readonly long Square => cut.Count * Row + L.Count;

    void Take(int part)
    {
        cut = tiles.Part(part);
        numbers = Workspace.Rent<T>(Workspace.Purpose.Patches, WinogradTransforms<T, L>.Squares * Square);
    }

    readonly void Transform(int vector) =>
        tiles.Transform<T, L>(cut, source, sourceChannels, vector * L.Count, sourceHeight, sourceWidth, padding, paddingColumns, numbers, Row, Square);

    // The results of a block of channels.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Multiply(int block)
    {
        int count = cut.Count, lanes = Lanes, together = OuterTile<T, L>.Taps;
        var square = (long)count * lanes + L.Count;
        var products = Workspace.Rent<T>(Workspace.Purpose.Sums, WinogradTransforms<T, L>.Squares * square);
        // Where each tile lies; at the end tiles come twice, and only the first time counts.
        var at = Workspace.Rent<long>(Workspace.Purpose.Places, count + together);
        for (var tile = 0; tile < count + together; tile++) at[tile] = Math.Min(tile, count - 1) * Row;
        for (var i = 0; i < WinogradTransforms<T, L>.Squares; i++)
        {
            var kernel = kernels + block * KernelsLength + (long)i * sourceChannels * lanes;
            for (var tile = 0; tile < count; tile += together)
                OuterTile<T, L>.Block(vectors, sourceChannels, numbers + i * Square, at + tile, offsets, kernel, products + i * square + (long)tile * lanes, Math.Min(together, count - tile), add: false);
        }
        for (var v = 0; v < vectors; v++)
        {
            var first = (block * vectors + v) * L.Count;
            if (first < channels) Write(first, products + v * L.Count, lanes, square);
        }
    }

    // The results of one vector of channels.
    readonly void Write(int first, T* products, long step, long square)
    {
        var laid = Workspace.Rent<T>(Workspace.Purpose.Panels, (long)2 * cut.Rows * tiles.Columns * 2 * L.Count);
        int columns = 2 * tiles.Columns, valid = Math.Min(L.Count, channels - first), top = 2 * cut.Row, rows = Math.Min(2 * cut.Rows, height - top);
        for (var i = 0; i < cut.Pictures; i++)
        {
            for (var r = 0; r < cut.Rows; r++, products += tiles.Columns * step)
                WinogradTransforms<T, L>.Output(products, step, square, tiles.Columns, laid + (long)2 * r * columns * L.Count, columns);
            var at = ((long)(cut.Picture + i) * channels + first) * height * width + (long)top * width;
            if (columns == width) Packing.StoreTransposed(laid, L.Count, rows * width, valid, result + at, (long)height * width, add: false);
            else
                for (var r = 0; r < rows; r++) Packing.StoreTransposed(laid + (long)r * columns * L.Count, L.Count, width, valid, result + at + r * width, (long)height * width, add: false);
            if (finish.IsNothing) continue;
            for (var c = 0; c < valid; c++) finish.Apply<L>(result, at + (long)c * height * width, rows * width, first + c);
        }
    }
}
