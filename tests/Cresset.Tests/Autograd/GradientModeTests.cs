using Xunit;

namespace Cresset.Tests.Differentiation;

public class GradientModeTests
{
    [Fact]
    public void NoGrad_records_nothing()
    {
        var x = Leaf.Of(2);
        using (Autograd.NoGrad())
        {
            Assert.False(Autograd.IsEnabled);
            var y = x * x;
            Assert.False(y.RequiresGrad);
            Assert.True(y.IsLeaf);
            Assert.Throws<InvalidOperationException>(() => y.Backward());
        }
        Assert.True(Autograd.IsEnabled);
        Assert.True((x * x).RequiresGrad);
    }

    [Fact]
    public void Scopes_nest_and_restore_what_was_before()
    {
        var x = Leaf.Of(2);
        using (Autograd.NoGrad())
        {
            using (Autograd.EnableGrad())
            {
                Assert.True((x * x).RequiresGrad);
                using (Autograd.NoGrad()) Assert.False((x * x).RequiresGrad);
                Assert.True((x * x).RequiresGrad);
            }
            Assert.False((x * x).RequiresGrad);
        }
        Assert.True((x * x).RequiresGrad);
    }

    [Fact]
    public void A_scope_ends_when_an_error_leaves_it()
    {
        static void Fail()
        {
            using (Autograd.NoGrad()) throw new InvalidOperationException("x");
        }

        Assert.Throws<InvalidOperationException>(Fail);
        Assert.True(Autograd.IsEnabled);
    }

    [Fact]
    public void The_mode_is_that_of_a_thread()
    {
        var x = Leaf.Of(2);
        bool? other = null;
        using (Autograd.NoGrad())
        {
            var thread = new Thread(() => other = Autograd.IsEnabled && (x * x).RequiresGrad);
            thread.Start();
            thread.Join();
            Assert.False(Autograd.IsEnabled);
        }
        Assert.True(other);
    }

    [Fact]
    public void Backward_leaves_the_mode_as_it_was()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        using (Autograd.NoGrad())
        {
            y.Backward(createGraph: true);
            Assert.False(Autograd.IsEnabled);
        }
        Assert.True(x.Grad!.RequiresGrad);
        x.Grad = null;
        (x * x).Backward();
        Assert.True(Autograd.IsEnabled);
        var failing = Autograd.Record("Failing", Tensor.Ones([]), [x], [], (_, _) => throw new InvalidOperationException("x"));
        Assert.Throws<InvalidOperationException>(() => failing.Backward());
        Assert.True(Autograd.IsEnabled);
    }

    [Fact]
    public void A_view_made_without_recording_carries_no_gradient()
    {
        var x = Leaf.Of([2, 2], 1, 2, 3, 4);
        using (Autograd.NoGrad()) Assert.False(x.T.RequiresGrad);
    }
}
