using Cresset.Data;
using Cresset.Kernels;
using Xunit;

namespace Cresset.Tests.Data;

public class SamplerTests
{
    [Fact]
    public void A_random_sample_without_replacement_has_no_index_twice()
    {
        var indices = new RandomSampler(100, seed: 3, count: 40).Indices(0).ToArray();
        Assert.Equal(40, indices.Distinct().Count());
        Assert.All(indices, i => Assert.InRange(i, 0, 99));
    }

    [Fact]
    public void A_random_sample_with_replacement_can_be_larger_than_the_dataset()
    {
        var indices = new RandomSampler(10, seed: 3, count: 10_000, replacement: true).Indices(0).ToArray();
        // Expected 1000 each with a standard deviation of 30: five of them.
        Assert.All(indices.CountBy(i => i), c => Assert.InRange(c.Value, 850, 1150));
        Assert.Throws<ArgumentException>(() => new RandomSampler(10, count: 11));
        Assert.Throws<ArgumentException>(() => new RandomSampler(0, count: 1, replacement: true));
    }

    [Fact]
    public void Weighted_draws_with_replacement_have_chances_proportional_to_the_weights()
    {
        double[] weights = [0, 1, 2, 0, 5, 0];
        var counts = new int[6];
        foreach (var i in new WeightedRandomSampler(weights, 80_000, seed: 1).Indices(0)) counts[i]++;
        for (var i = 0; i < 6; i++)
        {
            var p = weights[i] / 8;
            Assert.InRange(counts[i], 80_000 * p - 5 * Math.Sqrt(80_000 * p * (1 - p)), 80_000 * p + 5 * Math.Sqrt(80_000 * p * (1 - p)));
        }
    }

    [Fact]
    public void Weighted_draws_without_replacement_follow_the_law_of_successive_draws()
    {
        double[] weights = [1, 2, 0, 3];
        var sampler = new WeightedRandomSampler(weights, 2, replacement: false, seed: 9);
        var counts = new Dictionary<(int, int), int>();
        const int epochs = 20_000;
        for (var epoch = 0; epoch < epochs; epoch++)
        {
            var drawn = sampler.Indices(epoch).ToArray();
            counts[(drawn[0], drawn[1])] = counts.GetValueOrDefault((drawn[0], drawn[1])) + 1;
        }
        foreach (var i in new[] { 0, 1, 3 })
            foreach (var j in new[] { 0, 1, 3 })
            {
                if (i == j) continue;
                // First i of all, then j of what is left.
                var p = weights[i] / 6 * weights[j] / (6 - weights[i]);
                var deviation = Math.Sqrt(epochs * p * (1 - p));
                Assert.InRange(counts[(i, j)], epochs * p - 5 * deviation, epochs * p + 5 * deviation);
            }
        Assert.Equal(6, counts.Count);
    }

    [Fact]
    public void Weights_that_make_no_sense_are_refused()
    {
        Assert.Throws<ArgumentException>(() => new WeightedRandomSampler([1, -1], 1));
        Assert.Throws<ArgumentException>(() => new WeightedRandomSampler([1, double.NaN], 1));
        Assert.Throws<ArgumentException>(() => new WeightedRandomSampler([0, 0], 1));
        Assert.Throws<ArgumentException>(() => new WeightedRandomSampler([1, 0, 1], 3, replacement: false));
        Assert.Throws<ArgumentException>(() => new WeightedRandomSampler([double.MaxValue, double.MaxValue], 1));
    }

    [Fact]
    public void A_batch_sampler_of_ones_own_decides_the_batches()
    {
        var loader = new DataLoader(new Numbers(6), batchSampler: new Pairs());
        Assert.Equal([[0, 5], [1, 4], [2, 3]], Numbers.Read(loader));
        Assert.Equal(3, loader.Count);
    }

    [Fact]
    public void Orders_are_the_same_on_every_machine()
    {
        Assert.Equal(Expected(10, seed: 42, epoch: 3), new RandomSampler(10, seed: 42).Indices(3));
    }

    // The definition written out: word i of the epoch's part of the stream, scaled to 0 ... i, says whom i changes places with.
    static int[] Expected(int count, long seed, int epoch)
    {
        var order = new List<int>();
        for (var i = 0; i < count; i++)
        {
            var (x0, x1, x2, x3) = Philox.Words(((ulong)epoch + 1) * (1UL << 40) + (ulong)(i / 2), 0, (ulong)seed);
            var word = i % 2 == 0 ? ((UInt128)x1 << 32) + x0 : ((UInt128)x3 << 32) + x2;
            var place = (int)((word * (UInt128)(i + 1)) >> 64);
            order.Add(place == i ? i : order[place]);
            order[place] = i;
        }
        return [.. order];
    }

    sealed class Pairs() : BatchSampler(new SequentialSampler(6), 2)
    {
        public override IEnumerable<int[]> Batches(int epoch) => [[0, 5], [1, 4], [2, 3]];
    }
}
