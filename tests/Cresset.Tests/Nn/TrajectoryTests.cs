using Cresset.Nn;
using Cresset.Optim;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public class TrajectoryTests
{
    sealed class Mlp : Module
    {
        readonly Linear fc1 = new(64, 32), fc2 = new(32, 16), fc3 = new(16, 10);

        public override Tensor Forward(Tensor x) => fc3.Forward(fc2.Forward(fc1.Forward(x).Relu()).Relu());
    }

    sealed class Cnn : Module
    {
        readonly Conv2d conv1 = new(1, 4, 3), conv2 = new(4, 8, 3);
        readonly MaxPool2d pool = new(2);
        readonly Linear fc = new(72, 10);

        public override Tensor Forward(Tensor x) => fc.Forward(conv2.Forward(pool.Forward(conv1.Forward(x)).Relu()).Relu().Flatten(1));
    }

    public static TheoryData<string, string, DType> Cases()
    {
        var data = new TheoryData<string, string, DType>();
        foreach (var c in ReferenceFile.Load("trajectories").Cases)
            foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                data.Add(c.Operator, c.Name, dtype);
        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_first_50_losses_and_the_final_parameters_are_PyTorchs(string network, string name, DType dtype)
    {
        var c = ReferenceFile.Load("trajectories").Case(network, name);
        var a = c.Arguments;
        Module model = network == "Mlp" ? new Mlp() : new Cnn();
        model.To(dtype);
        model.LoadStateDict(c.Inputs.Where(input => input.Key.Contains('.')).ToDictionary(input => input.Key, input => NnReference.Read(input.Value)));
        Optimizer optimizer = a.String("optimizer") == "SGD"
            ? new Sgd(model.Parameters(), a.Double("lr"), a.Double("momentum", 0))
            : new Adam(model.Parameters(), a.Double("lr"));
        var criterion = new CrossEntropyLoss();
        Tensor x = NnReference.Read(c.Inputs["x"], dtype) * a.Double("inputScale"), labels = NnReference.Read(c.Inputs["labels"]);
        var size = a.Int("batchSize");
        var expected = c.Outputs[$"{dtype.Name()}.loss"].Data;
        var tolerance = dtype == DType.Float64 ? 1e-9 : 1e-4;
        for (var step = 0; step < a.Int("steps"); step++)
        {
            var start = step * size % x.Size(0);
            var loss = criterion.Forward(model.Forward(x.Narrow(0, start, size)), labels.Narrow(0, start, size));
            Assert.True(Math.Abs(loss.Item() - expected[step]) < tolerance, $"loss {step}: expected {expected[step]:R}, got {loss.Item():R}");
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
        }
        foreach (var (key, value) in model.StateDict())
        {
            var sum = value.To(DType.Float64).Sum().Item();
            Assert.True(Math.Abs(sum - c.Outputs[$"{dtype.Name()}.{key}.sum"].Item) < tolerance * value.ElementCount, $"{key}: {sum}");
            sum = value.To(DType.Float64).Abs().Sum().Item();
            Assert.True(Math.Abs(sum - c.Outputs[$"{dtype.Name()}.{key}.absSum"].Item) < tolerance * value.ElementCount, $"|{key}|: {sum}");
        }
    }
}
