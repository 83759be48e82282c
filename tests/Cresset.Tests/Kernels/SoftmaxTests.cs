using Xunit;
using static Cresset.Tests.Kernels.KernelData;

namespace Cresset.Tests.Kernels;

/// <summary>Softmax, its logarithm and cross-entropy with their gradients against sums in double: rows shorter than a vector, with and without
/// an end that no vector fills, longer than a block of sums; what infinities and NaN do.</summary>
[Collection(nameof(GlobalSettings))]
public class SoftmaxTests
{
    static Tensor Numbers(int rows, int length, DType type) => Tensor.Randn([rows, length], type, new Generator(7)) * 3;

    [Theory]
    [InlineData(5, 1)]
    [InlineData(4, 3)]
    [InlineData(3, 16)]
    [InlineData(3, 50)]
    [InlineData(2, 64)]
    [InlineData(2, 9001)]
    public void Rows_agree_with_sums_in_double(int rows, int length)
    {
        foreach (var (type, tolerance) in ((DType, double)[])[(DType.Float32, 2e-6), (DType.Float64, 1e-13)])
        {
            Tensor x = Numbers(rows, length, type), dy = Tensor.Randn([rows, length], type, new Generator(8));
            x.RequiresGrad = true;
            var labels = Enumerable.Range(0, rows).Select(row => row * 7 % length).ToArray();
            double[] xs = Doubles(x.Detach()), dys = Doubles(dy);
            double[] powers = new double[xs.Length], logarithms = new double[xs.Length], dx = new double[xs.Length], dxOfLogarithm = new double[xs.Length], dxOfLoss = new double[xs.Length];
            double loss = 0;
            for (var row = 0; row < rows; row++)
            {
                var of = Enumerable.Range(row * length, length).ToArray();
                double largest = of.Max(i => xs[i]), sum = of.Sum(i => Math.Exp(xs[i] - largest));
                foreach (var i in of) (powers[i], logarithms[i]) = (Math.Exp(xs[i] - largest) / sum, xs[i] - largest - Math.Log(sum));
                double dot = of.Sum(i => dys[i] * powers[i]), total = of.Sum(i => dys[i]);
                foreach (var i in of)
                {
                    dx[i] = powers[i] * (dys[i] - dot);
                    dxOfLogarithm[i] = dys[i] - powers[i] * total;
                    dxOfLoss[i] = (powers[i] - (i == of[labels[row]] ? 1 : 0)) / rows;
                }
                loss -= logarithms[of[labels[row]]] / rows;
            }
            Close(powers, x.Softmax(1).Detach(), tolerance, "softmax");
            Close(logarithms, x.LogSoftmax(1).Detach(), tolerance, "its logarithm");
            Close(dx, Autograd.Grad([(x.Softmax(1) * dy).Sum()], [x])[0]!, tolerance, "softmax's gradient");
            // Of long rows the sum of dy, which float32 rounds, is a large number.
            Close(dxOfLogarithm, Autograd.Grad([(x.LogSoftmax(1) * dy).Sum()], [x])[0]!, 2 * tolerance, "its logarithm's gradient");
            var target = Tensor.From([.. labels.Select(label => (long)label)]);
            Close([loss], x.CrossEntropy(target).Detach(), tolerance, "cross-entropy");
            Close(dxOfLoss, Autograd.Grad([x.CrossEntropy(target)], [x])[0]!, tolerance, "cross-entropy's gradient");
        }
    }

    [Theory]
    [InlineData(5)]
    [InlineData(70)]
    public void Infinities_and_NaN_do_what_they_do_in_PyTorch(int length)
    {
        foreach (var type in (DType[])[DType.Float32, DType.Float64])
        {
            var x = Numbers(4, length, DType.Float64);
            var values = x.AsSpan<double>();
            values[length - 1] = double.NaN;
            values[length..(2 * length)].Fill(double.NegativeInfinity);
            values[2 * length] = double.PositiveInfinity;
            // A few are left out, as a mask does: their weight is 0.
            values[3 * length] = values[4 * length - 1] = double.NegativeInfinity;
            var y = Doubles(x.To(type).Softmax(1));
            Assert.All(y[..(2 * length)], value => Assert.Equal(double.NaN, value));
            Assert.Equal(double.NaN, y[2 * length]);
            Assert.Equal((0, 0), (y[3 * length], y[4 * length - 1]));
            Assert.Equal(1, y[(3 * length)..].Sum(), 1e-6);
        }
    }
}
