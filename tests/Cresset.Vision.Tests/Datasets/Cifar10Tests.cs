using System.Formats.Tar;
using System.IO.Compression;
using Cresset.Nn;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class Cifar10Tests
{
    // One file: records (label, then 3072 bytes that say the file, the record and the place).
    private static byte[] Batch(int file, params byte[] labels) =>
        [.. labels.SelectMany((label, i) => (byte[])[label, .. Enumerable.Range(0, 3072).Select(p => (byte)(31 * file + 7 * i + p))])];

    private static Dictionary<string, byte[]> Files() => new()
    {
        ["data_batch_1.bin"] = Batch(1, 3, 9),
        ["data_batch_2.bin"] = Batch(2, 0),
        ["data_batch_3.bin"] = Batch(3, 1),
        ["data_batch_4.bin"] = Batch(4, 2),
        ["data_batch_5.bin"] = Batch(5, 4),
        ["test_batch.bin"] = Batch(6, 5, 6),
    };

    private static void Check(string folder)
    {
        Assert.True(Cifar10.IsIn(folder));
        LabelledImages train = Cifar10.Load(folder, train: true), test = Cifar10.Load(folder, train: false);
        Assert.Equal([3L, 9, 0, 1, 2, 4], train.Labels);
        Assert.Equal([5L, 6], test.Labels);
        Assert.Equal((3, 32, 32), (train.Channels, train.Height, train.Width));
        Assert.Equal(unchecked((byte)(31 + 7 + 1000)), train[1][1000]);
        Assert.Equal(unchecked((byte)(31 * 5 + 3071)), train[5][3071]);
        Assert.Equal("automobile", train.Classes[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("cifar-10-batches-bin/")]
    public void Reads_the_binary_version(string subfolder)
    {
        using var temp = new TempFolder();
        foreach (var (name, bytes) in Files()) temp.Write(subfolder + name, bytes);
        Check(temp.Path);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reads_the_archive_as_it_is_published(bool compressed)
    {
        using var temp = new TempFolder();
        WriteTar(temp[compressed ? "cifar-10-binary.tar.gz" : "cifar-10-binary.tar"], compressed, Files());
        Check(temp.Path);
    }

    private static void WriteTar(string path, bool compressed, Dictionary<string, byte[]> files)
    {
        using FileStream file = File.Create(path);
        using Stream content = compressed ? new GZipStream(file, CompressionLevel.Fastest) : file;
        using var tar = new TarWriter(content);
        foreach (var (name, bytes) in files)
        {
            using var data = new MemoryStream(bytes);
            tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, "cifar-10-batches-bin/" + name) { DataStream = data });
        }
    }

    [Fact]
    public void An_archive_without_a_file_and_a_truncated_one_are_refused()
    {
        using var temp = new TempFolder();
        var files = Files();
        files.Remove("data_batch_4.bin");
        string path = temp["cifar-10-binary.tar"];
        WriteTar(path, false, files);
        Assert.Contains("expected data_batch_4.bin in it", Assert.Throws<InvalidDataException>(() => Cifar10.Load(temp.Path, true)).Message, StringComparison.Ordinal);
        byte[] whole = File.ReadAllBytes(path);
        File.WriteAllBytes(path, whole[..5000]);
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => Cifar10.Load(temp.Path, true)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(3072, "truncated")]
    [InlineData(0, "truncated")]
    [InlineData(3073 * 10001, "expected 1 to 10000 records")]
    public void A_file_of_another_length_is_refused(int length, string message)
    {
        using var temp = new TempFolder();
        temp.Write("test_batch.bin", new byte[length]);
        var e = Assert.Throws<InvalidDataException>(() => Cifar10.Load(temp.Path, train: false));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
        Assert.Contains("test_batch.bin", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_out_of_range_is_refused()
    {
        using var temp = new TempFolder();
        temp.Write("test_batch.bin", Batch(1, 9, 10));
        Assert.Contains("expected labels from 0 to 9, got 10 in record 1", Assert.Throws<InvalidDataException>(() => Cifar10.Load(temp.Path, false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_files_are_named_with_their_folder()
    {
        using var temp = new TempFolder();
        Assert.False(Cifar10.IsIn(temp.Path));
        var e = Assert.Throws<FileNotFoundException>(() => Cifar10.Load(temp.Path, train: true));
        foreach (string text in new[] { "data_batch_1.bin", "data_batch_5.bin", "cifar-10-binary.tar.gz", temp.Path })
            Assert.Contains(text, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pictures_in_folders_of_other_classes_are_refused()
    {
        using var temp = new TempFolder();
        temp.Write("test/cat/a.png", ImageFile.EncodePng(new ImagePixels(new byte[3072], 3, 32, 32)));
        Assert.Contains("airplane", Assert.Throws<InvalidDataException>(() => Cifar10.Load(temp.Path, false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_the_real_pictures()
    {
        LabelledImages test = Cifar10.Load(Path.GetDirectoryName(TestData.Require("cifar10", "cifar10-images.zip"))!, train: false);
        Assert.Equal((10000, 3, 32, 32), (test.Count, test.Channels, test.Height, test.Width));
        Assert.All(Enumerable.Range(0, 10), c => Assert.Equal(1000, test.Labels.Count(label => label == c)));
    }

    // PyTorch 1.13 has 8103 of 10,000 right on these pictures; rounding on other vector widths may change a
    // picture or two.
    [Fact]
    public void A_checkpoint_of_PyTorch_scores_as_there()
    {
        LabelledImages test = Cifar10.Load(Path.GetDirectoryName(TestData.Require("cifar10", "cifar10-images.zip"))!, train: false);
        var model = new CifarResNet(20);
        model.LoadStateDict(TorchCheckpoint.Load(TestData.Require("pytorch-checkpoints", "resnet20-12fca82f.th"), model));
        model.Eval();
        var transform = new Compose(new ToTensor(), new Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]));
        int right = 0;
        using var scope = Autograd.NoGrad();
        for (int start = 0; start < test.Count; start += 500)
        {
            LabelledImages part = test.Slice(start, 500);
            long[] predicted = model.Forward(transform.Apply(part.ToTensor())).ArgMax(1).ToArray<long>();
            right += predicted.Zip(part.Labels).Count(pair => pair.First == pair.Second);
        }
        Assert.InRange(right, 8098, 8108);
    }
}
