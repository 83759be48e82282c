using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// How a picture is laid out for a correlation: every channel padded with zeros, and taken apart by the stride into phases
// (pixels that lie a whole number of strides apart), each a plane of its own. A tap of the kernel then meets the output's
// places, row after row with the plane's pitch, as one run of memory that begins at the tap's offset.
readonly unsafe struct PaddedPicture(int channels, int height, int width, int phaseRows, int phaseColumns, int firstRow, int firstColumn, int rows, int pitch)
{
    // Behind each plane, for the last vector of places; zeros, so that it adds nothing.
    internal const int Slack = 16;

    // Pixel (h, w) of phase (a, b) is the picture's ((top + h) phaseRows + a + firstRow, w phaseColumns + b + firstColumn).
    readonly int channels = channels, height = height, width = width, phaseRows = phaseRows, phaseColumns = phaseColumns, firstRow = firstRow, firstColumn = firstColumn, rows = rows;

    internal readonly int Pitch = pitch;

    internal long Plane => (long)rows * Pitch + Slack;

    internal long Planes => (long)channels * phaseRows * phaseColumns;

    // Where the pixel lies that the tap (h, w), in pixels of the padded picture, meets at the first place.
    internal long Offset(int channel, int h, int w, long planeStride) =>
        ((long)(channel * phaseRows + h % phaseRows) * phaseColumns + w % phaseColumns) * planeStride + h / phaseRows * Pitch + w / phaseColumns;

    // The rows from `top` of every plane.
    internal void Fill<T>(T* picture, int top, T* target, long planeStride) where T : unmanaged, INumberBase<T>
    {
        for (var c = 0; c < channels; c++, picture += (long)height * width)
            for (var a = 0; a < phaseRows; a++)
                for (var b = 0; b < phaseColumns; b++, target += planeStride)
                    Fill(picture, top, a, b, target);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    void Fill<T>(T* picture, int top, int a, int b, T* target) where T : unmanaged, INumberBase<T>
    {
        var column = b + firstColumn;
        // The places [first, end) of a row that lie inside the picture.
        var first = Math.Clamp(column >= 0 ? 0 : (-column + phaseColumns - 1) / phaseColumns, 0, Pitch);
        var end = Math.Clamp(column >= width ? 0 : (width - 1 - column) / phaseColumns + 1, first, Pitch);
        for (var r = 0; r < rows; r++, target += Pitch)
        {
            var row = (top + r) * phaseRows + a + firstRow;
            if ((uint)row >= (uint)height)
            {
                new Span<T>(target, Pitch).Clear();
                continue;
            }
            var source = picture + (long)row * width + column;
            var w = 0;
            for (; w < first; w++) target[w] = T.Zero;
            if (phaseColumns == 1)
            {
                if (Vector512.IsHardwareAccelerated)
                    for (; w + Vector512<T>.Count <= end; w += Vector512<T>.Count) Vector512.Load(source + w).Store(target + w);
                for (; w + Vector256<T>.Count <= end; w += Vector256<T>.Count) Vector256.Load(source + w).Store(target + w);
                for (; w + Vector128<T>.Count <= end; w += Vector128<T>.Count) Vector128.Load(source + w).Store(target + w);
            }
            else if (phaseColumns == 2 && sizeof(T) == sizeof(float))
                // The lower halves of pairs; one number more than needed is read, so not at the row's end.
                for (; w + Vector<T>.Count < end; w += Vector<T>.Count)
                    Vector.Narrow(Vector.Load((ulong*)(source + 2 * w)), Vector.Load((ulong*)(source + 2 * w) + Vector<ulong>.Count)).Store((uint*)(target + w));
            for (; w < end; w++) target[w] = source[(long)w * phaseColumns];
            for (; w < Pitch; w++) target[w] = T.Zero;
        }
        new Span<T>(target, Slack).Clear();
    }
}
