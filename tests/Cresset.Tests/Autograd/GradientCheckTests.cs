using Xunit;

namespace Cresset.Tests.Differentiation;

public class GradientCheckTests
{
    static Tensor Values(Shape shape, ulong seed = 3, bool requiresGrad = true)
    {
        var x = Tensor.Randn(shape, DType.Float64, new Generator(seed));
        x.RequiresGrad = requiresGrad;
        return x;
    }

    // x³ by Record, with a derivative that the caller chooses.
    static Tensor Cube(Tensor x, Func<Tensor, Tensor> derivative)
    {
        Tensor y;
        using (Autograd.NoGrad()) y = x * x * x;
        return Autograd.Record("Cube", y, [x], [x], (node, gradient) => [gradient * derivative(node.Saved(0))]);
    }

    [Fact]
    public void Accepts_a_right_gradient_of_several_inputs()
    {
        var result = GradientCheck.Check(x => (x[0].MatMul(x[1]) + x[2]).Tanh(), Values([3, 4]), Values([4, 2], 4), Values([2], 5));
        Assert.True(result.Passed, result.Message);
        Assert.Contains("22 derivatives", result.Message, StringComparison.Ordinal);
        result.ThrowIfFailed();
    }

    [Fact]
    public void Catches_a_wrong_gradient_and_names_the_element_and_both_values()
    {
        Tensor right = Values([2], 8), wrong = Tensor.From([1.5, 2.0, 4.0], [3, 1]);
        wrong.RequiresGrad = true;
        // Wrong for the last element alone.
        var factor = Tensor.From([3.0, 3.0, 2.0], [3, 1]);
        var result = GradientCheck.Check(x => x[0].Sum() + Cube(x[1], saved => factor * saved * saved), right, wrong);
        Assert.False(result.Passed);
        Assert.Contains("input 1 of shape [3, 1], element [2, 0]", result.Message, StringComparison.Ordinal);
        // The weighted sums have one weight w: 32 w against 48 w.
        var numbers = System.Text.RegularExpressions.Regex.Matches(result.Message, "(?:gradient is|numeric one) (-?[0-9.]+)")
            .Select(match => double.Parse(match.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(32.0 / 48, numbers[0] / numbers[1], 5);
        Assert.Throws<InvalidOperationException>(result.ThrowIfFailed);
    }

    [Fact]
    public void Catches_a_second_derivative_that_is_lost()
    {
        var x = Values([4]);
        // Right in value, but the saved tensor is detached: no second derivative.
        Tensor F(Tensor[] inputs) => Cube(inputs[0], saved => 3 * saved.Detach() * saved.Detach());
        Assert.True(GradientCheck.Check(F, x).Passed);
        Assert.False(GradientCheck.CheckSecondOrder(F, x).Passed);
        var right = GradientCheck.CheckSecondOrder(inputs => Cube(inputs[0], saved => 3 * saved * saved), x);
        Assert.True(right.Passed, right.Message);
    }

    [Fact]
    public void Catches_an_input_that_a_function_detaches()
    {
        var result = GradientCheck.Check(x => x[0] * x[1].Detach(), Values([3]), Values([3], 4));
        Assert.False(result.Passed);
        Assert.Contains("input 1", result.Message, StringComparison.Ordinal);
        Assert.False(GradientCheck.Check(x => x[0].Detach().Exp(), Values([3])).Passed);
    }

    [Fact]
    public void Leaves_inputs_without_gradients_and_all_Grad_alone()
    {
        var x = Values([3]);
        var index = Tensor.From([2L, 0L]);
        var before = x.ToArray<double>();
        GradientCheck.Check(inputs => inputs[0].IndexSelect(0, inputs[1]).Square(), x, index).ThrowIfFailed();
        Assert.Equal(before, x.ToArray<double>());
        Assert.Equal([2L, 0L], index.ToArray<long>());
        Assert.Null(x.Grad);
    }

    [Fact]
    public void Takes_views_as_inputs()
    {
        var whole = Values([4, 6], requiresGrad: false);
        var transposed = whole.T.Detach();
        transposed.RequiresGrad = true;
        GradientCheck.Check(x => x[0].Softmax(0), transposed).ThrowIfFailed();
        // A view inside a graph, too.
        var leaf = Values([4, 6]);
        GradientCheck.Check(x => x[0].Exp().Sum(1), leaf.Narrow(1, 1, 3)).ThrowIfFailed();
        GradientCheck.CheckSecondOrder(x => x[0].Exp().Sum(1), leaf.Narrow(1, 1, 3)).ThrowIfFailed();
    }

    [Fact]
    public void Checks_a_function_that_differentiates_inside() =>
        GradientCheck.Check(x =>
        {
            var y = x[0].Pow(3).Sum();
            return Autograd.Grad(y, x[0], createGraph: true).Square().Sum();
        }, Values([4])).ThrowIfFailed();

    [Fact]
    public void Works_inside_NoGrad()
    {
        var x = Values([3]);
        using (Autograd.NoGrad())
        {
            GradientCheck.Check(inputs => inputs[0].Sin(), x).ThrowIfFailed();
            Assert.False(GradientCheck.Check(inputs => Cube(inputs[0], saved => saved), x).Passed);
        }
    }

    [Fact]
    public void Refuses_float32_and_says_what_to_do()
    {
        var x = Tensor.Ones([2]);
        x.RequiresGrad = true;
        var error = Assert.Throws<ArgumentException>(() => GradientCheck.Check(inputs => inputs[0].Exp(), x));
        Assert.Contains("float64", error.Message, StringComparison.Ordinal);
        Assert.Contains("To(DType.Float64)", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => GradientCheck.CheckSecondOrder(inputs => inputs[0].Exp(), x));
        Assert.Throws<ArgumentException>(() => GradientCheck.Check(inputs => inputs[0].To(DType.Float32), Values([2])));
        Assert.Throws<ArgumentException>(() => GradientCheck.Check(inputs => inputs[0].Exp(), Values([2], requiresGrad: false)));
    }

    [Fact]
    public void Fails_where_a_gradient_is_not_a_number() =>
        Assert.False(GradientCheck.Check(x => Cube(x[0], saved => saved / 0 - saved / 0), Values([2])).Passed);
}
