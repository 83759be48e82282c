using Xunit;

namespace Cresset.Tests.Differentiation;

public class ThreadTests
{
    [Fact]
    public void Threads_compute_gradients_of_shared_parameters_at_once()
    {
        for (var round = 0; round < 20; round++)
        {
            // New leaves each round: their graph nodes are made by whichever thread comes first.
            Tensor weight = Leaf.Random([8, 8], (ulong)round + 1), bias = Leaf.Random([8], (ulong)round + 50);
            var inputs = Enumerable.Range(0, 4).Select(i => Tensor.Randn([5, 8], DType.Float64, new Generator((ulong)(100 + i)))).ToArray();
            Tensor Loss(Tensor x) => (x.MatMul(weight) + bias).Tanh().MatMul(weight).Square().Sum();
            var results = new Tensor?[4][];
            using var start = new Barrier(4);
            var threads = inputs.Select((x, i) => new Thread(() =>
            {
                start.SignalAndWait();
                results[i] = Autograd.Grad([Loss(x)], [weight, bias]);
            })).ToArray();
            foreach (var thread in threads) thread.Start();
            foreach (var thread in threads) thread.Join();
            for (var i = 0; i < 4; i++)
            {
                // The same, alone, over copies that no other thread has seen.
                Tensor w = Leaf.Of([8, 8], weight.ToArray<double>()), b = Leaf.Of([8], bias.ToArray<double>());
                var expected = Autograd.Grad([(inputs[i].MatMul(w) + b).Tanh().MatMul(w).Square().Sum()], [w, b]);
                Assert.Equal(expected[0]!.ToArray<double>(), results[i][0]!.ToArray<double>());
                Assert.Equal(expected[1]!.ToArray<double>(), results[i][1]!.ToArray<double>());
            }
            Assert.Null(weight.Grad);
        }
    }

    [Fact]
    public void A_graph_made_on_one_thread_runs_backward_on_another()
    {
        var x = Leaf.Of(3);
        var y = x * x;
        var thread = new Thread(() => y.Backward());
        thread.Start();
        thread.Join();
        Assert.Equal(6, x.Grad!.Item());
    }
}
