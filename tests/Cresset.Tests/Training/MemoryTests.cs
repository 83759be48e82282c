using System.Diagnostics;
using System.Globalization;
using Cresset.Nn;
using Cresset.Optim;
using Xunit;

namespace Cresset.Tests.Training;

// Nothing is disposed, and nothing grows.
[Collection(nameof(Kernels.GlobalSettings))]
public class MemoryTests
{
    sealed class Network : Module
    {
        readonly Conv2d conv = new(1, 4, 3);
        readonly BatchNorm2d norm = new(4);
        readonly Dropout dropout = new(0.2);
        readonly Linear hidden = new(4 * 36, 64), output = new(64, 10);

        public override Tensor Forward(Tensor x) =>
            output.Forward(dropout.Forward(hidden.Forward(norm.Forward(conv.Forward(x)).Relu().Flatten(1)).Relu()));
    }

    static double WorkingSet()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64 / 1048576.0;
    }

    // The working set after each tenth of the work; the first two tenths warm up.
    static void Flat(string what, int count, Action work)
    {
        var sets = new double[10];
        for (var tenth = 0; tenth < sets.Length; tenth++)
        {
            for (var i = 0; i < count / 10; i++) work();
            sets[tenth] = WorkingSet();
        }
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{count} {what}: working set by tenths {string.Join(", ", sets.Select(set => set.ToString("F1", CultureInfo.InvariantCulture)))} MB; pool {MemoryPool.BytesLent / 1048576.0:F1} MB lent, {MemoryPool.BytesFree / 1048576.0:F1} MB free"));
        // A leak of 1 KB a step would be 16 MB over the 16,000 steps.
        Assert.True(sets[9] - sets[1] < 12, $"the working set grew from {sets[1]:F1} to {sets[9]:F1} MB");
    }

    [Fact(Explicit = true)]
    public void Twenty_thousand_training_steps_leave_the_working_set_flat()
    {
        Random.Seed(1);
        var model = new Network();
        var optimizer = new Adam(model.Parameters());
        Tensor x = Tensor.Randn([32, 1, 8, 8]), y = Tensor.RandInt(0, 10, [32]);
        var loss = new CrossEntropyLoss();
        Flat("training steps", 20_000, () =>
        {
            optimizer.ZeroGrad();
            loss.Forward(model.Forward(x), y).Backward();
            optimizer.Step();
        });
    }

    [Fact(Explicit = true)]
    public void Two_hundred_thousand_inference_calls_leave_the_working_set_flat()
    {
        Random.Seed(1);
        var model = new Network();
        model.Eval();
        var x = Tensor.Randn([1, 1, 8, 8]);
        Flat("inference calls", 200_000, () =>
        {
            using (Autograd.NoGrad()) model.Forward(x).ArgMax(1).Item<long>();
        });
    }
}
