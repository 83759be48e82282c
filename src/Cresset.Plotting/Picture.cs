namespace Cresset.Plotting;

/// <summary>A grey or coloured picture as plain numbers, for <see cref="Charts.Pictures"/>.</summary>
public sealed class Picture
{
    /// <summary>A picture of H x W pixels.</summary>
    /// <remarks>The values are in a tensor's order: H*W of them are a grey picture, row by row from the top; 3*H*W an RGB one,
    /// the whole red plane first (3, H, W).</remarks>
    /// <param name="values">0 is black, 1 is white (or the full colour); what lies beyond is clipped, NaN is black.</param>
    /// <param name="height">H.</param>
    /// <param name="width">W.</param>
    /// <param name="stretch">Whether the smallest value is black and the largest white instead, as feature maps and kernels
    /// need it.</param>
    /// <exception cref="ArgumentException">The values are neither H*W nor 3*H*W.</exception>
    public Picture(ReadOnlySpan<float> values, int height, int width, bool stretch = false)
    {
        if (height < 1 || width < 1 || (values.Length != (long)height * width && values.Length != 3L * height * width))
            throw new ArgumentException(
                $"Picture: expected {height} x {width} values for grey or three times as many for RGB, got {values.Length}.", nameof(values));
        (Height, Width, IsGrey) = (height, width, values.Length == (long)height * width);
        float low = 0, high = 1;
        if (stretch)
        {
            (low, high) = (float.PositiveInfinity, float.NegativeInfinity);
            foreach (float v in values)
            {
                if (float.IsFinite(v)) (low, high) = (Math.Min(low, v), Math.Max(high, v));
            }
        }
        Pixels = new byte[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            float share = high > low ? (values[i] - low) / (high - low) : stretch ? 0.5f : 0;
            Pixels[i] = float.IsNaN(share) ? (byte)0 : (byte)MathF.Round(255 * Math.Clamp(share, 0, 1));
        }
    }

    /// <summary>Rows of pixels.</summary>
    public int Height { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    internal bool IsGrey { get; }

    /// <summary>Bytes in the order of the values.</summary>
    internal byte[] Pixels { get; }
}
