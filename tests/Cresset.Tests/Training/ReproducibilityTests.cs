using Cresset.Nn;
using Cresset.Optim;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Training;

// Work is cut by its size and partial sums are added in one order, so that the same seed gives the same bits.
[Collection(nameof(GlobalSettings))]
public class ReproducibilityTests
{
    public static TheoryData<string> Models => new("mlp", "cnn", "lstm", "transformer");

    [Theory]
    [MemberData(nameof(Models))]
    public void Training_gives_the_same_bits_at_any_number_of_threads_and_from_run_to_run(string name)
    {
        var before = Threads.Count;
        try
        {
            float[]? first = null;
            foreach (var threads in new[] { 1, 2, 3, 8, 1 })
            {
                Threads.Count = threads;
                var weights = Train(name);
                Assert.DoesNotContain(weights, float.IsNaN);
                first ??= weights;
                Assert.Equal(first, weights);
            }
        }
        finally
        {
            Threads.Count = before;
        }
    }

    // All weights after a few steps: large enough that products, convolutions, reductions and the optimizer share the threads.
    static float[] Train(string name)
    {
        Random.Seed(7);
        Module model = name switch
        {
            "mlp" => new Sequential(new Linear(300, 512), new ReLU(), new Dropout(0.1), new Linear(512, 200), new Tanh(), new Linear(200, 10)),
            "cnn" => new Sequential(new Conv2d(3, 16, 5), new BatchNorm2d(16), new ReLU(), new MaxPool2d(2),
                new Conv2d(16, 32, 3, stride: 2, padding: 1), new ReLU(), new AvgPool2d(2), new Flatten(), new Linear(32 * 9, 10)),
            "lstm" => new LastState(),
            "transformer" => new Sequential(new SinusoidalPositionalEncoding(64), new TransformerEncoder(() => new TransformerEncoderLayer(64, 4, 128, batchFirst: true, normFirst: true), 2), new Flatten(), new Linear(20 * 64, 10)),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
        Tensor x = name switch { "mlp" => Tensor.Randn([64, 300]), "cnn" => Tensor.Randn([32, 3, 28, 28]), "lstm" => Tensor.Randn([32, 20, 28]), _ => Tensor.Randn([32, 20, 64]) };
        var y = Tensor.RandInt(0, 10, [x.Size(0)]);
        var optimizer = new Adam(model.Parameters(), lr: 0.01, weightDecay: 1e-4);
        var criterion = new CrossEntropyLoss(labelSmoothing: 0.1);
        for (var step = 0; step < 6; step++)
        {
            var loss = criterion.Forward(model.Forward(x), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
        }
        return [.. model.Parameters().SelectMany(parameter => parameter.ToArray<float>())];
    }

    sealed class LastState : Module
    {
        readonly Lstm lstm = new(28, 96, batchFirst: true, bidirectional: true);
        readonly Linear linear = new(192, 10);

        public override Tensor Forward(Tensor x) => linear.Forward(lstm.Forward(x).Output.Select(1, -1));
    }
}
