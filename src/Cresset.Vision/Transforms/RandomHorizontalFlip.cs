namespace Cresset.Vision;

/// <summary>
/// Left and right swapped with a probability, picture by picture. torchvision: <c>transforms.RandomHorizontalFlip</c>.
/// </summary>
public sealed class RandomHorizontalFlip : RandomTransform
{
    private readonly double _p;

    /// <summary>With this probability.</summary>
    /// <param name="p">From 0 to 1.</param>
    /// <param name="generator">Where random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not a probability.</exception>
    public RandomHorizontalFlip(double p = 0.5, Generator? generator = null) : base(generator)
    {
        TransformInput.RequireProbability(nameof(RandomHorizontalFlip), p);
        _p = p;
    }

    private protected override Tensor One(Tensor image, Generator generator) =>
        generator.NextDouble() < _p ? image.Flip(-1) : image.Clone();
}
