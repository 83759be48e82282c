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
        WithWidth(width, () =>
        {
            foreach (var m in Sizes)
                foreach (var n in Sizes)
                    foreach (var k in new[] { 1, 3, 17, 64, 300 })
                        for (var mode = 0; mode < 4; mode++)
                        {
                            Check<float>(m, n, k, aTransposed: (mode & 1) != 0, bTransposed: (mode & 2) != 0, accumulate: mode == 1, bias: mode == 2, 1e-6);
                            if (k == 17) Check<double>(m, n, k, (mode & 1) != 0, (mode & 2) != 0, mode == 1, mode == 2, 1e-15);
                        }
        });
    }

    static void WithWidth(int width, Action action)
    {
        Gemm.ForcedWidth = width;
        try { action(); }
        finally { Gemm.ForcedWidth = 0; }
    }

    [Theory]
    [InlineData(257, 513, 300)]
    [InlineData(3100, 7, 40)]
    [InlineData(7, 3100, 40)]
    [InlineData(9, 40, 2100)]
    [InlineData(257, 100, 520)]
    [InlineData(100, 257, 520)]
    [InlineData(2000, 1, 300)]
    [InlineData(1, 2100, 300)]
    [InlineData(3, 1100, 300)]
    [InlineData(64, 300, 1100)]
    [InlineData(40, 3100, 130)]
    // Narrow: C is held transposed, in one round and in several.
    [InlineData(600, 28, 300)]
    [InlineData(1100, 65, 1030)]
    [InlineData(64, 10, 4200)]
    [InlineData(3200, 20, 2100)]
    public void Agrees_with_naive_sums_across_the_edges_of_blocks_and_rounds(int m, int n, int k)
    {
        for (var width = 128; width <= 512; width *= 2)
            WithWidth(width, () =>
            {
                Check<float>(m, n, k, false, true, true, true, 1e-6);
                Check<float>(m, n, k, true, false, true, false, 1e-6);
                Check<double>(m, n, k, true, false, false, true, 1e-15);
            });
    }

    [Theory]
    [InlineData(3, 20, 50)]
    [InlineData(40, 1, 50)]
    [InlineData(50, 70, 30)]
    [InlineData(150, 300, 20)]
    public void Reads_operands_whose_rows_and_columns_both_have_gaps(int m, int n, int k)
    {
        Check<float>(m, n, k, false, false, false, false, 1e-6, gap: 2);
        Check<double>(m, n, k, true, false, true, true, 1e-15, gap: 3);
        Check<float>(m, n, k, false, true, true, false, 1e-6, gap: 2);
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
                // Both sides packed at first; one of them by each tile; C transposed; one side in place; no packing at all.
                float[] c = [.. Check<float>(300, 500, 700, false, true, false, true, 1e-6), .. Check<float>(500, 64, 700, false, true, false, true, 1e-6),
                    .. Check<float>(64, 500, 700, false, true, false, true, 1e-6),
                    .. Check<float>(900, 65, 1100, true, false, false, true, 1e-6), .. Check<float>(700, 20, 300, false, true, false, true, 1e-6),
                    .. Check<float>(64, 500, 300, false, false, false, true, 1e-6), .. Check<float>(2, 2000, 300, false, false, false, true, 1e-6)];
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
    static unsafe T[] Check<T>(int m, int n, int k, bool aTransposed, bool bTransposed, bool accumulate, bool bias, double unit, int gap = 1)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        var random = new System.Random(m * 31 + n * 7 + k);
        T[] Values(int count) => Enumerable.Range(0, count).Select(_ => T.CreateTruncating(random.NextDouble() - 0.5)).ToArray();
        T[] a = Values(gap * m * k), b = Values(gap * k * n), c = Values(m * n), biases = Values(n), start = [.. c];
        long aRow = aTransposed ? 1 : k, aColumn = aTransposed ? m : 1, bRow = bTransposed ? 1 : n, bColumn = bTransposed ? k : 1;
        (aRow, aColumn, bRow, bColumn) = (gap * aRow, gap * aColumn, gap * bRow, gap * bColumn);
        fixed (T* pa = a, pb = b, pc = c, pbias = biases)
            Gemm.Multiply(m, n, k, pa, aRow, aColumn, pb, bRow, bColumn, pc, n, accumulate, bias ? pbias : null);
        // Rows of A and columns of B in double, contiguous, so that the naive sums take little of the tests' time.
        double[] left = new double[m * k], right = new double[n * k];
        for (var p = 0; p < k; p++)
        {
            for (var i = 0; i < m; i++) left[i * k + p] = double.CreateTruncating(a[i * aRow + p * aColumn]);
            for (var j = 0; j < n; j++) right[j * k + p] = double.CreateTruncating(b[p * bRow + j * bColumn]);
        }
        for (var i = 0; i < m; i++)
            for (var j = 0; j < n; j++)
            {
                double sum = (accumulate ? double.CreateTruncating(start[i * n + j]) : 0) + (bias ? double.CreateTruncating(biases[j]) : 0);
                double size = Math.Abs(sum);
                for (var p = 0; p < k; p++)
                {
                    var product = left[i * k + p] * right[j * k + p];
                    sum += product;
                    size += Math.Abs(product);
                }
                var error = Math.Abs(sum - double.CreateTruncating(c[i * n + j]));
                if (!(error <= unit * (1 + size))) Assert.Fail($"{m} x {k} x {n} at ({i}, {j}): expected {sum}, got {c[i * n + j]}");
            }
        return c;
    }
}
