using System.Numerics.Tensors;
using Xunit;

namespace Cresset.Tests.Tensors;

public class TensorSpanTests
{
    static void Same(Tensor x)
    {
        var span = x.AsReadOnlyTensorSpan<float>();
        Assert.Equal(x.Rank == 0 ? [1] : x.Shape.AsSpan().ToArray().Select(n => (nint)n), span.Lengths.ToArray());
        var values = x.ToArray<float>();
        var index = new nint[span.Rank];
        for (var i = 0; i < values.Length; i++)
        {
            var rest = (nint)i;
            for (var d = index.Length - 1; d >= 0; d--) (rest, index[d]) = Math.DivRem(rest, span.Lengths[d]);
            Assert.Equal(values[i], span[index]);
        }
        GC.KeepAlive(x);
    }

    [Fact]
    public void Every_view_shows_its_elements()
    {
        var x = Tensor.Arange(24).To(DType.Float32).Reshape(2, 3, 4);
        Same(x);
        Same(x.Transpose(0, 2));
        Same(x.Select(1, 2));
        Same(x.Narrow(2, 1, 2));
        Same(x.Select(0, 1).Unsqueeze(0).Expand(3, 3, 4));
        Same(Tensor.From(3.5));
        Same(Tensor.Ones([1, 1]));
        Assert.Equal(0, Tensor.Zeros([2, 0]).AsTensorSpan<float>().FlattenedLength);
    }

    [Fact]
    public void Changes_are_seen_on_both_sides()
    {
        var x = Tensor.Zeros([2, 3]);
        var transposed = x.T.AsTensorSpan<float>();
        transposed[2, 1] = 5;
        Assert.Equal([0, 0, 0, 0, 0, 5], x.ToArray<float>());
        x.FillInPlace(2);
        Assert.Equal(2, transposed[0, 1]);
        // .NET's own functions work on the tensor's memory.
        System.Numerics.Tensors.Tensor.Multiply(x.AsReadOnlyTensorSpan<float>(), 3f, x.AsTensorSpan<float>());
        Assert.Equal([6, 6, 6, 6, 6, 6], x.ToArray<float>());
        var array = new float[6];
        Tensor.Wrap(array, [2, 3]).AsTensorSpan<float>()[1, 2] = 7;
        Assert.Equal(7, array[5]);
    }

    [Fact]
    public void Another_type_is_refused() =>
        Assert.Contains("asked for float64", Assert.Throws<InvalidOperationException>(() => { Tensor.Zeros([2]).AsTensorSpan<double>(); }).Message, StringComparison.Ordinal);
}
