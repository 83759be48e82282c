using Xunit;

namespace Cresset.Tests.Differentiation;

// The graph: what is recorded, how gradients add up, how long it lives.
public class AutogradTests
{
    [Fact]
    public void Backward_adds_to_what_is_in_Grad()
    {
        var x = Leaf.Of(2, 3);
        (x * x).Sum().Backward();
        Assert.Equal([4.0, 6.0], x.Grad!.ToArray<double>());
        (3 * x).Sum().Backward();
        Assert.Equal([7.0, 9.0], x.Grad!.ToArray<double>());
        x.Grad = null;
        (3 * x).Sum().Backward();
        Assert.Equal([3.0, 3.0], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void The_graph_can_be_walked_from_a_result_to_its_leaves()
    {
        var x = Leaf.Of(2);
        var node = (x * 3 - Tensor.Ones([1], DType.Float64)).Square().GradFn!;
        var names = new List<string>();
        for (; node.Leaf is null; node = node.Input(0)!) names.Add(node.Name);
        Assert.Equal(["Square", "Sub", "Mul"], names);
        Assert.Same(x, node.Leaf);
        // What needs no gradient is not in the graph.
        Assert.Null((x - Tensor.Ones([1], DType.Float64)).GradFn!.Input(1));
    }

    [Fact]
    public void Leaves_and_results_are_told_apart()
    {
        var x = Leaf.Of(1);
        var constant = Tensor.Ones([1], DType.Float64);
        var y = x * constant;
        Assert.True(x.IsLeaf);
        Assert.True(constant.IsLeaf);
        Assert.False(constant.RequiresGrad);
        Assert.False(y.IsLeaf);
        Assert.True(y.RequiresGrad);
        Assert.Equal("Mul", y.GradFn!.Name);
        Assert.Null(x.GradFn);
        Assert.True((constant * 2).IsLeaf);
        Assert.False((constant * 2).RequiresGrad);
        var detached = y.Detach();
        Assert.True(detached.IsLeaf);
        Assert.False(detached.RequiresGrad);
        Assert.Throws<InvalidOperationException>(() => y.RequiresGrad = false);
        Assert.Throws<InvalidOperationException>(() => Tensor.Arange(3).RequiresGrad = true);
    }

    [Fact]
    public void Only_leaves_keep_a_gradient_unless_RetainGrad_is_called()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        var z = y * 3;
        z.Backward();
        Assert.Equal(12, x.Grad!.Item());
        Assert.Null(y.Grad);

        x.Grad = null;
        y = x * x;
        y.RetainGrad();
        (y * 3).Backward();
        Assert.Equal(3, y.Grad!.Item());
        Assert.Equal(12, x.Grad!.Item());
    }

    [Fact]
    public void A_second_backward_needs_a_retained_graph()
    {
        var x = Leaf.Of(2);
        var y = x.Exp();
        y.Backward(retainGraph: true);
        y.Backward();
        Assert.Equal(2 * Math.Exp(2), x.Grad!.Item(), 12);
        var error = Assert.Throws<InvalidOperationException>(() => y.Backward());
        Assert.Contains("released", error.Message, StringComparison.Ordinal);
        Assert.Contains("retainGraph", error.Message, StringComparison.Ordinal);
        Assert.Equal(2 * Math.Exp(2), x.Grad!.Item(), 12);
    }

    [Fact]
    public void Grad_releases_the_graph_too()
    {
        var x = Leaf.Of(2);
        var y = x.Exp();
        Assert.Equal(Math.Exp(2), Autograd.Grad(y, x, retainGraph: true).Item(), 12);
        Assert.Equal(Math.Exp(2), Autograd.Grad(y, x).Item(), 12);
        Assert.Throws<InvalidOperationException>(() => Autograd.Grad(y, x));
    }

    [Fact]
    public void A_released_part_is_missed_by_another_output_that_shares_it()
    {
        var x = Leaf.Of(2);
        var shared = x.Exp();
        Tensor first = shared.Sin(), second = shared.Cos();
        first.Backward();
        Assert.Throws<InvalidOperationException>(() => second.Backward());
    }

    [Fact]
    public void Gradients_can_be_differentiated_to_the_third_order()
    {
        var x = Leaf.Of(0.7);
        var y = x.Pow(5) + x.Sin();
        var first = Autograd.Grad(y, x, createGraph: true);
        var second = Autograd.Grad(first, x, createGraph: true);
        var third = Autograd.Grad(second, x, createGraph: true);
        Assert.Equal(5 * Math.Pow(0.7, 4) + Math.Cos(0.7), first.Item(), 12);
        Assert.Equal(20 * Math.Pow(0.7, 3) - Math.Sin(0.7), second.Item(), 12);
        Assert.Equal(60 * Math.Pow(0.7, 2) - Math.Cos(0.7), third.Item(), 12);
    }

    [Fact]
    public void Backward_with_createGraph_leaves_a_gradient_that_can_be_differentiated()
    {
        var x = Leaf.Of(3);
        (x * x * x).Backward(createGraph: true);
        var first = x.Grad!;
        Assert.True(first.RequiresGrad);
        x.Grad = null;
        first.Backward();
        Assert.Equal(18, x.Grad!.Item(), 12);
    }

    [Fact]
    public void Without_createGraph_a_gradient_has_no_graph()
    {
        var x = Leaf.Of(3);
        Assert.False(Autograd.Grad(x * x, x).RequiresGrad);
        (x * x).Backward();
        Assert.False(x.Grad!.RequiresGrad);
    }

    [Fact]
    public void Grad_takes_inputs_from_the_middle_of_the_graph()
    {
        var x = Leaf.Of(2);
        var middle = x * x;
        var y = middle.Exp() * x;
        var gradients = Autograd.Grad([y], [middle, x]);
        Assert.Equal(2 * Math.Exp(4), gradients[0]!.Item(), 9);
        // d/dx x exp(x²) = (1 + 2x²) exp(x²)
        Assert.Equal(9 * Math.Exp(4), gradients[1]!.Item(), 9);
        Assert.Null(x.Grad);
        Assert.Null(middle.Grad);
    }

    [Fact]
    public void Grad_of_a_tensor_by_itself_is_one()
    {
        var x = Leaf.Of(2);
        Assert.Equal(1, Autograd.Grad(x, x).Item());
        var y = x * x;
        Assert.Equal(1, Autograd.Grad(y, y).Item());
    }

    [Fact]
    public void Unused_inputs_are_an_error_or_null()
    {
        Tensor x = Leaf.Of(2), unused = Leaf.Of(1);
        var y = x * x;
        var error = Assert.Throws<InvalidOperationException>(() => Autograd.Grad([y], [x, unused], retainGraph: true));
        Assert.Contains("input 1", error.Message, StringComparison.Ordinal);
        var gradients = Autograd.Grad([y], [x, unused], allowUnused: true);
        Assert.Equal(4, gradients[0]!.Item());
        Assert.Null(gradients[1]);
        Assert.Throws<InvalidOperationException>(() => Autograd.Grad([x * x], [Tensor.Ones([1], DType.Float64)]));
    }

    [Fact]
    public void Inputs_and_outputs_may_come_twice()
    {
        var x = Leaf.Of(2);
        var y = x * x;
        var gradients = Autograd.Grad([y, y], [x, x], [Tensor.From([1.0]), Tensor.From([10.0])]);
        Assert.Equal(44, gradients[0]!.Item());
        Assert.Equal(44, gradients[1]!.Item());
    }

    [Fact]
    public void An_operator_that_takes_a_tensor_twice_adds_both_gradients()
    {
        var x = Leaf.Of([2, 2], 1, 2, 3, 4);
        x.MatMul(x).Sum().Backward();
        // G = 1 1ᵀ: G xᵀ + xᵀ G
        Assert.Equal([3.0 + 4, 7 + 4, 3 + 6, 7 + 6], x.Grad!.ToArray<double>());
    }

    [Fact]
    public void Gradients_of_outputs_are_weights()
    {
        var x = Leaf.Of(1, 2);
        (x * x).Backward(Tensor.From([10.0, 100.0]));
        Assert.Equal([20.0, 400.0], x.Grad!.ToArray<double>());
        Assert.Throws<InvalidOperationException>(() => (x * x).Backward());
        Assert.Throws<ArgumentException>(() => (x * x).Backward(Tensor.From([1.0])));
        Assert.Throws<InvalidOperationException>(() => Tensor.Ones([]).Backward());
        Assert.Throws<ArgumentException>(() => Autograd.Grad([x * x], [x], [null, null]));
    }

    [Fact]
    public void A_diamond_visits_each_node_once()
    {
        var x = Leaf.Of(1.5);
        var visits = 0;
        var top = x * 2;
        top.RegisterHook(gradient => { visits++; return null; });
        var y = top.Sin() * top.Cos() + top;
        y.Backward();
        // d/dx (sin 2x cos 2x + 2x) = 2 cos 4x + 2
        Assert.Equal(2 * Math.Cos(6) + 2, x.Grad!.Item(), 12);
        Assert.Equal(1, visits);
    }

    [Fact]
    public void A_ladder_of_diamonds_takes_linear_time()
    {
        // 2^60 paths: walking each would never end.
        var x = Leaf.Of(1);
        var y = x;
        for (var i = 0; i < 60; i++) y = y + y;
        y.Backward();
        Assert.Equal(Math.Pow(2, 60), x.Grad!.Item());
    }

    [Fact]
    public void A_chain_of_a_hundred_thousand_nodes_needs_no_stack()
    {
        var x = Leaf.Of(1);
        var y = x;
        for (var i = 0; i < 100_000; i++) y = y + 1;
        // On a thread with a small stack, so that recursion could not hide.
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try { Assert.Equal(1, Autograd.Grad(y, x, retainGraph: true).Item()); y.Backward(); }
            catch (Exception error) { failure = error; }
        }, 256 * 1024);
        thread.Start();
        thread.Join();
        Assert.Null(failure);
        Assert.Equal(1, x.Grad!.Item());
    }

    [Fact]
    public void Gradients_of_broadcast_inputs_are_summed_back()
    {
        Tensor row = Leaf.Of([1, 3], 1, 2, 3), column = Leaf.Of([2, 1], 10, 20), scalar = Leaf.Of([], 5), vector = Leaf.Of([3], 7, 8, 9);
        var weight = Tensor.From([1.0, 2, 3, 4, 5, 6], [2, 3]);
        (weight * (row + column + scalar + vector)).Sum().Backward();
        Assert.Equal(new Shape(1, 3), row.Grad!.Shape);
        Assert.Equal([5.0, 7, 9], row.Grad!.ToArray<double>());
        Assert.Equal(new Shape(2, 1), column.Grad!.Shape);
        Assert.Equal([6.0, 15], column.Grad!.ToArray<double>());
        Assert.Equal(new Shape(), scalar.Grad!.Shape);
        Assert.Equal(21, scalar.Grad!.Item());
        Assert.Equal([5.0, 7, 9], vector.Grad!.ToArray<double>());
    }

    [Fact]
    public void Gradients_have_the_type_of_their_input()
    {
        var single = Tensor.From([1f, 2f]);
        single.RequiresGrad = true;
        var wide = Leaf.Of(3, 4);
        (single * wide).Sum().Backward();
        Assert.Equal(DType.Float32, single.Grad!.DType);
        Assert.Equal([3f, 4f], single.Grad!.ToArray<float>());
        Assert.Equal([1.0, 2.0], wide.Grad!.ToArray<double>());
    }

    [Fact]
    public void A_function_of_the_user_may_have_several_outputs()
    {
        // (x + y, x y), of which the second may be unused.
        static (Tensor Sum, Tensor Product) F(Tensor x, Tensor y)
        {
            Tensor[] outputs;
            using (Autograd.NoGrad()) outputs = [x + y, x * y];
            Autograd.Record("SumAndProduct", outputs, [x, y], [x, y], (node, gradients) =>
            {
                Tensor? sum = gradients[0], product = gradients[1];
                Tensor? Add(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;
                return [Add(sum, product is null ? null : product * node.Saved(1)), Add(sum, product is null ? null : product * node.Saved(0))];
            });
            return (outputs[0], outputs[1]);
        }

        Tensor x = Leaf.Of(2), y = Leaf.Of(5);
        var (sum, product) = F(x, y);
        (sum * 10 + product).Backward();
        Assert.Equal(15, x.Grad!.Item());
        Assert.Equal(12, y.Grad!.Item());
        (sum, product) = F(x, y);
        Assert.Equal(5, Autograd.Grad(product, x).Item());
        (sum, product) = F(x, y);
        Assert.Equal(1, Autograd.Grad(sum, x).Item());
        GradientCheck.Check(inputs => { var (s, p) = F(inputs[0], inputs[1]); return s.Sin() * p; }, x, y).ThrowIfFailed();
        GradientCheck.CheckSecondOrder(inputs => { var (s, p) = F(inputs[0], inputs[1]); return s.Sin() * p; }, x, y).ThrowIfFailed();
    }

    [Fact]
    public void A_function_that_returns_too_few_gradients_is_named()
    {
        Tensor x = Leaf.Of(2), y = Leaf.Of(5);
        var output = Autograd.Record("Short", x.Detach() * y.Detach(), [x, y], [], (_, gradient) => [gradient]);
        var error = Assert.Throws<InvalidOperationException>(() => output.Backward());
        Assert.Contains("Short", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected 2 gradients", error.Message, StringComparison.Ordinal);
    }
}
