using System.Numerics;

namespace Cresset.Vision;

/// <summary>How a picture is read between its pixels.</summary>
public enum Interpolation
{
    /// <summary>The nearest pixel.</summary>
    Nearest,

    /// <summary>The weighted mean of the four around.</summary>
    Bilinear,
}

/// <summary>
/// The affine map of pictures: what stands at a place of the new picture is read from a place of the old one. Places are
/// counted from the centre, so that the centre stays unless it is shifted.
/// </summary>
internal static class AffineSampling
{
    /// <summary>
    /// The matrix from new to old places (torchvision's inverse affine matrix): the old picture is sheared, scaled,
    /// turned clockwise by the angle and shifted, in this order.
    /// </summary>
    public static double[] Inverse(double angle, double shiftX, double shiftY, double scale, double shearX, double shearY)
    {
        double rotation = double.DegreesToRadians(angle), sx = double.DegreesToRadians(shearX), sy = double.DegreesToRadians(shearY);
        double a = Math.Cos(rotation - sy) / Math.Cos(sy), b = -Math.Cos(rotation - sy) * Math.Tan(sx) / Math.Cos(sy) - Math.Sin(rotation);
        double c = Math.Sin(rotation - sy) / Math.Cos(sy), d = -Math.Sin(rotation - sy) * Math.Tan(sx) / Math.Cos(sy) + Math.Cos(rotation);
        double[] m = [d / scale, -b / scale, 0, -c / scale, a / scale, 0];
        m[2] = -m[0] * shiftX - m[1] * shiftY;
        m[5] = -m[3] * shiftX - m[4] * shiftY;
        return m;
    }

    /// <summary>One picture [C, H, W] under a matrix of six numbers; what lies outside is the filling.</summary>
    public static Tensor Apply(Tensor image, double[] matrix, Interpolation interpolation, double fill)
    {
        bool whole = !image.DType.IsFloatingPoint();
        Tensor x = whole ? image.To(DType.Float64).Contiguous() : image.Contiguous();
        Tensor changed = Tensor.Empty(x.Shape, x.DType);
        if (x.DType == DType.Float32)
            Map(x.AsSpan<float>(), changed.AsSpan<float>(), x.Size(1), x.Size(2), matrix, interpolation, fill);
        else
            Map(x.AsSpan<double>(), changed.AsSpan<double>(), x.Size(1), x.Size(2), matrix, interpolation, fill);
        GC.KeepAlive(x);
        return whole ? changed.Round().Clamp(0, 255).To(image.DType) : changed;
    }

    private static void Map<T>(ReadOnlySpan<T> source, Span<T> result, int height, int width, double[] matrix, Interpolation interpolation, double fill)
        where T : struct, IFloatingPointIeee754<T>
    {
        int plane = height * width;
        double middleX = (width - 1) / 2.0, middleY = (height - 1) / 2.0;
        double m0 = matrix[0], m1 = matrix[1], m2 = matrix[2] + middleX, m3 = matrix[3], m4 = matrix[4], m5 = matrix[5] + middleY;
        for (int row = 0; row < height; row++)
        {
            double dy = row - middleY;
            for (int column = 0; column < width; column++)
            {
                double dx = column - middleX, x = m0 * dx + m1 * dy + m2, y = m3 * dx + m4 * dy + m5;
                int to = row * width + column;
                if (interpolation == Interpolation.Nearest)
                {
                    int nearestRow = (int)Math.Round(y), nearestColumn = (int)Math.Round(x);
                    bool inside = (uint)nearestRow < (uint)height && (uint)nearestColumn < (uint)width;
                    int from = nearestRow * width + nearestColumn;
                    for (int plus = 0; plus < source.Length; plus += plane)
                        result[plus + to] = inside ? source[plus + from] : T.CreateTruncating(fill);
                    continue;
                }
                int left = (int)Math.Floor(x), top = (int)Math.Floor(y), corner = top * width + left;
                double right = x - left, down = y - top;
                // Whether the four pixels around are of the picture, decided once for all channels.
                bool above = (uint)top < (uint)height, below = (uint)(top + 1) < (uint)height;
                bool before = (uint)left < (uint)width, behind = (uint)(left + 1) < (uint)width;
                for (int plus = 0; plus < source.Length; plus += plane)
                {
                    int at = plus + corner;
                    double a = above && before ? double.CreateTruncating(source[at]) : fill, b = above && behind ? double.CreateTruncating(source[at + 1]) : fill;
                    double c = below && before ? double.CreateTruncating(source[at + width]) : fill, d = below && behind ? double.CreateTruncating(source[at + width + 1]) : fill;
                    result[plus + to] = T.CreateTruncating((1 - down) * ((1 - right) * a + right * b) + down * ((1 - right) * c + right * d));
                }
            }
        }
    }
}
