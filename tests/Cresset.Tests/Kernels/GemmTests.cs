using Cresset.Kernels.Cpu;
using Xunit;

namespace Cresset.Tests.Kernels;

// The width is forced and the thread count set for the whole process: nothing else may compute meanwhile.
[CollectionDefinition(nameof(GlobalSettings), DisableParallelization = true)]
public class GlobalSettings;

[Collection(nameof(GlobalSettings))]
public class GemmTests
{
    static readonly int[] Sizes = [1, 2, 3, 5, 7, 13, 17, 31, 33, 65, 100];

    [Theory]
    [InlineData(512)]
    [InlineData(256)]
    [InlineData(128)]
    public void Agrees_with_naive_sums_at_every_width_size_and_stride(int width)
    {
        Gemm.ForcedWidth = width;
        try
        {
            foreach (var m in Sizes)
                foreach (var n in Sizes)
                    foreach (var k in new[] { 1, 3, 17, 64, 300 })
                        for (var mode = 0; mode < 4; mode++)
                        {
                            Check<float>(m, n, k, aTransposed: (mode & 1) != 0, bTransposed: (mode & 2) != 0, accumulate: mode == 1, bias: mode == 2, 1e-6);
                            if (k == 17) Check<double>(m, n, k, (mode & 1) != 0, (mode & 2) != 0, mode == 1, mode == 2, 1e-15);
                        }
        }
        finally
        {
            Gemm.ForcedWidth = 0;
        }
    }

    [Theory]
    [InlineData(257, 513, 300)]
    [InlineData(3100, 7, 40)]
    [InlineData(7, 3100, 40)]
    [InlineData(9, 40, 2100)]
    public void Agrees_with_naive_sums_across_the_edges_of_blocks_and_rounds(int m, int n, int k)
    {
        Check<float>(m, n, k, false, true, true, true, 1e-6);
        Check<double>(m, n, k, true, false, false, true, 1e-15);
    }

    [Fact]
    public void A_sum_over_nothing_is_zero_or_what_was_there()
    {
        Check<float>(5, 40, 0, false, false, false, true, 0);
        Check<float>(5, 40, 0, false, false, true, false, 0);
    }

    [Fact]
    public void Gives_the_same_bits_at_any_number_of_threads()
    {
        var before = Threads.Count;
        try
        {
            float[]? first = null;
            foreach (var threads in new[] { 1, 2, 3, 8 })
            {
                Threads.Count = threads;
                var c = Check<float>(300, 500, 700, false, true, false, true, 1e-6);
                first ??= c;
                Assert.Equal(first, c);
            }
        }
        finally
        {
            Threads.Count = before;
        }
    }

    // The error of a sum of k products is bounded by k roundings of the sum of their sizes; one in practice, sqrt(k) allowed.
    static unsafe T[] Check<T>(int m, int n, int k, bool aTransposed, bool bTransposed, bool accumulate, bool bias, double unit)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        var random = new System.Random(m * 31 + n * 7 + k);
        T[] Values(int count) => Enumerable.Range(0, count).Select(_ => T.CreateTruncating(random.NextDouble() - 0.5)).ToArray();
        T[] a = Values(m * k), b = Values(k * n), c = Values(m * n), biases = Values(n), start = [.. c];
        long aRow = aTransposed ? 1 : k, aColumn = aTransposed ? m : 1, bRow = bTransposed ? 1 : n, bColumn = bTransposed ? k : 1;
        fixed (T* pa = a, pb = b, pc = c, pbias = biases)
            Gemm.Multiply(m, n, k, pa, aRow, aColumn, pb, bRow, bColumn, pc, n, accumulate, bias ? pbias : null);
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                double sum = (accumulate ? double.CreateTruncating(start[i * n + j]) : 0) + (bias ? double.CreateTruncating(biases[j]) : 0);
                double size = Math.Abs(sum);
                for (var p = 0; p < k; p++)
                {
                    var product = double.CreateTruncating(a[i * aRow + p * aColumn]) * double.CreateTruncating(b[p * bRow + j * bColumn]);
                    sum += product;
                    size += Math.Abs(product);
                }
                var error = Math.Abs(sum - double.CreateTruncating(c[i * n + j]));
                Assert.True(error <= unit * (1 + size), $"{m} x {k} x {n} at ({i}, {j}): expected {sum}, got {c[i * n + j]}");
            }
        return c;
    }
}
