using Cresset.Data;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests;

public class DatasetTests
{
    [Fact]
    public void A_loader_gives_the_normalised_pictures_with_their_labels()
    {
        LabelledImages images = DrawnDigits.Draw(10, 3);
        var loader = new DataLoader(images.ToDataset(new Compose(new ToTensor(), new Normalize(0.5, 0.25))), batchSize: 4);
        var seen = 0;
        foreach (var (inputs, targets) in loader)
        {
            Assert.Equal([inputs.Shape[0], 1, 28, 28], inputs.Shape.AsSpan().ToArray());
            Assert.Equal(DType.Int64, targets.DType);
            float[] values = inputs.ToArray<float>();
            long[] labels = targets.ToArray<long>();
            for (int i = 0; i < labels.Length; i++, seen++)
            {
                Assert.Equal(images.Labels[seen], labels[i]);
                for (int p = 0; p < 784; p++)
                    Assert.Equal((images[seen][p] / 255.0 - 0.5) / 0.25, values[i * 784 + p], 1e-5);
            }
        }
        Assert.Equal(10, seen);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public void An_image_folder_is_decoded_sample_by_sample(int workers)
    {
        using var temp = new TempFolder();
        LabelledImages images = DrawnDigits.Draw(6, 5);
        for (int i = 0; i < 6; i++)
        {
            var picture = new ImagePixels(images[i].ToArray(), 1, 28, 28);
            temp.Write($"{(i < 2 ? "ant" : "bee")}/{i}.png", ImageFile.EncodePng(picture));
        }
        using var folder = new ImageFolder(temp.Path);
        var dataset = new ImageFolderDataset(folder, ImageColor.Grey);
        Assert.Equal(6, dataset.Count);
        Assert.Equal(["ant", "bee"], dataset.Classes);
        var seen = 0;
        foreach (var (inputs, targets) in new DataLoader(dataset, batchSize: 4, workers: workers))
        {
            float[] values = inputs.ToArray<float>();
            foreach (long label in targets.ToArray<long>())
            {
                Assert.Equal(seen < 2 ? 0 : 1, label);
                Assert.Equal(images[seen][400] / 255.0, values[seen % 4 * 784 + 400], 1e-6);
                seen++;
            }
        }
        Assert.Equal(6, seen);
    }

    [Fact]
    public void A_picture_that_cannot_be_decoded_is_named()
    {
        using var temp = new TempFolder();
        temp.Write("ant/broken.png", [1, 2, 3]);
        using var folder = new ImageFolder(temp.Path);
        var loader = new DataLoader(new ImageFolderDataset(folder));
        var e = Assert.Throws<InvalidOperationException>(() => loader.First());
        Assert.Contains("broken.png", e.Message, StringComparison.Ordinal);
    }
}
