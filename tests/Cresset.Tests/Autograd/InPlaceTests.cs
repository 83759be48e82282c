using Xunit;

namespace Cresset.Tests.Differentiation;

// Changes in place: refused or found where they would lose a gradient, right where they are allowed.
public class InPlaceTests
{
    [Fact]
    public void A_changed_input_that_was_saved_is_found_in_backward()
    {
        Tensor x = Leaf.Of(2), w = Tensor.From([3.0]);
        var y = x * w;
        w.AddInPlace(1);
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward());
        Assert.Contains("Mul", error.Message, StringComparison.Ordinal);
        Assert.Contains("changed in place", error.Message, StringComparison.Ordinal);
        Assert.Null(x.Grad);
    }

    [Fact]
    public void A_changed_output_that_was_saved_is_found_in_backward()
    {
        var x = Leaf.Of(2);
        var y = x.Exp();
        y.AddInPlace(1);
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward());
        Assert.Contains("Exp", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_not_saved_may_change()
    {
        var x = Leaf.Of(2);
        var y = x + 1;
        y.MulInPlace(5);
        y.Backward();
        Assert.Equal(5, x.Grad!.Item());
    }

    [Fact]
    public void A_change_through_another_view_or_a_detached_alias_is_found()
    {
        Tensor x = Leaf.Of(2, 3), w = Tensor.From([3.0, 4.0]);
        var y = (x * w).Sum();
        w.Narrow(0, 0, 1).FillInPlace(0);
        Assert.Throws<InvalidOperationException>(() => y.Backward());

        var middle = x * 1;
        var z = middle.Square().Sum();
        middle.Detach().AddInPlace(1);
        Assert.Throws<InvalidOperationException>(() => z.Backward());
    }

    [Fact]
    public void A_parameter_that_was_stepped_before_backward_is_found()
    {
        var w = Leaf.Of(2);
        var y = w * w;
        using (Autograd.NoGrad()) w.SubInPlace(0.1);
        Assert.Throws<InvalidOperationException>(() => y.Backward());
    }

    [Fact]
    public void A_leaf_changes_in_place_only_without_recording()
    {
        var x = Leaf.Of(2);
        Assert.Throws<InvalidOperationException>(() => x.AddInPlace(1));
        Assert.Throws<InvalidOperationException>(() => x.FillInPlace(1));
        Assert.Throws<InvalidOperationException>(() => x.CopyInPlace(Tensor.From([1.0])));
        Assert.Throws<InvalidOperationException>(() => x[0] = Tensor.From(1.0, DType.Float64));
        Assert.Equal(2, x.Item());
        using (Autograd.NoGrad()) x.AddInPlace(1);
        Assert.Equal(3, x.Item());
        Assert.True(x.IsLeaf);
        (x * x).Backward();
        Assert.Equal(6, x.Grad!.Item());
    }

    [Fact]
    public void A_view_is_not_changed_in_place_while_recording()
    {
        var x = Leaf.Of(2, 3);
        var y = x * 1;
        Assert.Throws<InvalidOperationException>(() => y.Narrow(0, 0, 1).AddInPlace(1));
        // Nor does a view without history take a value that has one.
        var buffer = Tensor.Zeros([2], DType.Float64);
        Assert.Throws<InvalidOperationException>(() => buffer.Narrow(0, 1, 1).CopyInPlace(x.Narrow(0, 0, 1)));
        Assert.Equal([0.0, 0.0], buffer.ToArray<double>());
    }

    [Fact]
    public void A_view_older_than_a_change_of_its_base_is_refused()
    {
        var x = Leaf.Of([2, 2], 1, 2, 3, 4);
        var y = x * 1;
        var old = y.T;
        y.MulInPlace(3);
        var error = Assert.Throws<InvalidOperationException>(() => old * 2);
        Assert.Contains("view", error.Message, StringComparison.Ordinal);
        (y.T * Tensor.From([1.0, 2, 3, 4], [2, 2])).Sum().Backward();
        Assert.Equal([3.0, 9, 6, 12], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void An_expanded_tensor_is_not_changed_in_place() =>
        Assert.Throws<InvalidOperationException>(() => Tensor.Zeros([1]).Expand(3).AddInPlace(1));

    static readonly Dictionary<string, (Func<Tensor, Tensor, Tensor> InPlace, Func<Tensor, Tensor, Tensor> Plain)> Pairs = new()
    {
        ["Add"] = ((a, b) => a.AddInPlace(b), (a, b) => a + b),
        ["Sub"] = ((a, b) => a.SubInPlace(b), (a, b) => a - b),
        ["Mul"] = ((a, b) => a.MulInPlace(b), (a, b) => a * b),
        ["Div"] = ((a, b) => a.DivInPlace(b), (a, b) => a / b),
        ["Copy"] = ((a, b) => a.CopyInPlace(b), (a, b) => a * 0 + b),
        ["Fill"] = ((a, b) => a.FillInPlace(2), (a, b) => a * 0 + 2),
        ["Exp"] = ((a, b) => a.ExpInPlace(), (a, b) => a.Exp()),
        ["Sin"] = ((a, b) => a.SinInPlace(), (a, b) => a.Sin()),
        ["Relu"] = ((a, b) => a.ReluInPlace(), (a, b) => a.Relu()),
        ["MulScalar"] = ((a, b) => a.MulInPlace(3), (a, b) => a * 3),
        ["DivScalar"] = ((a, b) => a.DivInPlace(3), (a, b) => a / 3),
        ["AddScalar"] = ((a, b) => a.AddInPlace(3), (a, b) => a + 3),
        ["SubScalar"] = ((a, b) => a.SubInPlace(3), (a, b) => a - 3),
        ["AddSelf"] = ((a, b) => a.AddInPlace(a), (a, b) => a + a),
        ["SubSelf"] = ((a, b) => a.SubInPlace(a), (a, b) => a - a),
        ["MulSelf"] = ((a, b) => a.MulInPlace(a), (a, b) => a * a),
        ["DivSelf"] = ((a, b) => a.DivInPlace(a), (a, b) => a / a),
        ["AddOwnRow"] = ((a, b) => a.AddInPlace(a.Select(0, 0)), (a, b) => a + a.Select(0, 0)),
        ["SubOwnRow"] = ((a, b) => a.SubInPlace(a.Select(0, 0)), (a, b) => a - a.Select(0, 0)),
        ["MulOwnRow"] = ((a, b) => a.MulInPlace(a.Select(0, 0)), (a, b) => a * a.Select(0, 0)),
        ["DivOwnRow"] = ((a, b) => a.DivInPlace(a.Select(0, 0)), (a, b) => a / a.Select(0, 0)),
        ["CopyOwnRow"] = ((a, b) => a.CopyInPlace(a.Select(0, 1)), (a, b) => a.Select(0, 1).Expand(a.Shape).Clone()),
        ["Index"] = ((a, b) => { a[0] = b; return a; }, (a, b) => Tensor.Stack([b, a.Select(0, 1)])),
        ["Range"] = ((a, b) => { a[.., 1..] = b[1..]; return a; }, (a, b) => Tensor.Cat([a.Narrow(1, 0, 1), b.Narrow(0, 1, 2).Expand(2, 2)], 1)),
        ["Mask"] = ((a, b) => { a[Mask] = b.Sum(); return a; }, (a, b) => Tensor.Where(Mask, b.Sum(), a)),
        ["MaskValues"] = ((a, b) => { a[Mask] = b; return a; },
            (a, b) => Tensor.Stack([Tensor.Stack([b.Select(0, 0), a.Select(0, 0).Select(0, 1), b.Select(0, 1)]), Tensor.Stack([a.Select(0, 1).Select(0, 0), b.Select(0, 2), a.Select(0, 1).Select(0, 2)])])),
    };

    static Tensor Mask => Tensor.From([true, false, true, false, true, false], [2, 3]);

    public static TheoryData<string> PairNames => [.. Pairs.Keys];

    // a [2, 3] and b [3], one after another through another operator, so that what comes before and after is right too.
    [Theory]
    [MemberData(nameof(PairNames))]
    public void In_place_has_the_value_and_gradient_of_the_plain_form(string name)
    {
        var (inPlace, plain) = Pairs[name];
        foreach (var (gradientA, gradientB) in new[] { (true, true), (true, false), (false, true) })
        {
            (double[], double[]?, double[]?) Run(Func<Tensor, Tensor, Tensor> f)
            {
                Tensor a = Tensor.From([1.5, -2, 3, 0.5, 5, -6], [2, 3]), b = Tensor.From([0.5, 2, -3]);
                a.RequiresGrad = gradientA;
                b.RequiresGrad = gradientB;
                var y = f(a * 1.5, b * 0.5).Sin();
                if (y.RequiresGrad) (y * Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3])).Sum().Backward();
                return (y.ToArray<double>(), (a.Grad ?? a.Detach().ZerosLike()).ToArray<double>(), (b.Grad ?? b.Detach().ZerosLike()).ToArray<double>());
            }

            var (value, gradient, other) = Run(inPlace);
            var (expected, expectedGradient, expectedOther) = Run(plain);
            Assert.Equal(expected, value);
            Assert.Equal(expectedGradient!, gradient!, (x, y) => Math.Abs(x - y) <= 1e-12 * (1 + Math.Abs(x)));
            Assert.Equal(expectedOther!, other!, (x, y) => Math.Abs(x - y) <= 1e-12 * (1 + Math.Abs(x)));
        }
    }

    [Theory]
    [MemberData(nameof(PairNames))]
    public void In_place_has_right_second_derivatives(string name) =>
        GradientCheck.CheckSecondOrder(x => Pairs[name].InPlace(x[0] * 1.5, x[1] * 0.5).Sin(), Leaf.Of([2, 3], 1.5, -2, 3, 0.5, 5, -6), Leaf.Of(0.5, 2, -3)).ThrowIfFailed();
}
