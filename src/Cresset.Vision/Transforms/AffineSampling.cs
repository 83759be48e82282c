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
        int channels = image.Size(0), height = image.Size(1), width = image.Size(2), plane = height * width;
        double[] source = image.To(DType.Float64).ToArray<double>(), result = new double[source.Length];
        double middleX = (width - 1) / 2.0, middleY = (height - 1) / 2.0;
        for (int row = 0; row < height; row++)
        {
            for (int column = 0; column < width; column++)
            {
                double dx = column - middleX, dy = row - middleY;
                double x = matrix[0] * dx + matrix[1] * dy + matrix[2] + middleX, y = matrix[3] * dx + matrix[4] * dy + matrix[5] + middleY;
                for (int channel = 0; channel < channels; channel++)
                {
                    int start = channel * plane;
                    double At(int atRow, int atColumn) =>
                        (uint)atRow < (uint)height && (uint)atColumn < (uint)width ? source[start + atRow * width + atColumn] : fill;
                    double value;
                    if (interpolation == Interpolation.Nearest)
                    {
                        value = At((int)Math.Round(y), (int)Math.Round(x));
                    }
                    else
                    {
                        int left = (int)Math.Floor(x), top = (int)Math.Floor(y);
                        double right = x - left, down = y - top;
                        value = (1 - down) * ((1 - right) * At(top, left) + right * At(top, left + 1))
                            + down * ((1 - right) * At(top + 1, left) + right * At(top + 1, left + 1));
                    }
                    result[start + row * width + column] = value;
                }
            }
        }
        Tensor changed = Tensor.From(result, image.Shape);
        return image.DType.IsFloatingPoint() ? changed.To(image.DType) : changed.Round().Clamp(0, 255).To(image.DType);
    }
}
