using System.Globalization;
using Cresset.Nn;
using Cresset.Optim;

namespace Cresset.AheadOfTime;

// A network whose parts are found in every way: fields, properties, a list, a dictionary, a base class, a buffer.
static class TinyTraining
{
    abstract class Base : Module
    {
        protected readonly Conv2d convolution = new(1, 4, 3);
        readonly BatchNorm2d hidden = new(4);

        protected Tensor Features(Tensor x) => hidden.Forward(convolution.Forward(x)).Relu().MaxPool2d((2, 2)).Flatten(1);
    }

    sealed class Net : Base
    {
        readonly List<Module> blocks = [new Linear(36, 16), new Linear(16, 16)];
        readonly Dictionary<string, Linear> heads = new() { ["digit"] = new Linear(16, 3) };

        Parameter Scale { get; } = new(Tensor.Ones([16]));

        [field: Buffer]
        Tensor Shift { get; } = Tensor.Zeros([16]);

        public override Tensor Forward(Tensor x)
        {
            var features = Features(x);
            foreach (var block in blocks) features = block.Forward(features).Relu();
            return heads["digit"].Forward(features * Scale + Shift);
        }
    }

    internal static IEnumerable<string> Run()
    {
        Cresset.Random.Seed(1);
        var model = new Net();
        yield return $"parameters {model.Parameters().Sum(parameter => parameter.ElementCount)}";
        yield return $"state {string.Join(" ", model.StateDict().Select(entry => $"{entry.Key}{entry.Value.Shape}"))}";
        var criterion = new CrossEntropyLoss();
        var optimizer = new Adam(model.Parameters(), lr: 0.01);
        var images = Tensor.Rand([12, 1, 8, 8]);
        var labels = Tensor.RandInt(0, 3, [12]);
        for (var step = 0; step < 20; step++)
        {
            var loss = criterion.Forward(model.Forward(images), labels);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            yield return string.Create(CultureInfo.InvariantCulture, $"loss {loss.Item():R}");
        }
    }
}
