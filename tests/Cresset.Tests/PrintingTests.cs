using Xunit;

namespace Cresset.Tests;

public class PrintingTests
{
    // Laid out as PyTorch 1.13 prints the same tensors, with shape and type at the end.
    [Fact]
    public void Values_are_aligned_in_nested_brackets()
    {
        Assert.Equal("tensor([[ 1.0000, -2.5000],\n        [ 0.2500, 10.0000]], shape=[2, 2], dtype=float32)", Tensor.From(new float[,] { { 1, -2.5f }, { 0.25f, 10 } }).ToString());
        Assert.Equal("tensor([1., 2., 3.], shape=[3], dtype=float32)", Tensor.From([1f, 2f, 3f]).ToString());
        Assert.Equal("tensor([[[1, 2]],\n\n        [[3, 4]]], shape=[2, 1, 2], dtype=int64)", Tensor.From(new long[,,] { { { 1, 2 } }, { { 3, 4 } } }).ToString());
        Assert.Equal("tensor([ true, false], shape=[2], dtype=bool)", Tensor.From([true, false]).ToString());
        Assert.Equal("tensor(9007199254740993, shape=[], dtype=int64)", Tensor.From([9007199254740993L]).Reshape([]).ToString());
    }

    [Fact]
    public void Far_sizes_turn_to_powers_of_ten_and_special_values_are_named()
    {
        Assert.Equal("tensor([1.0000e-05, 2.0000e+00], shape=[2], dtype=float64)", Tensor.From([1e-5, 2.0]).ToString());
        Assert.Equal("tensor([ nan,  inf, -inf,   1.], shape=[4], dtype=float32)", Tensor.From([float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1]).ToString());
        Assert.Equal("tensor([], shape=[0, 3], dtype=float32)", Tensor.Zeros([0, 3]).ToString());
    }

    [Fact]
    public void Large_tensors_are_shortened()
    {
        Assert.Equal("tensor([   0,    1,    2, ..., 1998, 1999, 2000], shape=[2001], dtype=int64)", Tensor.Arange(2001).ToString());
        var text = Tensor.Arange(2000).Reshape(1000, 2).ToString();
        Assert.Equal("tensor([[   0,    1],\n        [   2,    3],\n        [   4,    5],\n        ...,\n        [1994, 1995],\n        [1996, 1997],\n        [1998, 1999]], shape=[1000, 2], dtype=int64)", text);
    }

    [Fact]
    public void What_differentiation_knows_is_said()
    {
        var x = Tensor.From([1f]);
        x.RequiresGrad = true;
        Assert.EndsWith("dtype=float32, requiresGrad=true)", x.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("dtype=float32, gradFn=Exp)", x.Exp().ToString(), StringComparison.Ordinal);
    }
}
