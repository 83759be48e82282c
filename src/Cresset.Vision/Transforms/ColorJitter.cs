namespace Cresset.Vision;

/// <summary>
/// Brightness, contrast, saturation and hue of each picture changed by random amounts, in random order. Pictures are
/// float, from 0 to 1. torchvision: <c>transforms.ColorJitter</c>.
/// </summary>
/// <remarks>
/// With a factor f: brightness f x; contrast f x + (1 - f) m, m the mean of the picture's grey; saturation f x + (1 - f) g,
/// g its grey, 0.2989 R + 0.587 G + 0.114 B; each cut off at 0 and 1. Hue turns the colours' circle (HSV) by a part of it.
/// Grey pictures (one channel) have neither saturation nor hue.
/// </remarks>
public sealed class ColorJitter : RandomTransform
{
    private readonly double _brightness, _contrast, _saturation, _hue;

    /// <summary>By up to these amounts.</summary>
    /// <param name="brightness">The factor is from max(0, 1 - brightness) to 1 + brightness.</param>
    /// <param name="contrast">Likewise.</param>
    /// <param name="saturation">Likewise.</param>
    /// <param name="hue">The turn is from -hue to hue, as a part of the circle: from 0 to 0.5.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">An amount is out of its range.</exception>
    public ColorJitter(double brightness = 0, double contrast = 0, double saturation = 0, double hue = 0, Generator? generator = null)
        : base(generator)
    {
        foreach (var (amount, name) in ((double, string)[])[(brightness, nameof(brightness)), (contrast, nameof(contrast)), (saturation, nameof(saturation))])
        {
            if (!(amount >= 0 && double.IsFinite(amount)))
                throw new ArgumentOutOfRangeException(name, amount, "ColorJitter: expected an amount of at least 0.");
        }
        if (!(hue >= 0 && hue <= 0.5))
            throw new ArgumentOutOfRangeException(nameof(hue), hue, "ColorJitter: expected a part of the circle from 0 to 0.5.");
        (_brightness, _contrast, _saturation, _hue) = (brightness, contrast, saturation, hue);
    }

    private protected override Tensor One(Tensor image, Generator generator)
    {
        TransformInput.RequireFloating(nameof(ColorJitter), image);
        if (image.Size(0) is not (1 or 3))
            throw new ArgumentException($"ColorJitter: expected pictures of 1 or 3 channels, got {image.Shape}.", nameof(image));
        foreach (int change in generator.Permutation(4))
        {
            image = change switch
            {
                0 when _brightness > 0 => Brightness(image, Factor(_brightness)),
                1 when _contrast > 0 => Contrast(image, Factor(_contrast)),
                2 when _saturation > 0 => Saturation(image, Factor(_saturation)),
                3 when _hue > 0 => Hue(image, Between(generator, -_hue, _hue)),
                _ => image,
            };
        }
        return image;

        double Factor(double amount) => Between(generator, Math.Max(0, 1 - amount), 1 + amount);
    }

    internal static Tensor Brightness(Tensor image, double factor) => (image * factor).Clamp(0, 1);

    internal static Tensor Contrast(Tensor image, double factor) => (image * factor + Grey(image).Mean() * (1 - factor)).Clamp(0, 1);

    internal static Tensor Saturation(Tensor image, double factor) =>
        image.Size(0) == 1 ? image : (image * factor + Grey(image) * (1 - factor)).Clamp(0, 1);

    private static Tensor Grey(Tensor image) => image.Size(0) == 1
        ? image
        : image.Narrow(0, 0, 1) * 0.2989 + image.Narrow(0, 1, 1) * 0.587 + image.Narrow(0, 2, 1) * 0.114;

    internal static Tensor Hue(Tensor image, double turn)
    {
        if (image.Size(0) == 1)
            return image;
        double[] values = image.To(DType.Float64).ToArray<double>();
        int plane = values.Length / 3;
        for (int i = 0; i < plane; i++)
        {
            ref double r = ref values[i], g = ref values[plane + i], b = ref values[2 * plane + i];
            double largest = Math.Max(r, Math.Max(g, b)), range = largest - Math.Min(r, Math.Min(g, b));
            if (range == 0)
                continue;
            // The hue from 0 to 6: red at 0, green at 2, blue at 4.
            double hue = largest == r ? (g - b) / range : largest == g ? 2 + (b - r) / range : 4 + (r - g) / range;
            hue += 6 * turn;
            (r, g, b) = (Channel(5), Channel(3), Channel(1));

            double Channel(int offset)
            {
                double k = ((offset + hue) % 6 + 6) % 6;
                return largest - range * Math.Clamp(Math.Min(k, 4 - k), 0, 1);
            }
        }
        return Tensor.From(values, image.Shape).To(image.DType);
    }
}
