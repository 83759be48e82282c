using Cresset.Optim;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Optim;

public class GradientClippingTests
{
    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var c in ReferenceFile.Load("clipping").Cases) data.Add(c.Operator, c.Name);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Gradients_and_norm_are_PyTorchs(string kind, string name)
    {
        var c = ReferenceFile.Load("clipping").Case(kind, name);
        var parameters = c.Inputs.Values.Select(g =>
        {
            var dtype = g.Dtype == "float32" ? DType.Float32 : DType.Float64;
            return new Func<Tensor, Tensor>(p => { p.Grad = Tensor.From(g.Data, (Shape)g.Shape).To(dtype); return p; })(Tensor.Zeros((Shape)g.Shape, dtype));
        }).ToList();
        var tolerance = c.Inputs.GetAt(0).Value.Dtype == "float32" ? 1e-5 : 1e-10;
        void AssertClose(double e, double actual) =>
            Assert.True(double.IsNaN(e) ? double.IsNaN(actual) : Math.Abs(e - actual) <= tolerance * Math.Max(1, Math.Abs(e)), $"{c}: expected {e}, got {actual}");
        if (kind == "clip_grad_norm_")
            AssertClose(c.Outputs["totalNorm"].Item, GradientClipping.ClipNorm(parameters, c.Arguments.Double("maxNorm"), c.Arguments.Double("normType")));
        else GradientClipping.ClipValue(parameters, c.Arguments.Double("clipValue"));
        for (var k = 0; k < parameters.Count; k++)
        {
            var actual = parameters[k].Grad!.To(DType.Float64).ToArray<double>();
            var expected = c.Outputs[c.Inputs.GetAt(k).Key].Data;
            for (var i = 0; i < actual.Length; i++) AssertClose(expected[i], actual[i]);
        }
    }

    [Fact]
    public void A_norm_that_is_not_finite_is_an_error_where_asked_and_changes_nothing()
    {
        var parameter = Tensor.Zeros([2]);
        parameter.Grad = Tensor.From([3f, float.PositiveInfinity]);
        var error = Assert.Throws<InvalidOperationException>(() => GradientClipping.ClipNorm([parameter], 1, errorIfNonFinite: true));
        Assert.Contains("ClipNorm: the norm of the gradients is", error.Message);
        Assert.Equal([3f, float.PositiveInfinity], parameter.Grad.ToArray<float>());
    }

    [Fact]
    public void Gradients_that_are_not_contiguous_are_clipped_and_missing_ones_left_out()
    {
        Tensor a = Tensor.Zeros([3, 2]), b = Tensor.Zeros([4]);
        a.Grad = Tensor.From(new float[,] { { 3, 0, 0 }, { 0, 0, 4 } }).T;
        Assert.Equal(5, GradientClipping.ClipNorm([a, b], 2.5), 1e-6);
        Assert.Equal([1.5f, 0, 0, 0, 0, 2], a.Grad.ToArray<float>().Select(v => MathF.Round(v, 4)));
        Assert.Null(b.Grad);
    }
}
