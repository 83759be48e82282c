using Cresset.Data;
using Xunit;

namespace Cresset.Tests.Data;

public class DatasetTests
{
    [Fact]
    public void A_tensor_dataset_gives_rows_as_views()
    {
        var x = Tensor.From(new float[,] { { 1, 2 }, { 3, 4 }, { 5, 6 } });
        var data = new TensorDataset(x, Tensor.From(new long[] { 7, 8, 9 }));
        Assert.Equal(3, data.Count);
        var (row, label) = data[1];
        Assert.Equal([3f, 4f], row.ToArray<float>());
        Assert.Equal(8, label.Item<long>());
        Assert.Equal(new Shape(), label.Shape);
        Assert.Same(x.Storage, row.Storage);
        Assert.Equal([5f, 6f], new SingleTensorDataset(x)[2].ToArray<float>());
        Assert.Equal(6f, new MultiTensorDataset(x, x, x)[2][1].ToArray<float>()[1]);
    }

    [Fact]
    public void Rejects_tensors_of_different_first_size_and_scalars()
    {
        var e = Assert.Throws<ArgumentException>(() => new TensorDataset(Tensor.Zeros([3, 2]), Tensor.Zeros([4])));
        Assert.Contains("[3, 2]", e.Message);
        Assert.Contains("[4]", e.Message);
        Assert.Throws<ArgumentException>(() => new SingleTensorDataset(Tensor.Zeros([])));
        Assert.Throws<ArgumentException>(() => new MultiTensorDataset());
        var range = Assert.Throws<ArgumentOutOfRangeException>(() => new SingleTensorDataset(Tensor.Zeros([3]))[3]);
        Assert.Contains("from 0 to 2, got 3", range.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_split_is_disjoint_complete_and_repeatable(long seed)
    {
        var data = new Numbers(100);
        var parts = data.RandomSplit([70, 30], seed);
        Assert.Equal([70, 30], parts.Select(p => p.Count));
        Assert.Equal(Enumerable.Range(0, 100), parts.SelectMany(p => p.Indices).Order());
        Assert.NotEqual(Enumerable.Range(0, 70), parts[0].Indices);
        Assert.Equal(parts[1].Indices, data.RandomSplit([70, 30], seed)[1].Indices);
        Assert.NotEqual(parts[1].Indices, data.RandomSplit([70, 30], seed + 1)[1].Indices);
        Assert.Equal(parts[1].Indices[4], parts[1][4].Item1.Item());
    }

    [Fact]
    public void Random_split_by_fractions_rounds_down_and_gives_the_rest_to_the_first_parts()
    {
        // torch.utils.data.random_split(range(10), [0.5, 0.25, 0.25]) has lengths 6, 2, 2; of 11 by thirds: 4, 4, 3.
        Assert.Equal([6, 2, 2], new Numbers(10).RandomSplit([0.5, 0.25, 0.25]).Select(p => p.Count));
        Assert.Equal([4, 4, 3], new Numbers(11).RandomSplit([1 / 3.0, 1 / 3.0, 1 / 3.0]).Select(p => p.Count));
        Assert.Equal([7, 3], new Numbers(10).RandomSplit([0.7, 0.3]).Select(p => p.Count));
        Assert.Equal([58, 42], new Numbers(100).RandomSplit([0.58, 0.42]).Select(p => p.Count));
    }

    [Fact]
    public void Random_split_rejects_what_does_not_add_up()
    {
        Assert.Contains("add up to 11", Assert.Throws<ArgumentException>(() => new Numbers(10).RandomSplit([5, 6])).Message);
        Assert.Throws<ArgumentException>(() => new Numbers(10).RandomSplit([-1, 11]));
        Assert.Throws<ArgumentException>(() => new Numbers(10).RandomSplit([0.5, 0.4]));
        Assert.Throws<ArgumentException>(() => new Numbers(10).RandomSplit([double.NaN, 0.4]));
    }

    [Fact]
    public void Concat_joins_datasets_and_skips_empty_ones()
    {
        var data = new ConcatDataset<(Tensor, Tensor)>(new Numbers(0), new Numbers(3), new Numbers(0), new Numbers(2), new Numbers(0));
        Assert.Equal(5, data.Count);
        Assert.Equal([0.0, 1, 2, 0, 1], data.Select(s => s.Item1.Item()));
        Assert.Throws<ArgumentOutOfRangeException>(() => data[5]);
        Assert.Throws<ArgumentOutOfRangeException>(() => data[-1]);
    }

    [Fact]
    public void Map_transforms_each_sample()
    {
        var data = new Numbers(4).Map(s => (int)s.Item1.Item() * 2);
        Assert.Equal([0, 2, 4, 6], data);
    }

    [Fact]
    public void Subset_rejects_an_index_out_of_range()
    {
        var e = Assert.Throws<ArgumentException>(() => new Subset<(Tensor, Tensor)>(new Numbers(3), [0, 3]));
        Assert.Contains("got 3 at position 1", e.Message);
    }
}
