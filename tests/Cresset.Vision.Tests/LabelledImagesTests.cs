using Xunit;

namespace Cresset.Vision.Tests;

public class LabelledImagesTests
{
    [Fact]
    public void Gives_each_picture_and_slices()
    {
        var set = new LabelledImages([1, 2, 3, 4, 5, 6], [0, 1, 1], 1, 1, 2, ["a", "b"]);
        Assert.Equal(3, set.Count);
        Assert.Equal([3, 4], set[1].ToArray());
        LabelledImages rest = set.Slice(1, 2);
        Assert.Equal([3, 4, 5, 6], rest.Pixels);
        Assert.Equal([1L, 1L], rest.Labels);
        Assert.Throws<ArgumentOutOfRangeException>(() => set.Slice(2, 2));
        Assert.Throws<ArgumentOutOfRangeException>(() => set[3].Length);
    }

    [Fact]
    public void Rejects_lengths_that_disagree_and_labels_out_of_range()
    {
        var e = Assert.Throws<ArgumentException>(() => new LabelledImages(new byte[7], [0, 1], 1, 2, 2, ["a", "b"]));
        Assert.Contains("need 8 pixel bytes, got 7", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ArgumentException>(() => new LabelledImages(new byte[8], [0, 2], 1, 2, 2, ["a", "b"]));
        Assert.Contains("expected labels from 0 to 1, got 2 at index 1", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<ArgumentException>(() => new LabelledImages(new byte[8], [0, 1], 1, 2, 2, ["a", "b"], ["one"]));
        Assert.Contains("expected a name for each of 2 pictures, got 1", e.Message, StringComparison.Ordinal);
    }
}
