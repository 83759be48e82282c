using System.Formats.Tar;
using System.IO.Compression;
using Cresset.Data;

namespace Cresset.Vision;

/// <summary>
/// CIFAR-10 (Krizhevsky, 2009): 50,000 training and 10,000 test pictures of ten kinds of things, 32x32 in colours.
/// PyTorch's torchvision.datasets.CIFAR10, which reads the Python version.
/// </summary>
public static class Cifar10
{
    private const int Side = 32, RecordBytes = 1 + 3 * Side * Side;

    // Each of the published files has 10,000 records.
    private const int MaxRecords = 10_000;

    private const string Archive = "cifar-10-binary.tar.gz", ArchiveFolder = "cifar-10-batches-bin", PictureArchive = "cifar10-images.zip";

    /// <summary>The binary version's file, its published checksum and its home.</summary>
    public static DatasetDefinition Definition { get; } = new(
        "cifar10",
        [new DatasetFile(Archive, 170052171, Md5: "c32a1d4ab5d03f1284b67883e8d87530")],
        [new Uri("https://www.cs.toronto.edu/~kriz/")]);

    /// <summary>The names of the classes, by index.</summary>
    public static IReadOnlyList<string> Classes { get; } =
        ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

    /// <summary>Mean and deviation of each channel over the training pictures, from 0 to 1.</summary>
    public static (IReadOnlyList<double> Mean, IReadOnlyList<double> Std) Normalisation { get; } =
        ([0.4914, 0.4822, 0.4465], [0.2470, 0.2435, 0.2616]);

    /// <summary>Whether a folder holds the data set in a form that <see cref="Load"/> reads.</summary>
    public static bool IsIn(string folder) => Reader(folder, true) is not null && Reader(folder, false) is not null;

    /// <summary>
    /// Reads the training or the test part from a folder, which holds it in one of these forms: the binary version
    /// (data_batch_1.bin to data_batch_5.bin and test_batch.bin, in the folder or in cifar-10-batches-bin within it);
    /// cifar-10-binary.tar.gz or .tar with the same; pictures in train/CLASS/ and test/CLASS/ of the folder or of
    /// cifar10-images.zip in it.
    /// </summary>
    /// <param name="folder">The folder; <see cref="DatasetStore.EnsureAsync"/> returns it.</param>
    /// <param name="train">True for the training part, false for the test part.</param>
    /// <exception cref="FileNotFoundException">There is none of these forms; the message names them and the folder.</exception>
    /// <exception cref="InvalidDataException">A file is not what it should be.</exception>
    public static LabelledImages Load(string folder, bool train)
    {
        Func<LabelledImages> read = Reader(folder, train) ?? throw new FileNotFoundException(
            $"Data set {Definition.Name}: expected {string.Join(", ", Names(train))} (or {Archive}, {PictureArchive}, or the folder " +
            $"{Part(train)} of pictures) in {folder}, got no such file. Download the data set, or put its files there.",
            Path.Combine(folder, Names(train)[0]));
        return read();
    }

    private static string Part(bool train) => train ? "train" : "test";

    private static string[] Names(bool train) =>
        train ? [.. Enumerable.Range(1, 5).Select(i => $"data_batch_{i}.bin")] : ["test_batch.bin"];

    private static Func<LabelledImages>? Reader(string folder, bool train)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        foreach (string place in (string[])[folder, Path.Combine(folder, ArchiveFolder)])
        {
            if (Names(train).All(name => File.Exists(Path.Combine(place, name))))
                return () => Join([.. Names(train).Select(name => ReadFile(Path.Combine(place, name)))]);
        }
        if (DatasetStore.FindFile(folder, Archive) is { } tar)
            return () => ReadTar(tar, Names(train));
        string zip = Path.Combine(folder, PictureArchive);
        string? pictures = Directory.Exists(Path.Combine(folder, Part(train))) ? folder : File.Exists(zip) ? zip : null;
        return pictures is null ? null : () => ReadPictures(pictures, Part(train));
    }

    private static byte[] ReadFile(string path)
    {
        using FileStream file = File.OpenRead(path);
        return ReadRecords(file, path);
    }

    private static LabelledImages ReadTar(string path, string[] names)
    {
        var files = new Dictionary<string, byte[]>();
        try
        {
            using FileStream file = File.OpenRead(path);
            using Stream content = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : file;
            using var tar = new TarReader(content);
            while (files.Count < names.Length && tar.GetNextEntry() is { } entry)
            {
                string name = entry.Name[(entry.Name.LastIndexOf('/') + 1)..];
                if (entry.DataStream is not null && names.Contains(name))
                    files[name] = ReadRecords(entry.DataStream, $"{path}: {name}");
            }
        }
        catch (Exception e) when (e is EndOfStreamException or FormatException or OverflowException || (e is InvalidDataException && !e.Message.StartsWith(path, StringComparison.Ordinal)))
        {
            throw new InvalidDataException($"{path}: expected a tar file, got another kind of file or a truncated one ({e.Message})", e);
        }
        string[] missing = [.. names.Where(name => !files.ContainsKey(name))];
        if (missing.Length > 0)
            throw new InvalidDataException($"{path}: expected {string.Join(", ", missing)} in it, got no such file.");
        return Join([.. names.Select(name => files[name])]);
    }

    // One record is a label and a picture, plane by plane.
    private static byte[] ReadRecords(Stream stream, string source)
    {
        // Piece by piece, since a compressed file does not tell its length; one byte more than there should be shows a file that is too
        // long.
        const int longest = MaxRecords * RecordBytes;
        using var content = new MemoryStream();
        var piece = new byte[1 << 16];
        for (int read; content.Length <= longest && (read = stream.Read(piece)) > 0;) content.Write(piece, 0, read);
        var length = (int)content.Length;
        if (length == 0 || length > longest || length % RecordBytes != 0)
            throw new InvalidDataException(
                $"{source}: expected 1 to {MaxRecords} records of {RecordBytes} bytes, got {(length > longest ? "at least " : "")}{length} bytes; the file may be truncated.");
        byte[] bytes = content.ToArray();
        for (int i = 0; i < length; i += RecordBytes)
        {
            if (bytes[i] >= Classes.Count)
                throw new InvalidDataException(
                    $"{source}: expected labels from 0 to {Classes.Count - 1}, got {bytes[i]} in record {i / RecordBytes}.");
        }
        return bytes;
    }

    private static LabelledImages Join(byte[][] files)
    {
        int count = files.Sum(file => file.Length / RecordBytes), at = 0;
        var pixels = new byte[count * (RecordBytes - 1)];
        var labels = new long[count];
        foreach (byte[] file in files)
        {
            for (int i = 0; i < file.Length; i += RecordBytes, at++)
            {
                labels[at] = file[i];
                file.AsSpan(i + 1, RecordBytes - 1).CopyTo(pixels.AsSpan(at * (RecordBytes - 1)));
            }
        }
        return new LabelledImages(pixels, labels, 3, Side, Side, Classes);
    }

    private static LabelledImages ReadPictures(string path, string part)
    {
        using var folder = new ImageFolder(path, part);
        if (!folder.Classes.SequenceEqual(Classes))
            throw new InvalidDataException(
                $"{path}/{part}: expected a folder for each of {string.Join(", ", Classes)}, got {string.Join(", ", folder.Classes)}.");
        LabelledImages images = folder.Load();
        if (images.Height != Side || images.Width != Side)
            throw new InvalidDataException($"{path}/{part}: expected pictures of {Side}x{Side}, got {images.Height}x{images.Width}.");
        return images;
    }
}
