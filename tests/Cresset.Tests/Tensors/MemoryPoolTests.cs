using System.Runtime.CompilerServices;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Tensors;

// Under stress every step boundary collects all that is unreachable and fills its memory with NaN: a block that was taken
// back too early shows in the values that stood in it.
[Collection(nameof(GlobalSettings))]
public class MemoryPoolTests
{
    static void UnderStress(Action action)
    {
        MemoryPool.Stress = true;
        try { action(); }
        finally { MemoryPool.Stress = false; }
    }

    // Work whose tensors are dead when it returns, and the boundary that takes their blocks back.
    [MethodImpl(MethodImplOptions.NoInlining)]
    static void MakeGarbage()
    {
        for (var i = 0; i < 20; i++) _ = Tensor.Full([64, 3 + i], i).Exp() * 2.0;
        MemoryPool.StepBoundary();
    }

    static void AssertHolds(Tensor tensor, double value) => Assert.All(tensor.ToArray<float>(), x => Assert.Equal((float)value, x));

    [Fact]
    public void What_is_held_across_steps_stays_intact_and_what_is_not_is_taken_back()
    {
        UnderStress(() =>
        {
            var held = new List<Tensor>();
            var views = new List<Tensor>();
            var closures = new List<Func<Tensor>>();
            for (var step = 0; step < 30; step++)
            {
                Hold(step, held, views, closures);
                MakeGarbage();
            }
            var living = MemoryPool.BytesLent;
            for (var step = 0; step < 30; step++)
            {
                AssertHolds(held[step], step + 1);
                AssertHolds(views[step], 2 * step);
                AssertHolds(closures[step](), step + 0.5);
            }
            held.Clear();
            views.Clear();
            closures.Clear();
            MakeGarbage();
            // 30 tensors of [40, 50], as many whole bases of the views, and what the closures held.
            Assert.InRange(living - MemoryPool.BytesLent, 30 * (2000 + 4000 + 2000) * 4, long.MaxValue);
        });
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Hold(int step, List<Tensor> held, List<Tensor> views, List<Func<Tensor>> closures)
    {
        held.Add(Tensor.Full([40, 50], step) + 1.0);
        // The view alone keeps its base's memory.
        views.Add((Tensor.Full([80, 50], step) * 2.0).T[3..9, ..40]);
        var inner = Tensor.Full([40, 50], step);
        closures.Add(() => inner + 0.5);
    }

    [Fact]
    public void Tensors_of_other_threads_stay_intact()
    {
        UnderStress(() =>
        {
            var failures = 0;
            var threads = Enumerable.Range(1, 4).Select(number => new Thread(() =>
            {
                for (var round = 0; round < 25; round++)
                {
                    var x = Tensor.Full([50, 30], number);
                    var y = x * 3.0;
                    MakeGarbage();
                    if (!y.ToArray<float>().All(v => v == 3 * number) || !x.ToArray<float>().All(v => v == number)) Interlocked.Increment(ref failures);
                }
            })).ToArray();
            foreach (var thread in threads) thread.Start();
            foreach (var thread in threads) thread.Join();
            Assert.Equal(0, failures);
        });
    }

    [Fact]
    public void A_graph_that_only_its_loss_holds_stays_intact_until_its_gradients_are_taken()
    {
        UnderStress(() =>
        {
            var x = Tensor.Full([20, 30], 2.0);
            x.RequiresGrad = true;
            var loss = Loss(x);
            for (var i = 0; i < 3; i++) MakeGarbage();
            loss.Backward();
            // d/dx sum((x * x)^2) = 4 x^3.
            AssertHolds(x.Grad!, 32);
            MakeGarbage();
            AssertHolds(x.Grad!, 32);
        });

        [MethodImpl(MethodImplOptions.NoInlining)]
        static Tensor Loss(Tensor x)
        {
            var square = x * x;
            return (square * square).Sum();
        }
    }

    [Fact]
    public void Training_gives_the_same_losses_under_stress()
    {
        var relaxed = Train();
        float[] stressed = [];
        UnderStress(() => stressed = Train());
        Assert.Equal(relaxed, stressed);

        static float[] Train()
        {
            Random.Seed(5);
            var model = new Sequential(new Conv2d(1, 4, 3, padding: 1), new BatchNorm2d(4), new ReLU(), new MaxPool2d(2), new Flatten(), new Dropout(0.2), new Linear(64, 5));
            var optimizer = new Adam(model.Parameters(), lr: 0.01);
            var criterion = new CrossEntropyLoss();
            Tensor x = Tensor.Randn([16, 1, 8, 8]), y = Tensor.RandInt(0, 5, [16]);
            var losses = new float[12];
            for (var step = 0; step < losses.Length; step++)
            {
                var loss = criterion.Forward(model.Forward(x), y);
                optimizer.ZeroGrad();
                loss.Backward();
                optimizer.Step();
                losses[step] = loss.Item<float>();
            }
            return losses;
        }
    }

    [Fact]
    public unsafe void Under_stress_memory_that_was_taken_back_reads_as_nan()
    {
        UnderStress(() =>
        {
            var address = Released();
            MakeGarbage();
            Assert.True(float.IsNaN(*(float*)address));
        });

        // Of a size that nothing else here asks for, so that the block is not lent again.
        [MethodImpl(MethodImplOptions.NoInlining)]
        static nint Released()
        {
            fixed (float* values = Tensor.Full([777, 1000], 1.0).AsSpan<float>()) return (nint)values;
        }
    }

    [Fact]
    public void A_limit_counts_what_one_thread_takes_and_refuses_more()
    {
        using (MemoryPool.Limit(4000))
        {
            for (var i = 0; i < 5; i++) _ = Tensor.Zeros([100]);
            using (MemoryPool.Limit(1500))
            {
                _ = Tensor.Zeros([300]);
                Assert.Contains("1200 bytes", Assert.Throws<InsufficientMemoryException>(() => Tensor.Zeros([300])).Message, StringComparison.Ordinal);
            }
            // 3200 of the outer limit's are taken.
            Assert.Throws<InsufficientMemoryException>(() => Tensor.Zeros([201]));
            _ = Tensor.Zeros([200]);
            var other = new Thread(() => _ = Tensor.Zeros([1000]));
            other.Start();
            other.Join();
        }
        _ = Tensor.Zeros([1000]);
        Assert.Throws<ArgumentOutOfRangeException>(() => MemoryPool.Limit(-1));
    }
}
