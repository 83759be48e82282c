using System.Formats.Tar;
using System.IO.Compression;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests.Datasets;

public class DamagedFileTests
{
    static byte[] Gzip(byte[] content)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, CompressionLevel.Fastest)) gzip.Write(content);
        return stream.ToArray();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Idx_files(bool compressed)
    {
        byte[][] plain =
        [
            [0, 0, 8, 1, 0, 0, 0, 4, 1, 2, 3, 4],
            [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2, .. Enumerable.Range(0, 12).Select(i => (byte)i)],
            [0, 0, 13, 2, 0, 0, 0, 2, 0, 0, 0, 1, 63, 128, 0, 0, 64, 0, 0, 0],
        ];
        using var temp = new TempFolder();
        var path = temp[compressed ? "damaged.gz" : "damaged"];
        DamagedFiles.Try<InvalidDataException>(path, compressed ? Array.ConvertAll(plain, Gzip) : plain, () => IdxFile.Read(path), memory: 1 << 22);
    }

    static byte[] Tar(byte[][] files, bool compressed)
    {
        using var stream = new MemoryStream();
        using (var writer = new TarWriter(stream, TarEntryFormat.Ustar, leaveOpen: true))
            for (var i = 0; i < 6; i++)
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, $"cifar-10-batches-bin/{(i == 5 ? "test_batch" : $"data_batch_{i + 1}")}.bin") { DataStream = new MemoryStream(files[i]) });
        return compressed ? Gzip(stream.ToArray()) : stream.ToArray();
    }

    // One picture in each batch, and more in the last.
    static byte[][] Batches() => [.. Enumerable.Range(0, 6).Select(i => Enumerable.Range(0, i == 5 ? 2 : 1).SelectMany(_ => new byte[3073]).ToArray())];

    [Theory]
    [InlineData("cifar-10-binary.tar")]
    [InlineData("cifar-10-binary.tar.gz")]
    [InlineData("test_batch.bin")]
    public void Cifar_10(string name)
    {
        using var temp = new TempFolder();
        var batches = Batches();
        if (name == "test_batch.bin")
            for (var i = 0; i < 5; i++) temp.Write($"data_batch_{i + 1}.bin", batches[i]);
        var valid = name == "test_batch.bin" ? batches[5] : Tar(batches, name.EndsWith("gz", StringComparison.Ordinal));
        // A damaged name of the archive's entries is a file that is not there.
        DamagedFiles.Try<InvalidDataException>(temp[name], [valid, valid], () => Cifar10.Load(temp.Path, train: false), cases: 300, named: temp.Path, other: typeof(FileNotFoundException));
    }

    // A header may claim as many pixels as a picture may have at most, and compressed ones need no more bytes for it.
    const long Claimed = 8L * ImageFile.MaxPixels;

    [Theory]
    [InlineData("png")]
    [InlineData("jpeg")]
    [InlineData("bmp")]
    [InlineData("gif")]
    [InlineData("webp")]
    public void Pictures(string form)
    {
        using var temp = new TempFolder();
        var path = temp["damaged." + form];
        byte[][] valid = [.. PictureReference.Pictures.Where(picture => picture.Key.Contains(form[..2], StringComparison.OrdinalIgnoreCase)).Select(picture => Convert.FromBase64String(picture.Value.File))];
        Assert.NotEmpty(valid);
        DamagedFiles.Try<InvalidDataException>(path, valid, () => ImageFile.Read(path), memory: Claimed);
    }

    [Fact]
    public void Folders_in_zip_files()
    {
        var picture = Convert.FromBase64String(PictureReference.Pictures.First(entry => entry.Key == "PngRgb").Value.File);
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            foreach (var name in (string[])["cats/1.png", "cats/2.png", "dogs/1.png"])
            {
                using var entry = zip.CreateEntry(name).Open();
                entry.Write(picture);
            }
        using var temp = new TempFolder();
        var path = temp["damaged.zip"];
        DamagedFiles.Try<InvalidDataException>(path, [stream.ToArray(), stream.ToArray()], () =>
        {
            using var folder = new ImageFolder(path);
            folder.Load(size: (4, 4));
        }, memory: Claimed);
    }
}
