namespace Cresset.Vision;

/// <summary>
/// Resampling by a triangle filter, one axis at a time, in fixed point with 22 fraction bits and 8 bits between the two
/// passes: the arithmetic of PIL's Resample.c, so that pictures come out the same to the bit.
/// </summary>
internal static class BilinearResize
{
    private const int FractionBits = 22;

    /// <summary>For one output pixel: the first input pixel and the weights from there on.</summary>
    private readonly record struct Window(int Start, int[] Weights);

    /// <summary>Resamples rows of one width to another.</summary>
    public static byte[] Rows(byte[] input, int rows, int width, int newWidth)
    {
        if (newWidth == width)
            return input;
        Window[] windows = Windows(width, newWidth);
        var output = new byte[rows * newWidth];
        for (int row = 0; row < rows; row++)
        {
            for (int x = 0; x < newWidth; x++)
            {
                var (start, weights) = windows[x];
                int sum = 1 << (FractionBits - 1);
                for (int k = 0; k < weights.Length; k++)
                    sum += input[row * width + start + k] * weights[k];
                output[row * newWidth + x] = ToByte(sum);
            }
        }
        return output;
    }

    /// <summary>Resamples the columns of each plane from one height to another.</summary>
    public static byte[] Columns(byte[] input, int planes, int height, int newHeight, int width)
    {
        if (newHeight == height)
            return input;
        Window[] windows = Windows(height, newHeight);
        var output = new byte[planes * newHeight * width];
        var sums = new int[width];
        for (int row = 0; row < planes * newHeight; row++)
        {
            var (start, weights) = windows[row % newHeight];
            int first = (row / newHeight * height + start) * width;
            Array.Fill(sums, 1 << (FractionBits - 1));
            for (int k = 0; k < weights.Length; k++)
            {
                for (int x = 0; x < width; x++)
                    sums[x] += input[first + k * width + x] * weights[k];
            }
            for (int x = 0; x < width; x++)
                output[row * width + x] = ToByte(sums[x]);
        }
        return output;
    }

    private static byte ToByte(int sum) => (byte)Math.Clamp(sum >> FractionBits, 0, 255);

    private static Window[] Windows(int size, int newSize)
    {
        double scale = (double)size / newSize;
        // Where the picture shrinks, the triangle widens to cover every input pixel.
        double support = Math.Max(scale, 1.0);
        var windows = new Window[newSize];
        for (int i = 0; i < newSize; i++)
        {
            double centre = (i + 0.5) * scale;
            int start = Math.Max(0, (int)(centre - support + 0.5));
            int end = Math.Min(size, (int)(centre + support + 0.5));
            var shares = new double[end - start];
            double total = 0;
            for (int k = 0; k < shares.Length; k++)
                total += shares[k] = Math.Max(0.0, 1 - Math.Abs((k + start - centre + 0.5) * (1 / support)));
            int[] weights = Array.ConvertAll(shares, share => (int)(0.5 + share / total * (1 << FractionBits)));
            windows[i] = new Window(start, weights);
        }
        return windows;
    }
}
