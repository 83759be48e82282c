using Cresset.Data;

namespace Cresset.Vision;

/// <summary>
/// MNIST (LeCun, Cortes and Burges): 60,000 training and 10,000 test pictures of handwritten digits, 28x28 grey.
/// PyTorch's torchvision.datasets.MNIST.
/// </summary>
public static class Mnist
{
    /// <summary>The files, their published checksums and their homes.</summary>
    public static DatasetDefinition Definition { get; } = new(
        "mnist",
        [
            new DatasetFile("train-images-idx3-ubyte.gz", 9912422, Md5: "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            new DatasetFile("train-labels-idx1-ubyte.gz", 28881, Md5: "d53e105ee54ea40749a09fcbcd1e9432"),
            new DatasetFile("t10k-images-idx3-ubyte.gz", 1648877, Md5: "9fb629c4189551a2d022fa330f9573f3"),
            new DatasetFile("t10k-labels-idx1-ubyte.gz", 4542, Md5: "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
        [
            new Uri("https://ossci-datasets.s3.amazonaws.com/mnist/"),
            new Uri("https://storage.googleapis.com/cvdf-datasets/mnist/"),
        ]);

    /// <summary>The names of the classes: "0" to "9".</summary>
    public static IReadOnlyList<string> Classes => DrawnDigits.Classes;

    /// <summary>
    /// Reads the training or the test part from a folder that holds the four files, compressed (.gz) or not.
    /// </summary>
    /// <param name="folder">The folder; <see cref="DatasetStore.EnsureAsync"/> returns it.</param>
    /// <param name="train">True for the training part, false for the test part.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// A file is not what it should be, or pictures and labels do not agree.
    /// </exception>
    public static LabelledImages Load(string folder, bool train) => Load(folder, train, Definition, Classes);

    internal static LabelledImages Load(
        string folder, bool train, DatasetDefinition definition, IReadOnlyList<string> classes)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        string part = train ? "train" : "t10k";
        IdxData images = Read(folder, $"{part}-images-idx3-ubyte.gz", definition, 3);
        IdxData labels = Read(folder, $"{part}-labels-idx1-ubyte.gz", definition, 1);
        if (images.Dimensions[1] != 28 || images.Dimensions[2] != 28)
            throw new InvalidDataException(
                $"{images.Source}: expected pictures of 28x28, got {images.Dimensions[1]}x{images.Dimensions[2]}.");
        if (images.Dimensions[0] != labels.Dimensions[0])
            throw new InvalidDataException(
                $"{labels.Source}: expected {images.Dimensions[0]} labels, one for each picture of " +
                $"{images.Source}, got {labels.Dimensions[0]}.");
        byte[] bytes = labels.As<byte>();
        int wrong = bytes.AsSpan().IndexOfAnyExceptInRange((byte)0, (byte)(classes.Count - 1));
        if (wrong >= 0)
            throw new InvalidDataException(
                $"{labels.Source}: expected labels from 0 to {classes.Count - 1}, got {bytes[wrong]} at index " +
                $"{wrong}.");
        return new LabelledImages(images.As<byte>(), Array.ConvertAll(bytes, label => (long)label), 1, 28, 28, classes);
    }

    private static IdxData Read(string folder, string name, DatasetDefinition definition, int rank)
    {
        string path = DatasetStore.FindFile(folder, name) ?? throw new FileNotFoundException(
            $"Data set {definition.Name}: expected {name} (or {name[..^3]}) in {folder}, got no such file. " +
            "Download the data set, or put its files there.", Path.Combine(folder, name));
        IdxData data = IdxFile.Read(path);
        if (data.Type != IdxType.UInt8 || data.Dimensions.Count != rank)
            throw new InvalidDataException(
                $"{path}: expected elements of type {IdxType.UInt8} in {rank} dimensions, got {data.Type} in " +
                $"{data.Dimensions.Count}.");
        return data;
    }
}
