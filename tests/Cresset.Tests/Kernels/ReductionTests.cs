using Xunit;
using static Cresset.Tests.Kernels.KernelData;

namespace Cresset.Tests.Kernels;

/// <summary>Folds of many short rows into each result, as a bias's gradient is, against loops in double: rows of whole vectors and of parts
/// of one, more rows than a block holds, results shared by parts.</summary>
[Collection(nameof(GlobalSettings))]
public class ReductionTests
{
    [Theory]
    [InlineData(5, 3, 16)]
    [InlineData(7, 4, 37)]
    [InlineData(300, 3, 20)]
    [InlineData(70, 50, 144)]
    [InlineData(9, 2, 511)]
    public void Short_rows_agree_with_naive_loops(int outer, int kept, int row)
    {
        foreach (var (type, tolerance) in ((DType, double)[])[(DType.Float32, 2e-5), (DType.Float64, 1e-13)])
        {
            var x = Values(new System.Random(3), type, outer, kept, row);
            var values = Doubles(x);
            IEnumerable<double> Of(int k) => Enumerable.Range(0, outer).SelectMany(o => values.Skip((o * kept + k) * row).Take(row));
            double[] Results(Func<IEnumerable<double>, double> fold) => [.. Enumerable.Range(0, kept).Select(k => fold(Of(k)))];
            Close(Results(all => all.Sum()), x.Sum([0, 2]), tolerance, "sum");
            Close(Results(all => all.Max()), x.AMax([0, 2]), 0, "largest");
            Close(Results(all => all.Min()), x.AMin([0, 2]), 0, "smallest");
            // Two dimensions of x's rows are not one where they lie apart.
            Close(Results(all => all.Sum()), x.Transpose(1, 2).Sum([0, 1]), tolerance, "sum of a transposed view");
            SameAtAnyThreadCount(() => x.Sum([0, 2]));
        }
        var whole = Tensor.Arange(0, outer * kept * row, 1, DType.Int32).Reshape(outer, kept, row);
        long[] sums = [.. Enumerable.Range(0, kept).Select(k => Enumerable.Range(0, outer).Sum(o => Enumerable.Range(0, row).Sum(r => (long)(o * kept + k) * row + r)))];
        Assert.Equal(sums, whole.Sum([0, 2]).To(DType.Int64).ToArray<long>());
    }

    [Fact]
    public void A_short_row_of_NaN_makes_its_own_result_NaN()
    {
        var x = Tensor.Ones([40, 5, 21]);
        x.AsSpan<float>()[(17 * 5 + 3) * 21 + 20] = float.NaN;
        Assert.Equal([840, 840, 840, float.NaN, 840], x.Sum([0, 2]).ToArray<float>());
    }

    // Rows shorter than a vector, of whole vectors, and longer than the kernel takes; fewer rows than lanes, and parts of several.
    public static TheoryData<int, int, int> Rows()
    {
        var data = new TheoryData<int, int, int>();
        foreach (var (rows, length) in new[] { (1, 1), (3, 5), (40, 12), (2500, 9), (17, 16), (33, 100), (5, 3000) })
            foreach (var width in new[] { 128, 256, 512 }) data.Add(rows, length, width);
        return data;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Equals_share_the_gradient_of_the_largest_and_the_smallest(int rows, int length, int width)
    {
        Cresset.Kernels.Cpu.Gemm.ForcedWidth = width;
        try
        {
            foreach (var type in new[] { DType.Float32, DType.Float64 })
            {
                // Rectified, so that many are equal.
                var x = Values(new System.Random(5), type, rows, length).Relu();
                var dy = Values(new System.Random(6), type, rows);
                double[] values = Doubles(x), shares = Doubles(dy);
                foreach (var largest in new[] { true, false })
                {
                    var expected = new double[values.Length];
                    for (var row = 0; row < rows; row++)
                    {
                        var own = values.AsSpan(row * length, length).ToArray();
                        var chosen = largest ? own.Max() : own.Min();
                        var count = own.Count(value => value == chosen);
                        for (var i = 0; i < length; i++) expected[row * length + i] = own[i] == chosen ? shares[row] / count : 0;
                    }
                    Tensor Gradient(Tensor input, params int[] dims)
                    {
                        var leaf = input.Detach();
                        leaf.RequiresGrad = true;
                        (largest ? leaf.AMax(dims) : leaf.AMin(dims)).Flatten().Backward(dy);
                        return leaf.Grad!;
                    }
                    Close(expected, Gradient(x, 1), 1e-6, "rows");
                    // Two dimensions that are reduced together, and one that is not the last.
                    Close(expected, Gradient(x.Reshape(rows, 1, length, 1), 2, 3), 1e-6, "dimensions");
                    Close(expected, Gradient(x.T.Contiguous(), 0).T.Contiguous(), 1e-6, "columns");
                    SameAtAnyThreadCount(() => Gradient(x, 1));
                }
            }
        }
        finally { Cresset.Kernels.Cpu.Gemm.ForcedWidth = 0; }
    }

    [Fact]
    public void A_row_whose_largest_is_NaN_has_no_number_in_its_gradient_and_others_are_as_they_were()
    {
        var x = Tensor.From([1f, 2, 2, float.NaN, 3, 4, 5, 5, 5], [3, 3]);
        x.RequiresGrad = true;
        x.AMax(1).Backward(Tensor.From([1f, 1, 3]));
        Assert.Equal([0, 0.5f, 0.5f, float.NaN, float.NaN, float.NaN, 1, 1, 1], x.Grad!.ToArray<float>());
    }
}
