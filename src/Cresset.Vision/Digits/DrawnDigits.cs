namespace Cresset.Vision;

/// <summary>
/// Handwritten-style digits that the library draws by itself: pen strokes in several writing styles a digit, with
/// random joints, slant, turn, size, place, thickness, pressure, blur and noise, now and then a broken stroke or a
/// speck. A data set without a download, and the same bytes on every machine.
/// </summary>
/// <remarks>
/// The pictures have MNIST's form (28x28 grey, bright ink on a dark ground) but are their own set: a network trained on
/// one does not serve the other. Picture i of a seed depends on the seed and i only, so a smaller set is the beginning
/// of a larger one. Each run of ten pictures from a multiple of ten holds every digit once, in random order: any such
/// cut is balanced. PyTorch has no counterpart.
/// </remarks>
public static class DrawnDigits
{
    /// <summary>Height and width of each picture in pixels.</summary>
    public const int Size = DigitPen.Size;

    /// <summary>The names of the classes: "0" to "9".</summary>
    public static IReadOnlyList<string> Classes { get; } = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

    /// <summary>Draws a set of digits: count pictures of 1x28x28 bytes and their labels.</summary>
    /// <param name="count">How many pictures; 0 or more.</param>
    /// <param name="seed">
    /// Which set: the same seed gives the same pictures, on every machine and with any number of threads.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// The count is negative, or more than one array can hold (2.7 million).
    /// </exception>
    public static LabelledImages Draw(int count, ulong seed = 0) => Draw(count, seed, maxThreads: -1);

    internal static LabelledImages Draw(int count, ulong seed, int maxThreads)
    {
        const int bytes = Size * Size;
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Array.MaxLength / bytes);
        var pixels = new byte[count * bytes];
        long[] labels = DrawLabels(count, seed);
        ulong pictures = SplitMix64.Mix(seed ^ 0x5069637475726573UL); // a stream apart from the labels'
        var options = new ParallelOptions { MaxDegreeOfParallelism = maxThreads };
        Parallel.For(0, count, options, () => new DigitPen(), (i, _, pen) =>
        {
            pen.Draw((int)labels[i], SplitMix64.Mix(pictures + (ulong)i), pixels.AsSpan(i * bytes, bytes));
            return pen;
        }, _ => { });
        return new LabelledImages(pixels, labels, 1, Size, Size, Classes);
    }

    private static long[] DrawLabels(int count, ulong seed)
    {
        var random = new SplitMix64(SplitMix64.Mix(seed));
        var labels = new long[count];
        Span<int> order = stackalloc int[10];
        for (int start = 0; start < count; start += 10)
        {
            for (int i = 0; i < 10; i++)
                order[i] = i;
            for (int i = 9; i > 0; i--)
            {
                int j = random.NextInt(i + 1);
                (order[i], order[j]) = (order[j], order[i]);
            }
            for (int i = 0; i < 10 && start + i < count; i++)
                labels[start + i] = order[i];
        }
        return labels;
    }
}
