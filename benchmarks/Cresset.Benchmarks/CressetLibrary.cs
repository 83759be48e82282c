using Cresset.Nn;
using Cresset.Optim;

namespace Cresset.Benchmarks;

sealed class CressetLibrary : ILibrary
{
    public string Name => "Cresset";

    public IRun Prepare(Work work, int threads)
    {
        Threads.Count = threads;
        return work switch
        {
            OperatorWork operators => new OperatorRun(operators),
            TrainingWork training => new TrainingRun(training),
            InferenceWork inference => new InferenceRun(inference),
            _ => throw new ArgumentException($"Cresset: the work {work.Name} is of no known kind"),
        };
    }

    sealed class OperatorRun : IRun
    {
        readonly Func<Tensor> operation;

        public OperatorRun(OperatorWork work)
        {
            var draw = new Draw();
            var x = Array.ConvertAll(work.Shapes, shape => Tensor.From(draw.Uniform(shape), new Shape(shape)));
            operation = work.Operation switch
            {
                Operation.MatMul => () => x[0].MatMul(x[1]),
                Operation.Add => () => x[0] + x[1],
                Operation.Exp => () => x[0].Exp(),
                Operation.Softmax => () => x[0].Softmax(1),
                Operation.Sum => () => x[0].Sum(),
                _ => () => x[0].T.Contiguous(),
            };
        }

        public void Step() => operation();

        public IReadOnlyList<Result> Results() => [new("result", Values(operation()))];

        public void Dispose() => MemoryPool.Trim();
    }

    sealed class TrainingRun : IRun
    {
        readonly Module model;
        readonly Loss criterion;
        readonly Optimizer optimizer;
        readonly Tensor input, target;

        public TrainingRun(TrainingWork work)
        {
            var draw = new Draw();
            model = Build(work.Network, draw);
            input = Tensor.From(draw.Uniform(work.Input), new Shape(work.Input));
            var n = work.Input[0];
            (criterion, target) = work.Loss == LossKind.CrossEntropy
                ? ((Loss)new CrossEntropyLoss(), Tensor.From(draw.Labels(n)))
                : (new MseLoss(LossReduction.Sum), Tensor.From(draw.Uniform(work.Input), new Shape(work.Input)));
            optimizer = work.Adam ? new Adam(model.Parameters(), work.LearningRate) : new Sgd(model.Parameters(), work.LearningRate, work.Momentum);
        }

        public void Step() => Train();

        (Tensor Output, Tensor Loss) Train()
        {
            var output = model.Forward(input);
            var loss = criterion.Forward(output, target);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            return (output, loss);
        }

        public IReadOnlyList<Result> Results()
        {
            var (output, loss) = Train();
            List<Result> results = [new("output", Values(output)), new("loss", Values(loss))];
            foreach (var (parameter, i) in model.Parameters().Select((parameter, i) => (parameter, i)))
                results.Add(new($"gradient {i} {parameter.Shape}", Values(parameter.Grad!)));
            Train();
            Train();
            results.Add(new("loss after three steps", Values(Train().Loss)));
            return results;
        }

        public void Dispose() => MemoryPool.Trim();
    }

    sealed class InferenceRun : IRun
    {
        readonly Module model;
        readonly Tensor input;

        public InferenceRun(InferenceWork work)
        {
            var draw = new Draw();
            model = Build(work.Network, draw);
            model.Eval();
            input = Tensor.From(draw.Uniform(work.Input), new Shape(work.Input));
        }

        public void Step() => Forward();

        Tensor Forward()
        {
            using (Autograd.NoGrad()) return model.Forward(input);
        }

        public IReadOnlyList<Result> Results() => [new("output", Values(Forward()))];

        public void Dispose() => MemoryPool.Trim();
    }

    static double[] Values(Tensor tensor) => tensor.Detach().To(DType.Float64).ToArray<double>();

    static Module Build(Layer layer, Draw draw)
    {
        switch (layer)
        {
            case Linear l:
                var linear = new Nn.Linear(l.In, l.Out);
                Set(linear.Weight, draw.Weights(l.Out * l.In, l.In));
                Set(linear.Bias!, draw.Weights(l.Out, l.In));
                return linear;
            case Conv c:
                var conv = new Conv2d(c.In, c.Out, c.Kernel, c.Stride, c.Padding, bias: c.Bias);
                var fanIn = c.In * c.Kernel * c.Kernel;
                Set(conv.Weight, draw.Weights(c.Out * fanIn, fanIn));
                if (c.Bias) Set(conv.Bias!, draw.Weights(c.Out, fanIn));
                return conv;
            case BatchNorm b:
                var norm = new BatchNorm2d(b.Channels);
                Set(norm.Weight!, draw.Uniform(b.Channels, 0.5, 1.5));
                Set(norm.Bias!, draw.Uniform(b.Channels, -0.5, 0.5));
                Set(norm.RunningMean!, draw.Uniform(b.Channels, -0.1, 0.1));
                Set(norm.RunningVar!, draw.Uniform(b.Channels, 0.5, 1.5));
                return norm;
            case Relu: return new ReLU();
            case MaxPool p: return new MaxPool2d(p.Kernel);
            case AvgPool p: return new AvgPool2d(p.Kernel, p.Stride, p.Padding);
            case GlobalAvgPool: return new AdaptiveAvgPool2d(1);
            case Flatten: return new Nn.Flatten();
            case Recurrent r:
                var recurrent = new RecurrentModule(r);
                foreach (var (parameter, size) in recurrent.Parameters().Zip(r.ParameterSizes)) Set(parameter, draw.Weights(size, r.Hidden));
                return recurrent;
            case Chain c: return new Sequential(Array.ConvertAll(c.Layers, inner => Build(inner, draw)));
            case Residual r: return new ResidualModule(Build(r.Main, draw), r.Shortcut is null ? null : Build(r.Shortcut, draw));
            case Branches b: return new BranchesModule(Array.ConvertAll(b.Layers, inner => Build(inner, draw)));
            default: throw new ArgumentException($"Cresset: no module for {layer}");
        }
    }

    static void Set(Tensor tensor, float[] values) => values.CopyTo(tensor.AsSpan<float>());

    sealed class RecurrentModule(Recurrent layer) : Module
    {
        readonly Lstm? lstm = layer.Memory ? new Lstm(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional) : null;
        readonly Gru? gru = layer.Memory ? null : new Gru(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);

        public override Tensor Forward(Tensor x) => (lstm is null ? gru!.Forward(x).Output : lstm.Forward(x).Output).Select(1, -1);
    }

    sealed class ResidualModule(Module main, Module? shortcut) : Module
    {
        readonly Module main = main;
        readonly Module? shortcut = shortcut;

        public override Tensor Forward(Tensor x) => (main.Forward(x) + (shortcut is null ? x : shortcut.Forward(x))).Relu();
    }

    sealed class BranchesModule(Module[] branches) : Module
    {
        readonly Module[] branches = branches;

        public override Tensor Forward(Tensor x) => Tensor.Cat(Array.ConvertAll(branches, branch => branch.Forward(x)), 1);
    }
}
