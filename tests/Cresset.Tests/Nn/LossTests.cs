using Cresset.Nn;
using Xunit;

namespace Cresset.Tests.Nn;

public class LossTests
{
    [Theory]
    [InlineData(10, 3, "got 10 at position 3 of the target of shape [4]")]
    [InlineData(-1, 0, "got -1 at position 0")]
    public void A_label_out_of_range_is_named_with_its_position(long label, int position, string message)
    {
        var labels = new long[4];
        labels[position] = label;
        foreach (var loss in new Loss[] { new CrossEntropyLoss(), new NllLoss() })
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(() => loss.Forward(Tensor.Zeros([4, 10]), Tensor.From(labels)));
            Assert.Contains(message, error.Message);
            Assert.Contains("from 0 to 9", error.Message);
        }
    }

    [Fact]
    public void Shapes_types_and_options_that_do_not_fit_are_errors()
    {
        static string Message(Func<object> f) => Assert.ThrowsAny<ArgumentException>(f).Message;
        Tensor x = Tensor.Zeros([4, 3]), labels = Tensor.Zeros([4], DType.Int64);
        Assert.Contains("expected class indices of shape [4]", Message(() => new CrossEntropyLoss().Forward(x, Tensor.Zeros([3], DType.Int64))));
        Assert.Contains("int64", Message(() => new CrossEntropyLoss().Forward(x, Tensor.Zeros([4], DType.Bool))));
        Assert.Contains("input's shape [4, 3]", Message(() => new CrossEntropyLoss().Forward(x, Tensor.Zeros([4]))));
        Assert.Contains("[3], got [2]", Message(() => new CrossEntropyLoss(weight: Tensor.Ones([2])).Forward(x, labels)));
        Assert.Contains("labelSmoothing", Message(() => new CrossEntropyLoss(labelSmoothing: 2).Forward(x, labels)));
        Assert.Contains("floating-point input", Message(() => new CrossEntropyLoss().Forward(labels, labels)));
        Assert.Contains("MseLoss: expected a target of the input's shape [4, 3], got [4]", Message(() => new MseLoss().Forward(x, Tensor.Zeros([4]))));
        Assert.Contains("BatchMean", Message(() => new MseLoss(LossReduction.BatchMean).Forward(x, x)));
        Assert.Contains("from 0 to 1", Message(() => new BceLoss().Forward(x + 2, x)));
    }

    [Fact]
    public void Cross_entropy_survives_large_logits()
    {
        var x = Tensor.From(new[,] { { 1000f, 0f }, { 0f, 1000f } });
        x.RequiresGrad = true;
        var loss = new CrossEntropyLoss(reduction: LossReduction.None).Forward(x, Tensor.From(new long[] { 0, 0 }));
        Assert.Equal([0f, 1000f], loss.ToArray<float>());
        loss.Sum().Backward();
        Assert.Equal([0f, 0f, -1f, 1f], x.Grad!.ToArray<float>());
    }

    [Theory]
    [InlineData(LossReduction.Sum, DType.Float32)]
    [InlineData(LossReduction.Mean, DType.Float32)]
    [InlineData(LossReduction.Mean, DType.Float64)]
    public void The_squared_error_is_that_of_its_parts_to_the_bit_with_all_gradients(LossReduction reduction, DType dtype)
    {
        Random.Seed(3);
        Tensor x = Tensor.Randn([37, 53], dtype), y = Tensor.Randn([37, 53], dtype);
        x.RequiresGrad = y.RequiresGrad = true;
        Tensor loss = x.MseLoss(y, reduction), parts = (x - y).Square();
        parts = reduction == LossReduction.Sum ? parts.Sum() : parts.Mean();
        Assert.Equal(parts.Item(), loss.Item());
        var factor = Tensor.Full([], 0.3, dtype);
        Assert.Equal(Values(Autograd.Grad([parts], [x, y], [factor], retainGraph: true)), Values(Autograd.Grad([loss], [x, y], [factor], retainGraph: true)));
        Assert.Equal(Values(Second(parts)), Values(Second(loss)), (a, b) => Math.Abs(a - b) <= 1e-6 * Math.Abs(a));

        // The gradients of the squares of the gradients.
        Tensor?[] Second(Tensor of) => Autograd.Grad([Autograd.Grad(of, x, createGraph: true).Square().Sum()], [x, y]);

        static double[] Values(Tensor?[] tensors) => [.. tensors.SelectMany(tensor => tensor!.To(DType.Float64).ToArray<double>())];
    }

    [Fact]
    public void Huber_is_quadratic_near_0_and_linear_beyond_delta()
    {
        var x = Tensor.From([0.5, -1, 3]);
        // 0.5 * 0.25, 0.5 * 1, 2 (3 - 1)
        Assert.Equal([0.125, 0.5, 4], new HuberLoss(2, LossReduction.None).Forward(x, x.ZerosLike()).ToArray<double>());
    }

    [Fact]
    public void Ignoring_every_target_gives_NaN_as_a_mean_of_nothing_and_0_as_a_sum()
    {
        Tensor x = Tensor.Zeros([2, 3]), labels = Tensor.From(new long[] { -100, -100 });
        Assert.True(double.IsNaN(new CrossEntropyLoss().Forward(x, labels).Item()));
        Assert.Equal(0, new CrossEntropyLoss(reduction: LossReduction.Sum).Forward(x, labels).Item());
    }
}
