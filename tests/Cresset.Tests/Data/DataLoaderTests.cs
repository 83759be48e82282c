using Cresset.Data;
using Xunit;

namespace Cresset.Tests.Data;

public class DataLoaderTests
{
    public static TheoryData<int> Workers => [0, 1, 2, 4];

    [Theory]
    [MemberData(nameof(Workers))]
    public void Without_shuffle_the_samples_come_in_order(int workers)
    {
        var loader = new DataLoader(new Numbers(10), batchSize: 4, workers: workers);
        Assert.Equal(3, loader.Count);
        Assert.Equal([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]], Numbers.Read(loader));
    }

    [Theory]
    [MemberData(nameof(Workers))]
    public void Drop_last_leaves_out_the_smaller_batch(int workers)
    {
        var loader = new DataLoader(new Numbers(10), batchSize: 4, dropLast: true, workers: workers);
        Assert.Equal(2, loader.Count);
        Assert.Equal([[0, 1, 2, 3], [4, 5, 6, 7]], Numbers.Read(loader));
        Assert.Equal(2, new DataLoader(new Numbers(8), batchSize: 4, dropLast: true).Count);
    }

    [Fact]
    public void Shuffling_is_a_permutation_that_depends_on_seed_and_epoch_only()
    {
        int[][] Epoch(int epoch, long seed, int workers, Dataset<(Tensor, Tensor)> data) =>
            Numbers.Read(new DataLoader(data, batchSize: 7, shuffle: true, seed: seed, workers: workers) { Epoch = epoch });

        var first = Epoch(0, 5, 0, new Numbers(50));
        Assert.Equal(Enumerable.Range(0, 50), first.SelectMany(b => b).Order());
        Assert.NotEqual(Enumerable.Range(0, 50), first.SelectMany(b => b));
        foreach (var workers in new[] { 1, 2, 4 }) Assert.Equal(first, Epoch(0, 5, workers, new Numbers(50)));
        // Rows gathered at once are the rows taken one by one.
        Assert.Equal(first, Epoch(0, 5, 2, Numbers.AsTensors(50)));
        Assert.NotEqual(first, Epoch(1, 5, 0, new Numbers(50)));
        Assert.NotEqual(first, Epoch(0, 6, 0, new Numbers(50)));
        var loader = new DataLoader(new Numbers(50), batchSize: 7, shuffle: true, seed: 5);
        Assert.Equal(first, Numbers.Read(loader));
        Assert.Equal(Epoch(1, 5, 0, new Numbers(50)), Numbers.Read(loader));
        Assert.Equal(2, loader.Epoch);
    }

    [Fact]
    public void All_orders_of_three_samples_are_equally_likely()
    {
        var counts = new Dictionary<string, int>();
        var loader = new DataLoader(new Numbers(3), batchSize: 3, shuffle: true);
        for (var epoch = 0; epoch < 6000; epoch++)
        {
            var order = string.Join(' ', Numbers.Read(loader)[0]);
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }
        Assert.Equal(6, counts.Count);
        // Expected 1000 each with a standard deviation of 29: five of them.
        Assert.All(counts.Values, n => Assert.InRange(n, 855, 1145));
    }

    [Fact]
    public void A_batch_of_rows_is_gathered_from_views_and_every_type()
    {
        var x = Tensor.From(new float[,] { { 1, 2, 3 }, { 4, 5, 6 } }).Transpose(0, 1);
        var data = new MultiTensorDataset(x, Tensor.From(new byte[] { 1, 2, 3 }), Tensor.From(new[] { true, false, true }).Narrow(0, 0, 3));
        var loader = new DataLoader<Tensor[]>(new Subset<Tensor[]>(data, [2, 0, 2]), batchSize: 3);
        var batch = Assert.Single(loader);
        Assert.Equal(new Shape(3, 2), batch[0].Shape);
        Assert.Equal([3f, 6, 1, 4, 3, 6], batch[0].ToArray<float>());
        Assert.Equal([3, 1, 3], batch[1].ToArray<byte>());
        Assert.Equal([true, true, true], batch[2].ToArray<bool>());
    }

    [Theory]
    [MemberData(nameof(Workers))]
    public void A_failing_sample_reaches_the_consumer_with_its_index(int workers)
    {
        var data = new Numbers(20, i => { if (i == 13) throw new InvalidDataException("spoilt"); });
        var seen = 0;
        var e = Assert.Throws<InvalidOperationException>(() =>
        {
            foreach (var _ in new DataLoader(data, batchSize: 5, workers: workers)) seen++;
        });
        Assert.Equal(2, seen);
        Assert.Contains("index 13", e.Message);
        Assert.Contains("spoilt", e.Message);
        Assert.IsType<InvalidDataException>(e.InnerException);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Leaving_the_loop_stops_the_workers(int workers)
    {
        var reads = 0;
        var data = new Numbers(100_000, _ => Interlocked.Increment(ref reads));
        foreach (var _ in new DataLoader(data, batchSize: 2, workers: workers)) break;
        // Two batches ahead for each worker and the one that was taken.
        var atEnd = reads;
        Assert.InRange(atEnd, 2, 2 * (2 * workers + 1));
        Assert.Equal([[0], [1]], Numbers.Read(new DataLoader(new Numbers(2), workers: workers)));
        Assert.Equal(atEnd, reads);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Workers_stay_a_bounded_number_of_batches_ahead(int workers)
    {
        var reads = 0;
        var data = new Numbers(400, _ => Interlocked.Increment(ref reads));
        var taken = 0;
        foreach (var _ in new DataLoader(data, batchSize: 4, workers: workers))
        {
            taken++;
            Assert.InRange(Volatile.Read(ref reads), 4 * taken, 4 * (taken + 2 * workers));
        }
        Assert.Equal(400, reads);
    }

    [Theory]
    [MemberData(nameof(Workers))]
    public void A_stream_is_read_in_order_each_epoch_from_its_start(int workers)
    {
        static IEnumerable<(Tensor, Tensor)> Endless()
        {
            for (var i = 0; ; i++) yield return (Tensor.From(i), Tensor.From(10 * i, DType.Int64));
        }
        var endless = new DataLoader(new IterableDataset<(Tensor, Tensor)>(Endless()), batchSize: 3, workers: workers);
        Assert.False(endless.TryGetCount(out _));
        Assert.Throws<InvalidOperationException>(() => endless.Count);
        Assert.Equal([[0, 1, 2], [3, 4, 5]], Numbers.Read(endless.Take(2)));
        var seven = new IterableDataset<(Tensor, Tensor)>(Endless().Take(7));
        var loader = new DataLoader(seven, batchSize: 3, workers: workers);
        Assert.Equal([[0, 1, 2], [3, 4, 5], [6]], Numbers.Read(loader));
        Assert.Equal(3, Numbers.Read(loader).Length);
        Assert.Equal(2, Numbers.Read(new DataLoader(seven, batchSize: 3, dropLast: true, workers: workers)).Length);
    }

    [Theory]
    [MemberData(nameof(Workers))]
    public void A_failing_stream_says_how_far_it_came(int workers)
    {
        static IEnumerable<(Tensor, Tensor)> Broken()
        {
            for (var i = 0; i < 5; i++) yield return (Tensor.From(i), Tensor.From(10 * i, DType.Int64));
            throw new InvalidDataException("torn");
        }
        var e = Assert.Throws<InvalidOperationException>(() =>
            Numbers.Read(new DataLoader(new IterableDataset<(Tensor, Tensor)>(Broken()), batchSize: 2, workers: workers)));
        Assert.Contains("sample 5", e.Message);
    }

    [Fact]
    public void Numbers_become_tensors_without_a_cast()
    {
        var loader = DataLoader.Create<(Tensor, int), (Tensor, Tensor)>(new Numbers(4).Map(s => (s.Item1, (int)s.Item2.Item())), batchSize: 4);
        var (inputs, labels) = Assert.Single(loader);
        Assert.Equal([0f, 1, 2, 3], inputs.ToArray<float>());
        Assert.Equal([0, 10, 20, 30], labels.ToArray<int>());
    }

    [Fact]
    public void A_collate_function_decides_the_type_of_a_batch()
    {
        var loader = DataLoader.Create(new Numbers(5), samples => samples.Count, batchSize: 2);
        Assert.Equal([2, 2, 1], loader);
        var reversed = new DataLoader(new Numbers(3), batchSize: 3,
            collate: samples => Collation.Default<(Tensor, Tensor), (Tensor, Tensor)>([.. samples.Reverse()]));
        Assert.Equal([[2, 1, 0]], Numbers.Read(reversed));
    }

    [Fact]
    public void Samples_of_different_shapes_are_refused_with_both_shapes()
    {
        var ragged = new Numbers(2).Map(s => Tensor.Zeros([1 + (int)s.Item1.Item()]));
        var e = Assert.Throws<ArgumentException>(() => new DataLoader<Tensor>(ragged, batchSize: 2).ToList());
        Assert.Contains("[1]", e.Message);
        Assert.Contains("[2]", e.Message);
        var text = new Numbers(2).Map(_ => "text");
        Assert.Contains("String", Assert.Throws<ArgumentException>(() => DataLoader.Create<string, Tensor>(text).ToList()).Message);
        Assert.Throws<ArgumentException>(() => new DataLoader<(Tensor, Tensor, int)>(new Numbers(2).Map(s => (s.Item1, s.Item2, 1))).ToList());
    }

    [Fact]
    public void Options_that_exclude_each_other_are_refused()
    {
        var data = new Numbers(4);
        Assert.Throws<ArgumentException>(() => new DataLoader(data, shuffle: true, sampler: new SequentialSampler(4)));
        Assert.Throws<ArgumentException>(() => new DataLoader(data, batchSize: 2, batchSampler: new BatchSampler(new SequentialSampler(4), 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(data, batchSize: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new DataLoader(data, workers: -1));
    }

    [Fact]
    public void An_empty_dataset_has_no_batch() => Assert.Empty(new DataLoader(new Numbers(0), batchSize: 4, shuffle: true, workers: 2));
}
