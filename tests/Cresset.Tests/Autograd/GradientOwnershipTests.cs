using Xunit;

namespace Cresset.Tests.Differentiation;

// A gradient belongs to its tensor: optimizers and clipping change it in place.
public class GradientOwnershipTests
{
    static void AssertOwned(Tensor changed, params Tensor[] others)
    {
        var before = Array.ConvertAll(others, other => other.ToArray<double>());
        using (Autograd.NoGrad()) changed.FillInPlace(-77);
        for (var i = 0; i < others.Length; i++) Assert.Equal(before[i], others[i].ToArray<double>());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Two_leaves_of_a_sum_have_gradients_of_their_own(bool createGraph)
    {
        Tensor a = Leaf.Of(1, 2), b = Leaf.Of(3, 4), seed = Tensor.From([5.0, 6.0]);
        (a + b).Backward(seed, createGraph: createGraph);
        AssertOwned(a.Grad!, b.Grad!, seed, a, b);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_gradient_that_was_passed_in_is_not_taken(bool createGraph)
    {
        Tensor a = Leaf.Of(1, 2), seed = Tensor.From([5.0, 6.0]);
        a.Backward(seed, createGraph: createGraph);
        AssertOwned(a.Grad!, seed);
        var b = Leaf.Of([1, 2], 1, 2);
        b.Reshape(2).Clone().Backward(seed, createGraph: createGraph);
        AssertOwned(b.Grad!, seed);
    }

    [Fact]
    public void A_saved_tensor_is_not_taken()
    {
        // The gradient of x is w itself, where a function says so.
        Tensor x = Leaf.Of(1, 2), w = Tensor.From([3.0, 4.0]);
        var y = Autograd.Record("Dot", (x.Detach() * w).Sum(), [x], [w], (node, _) => [node.Saved(0)]);
        y.Backward();
        AssertOwned(x.Grad!, w);
    }

    [Fact]
    public void A_gradient_that_is_a_view_becomes_a_copy()
    {
        var x = Leaf.Of([2, 2], 1, 2, 3, 4);
        x.Sum().Backward();
        x.Grad!.MulInPlace(2);
        Assert.Equal([2.0, 2, 2, 2], x.Grad!.ToArray<double>());
        x.Grad = null;
        var seed = Tensor.From([1.0, 2, 3, 4], [2, 2]);
        x.T.Backward(seed);
        AssertOwned(x.Grad!, seed);
    }

    [Fact]
    public void An_earlier_gradient_is_not_changed_by_a_later_backward()
    {
        var x = Leaf.Of(1, 2);
        (x * 2).Sum().Backward();
        var first = x.Grad!;
        (x * 3).Sum().Backward();
        Assert.Equal([2.0, 2], first.ToArray<double>());
        Assert.Equal([5.0, 5], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void What_a_hook_has_seen_or_returned_is_not_taken()
    {
        var x = Leaf.Of(1, 2);
        Tensor? seen = null;
        x.RegisterHook(gradient => { seen = gradient; return null; });
        (x * 2).Sum().Backward();
        AssertOwned(x.Grad!, seen!);

        var y = Leaf.Of(1, 2);
        var constant = Tensor.From([8.0, 9.0]);
        y.RegisterHook(_ => constant);
        (y * 2).Sum().Backward();
        AssertOwned(y.Grad!, constant);
    }

    [Fact]
    public void A_retained_gradient_adds_up_and_is_a_copy()
    {
        Tensor x = Leaf.Of(1, 2), seed = Tensor.From([5.0, 6.0]);
        var y = x * 2;
        y.RetainGrad();
        y.RetainGrad();
        y.Backward(seed, retainGraph: true);
        AssertOwned(y.Grad!, seed);
        y.Grad = null;
        y.Sum().Backward(retainGraph: true);
        (y * 3).Sum().Backward();
        Assert.Equal([4.0, 4], y.Grad!.ToArray<double>());
        y.Grad!.MulInPlace(2);
        Assert.Equal([8.0, 8], y.Grad!.ToArray<double>());
        Assert.Throws<InvalidOperationException>(() => Tensor.Ones([1]).RetainGrad());
        x.RetainGrad();
    }

    [Fact]
    public void A_hook_that_returns_another_shape_is_refused()
    {
        var x = Leaf.Of(1, 2);
        x.RegisterHook(_ => Tensor.From([1.0]));
        var error = Assert.Throws<InvalidOperationException>(() => (x * 2).Sum().Backward());
        Assert.Contains("hook", error.Message, StringComparison.Ordinal);
    }
}
