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

    // In a copy of all pictures, where no gradient is to flow back to them.
    private protected override Tensor Batch(Tensor images, Generator generator)
    {
        if (images.RequiresGrad)
            return base.Batch(images, generator);
        Tensor result = images.Clone();
        for (int i = 0; i < images.Size(0); i++)
        {
            if (generator.NextDouble() >= _p)
                continue;
            switch (images.DType)
            {
                case DType.Bool: ReverseRows<bool>(result, i); break;
                case DType.UInt8: ReverseRows<byte>(result, i); break;
                case DType.Int32: ReverseRows<int>(result, i); break;
                case DType.Int64: ReverseRows<long>(result, i); break;
                case DType.Float32: ReverseRows<float>(result, i); break;
                default: ReverseRows<double>(result, i); break;
            }
        }
        return result;
    }

    private static void ReverseRows<T>(Tensor images, int which) where T : unmanaged
    {
        int width = images.Size(-1), size = images.ElementCount / images.Size(0);
        Span<T> image = images.AsSpan<T>().Slice(which * size, size);
        for (int start = 0; start < size; start += width)
            image.Slice(start, width).Reverse();
    }
}
