using System.Numerics;
using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// The gradient of a 3x3 convolution's weights by WinogradTransforms: G'(sum over tiles of (A dy A') o (B' x B)) G, for each of the 16
// numbers of a tile a product of [input channels, tiles] by [tiles, output channels]. Pictures are summed in runs whose number depends on
// the sizes only, and the runs in order.
unsafe struct WinogradWeightGradient<T, L> : IParallelBody where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
{
    const int MaxRuns = 16;
    const long MaxPartialElements = 1 << 22;
    // The sums, which may be many, are read and written once for so many tiles.
    const int TilesTogether = 128;
    // Of fewer tiles there is less to be won than the kernels' gradients cost.
    internal const int LeastTiles = 64;

    ConvolutionShape shape;
    T* dy, x, dweight, partial;
    WinogradTiles tiles;
    int runs, vectors, blocks;
    bool finishing;

    internal static void Compute(in ConvolutionShape s, T* dy, T* x, T* dweight)
    {
        var all = (s.OutChannels + L.Count - 1) / L.Count;
        var work = new WinogradWeightGradient<T, L>
        {
            shape = s,
            dy = dy,
            x = x,
            dweight = dweight,
            vectors = OuterTile<T, L>.Vectors(all),
            tiles = new WinogradTiles(s.Batch, s.OutHeight, s.OutWidth, Math.Max(s.Channels, s.OutChannels) * sizeof(T), TilesTogether),
        };
        work.blocks = (all + work.vectors - 1) / work.vectors;
        work.runs = (int)Math.Clamp(MaxPartialElements / work.Size, 1, Math.Min(work.tiles.Parts, MaxRuns));
        work.partial = Workspace.Rent<T>(Workspace.Purpose.Partials, work.runs * work.Size);
        WorkerPool.For(work.runs, ref work);
        work.finishing = true;
        WorkerPool.For(work.blocks * s.Channels, ref work);
    }

    // Output channels of a block.
    readonly int Lanes => vectors * L.Count;

    // Of the sums of one run: [number of the tile][block][input channel][output channel].
    readonly long Size => WinogradTransforms<T, L>.Squares * Square;

    readonly long Square => (long)blocks * shape.Channels * Lanes;

    public readonly void Run(int part)
    {
        if (finishing) Finish(part / shape.Channels, part % shape.Channels);
        else Sum(part);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization), SkipLocalsInit]
    readonly void Sum(int run)
    {
        int first = (int)((long)tiles.Parts * run / runs), end = (int)((long)tiles.Parts * (run + 1) / runs);
        int lanes = Lanes, taps = OuterTile<T, L>.Taps, channels = shape.Channels;
        long row = (channels + L.Count - 1) / L.Count * L.Count;
        // At the end channels come twice, and only the first time counts.
        var at = Workspace.Rent<long>(Workspace.Purpose.Offsets, channels + taps);
        for (var c = 0; c < channels + taps; c++) at[c] = Math.Min(c, channels - 1);
        for (var part = first; part < end; part++)
        {
            var cut = tiles.Part(part);
            long square = cut.Count * row + L.Count, gradientSquare = (long)blocks * cut.Count * lanes + L.Count;
            var numbers = Workspace.Rent<T>(Workspace.Purpose.Patches, WinogradTransforms<T, L>.Squares * square);
            tiles.Transform<T, L>(cut, x, channels, shape.Height, shape.Width, shape.PaddingHeight, shape.PaddingWidth, numbers, row, square);
            var gradients = Workspace.Rent<T>(Workspace.Purpose.Sums, WinogradTransforms<T, L>.Squares * gradientSquare);
            Transform(cut, gradients, gradientSquare);
            var places = Workspace.Rent<long>(Workspace.Purpose.Places, cut.Count);
            for (var tile = 0; tile < cut.Count; tile++) places[tile] = tile * row;
            for (var i = 0; i < WinogradTransforms<T, L>.Squares; i++)
                for (var block = 0; block < blocks; block++)
                    for (var c = 0; c < channels; c += taps)
                        OuterTile<T, L>.Block(vectors, cut.Count, numbers + i * square, at + c, places, gradients + i * gradientSquare + (long)block * cut.Count * lanes,
                            partial + run * Size + i * Square + ((long)block * channels + c) * lanes, Math.Min(taps, channels - c), add: part > first);
        }
    }

    // The 16 numbers of each tile of the output's gradient: [number of the tile][block][tile][output channel].
    readonly void Transform(in WinogradTiles.Cut cut, T* numbers, long square)
    {
        int rows = 2 * cut.Rows, columns = 2 * tiles.Columns, lanes = Lanes;
        var laid = Workspace.Rent<T>(Workspace.Purpose.Panels, (long)rows * columns * L.Count);
        // Lanes without a channel are computed with for nothing; with zeros, since other numbers may be slow.
        new Span<T>(laid, rows * columns * L.Count).Clear();
        for (var vector = 0; vector < blocks * vectors; vector++)
        {
            var first = vector * L.Count;
            var to = numbers + (long)(vector / vectors) * cut.Count * lanes + vector % vectors * L.Count;
            for (var i = 0; i < cut.Pictures; i++)
            {
                WinogradTransforms<T, L>.Lay(dy + ((long)(cut.Picture + i) * shape.OutChannels + first) * shape.OutHeight * shape.OutWidth, shape.OutHeight, shape.OutWidth,
                    Math.Clamp(shape.OutChannels - first, 0, L.Count), 2 * cut.Row, 0, rows, columns, laid);
                for (var r = 0; r < cut.Rows; r++, to += (long)tiles.Columns * lanes)
                    WinogradTransforms<T, L>.OutputGradient(laid + (long)2 * r * columns * L.Count, columns, tiles.Columns, to, lanes, square);
            }
        }
    }

    // The gradients of the kernels of one input channel and one block of output channels.
    [SkipLocalsInit]
    readonly void Finish(int block, int channel)
    {
        int lanes = Lanes, taps = WinogradTransforms<T, L>.Taps;
        var sums = partial + ((long)block * shape.Channels + channel) * lanes;
        for (var i = 0; i < WinogradTransforms<T, L>.Squares; i++)
            for (var v = 0; v < lanes; v += L.Count)
            {
                var to = sums + i * Square + v;
                var sum = L.Load(to);
                for (var run = 1; run < runs; run++) sum += L.Load(to + run * Size);
                L.Store(sum, to);
            }
        var turned = stackalloc T[taps * L.Count];
        for (var v = 0; v < vectors; v++)
        {
            var first = (block * vectors + v) * L.Count;
            if (first >= shape.OutChannels) break;
            WinogradTransforms<T, L>.KernelGradient(sums + v * L.Count, Square, turned);
            Packing.StoreTransposed(turned, L.Count, taps, Math.Min(L.Count, shape.OutChannels - first), dweight + ((long)first * shape.Channels + channel) * taps, (long)shape.Channels * taps, add: false);
        }
    }
}
