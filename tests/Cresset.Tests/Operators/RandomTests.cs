using Cresset.Kernels;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Operators;

[Collection(nameof(GlobalSettings))]
public class RandomTests
{
    // The known answers published with Random123 (kat_vectors: philox4x32 10).
    [Theory]
    [InlineData(0ul, 0ul, 0ul, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [InlineData(ulong.MaxValue, ulong.MaxValue, ulong.MaxValue, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [InlineData(0x85a308d3243f6a88ul, 0x0370734413198a2eul, 0x299f31d0a4093822ul, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Philox_gives_its_published_words(ulong low, ulong high, ulong key, uint x0, uint x1, uint x2, uint x3) =>
        Assert.Equal((x0, x1, x2, x3), Philox.Words(low, high, key));

    [Fact]
    public void The_logarithm_and_the_inverse_normal_are_accurate()
    {
        for (var i = 1; i < 2000; i++)
        {
            var x = i / 2000.0;
            Assert.Equal(Math.Log(x), Distributions.Log(x), 1e-15 * Math.Max(1, Math.Abs(Math.Log(x))));
        }
        // Quantiles from tables of the normal distribution.
        Assert.Equal(1.959963984540054, Distributions.InverseNormal(0.975), 1e-14);
        Assert.Equal(-3.090232306167813, Distributions.InverseNormal(0.001), 1e-14);
        Assert.Equal(-7.034483825301131, Distributions.InverseNormal(1e-12), 1e-12);
        Assert.Equal(0, Distributions.InverseNormal(0.5));
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits_at_any_number_of_threads_and_in_parts()
    {
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var expected = Tensor.Randn([100_001], generator: new Generator(7)).ToArray<float>();
            foreach (var threads in new[] { 2, 3, 8 })
            {
                Threads.Count = threads;
                Assert.Equal(expected, Tensor.Randn([100_001], generator: new Generator(7)).ToArray<float>());
            }
            var generator = new Generator(7);
            var parts = Tensor.Randn([1000], generator: generator).ToArray<float>().Concat(Tensor.Randn([2000], generator: generator).ToArray<float>());
            Assert.Equal(expected[..3000], parts);
        }
        finally
        {
            Threads.Count = before;
        }
    }

    // Bits that must be the same on every machine.
    [Fact]
    public void The_first_numbers_of_seed_1_are_these()
    {
        // Word i of key 1: computed from the definition with integers and exact fractions by Python.
        Assert.Equal([0.8946846723556519f, 0.7112680673599243f, 0.8741118907928467f], Tensor.Rand([3], generator: new Generator(1)).ToArray<float>());
    }

    [Theory]
    [InlineData(DType.Float32)]
    [InlineData(DType.Float64)]
    public void Moments_are_those_of_the_distributions(DType dtype)
    {
        const int n = 200_000;
        var generator = new Generator(3);
        void Check(Tensor x, double mean, double variance, double fourth)
        {
            var values = x.To(DType.Float64).ToArray<double>();
            var average = values.Average();
            Assert.Equal(mean, average, 5 * Math.Sqrt(variance / n));
            Assert.Equal(variance, values.Average(v => (v - mean) * (v - mean)), 5 * Math.Sqrt((fourth - variance * variance) / n));
        }
        Check(Tensor.Rand([n], dtype, generator), 0.5, 1 / 12.0, 1 / 80.0);
        Check(Tensor.Randn([n], dtype, generator), 0, 1, 3);
        Check(Tensor.Empty([n], dtype).NormalInPlace(3, 2, generator), 3, 4, 48);
        Check(Tensor.Empty([n], dtype).BernoulliInPlace(0.25, generator), 0.25, 0.1875, 0.08203125);
    }

    [Fact]
    public void Integers_are_spread_evenly_over_their_range()
    {
        var values = Tensor.RandInt(-3, 7, [100_000], generator: new Generator(5)).ToArray<long>();
        var chiSquare = values.CountBy(v => v).Sum(pair => Math.Pow(pair.Value - 10_000, 2) / 10_000);
        Assert.Equal(Enumerable.Range(-3, 10).Select(i => (long)i), values.Distinct().Order());
        // 9 degrees of freedom: above 27.9 once in a thousand seeds.
        Assert.InRange(chiSquare, 0.5, 27.9);
    }

    [Fact]
    public void A_permutation_holds_every_number_once_and_moves_them()
    {
        var order = Tensor.RandPerm(1000, new Generator(2)).ToArray<long>();
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), order.Order());
        Assert.InRange(order.Where((value, i) => value == i).Count(), 0, 10);
    }

    [Fact]
    public void A_saved_state_continues_the_stream_and_a_strided_tensor_gets_the_same_numbers()
    {
        var generator = new Generator(11);
        Tensor.Rand([5], generator: generator);
        var state = generator.State;
        var expected = Tensor.Rand([4, 6], generator: generator).ToArray<float>();
        generator.State = state;
        Assert.Equal(expected, Tensor.Empty([6, 4]).T.UniformInPlace(0, 1, generator).ToArray<float>());
    }

    [Fact]
    public void Wrong_ranges_are_refused_by_name()
    {
        Assert.Contains("RandInt: expected low below high, got 3 and 3", Assert.Throws<ArgumentException>(() => Tensor.RandInt(3, 3, [1])).Message, StringComparison.Ordinal);
        Assert.Contains("Normal: expected a standard deviation that is not negative, got -1", Assert.Throws<ArgumentException>(() => Tensor.Zeros([1]).NormalInPlace(0, -1)).Message, StringComparison.Ordinal);
        Assert.Contains("Uniform: expected a floating-point tensor, got int64", Assert.Throws<ArgumentException>(() => Tensor.Rand([1], DType.Int64)).Message, StringComparison.Ordinal);
    }
}
