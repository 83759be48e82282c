namespace Cresset.Vision;

/// <summary>A change of pictures on their way to a model. PyTorch: what <c>torchvision.transforms</c> holds.</summary>
public interface ITransform
{
    /// <summary>The changed pictures; the given ones stay as they are.</summary>
    /// <param name="images">[C, H, W], or a batch [N, C, H, W].</param>
    Tensor Apply(Tensor images);
}

/// <summary>Transforms one after another. PyTorch: <c>torchvision.transforms.Compose</c>.</summary>
public sealed class Compose : ITransform
{
    private readonly ITransform[] _transforms;

    /// <summary>These transforms, in this order.</summary>
    public Compose(params IReadOnlyList<ITransform> transforms)
    {
        ArgumentNullException.ThrowIfNull(transforms);
        _transforms = [.. transforms];
    }

    /// <inheritdoc/>
    public Tensor Apply(Tensor images)
    {
        foreach (ITransform transform in _transforms)
            images = transform.Apply(images);
        return images;
    }
}
