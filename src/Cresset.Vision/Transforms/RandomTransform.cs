namespace Cresset.Vision;

/// <summary>
/// A transform that draws random numbers: other ones for each picture of a batch (torchvision draws once a call). They
/// come from the default generator unless one is given; within a <see cref="Data.DataLoader"/> the default depends on
/// its seed, the epoch and the batch only, so that any number of workers gives the same pictures.
/// </summary>
public abstract class RandomTransform : ITransform
{
    private readonly Generator? _generator;

    private protected RandomTransform(Generator? generator) => _generator = generator;

    /// <summary>The changed pictures; the given ones stay as they are.</summary>
    /// <param name="images">[C, H, W], or a batch [N, C, H, W].</param>
    /// <exception cref="ArgumentException">The shape or type does not fit.</exception>
    public Tensor Apply(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        TransformInput.Require(GetType().Name, images);
        Generator generator = _generator ?? Random.Default;
        if (images.Rank == 3)
            return One(images, generator);
        if (images.Size(0) == 0)
            throw new ArgumentException($"{GetType().Name}: expected at least one picture, got {images.Shape}.", nameof(images));
        return Batch(images, generator);
    }

    private protected abstract Tensor One(Tensor image, Generator generator);

    // One by one; a transform that changes places only can do better.
    private protected virtual Tensor Batch(Tensor images, Generator generator)
    {
        var changed = new Tensor[images.Size(0)];
        for (int i = 0; i < changed.Length; i++)
            changed[i] = One(images.Select(0, i), generator);
        return Tensor.Stack(changed);
    }

    private protected static double Between(Generator generator, double from, double to) => from + (to - from) * generator.NextDouble();
}

/// <summary>What transforms ask of pictures.</summary>
internal static class TransformInput
{
    public static void Require(string name, Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Rank is not (3 or 4))
            throw new ArgumentException($"{name}: expected pictures [C, H, W] or [N, C, H, W], got {images.Shape}.", nameof(images));
    }

    public static void RequireFloating(string name, Tensor images)
    {
        Require(name, images);
        if (!images.DType.IsFloatingPoint())
            throw new ArgumentException($"{name}: expected floating-point pictures, got {images.DType.Name()}; apply ToTensor first.", nameof(images));
    }

    public static void RequireProbability(string name, double p)
    {
        if (!(p >= 0 && p <= 1))
            throw new ArgumentOutOfRangeException(nameof(p), p, $"{name}: expected a probability from 0 to 1.");
    }
}
