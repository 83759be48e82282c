namespace Cresset.Vision;

/// <summary>
/// Bytes 0 to 255 to float32 numbers 0 to 1: y = x / 255. [C, H, W] or [N, C, H, W]. PyTorch:
/// torchvision.transforms.ToTensor, which also moves the channels of a PIL picture to the front; here they are there.
/// </summary>
public sealed class ToTensor : ITransform
{
    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The pictures are not uint8, or not of 3 or 4 dimensions.</exception>
    public Tensor Apply(Tensor images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.DType != DType.UInt8 || images.Rank is not (3 or 4))
            throw new ArgumentException(
                $"ToTensor: expected uint8 pictures [C, H, W] or [N, C, H, W], got {images.DType.Name()} " +
                $"{images.Shape}.", nameof(images));
        return images.To(DType.Float32) / 255;
    }
}
