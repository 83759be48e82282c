using Cresset.Data;

namespace Cresset.Vision;

/// <summary>
/// Pictures of one size with a class each, as plain arrays: pixels as bytes (0 to 255) in N, C, H, W order and one
/// label a picture.
/// </summary>
public sealed class LabelledImages
{
    /// <summary>Wraps arrays (no copy) after checking that they agree.</summary>
    /// <param name="pixels">N*C*H*W bytes: picture by picture, in each plane by plane, row by row.</param>
    /// <param name="labels">N class indices, each from 0 to the number of classes less one.</param>
    /// <param name="channels">C: 1 for grey, 3 for red, green and blue.</param>
    /// <param name="height">H, in pixels.</param>
    /// <param name="width">W, in pixels.</param>
    /// <param name="classes">The name of each class; its count is the number of classes.</param>
    /// <param name="names">What each picture is called, such as its file; null where they have no names.</param>
    /// <exception cref="ArgumentException">
    /// A size is not positive, the lengths disagree, or a label is out of range.
    /// </exception>
    public LabelledImages(
        byte[] pixels, long[] labels, int channels, int height, int width, IReadOnlyList<string> classes,
        IReadOnlyList<string>? names = null)
    {
        ArgumentNullException.ThrowIfNull(pixels);
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(channels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(height);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        var expected = (Int128)labels.Length * channels * height * width;
        if (pixels.Length != expected)
            throw new ArgumentException(
                $"LabelledImages: {labels.Length} labels of pictures {channels}x{height}x{width} need {expected} " +
                $"pixel bytes, " +
                $"got {pixels.Length}.", nameof(pixels));
        for (int i = 0; i < labels.Length; i++)
        {
            if (labels[i] < 0 || labels[i] >= classes.Count)
                throw new ArgumentException(
                    $"LabelledImages: expected labels from 0 to {classes.Count - 1}, got {labels[i]} at index " +
                    $"{i}.", nameof(labels));
        }
        if (names is not null && names.Count != labels.Length)
            throw new ArgumentException(
                $"LabelledImages: expected a name for each of {labels.Length} pictures, got {names.Count}.", nameof(names));
        Pixels = pixels;
        Labels = labels;
        Channels = channels;
        Height = height;
        Width = width;
        Classes = classes;
        Names = names;
    }

    /// <summary>The pixels, N*C*H*W bytes in that order. The array itself, not a copy.</summary>
    public byte[] Pixels { get; }

    /// <summary>The class index of each picture. The array itself, not a copy.</summary>
    public long[] Labels { get; }

    /// <summary>N: the number of pictures.</summary>
    public int Count => Labels.Length;

    /// <summary>C: 1 for grey, 3 for red, green and blue.</summary>
    public int Channels { get; }

    /// <summary>H: the height of each picture in pixels.</summary>
    public int Height { get; }

    /// <summary>W: the width of each picture in pixels.</summary>
    public int Width { get; }

    /// <summary>The names of the classes, by class index.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What each picture is called, such as its file; null where they have no names.</summary>
    public IReadOnlyList<string>? Names { get; }

    /// <summary>The pixels of one picture, C*H*W bytes, without a copy.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is not from 0 to Count less one.</exception>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            int size = Channels * Height * Width;
            return Pixels.AsSpan(index * size, size);
        }
    }

    /// <summary>Copies a run of pictures into a set of their own.</summary>
    /// <param name="start">The first picture.</param>
    /// <param name="count">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range does not lie within the set.</exception>
    public LabelledImages Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - start);
        int size = Channels * Height * Width;
        return new LabelledImages(
            Pixels.AsSpan(start * size, count * size).ToArray(), Labels.AsSpan(start, count).ToArray(),
            Channels, Height, Width, Classes, Names is null ? null : [.. Names.Skip(start).Take(count)]);
    }

    /// <summary>The pixels as a uint8 tensor [N, C, H, W], a copy.</summary>
    public Tensor ToTensor() => Tensor.From(Pixels, [Count, Channels, Height, Width]);

    /// <summary>
    /// The pictures and their classes as a dataset, transformed once, all together: right for sets that fit in memory
    /// as numbers. Samples are ([C, H, W], int64 scalar); a loader gathers a batch at once.
    /// </summary>
    /// <param name="transform">
    /// What is done to the uint8 pictures [N, C, H, W]; null for <see cref="Vision.ToTensor"/>: float32 from 0 to 1.
    /// </param>
    /// <param name="augmentation">
    /// What is done to the transformed pictures, such as a <see cref="RandomCrop"/>; null for nothing. With one the
    /// pictures stay bytes in memory, and both are done each time they are read, on the loader's workers where there are
    /// some.
    /// </param>
    public TensorDataset ToDataset(ITransform? transform = null, ITransform? augmentation = null)
    {
        transform ??= new ToTensor();
        Tensor labels = Tensor.From(Labels);
        return augmentation is null
            ? new TensorDataset(transform.Apply(ToTensor()), labels)
            : new AugmentedDataset(ToTensor(), labels, new Compose(transform, augmentation));
    }

    private sealed class AugmentedDataset(Tensor images, Tensor labels, ITransform transform) : TensorDataset(images, labels)
    {
        public override (Tensor, Tensor) this[int index]
        {
            get
            {
                var (image, label) = base[index];
                return (transform.Apply(image), label);
            }
        }

        protected internal override bool TryGetBatch(ReadOnlySpan<int> indices, out (Tensor, Tensor) batch)
        {
            base.TryGetBatch(indices, out batch);
            batch.Item1 = transform.Apply(batch.Item1);
            return true;
        }
    }
}
