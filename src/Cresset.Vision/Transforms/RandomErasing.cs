namespace Cresset.Vision;

/// <summary>
/// A random rectangle of each picture overwritten with one number, with a probability. Zhong et al., "Random erasing data
/// augmentation" (2017). torchvision: <c>transforms.RandomErasing</c>.
/// </summary>
public sealed class RandomErasing : RandomTransform
{
    // How often a rectangle is drawn until one fits, as in torchvision.
    private const int Attempts = 10;

    private readonly double _p, _value;
    private readonly (double From, double To) _scale, _ratio;

    /// <summary>With these ranges.</summary>
    /// <param name="p">The probability, from 0 to 1.</param>
    /// <param name="scale">The rectangle's smallest and largest part of the picture's area; (0.02, 0.33) unless given.</param>
    /// <param name="ratio">Its smallest and largest height by width; (0.3, 3.3) unless given.</param>
    /// <param name="value">What stands in it then.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">A value is out of its range.</exception>
    public RandomErasing(double p = 0.5, (double From, double To)? scale = null, (double From, double To)? ratio = null, double value = 0,
        Generator? generator = null) : base(generator)
    {
        TransformInput.RequireProbability(nameof(RandomErasing), p);
        (_p, _value, _scale, _ratio) = (p, value, scale ?? (0.02, 0.33), ratio ?? (0.3, 3.3));
        if (!(_scale.From >= 0 && _scale.From <= _scale.To && _scale.To <= 1))
            throw new ArgumentOutOfRangeException(nameof(scale), scale, "RandomErasing: expected parts of the area from 0 to 1, the smaller first.");
        if (!(_ratio.From > 0 && _ratio.From <= _ratio.To && double.IsFinite(_ratio.To)))
            throw new ArgumentOutOfRangeException(nameof(ratio), ratio, "RandomErasing: expected ratios above 0, the smaller first.");
    }

    private protected override Tensor One(Tensor image, Generator generator)
    {
        Tensor result = image.Clone();
        if (generator.NextDouble() >= _p)
            return result;
        int height = image.Size(-2), width = image.Size(-1);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            double area = height * width * Between(generator, _scale.From, _scale.To);
            double ratio = Math.Exp(Between(generator, Math.Log(_ratio.From), Math.Log(_ratio.To)));
            int rows = (int)Math.Round(Math.Sqrt(area * ratio)), columns = (int)Math.Round(Math.Sqrt(area / ratio));
            if (rows >= height || columns >= width)
                continue;
            int top = (int)generator.NextInt64(height - rows + 1), left = (int)generator.NextInt64(width - columns + 1);
            result.Narrow(-2, top, rows).Narrow(-1, left, columns).FillInPlace(_value);
            return result;
        }
        return result;
    }
}
