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
}
