using System.IO.Compression;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class ImageFolderTests
{
    private static byte[] Png(byte value, int height = 2, int width = 2)
    {
        var pixels = new byte[height * width];
        Array.Fill(pixels, value);
        return ImageFile.EncodePng(new ImagePixels(pixels, 1, height, width));
    }

    /// <summary>Writes the same tree as a folder or as a zip file and returns its path.</summary>
    private static string Write(TempFolder folder, bool zip, params (string Name, byte[] Content)[] files)
    {
        if (!zip)
        {
            foreach (var (name, content) in files)
                folder.Write(Path.Combine("tree", name), content);
            return folder["tree"];
        }
        using var archive = ZipFile.Open(folder["tree.zip"], ZipArchiveMode.Create);
        foreach (var (name, content) in files)
        {
            using Stream stream = archive.CreateEntry(name).Open();
            stream.Write(content);
        }
        return folder["tree.zip"];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Classes_and_pictures_are_sorted_by_character_code(bool zip)
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip,
            ("train/dog/b.png", Png(20)), ("train/dog/a.PNG", Png(10)), ("train/dog/notes.txt", [1]), ("train/dog/.hidden.png", [1]),
            ("train/Zebra/deep/er/z.png", Png(30)), ("train/ant/10.png", Png(50)), ("train/ant/9.png", Png(40)),
            ("train/readme.png", [1]), ("test/other/x.png", Png(0)));
        using var set = new ImageFolder(path, "train");
        Assert.Equal(["Zebra", "ant", "dog"], set.Classes);
        Assert.Equal([0, 1, 1, 2, 2], set.Items.Select(item => item.Label));
        LabelledImages all = set.Load(ImageColor.Grey);
        Assert.Equal((5, 1, 2, 2), (all.Count, all.Channels, all.Height, all.Width));
        Assert.Equal([30, 50, 40, 10, 20], Enumerable.Range(0, 5).Select(i => (int)all[i][0]));
        Assert.Equal([0L, 1, 1, 2, 2], all.Labels);
        Assert.Equal(40, set.Read(2).Pixels[^1]);
        Assert.EndsWith("train/ant/9.png", set.Items[2].Path.Replace('\\', '/'), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void No_classes_and_classes_without_pictures_are_errors(bool zip)
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip, ("top.png", Png(1)), ("a/b/cat/1.txt", [1]), ("a/b/dog/1.png", Png(1)), ("c/top.png", Png(1)));
        var e = Assert.Throws<InvalidDataException>(() => new ImageFolder(path, "c"));
        Assert.Contains($"{path}/c: expected a folder for each class, got none", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<InvalidDataException>(() => new ImageFolder(path, "a/b"));
        Assert.Contains($"{path}/a/b: expected pictures", e.Message, StringComparison.Ordinal);
        Assert.Contains("in each class's folder, got none in cat.", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_folder_and_a_file_that_is_no_zip_are_errors()
    {
        using var folder = new TempFolder();
        Assert.Throws<DirectoryNotFoundException>(() => new ImageFolder(folder["none"]));
        Assert.Throws<DirectoryNotFoundException>(() => new ImageFolder(folder.Path, "none"));
        string path = folder.Write("a.zip", Png(1));
        var e = Assert.Throws<InvalidDataException>(() => new ImageFolder(path));
        Assert.Contains($"{path}: expected a zip file", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../outside/1.png")]
    [InlineData("train/../../1.png")]
    [InlineData("/etc/1.png")]
    [InlineData("train\\cat\\1.png")]
    public void Rejects_zip_entries_that_point_outside(string name)
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip: true, ("train/cat/0.png", Png(1)), (name, Png(2)));
        var e = Assert.Throws<InvalidDataException>(() => new ImageFolder(path, "train"));
        Assert.Contains("expected entry names inside the zip file", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_two_zip_entries_of_one_name()
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip: true, ("cat/0.png", Png(1)), ("cat/0.png", Png(2)));
        var e = Assert.Throws<InvalidDataException>(() => new ImageFolder(path));
        Assert.Contains("two named 'cat/0.png'", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_corrupt_or_ill_sized_picture_is_named(bool zip)
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip, ("good/a/0.png", Png(1)), ("bad/a/1.png", "no picture"u8.ToArray()), ("odd/a/2.png", Png(1)), ("odd/b/3.png", Png(9, 4, 6)));
        using var bad = new ImageFolder(path, "bad");
        var e = Assert.Throws<InvalidDataException>(() => bad.Load());
        Assert.Contains("1.png: expected a picture", e.Message, StringComparison.Ordinal);
        using var odd = new ImageFolder(path, "odd");
        e = Assert.Throws<InvalidDataException>(() => odd.Load());
        Assert.Contains("3.png: expected a picture of 2x2 as", e.Message, StringComparison.Ordinal);
        Assert.Contains("got 4x6", e.Message, StringComparison.Ordinal);
        LabelledImages resized = odd.Load(ImageColor.Rgb, (3, 3));
        Assert.Equal(2 * 27, resized.Pixels.Length);
        Assert.Equal(9, resized[1][13]);
    }

    [Fact]
    public void A_zip_file_with_a_damaged_entry_is_an_error()
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip: true, ("cat/0.png", Png(1, 40, 40)));
        byte[] bytes = File.ReadAllBytes(path);
        bytes[60] ^= 0xFF; // inside the entry's compressed data
        File.WriteAllBytes(path, bytes);
        using var set = new ImageFolder(path);
        var e = Assert.Throws<InvalidDataException>(() => set.Read(0));
        Assert.Contains("cat/0.png", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Reads_CIFAR_10_from_its_zip_file()
    {
        using var set = new ImageFolder(TestData.Require("cifar10", "cifar10-images.zip"), "test");
        Assert.Equal(["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"], set.Classes);
        Assert.Equal(10000, set.Items.Count);
        Assert.Equal("test/airplane/0002.jpg", set.Items[2].Path);
        LabelledImages all = set.Load();
        Assert.Equal((3, 32, 32), (all.Channels, all.Height, all.Width));
        Assert.All(Enumerable.Range(0, 10), label => Assert.Equal(1000, all.Labels.Count(l => l == label)));
        // Sums by PIL 9.4 over the same files: of all bytes, and of the red planes weighted by (index mod 97).
        long sum = 0, weighted = 0;
        for (int i = 0; i < all.Pixels.Length; i++)
        {
            sum += all.Pixels[i];
            int picture = i / 3072;
            if (i % 3072 < 1024)
                weighted += all.Pixels[i] * (picture % 97);
        }
        Assert.Equal(3732740007, sum);
        Assert.Equal(61871447877, weighted);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pictures_are_called_by_their_paths_also_where_broken_ones_are_left_out(bool zip)
    {
        using var folder = new TempFolder();
        string path = Write(folder, zip, ("in/cat/a b.png", Png(1)), ("in/cat/c.png", [1, 2]), ("in/dog/deep/d.png", Png(3)), ("in/dog/e.png", Png(4)));
        using var pictures = new ImageFolder(path, "in");
        var broken = new List<string>();
        LabelledImages images = pictures.Load(broken: broken.Add);
        string within = zip ? "in/" : "";
        Assert.Single(broken);
        Assert.Equal([$"{within}cat/a b.png", $"{within}dog/deep/d.png", $"{within}dog/e.png"], images.Names!);
        Assert.Equal([$"{within}dog/deep/d.png"], images.Slice(1, 1).Names!);
    }
}
