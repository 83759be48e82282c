using Cresset.Data;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class MnistTests
{
    // Sums by a Python program (gzip, numpy) over the same files; the orders of the pictures there may differ from the
    // publishers'.
    [Theory]
    [InlineData(true, 60000, 1567298545L, new[] { 5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949 })]
    [InlineData(false, 10000, 264923200L, new[] { 980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009 })]
    public void Reads_the_real_data_set(bool train, int count, long sum, int[] perClass)
    {
        LabelledImages set = Mnist.Load(TestData.Require("mnist"), train);
        Assert.Equal((count, 1, 28, 28), (set.Count, set.Channels, set.Height, set.Width));
        Assert.Equal(perClass, Enumerable.Range(0, 10).Select(digit => set.Labels.Count(label => label == digit)));
        Assert.Equal(sum, set.Pixels.Sum(pixel => (long)pixel));
    }

    [Fact]
    public void Pictures_and_labels_belong_together()
    {
        // The mean picture of the ones is darkest: MNIST's ones have about half the ink of its zeros (19 and 44 of
        // 255).
        LabelledImages set = Mnist.Load(TestData.Require("mnist"), train: false);
        double Ink(int digit) => Enumerable.Range(0, set.Count).Where(i => set.Labels[i] == digit)
            .Average(i => set[i].ToArray().Average(pixel => (double)pixel));
        Assert.InRange(Ink(0), 42, 46);
        Assert.InRange(Ink(1), 18, 21);
    }

    private static void WriteSet(TempFolder folder, int[] imageShape, byte[] labels, string suffix = ".gz")
    {
        IdxFile.Write<byte>(folder["t10k-images-idx3-ubyte" + suffix], new byte[imageShape.Aggregate(1, (a, b) => a * b)], imageShape);
        IdxFile.Write<byte>(folder["t10k-labels-idx1-ubyte" + suffix], labels, labels.Length);
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData("")]
    public void Reads_files_compressed_or_not(string suffix)
    {
        using var folder = new TempFolder();
        WriteSet(folder, [3, 28, 28], [9, 0, 4], suffix);
        LabelledImages set = Mnist.Load(folder.Path, train: false);
        Assert.Equal([9, 0, 4], set.Labels);
        Assert.Equal(3 * 784, set.Pixels.Length);
        Assert.Equal("Ankle boot", FashionMnist.Load(folder.Path, train: false).Classes[9]);
    }

    [Theory]
    [InlineData(new[] { 3, 28, 28 }, new byte[] { 1, 2 }, "t10k-labels-idx1-ubyte.gz: expected 3 labels, one for each picture of")]
    [InlineData(new[] { 2, 28, 27 }, new byte[] { 1, 2 }, "t10k-images-idx3-ubyte.gz: expected pictures of 28x28, got 28x27")]
    [InlineData(new[] { 2, 784 }, new byte[] { 1, 2 }, "t10k-images-idx3-ubyte.gz: expected elements of type UInt8 in 3 dimensions, got UInt8 in 2")]
    [InlineData(new[] { 2, 28, 28 }, new byte[] { 1, 10 }, "t10k-labels-idx1-ubyte.gz: expected labels from 0 to 9, got 10 at index 1")]
    public void Rejects_files_that_do_not_fit(int[] imageShape, byte[] labels, string message)
    {
        using var folder = new TempFolder();
        WriteSet(folder, imageShape, labels);
        var e = Assert.Throws<InvalidDataException>(() => Mnist.Load(folder.Path, train: false));
        Assert.Contains(message, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named_with_its_folder()
    {
        using var folder = new TempFolder();
        var e = Assert.Throws<FileNotFoundException>(() => Mnist.Load(folder.Path, train: true));
        Assert.Contains("train-images-idx3-ubyte.gz", e.Message, StringComparison.Ordinal);
        Assert.Contains(folder.Path, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_definitions_name_the_files_that_are_read()
    {
        string[] names = ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"];
        foreach (DatasetDefinition definition in new[] { Mnist.Definition, FashionMnist.Definition })
        {
            Assert.Equal(names, definition.Files.Select(file => file.Name));
            Assert.All(definition.Files, file => Assert.Matches("^[0-9a-f]{32}$", file.Md5!));
            Assert.All(definition.Mirrors, mirror => Assert.Equal("https", mirror.Scheme));
        }
    }
}
