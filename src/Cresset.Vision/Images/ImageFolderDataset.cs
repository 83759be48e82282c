using Cresset.Data;

namespace Cresset.Vision;

/// <summary>
/// The pictures of an <see cref="ImageFolder"/> as samples (picture, class): each is read and decoded when it is asked
/// for, on the loader's workers where there are some. PyTorch: torchvision.datasets.ImageFolder with a transform.
/// </summary>
public sealed class ImageFolderDataset : Dataset<(Tensor Image, Tensor Label)>
{
    private readonly ImageFolder _folder;
    private readonly ImageColor _color;
    private readonly (int Height, int Width)? _size;
    private readonly ITransform _transform;

    /// <summary>The pictures of a folder; the folder stays the caller's to dispose of.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="color">Grey (C = 1) or red, green, blue (C = 3).</param>
    /// <param name="size">H and W to resize to; null for each picture's own.</param>
    /// <param name="transform">
    /// What is done to each uint8 picture [C, H, W]; null for <see cref="ToTensor"/>: float32 from 0 to 1.
    /// </param>
    public ImageFolderDataset(
        ImageFolder folder, ImageColor color = ImageColor.Rgb, (int Height, int Width)? size = null,
        ITransform? transform = null)
    {
        ArgumentNullException.ThrowIfNull(folder);
        (_folder, _color, _size, _transform) = (folder, color, size, transform ?? new ToTensor());
    }

    /// <summary>The names of the classes, by class index.</summary>
    public IReadOnlyList<string> Classes => _folder.Classes;

    /// <inheritdoc/>
    public override int Count => _folder.Items.Count;

    /// <summary>One picture [C, H, W] and its class, an int64 scalar.</summary>
    public override (Tensor Image, Tensor Label) this[int index]
    {
        get
        {
            Tensor image = _transform.Apply(_folder.Read(index, _color, _size).ToTensor());
            return (image, Tensor.From(_folder.Items[index].Label, DType.Int64));
        }
    }
}
