using Xunit;

namespace Cresset.Tests.Differentiation;

public class HookTests
{
    [Fact]
    public void A_hook_of_a_leaf_sees_the_whole_gradient_once()
    {
        var x = Leaf.Of(2);
        var seen = new List<double>();
        x.RegisterHook(gradient => { seen.Add(gradient.Item()); return null; });
        (x * x + 3 * x).Backward();
        Assert.Equal([7.0], seen);
        Assert.Equal(7, x.Grad!.Item());
    }

    [Fact]
    public void What_a_hook_of_a_leaf_returns_goes_into_Grad()
    {
        var x = Leaf.Of(2);
        x.RegisterHook(gradient => gradient * 10);
        (x * x).Backward();
        Assert.Equal(40, x.Grad!.Item());
        // Applied to what is new, not to the sum.
        (x * x).Backward();
        Assert.Equal(80, x.Grad!.Item());
    }

    [Fact]
    public void What_a_hook_inside_the_graph_returns_flows_on()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        var seen = 0.0;
        y.RegisterHook(gradient => { seen = gradient.Item(); return gradient * 100; });
        (y * 3).Backward();
        Assert.Equal(3, seen);
        Assert.Equal(1200, x.Grad!.Item());
    }

    [Fact]
    public void Hooks_run_in_the_order_of_their_registration_until_removed()
    {
        var x = Leaf.Of(1);
        var remove = x.RegisterHook(gradient => gradient + 1);
        x.RegisterHook(gradient => gradient * 10);
        (x * 2).Backward();
        Assert.Equal(30, x.Grad!.Item());
        x.Grad = null;
        remove();
        (x * 2).Backward();
        Assert.Equal(20, x.Grad!.Item());
        // Twice does no harm.
        remove();
        x.Grad = null;
        (x * 2).Backward();
        Assert.Equal(20, x.Grad!.Item());
    }

    [Fact]
    public void A_hook_may_remove_itself_while_it_runs()
    {
        var x = Leaf.Of(1);
        Action? remove = null;
        var calls = 0;
        remove = x.RegisterHook(gradient => { calls++; remove!(); return null; });
        x.RegisterHook(gradient => gradient * 10);
        (x * 2).Backward();
        (x * 2).Backward();
        Assert.Equal(1, calls);
        Assert.Equal(40, x.Grad!.Item());
    }

    [Fact]
    public void Hooks_see_what_Grad_computes_and_change_it()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        y.RegisterHook(gradient => gradient * 10);
        x.RegisterHook(gradient => gradient + 1);
        var gradients = Autograd.Grad([y * 3], [x, y]);
        Assert.Equal(30, gradients[1]!.Item());
        Assert.Equal(121, gradients[0]!.Item());
    }

    [Fact]
    public void A_hook_takes_part_in_second_order()
    {
        var x = Leaf.Of(3);
        x.RegisterHook(gradient => gradient * gradient);
        // g = (2x)², dg/dx = 8x; the hook squares that again.
        var first = Autograd.Grad(x * x, x, createGraph: true);
        Assert.Equal(36, first.Item());
        Assert.Equal(576, Autograd.Grad(first, x).Item());
    }

    [Fact]
    public void A_tensor_without_gradient_takes_no_hook() =>
        Assert.Throws<InvalidOperationException>(() => Tensor.Ones([1]).RegisterHook(_ => null));

    [Fact]
    public void RetainGrad_keeps_what_the_hooks_before_it_made()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        y.RegisterHook(gradient => gradient * 5);
        y.RetainGrad();
        (y * 1).Backward();
        Assert.Equal(5, y.Grad!.Item());
    }
}
