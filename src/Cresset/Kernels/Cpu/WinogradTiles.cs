using System.Numerics;

namespace Cresset.Kernels.Cpu;

// How pictures are cut into tiles of 2x2 places, and tiles into parts: rows of a picture's tiles, or several whole pictures. By sizes only.
readonly unsafe struct WinogradTiles
{
    // Of one number of all tiles of a part.
    const int PartBytes = 8 << 10;
    const int MostTiles = 256;

    /// <summary>Pictures and rows of tiles.</summary>
    internal readonly record struct Cut(int Picture, int Pictures, int Row, int Rows, int Count);

    readonly int batch, rows, pictures, chunkRows, chunks;

    internal readonly int Columns;

    /// <summary>Tiles of so many bytes for each number, at least so many together, in as many parts as are wanted where it can be.</summary>
    internal WinogradTiles(int batch, int height, int width, int bytes, int least, int wanted = 1)
    {
        this.batch = batch;
        (rows, Columns) = ((height + 1) / 2, (width + 1) / 2);
        var most = Math.Clamp((int)Math.Min(PartBytes / bytes, Count / wanted), least, MostTiles);
        pictures = Math.Clamp(most / (rows * Columns), 1, Math.Max(1, batch));
        chunks = (rows * Columns + most - 1) / most;
        chunkRows = (rows + chunks - 1) / chunks;
        chunks = (rows + chunkRows - 1) / chunkRows;
    }

    internal long Count => (long)batch * rows * Columns;

    /// <summary>So many parts are enough for threads to share; of fewer, each is shared by its channels.</summary>
    internal const int ManyParts = 8;

    internal int Parts => (batch + pictures - 1) / pictures * chunks;

    internal Cut Part(int part)
    {
        int picture = part / chunks * pictures, together = Math.Min(pictures, batch - picture), row = part % chunks * chunkRows, height = Math.Min(chunkRows, rows - row);
        return new(picture, together, row, height, together * height * Columns);
    }

    /// <summary>The 16 numbers of each tile of a part for a vector of the source's channels, from this one on.</summary>
    internal void Transform<T, L>(in Cut cut, T* source, int channels, int first, int height, int width, int paddingRows, int paddingColumns, T* numbers, long step, long square)
        where T : unmanaged, IFloatingPointIeee754<T> where L : struct, ILanes<L, T>
    {
        int laidRows = 2 * cut.Rows + 2, laidColumns = 2 * Columns + 2;
        var laid = Workspace.Rent<T>(Workspace.Purpose.Panels, (long)laidRows * laidColumns * L.Count);
        numbers += first;
        for (var i = 0; i < cut.Pictures; i++)
        {
            WinogradTransforms<T, L>.Lay(source + ((long)(cut.Picture + i) * channels + first) * height * width, height, width, Math.Min(L.Count, channels - first),
                2 * cut.Row - paddingRows, -paddingColumns, laidRows, laidColumns, laid);
            for (var r = 0; r < cut.Rows; r++, numbers += Columns * step)
                WinogradTransforms<T, L>.Input(laid + (long)2 * r * laidColumns * L.Count, laidColumns, Columns, numbers, step, square);
        }
    }
}
