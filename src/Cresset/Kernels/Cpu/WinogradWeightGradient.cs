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

    enum Step
    {
        Runs,
        // Of one part.
        Transform,
        TransformGradient,
        Multiply,
        Finish,
    }

    ConvolutionShape shape;
    T* dy, x, dweight, sums;
    WinogradTiles tiles;
    WinogradTiles.Cut cut;
    T* numbers, gradients;
    long* at, places;
    int runs, vectors, blocks;
    bool add;
    Step step;

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
        if (work.tiles.Parts >= WinogradTiles.ManyParts)
        {
            work.runs = (int)Math.Clamp(MaxPartialElements / work.Size, 1, Math.Min(work.tiles.Parts, MaxRuns));
            work.sums = Workspace.Rent<T>(Workspace.Purpose.Partials, work.runs * work.Size);
            work.Run(Step.Runs, work.runs);
        }
        else
        {
            work.runs = 1;
            work.sums = Workspace.Rent<T>(Workspace.Purpose.Partials, work.Size);
            for (var part = 0; part < work.tiles.Parts; part++)
            {
                work.Take(part, add: part > 0);
                work.Run(Step.Transform, work.InputVectors);
                work.Run(Step.TransformGradient, work.blocks * work.vectors);
                work.Run(Step.Multiply, WinogradTransforms<T, L>.Squares);
            }
        }
        work.Run(Step.Finish, work.blocks * s.Channels);
    }

    void Run(Step step, int parts)
    {
        this.step = step;
        WorkerPool.For(parts, ref this);
    }

    // Output channels of a block.
    readonly int Lanes => vectors * L.Count;

    // Of the sums of one run: [number of the tile][block][input channel][output channel].
    readonly long Size => WinogradTransforms<T, L>.Squares * Square;

    readonly long Square => (long)blocks * shape.Channels * Lanes;

    public readonly void Run(int part)
    {
        switch (step)
        {
            case Step.Transform: Transform(part); break;
            case Step.TransformGradient: TransformGradient(part); break;
            case Step.Multiply: Multiply(part); break;
            case Step.Finish: Finish(part / shape.Channels, part % shape.Channels); break;
            default:
                var mine = this;
                mine.sums += part * Size;
                int first = (int)((long)tiles.Parts * part / runs), end = (int)((long)tiles.Parts * (part + 1) / runs);
                for (var i = first; i < end; i++)
                {
                    mine.Take(i, add: i > first);
                    for (var vector = 0; vector < InputVectors; vector++) mine.Transform(vector);
                    for (var vector = 0; vector < blocks * vectors; vector++) mine.TransformGradient(vector);
                    for (var square = 0; square < WinogradTransforms<T, L>.Squares; square++) mine.Multiply(square);
                }
                break;
        }
    }

    readonly int InputVectors => (shape.Channels + L.Count - 1) / L.Count;

    // From tile to tile, and from one of its 16 numbers to the next: a vector more, so that they do not all fall into one set of the cache.
    readonly long Row => InputVectors * L.Count;

    readonly long NumbersSquare => cut.Count * Row + L.Count;

    readonly long GradientSquare => (long)blocks * cut.Count * Lanes + L.Count;

    void Take(int part, bool add)
    {
        this.add = add;
        cut = tiles.Part(part);
        int taps = OuterTile<T, L>.Taps, channels = shape.Channels;
        numbers = Workspace.Rent<T>(Workspace.Purpose.Patches, WinogradTransforms<T, L>.Squares * NumbersSquare);
        gradients = Workspace.Rent<T>(Workspace.Purpose.Sums, WinogradTransforms<T, L>.Squares * GradientSquare);
        // At the end channels come twice, and only the first time counts.
        at = Workspace.Rent<long>(Workspace.Purpose.Offsets, channels + taps);
        for (var c = 0; c < channels + taps; c++) at[c] = Math.Min(c, channels - 1);
        places = Workspace.Rent<long>(Workspace.Purpose.Places, cut.Count);
        for (var tile = 0; tile < cut.Count; tile++) places[tile] = tile * Row;
    }

    readonly void Transform(int vector) =>
        tiles.Transform<T, L>(cut, x, shape.Channels, vector * L.Count, shape.Height, shape.Width, shape.PaddingHeight, shape.PaddingWidth, numbers, Row, NumbersSquare);

    // The 16 numbers of each tile of the output's gradient: [number of the tile][block][tile][output channel].
    readonly void TransformGradient(int vector)
    {
        int rows = 2 * cut.Rows, columns = 2 * tiles.Columns, lanes = Lanes, first = vector * L.Count;
        var laid = Workspace.Rent<T>(Workspace.Purpose.Panels, (long)rows * columns * L.Count);
        // Lanes without a channel are computed with for nothing; with zeros, since other numbers may be slow.
        if (first + L.Count > shape.OutChannels) new Span<T>(laid, rows * columns * L.Count).Clear();
        var to = gradients + (long)(vector / vectors) * cut.Count * lanes + vector % vectors * L.Count;
        for (var i = 0; i < cut.Pictures; i++)
        {
            WinogradTransforms<T, L>.Lay(dy + ((long)(cut.Picture + i) * shape.OutChannels + first) * shape.OutHeight * shape.OutWidth, shape.OutHeight, shape.OutWidth,
                Math.Clamp(shape.OutChannels - first, 0, L.Count), 2 * cut.Row, 0, rows, columns, laid);
            for (var r = 0; r < cut.Rows; r++, to += (long)tiles.Columns * lanes)
                WinogradTransforms<T, L>.OutputGradient(laid + (long)2 * r * columns * L.Count, columns, tiles.Columns, to, lanes, GradientSquare);
        }
    }

    // The sums of one number of all tiles.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    readonly void Multiply(int square)
    {
        int lanes = Lanes, taps = OuterTile<T, L>.Taps, channels = shape.Channels;
        for (var block = 0; block < blocks; block++)
            for (var c = 0; c < channels; c += taps)
                OuterTile<T, L>.Block(vectors, cut.Count, numbers + square * NumbersSquare, at + c, places, gradients + square * GradientSquare + (long)block * cut.Count * lanes,
                    sums + square * Square + ((long)block * channels + c) * lanes, Math.Min(taps, channels - c), add);
    }

    // The gradients of the kernels of one input channel and one block of output channels.
    [SkipLocalsInit]
    readonly void Finish(int block, int channel)
    {
        int lanes = Lanes, taps = WinogradTransforms<T, L>.Taps;
        var from = sums + ((long)block * shape.Channels + channel) * lanes;
        for (var i = 0; i < WinogradTransforms<T, L>.Squares; i++)
            for (var v = 0; v < lanes; v += L.Count)
            {
                var to = from + i * Square + v;
                var sum = L.Load(to);
                for (var run = 1; run < runs; run++) sum += L.Load(to + run * Size);
                L.Store(sum, to);
            }
        var turned = stackalloc T[taps * L.Count];
        for (var v = 0; v < vectors; v++)
        {
            var first = (block * vectors + v) * L.Count;
            if (first >= shape.OutChannels) break;
            WinogradTransforms<T, L>.KernelGradient(from + v * L.Count, Square, turned);
            Packing.StoreTransposed(turned, L.Count, taps, Math.Min(L.Count, shape.OutChannels - first), dweight + ((long)first * shape.Channels + channel) * taps, (long)shape.Channels * taps, add: false);
        }
    }
}
