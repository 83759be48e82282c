using TorchSharp;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Cresset.Benchmarks;

/// <summary>LibTorch through TorchSharp, used as its documentation says: a dispose scope around every step.</summary>
/// <param name="dtype">What it computes in: float32 where it is measured, float64 where it is the reference.</param>
sealed class LibTorchLibrary(torch.ScalarType dtype) : ILibrary
{
    public string Name => "LibTorch";

    public IRun Prepare(Work work, int threads)
    {
        torch.set_num_threads(threads);
        return work switch
        {
            OperatorWork operators => new OperatorRun(operators, dtype),
            TrainingWork training => new TrainingRun(training, dtype),
            InferenceWork inference => new InferenceRun(inference, dtype),
            _ => throw new ArgumentException($"LibTorch: the work {work.Name} is of no known kind"),
        };
    }

    static torch.Tensor From(float[] values, int[] shape, torch.ScalarType dtype) => torch.tensor(values, Array.ConvertAll(shape, size => (long)size), dtype);

    static double[] Values(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().to(torch.float64).contiguous().data<double>().ToArray();
    }

    sealed class OperatorRun : IRun
    {
        readonly torch.Tensor[] x;
        readonly Func<torch.Tensor> operation;

        public OperatorRun(OperatorWork work, torch.ScalarType dtype)
        {
            var draw = new Draw();
            x = Array.ConvertAll(work.Shapes, shape => From(draw.Uniform(shape), shape, dtype));
            operation = work.Operation switch
            {
                Operation.MatMul => () => x[0].matmul(x[1]),
                Operation.Add => () => x[0] + x[1],
                Operation.Exp => () => x[0].exp(),
                Operation.Softmax => () => x[0].softmax(1),
                Operation.Sum => () => x[0].sum(),
                _ => TransposeCopy,
            };
        }

        torch.Tensor TransposeCopy()
        {
            using var view = x[0].t();
            return view.contiguous();
        }

        public void Step() => operation().Dispose();

        public IReadOnlyList<Result> Results()
        {
            using var y = operation();
            return [new("result", Values(y))];
        }

        public void Dispose() => Array.ForEach(x, tensor => tensor.Dispose());
    }

    sealed class TrainingRun : IRun
    {
        readonly Module model;
        readonly torch.nn.Module<torch.Tensor, torch.Tensor, torch.Tensor> criterion;
        readonly torch.optim.Optimizer optimizer;
        readonly torch.Tensor input, target;

        public TrainingRun(TrainingWork work, torch.ScalarType dtype)
        {
            var draw = new Draw();
            model = Build(work.Network.Layers, draw);
            model.to(dtype);
            input = From(draw.Uniform(work.Input), work.Input, dtype);
            (criterion, target) = work.Loss == LossKind.CrossEntropy
                ? ((torch.nn.Module<torch.Tensor, torch.Tensor, torch.Tensor>)torch.nn.CrossEntropyLoss(), torch.tensor(draw.Labels(work.Input[0])))
                : (torch.nn.MSELoss(torch.nn.Reduction.Sum), From(draw.Uniform(work.Input), work.Input, dtype));
            optimizer = work.Adam ? torch.optim.Adam(model.parameters(), work.LearningRate) : torch.optim.SGD(model.parameters(), work.LearningRate, work.Momentum);
        }

        public void Step()
        {
            using var scope = torch.NewDisposeScope();
            Train();
        }

        (torch.Tensor Output, torch.Tensor Loss) Train()
        {
            var output = model.forward(input);
            var loss = criterion.forward(output, target);
            optimizer.zero_grad();
            loss.backward();
            optimizer.step();
            return (output, loss);
        }

        public IReadOnlyList<Result> Results()
        {
            using var scope = torch.NewDisposeScope();
            var (output, loss) = Train();
            List<Result> results = [new("output", Values(output)), new("loss", Values(loss))];
            foreach (var (parameter, i) in model.parameters().Select((parameter, i) => (parameter, i)))
                results.Add(new($"gradient {i} [{string.Join(", ", parameter.shape)}]", Values(parameter.grad!)));
            Train();
            Train();
            results.Add(new("loss after three steps", Values(Train().Loss)));
            return results;
        }

        public void Dispose()
        {
            optimizer.Dispose();
            criterion.Dispose();
            model.Dispose();
            input.Dispose();
            target.Dispose();
        }
    }

    sealed class InferenceRun : IRun
    {
        readonly Module model;
        readonly torch.Tensor input;

        public InferenceRun(InferenceWork work, torch.ScalarType dtype)
        {
            var draw = new Draw();
            model = Build(work.Network.Layers, draw);
            model.to(dtype);
            model.eval();
            input = From(draw.Uniform(work.Input), work.Input, dtype);
        }

        public void Step()
        {
            using var mode = torch.inference_mode();
            using var scope = torch.NewDisposeScope();
            model.forward(input);
        }

        public IReadOnlyList<Result> Results()
        {
            using var mode = torch.inference_mode();
            using var scope = torch.NewDisposeScope();
            return [new("output", Values(model.forward(input)))];
        }

        public void Dispose()
        {
            model.Dispose();
            input.Dispose();
        }
    }

    // The order of the draws is that of Cresset's side: that of the parameters.
    static Module Build(Layer layer, Draw draw)
    {
        switch (layer)
        {
            case Linear l:
                var linear = torch.nn.Linear(l.In, l.Out);
                Set(linear.weight, draw.Weights(l.Out * l.In, l.In));
                Set(linear.bias!, draw.Weights(l.Out, l.In));
                return linear;
            case Conv c:
                var conv = torch.nn.Conv2d(c.In, c.Out, c.Kernel, c.Stride, c.Padding, bias: c.Bias);
                var fanIn = c.In * c.Kernel * c.Kernel;
                Set(conv.weight, draw.Weights(c.Out * fanIn, fanIn));
                if (c.Bias) Set(conv.bias!, draw.Weights(c.Out, fanIn));
                return conv;
            case BatchNorm b:
                var norm = torch.nn.BatchNorm2d(b.Channels);
                Set(norm.weight!, draw.Uniform(b.Channels, 0.5, 1.5));
                Set(norm.bias!, draw.Uniform(b.Channels, -0.5, 0.5));
                Set(norm.running_mean!, draw.Uniform(b.Channels, -0.1, 0.1));
                Set(norm.running_var!, draw.Uniform(b.Channels, 0.5, 1.5));
                return norm;
            case Conv1d c:
                var line = torch.nn.Conv1d(c.In, c.Out, c.Kernel);
                Set(line.weight, draw.Weights(c.Out * c.In * c.Kernel, c.In * c.Kernel));
                Set(line.bias!, draw.Weights(c.Out, c.In * c.Kernel));
                return line;
            case ConvTranspose c:
                var transposed = torch.nn.ConvTranspose2d(c.In, c.Out, c.Kernel, c.Stride);
                var fanOut = c.Out * c.Kernel * c.Kernel;
                Set(transposed.weight, draw.Weights(c.In * fanOut, fanOut));
                Set(transposed.bias!, draw.Weights(c.Out, fanOut));
                return transposed;
            case GroupNorm g:
                var groups = torch.nn.GroupNorm(g.Groups, g.Channels);
                Set(groups.weight!, draw.Uniform(g.Channels, 0.5, 1.5));
                Set(groups.bias!, draw.Uniform(g.Channels, -0.5, 0.5));
                return groups;
            case LayerNorm l:
                var rows = torch.nn.LayerNorm(l.Width);
                Set(rows.weight!, draw.Uniform(l.Width, 0.5, 1.5));
                Set(rows.bias!, draw.Uniform(l.Width, -0.5, 0.5));
                return rows;
            case Patches p: return new PatchesModule(p, draw);
            case FirstStep: return new FirstStepModule();
            case Relu: return torch.nn.ReLU();
            case Tanh: return torch.nn.Tanh();
            case MaxPool1d p: return torch.nn.MaxPool1d(p.Kernel);
            case MaxPool p: return torch.nn.MaxPool2d(p.Kernel);
            case AvgPool p: return torch.nn.AvgPool2d(p.Kernel, p.Stride, p.Padding);
            case GlobalAvgPool: return torch.nn.AdaptiveAvgPool2d(1);
            case Flatten: return torch.nn.Flatten();
            case Recurrent r:
                var recurrent = new RecurrentModule(r);
                foreach (var (parameter, size) in recurrent.parameters().Zip(r.ParameterSizes)) Set(parameter, draw.Weights(size, r.Hidden));
                return recurrent;
            case TransformerLayer t: return new TransformerModule(t, draw);
            case MeanOverSteps: return new StepMeanModule();
            case Chain c: return torch.nn.Sequential(Array.ConvertAll(c.Layers, inner => Build(inner, draw)));
            case Residual r: return new ResidualModule(Build(r.Main, draw), r.Shortcut is null ? null : Build(r.Shortcut, draw));
            case Subsample s: return new SubsampleModule(s.Zeros);
            case Branches b: return new BranchesModule(Array.ConvertAll(b.Layers, inner => Build(inner, draw)));
            default: throw new ArgumentException($"LibTorch: no module for {layer}");
        }
    }

    static void Set(torch.Tensor tensor, float[] values)
    {
        using var gradients = torch.no_grad();
        using var source = torch.tensor(values, tensor.shape);
        tensor.copy_(source);
    }

    sealed class RecurrentModule : Module
    {
        readonly TorchSharp.Modules.LSTM? lstm;
        readonly TorchSharp.Modules.GRU? gru;

        public RecurrentModule(Recurrent layer) : base(nameof(RecurrentModule))
        {
            if (layer.Memory) lstm = torch.nn.LSTM(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);
            else gru = torch.nn.GRU(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x) => (lstm is null ? gru!.call(x).Item1 : lstm.call(x).Item1).select(1, -1);
    }

    // Of functions, for TorchSharp's layer cannot normalise first; attention is LibTorch's fused kernel.
    sealed class TransformerModule : Module
    {
        readonly TorchSharp.Modules.Linear input, output, linear1, linear2;
        readonly TorchSharp.Modules.LayerNorm norm1, norm2;
        readonly int heads;
        readonly bool gelu;

        public TransformerModule(TransformerLayer layer, Draw draw) : base(nameof(TransformerModule))
        {
            (heads, gelu) = (layer.Heads, layer.Gelu);
            TorchSharp.Modules.Linear Linear(int from, int to)
            {
                var linear = torch.nn.Linear(from, to);
                Set(linear.weight, draw.Weights(to * from, from));
                Set(linear.bias!, draw.Weights(to, from));
                return linear;
            }
            TorchSharp.Modules.LayerNorm Norm()
            {
                var norm = torch.nn.LayerNorm(layer.Width);
                Set(norm.weight!, draw.Uniform(layer.Width, 0.5, 1.5));
                Set(norm.bias!, draw.Uniform(layer.Width, -0.5, 0.5));
                return norm;
            }
            input = Linear(layer.Width, 3 * layer.Width);
            output = Linear(layer.Width, layer.Width);
            linear1 = Linear(layer.Width, layer.Feedforward);
            linear2 = Linear(layer.Feedforward, layer.Width);
            norm1 = Norm();
            norm2 = Norm();
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            long batch = x.shape[0], steps = x.shape[1], width = x.shape[2];
            var parts = input.call(norm1.call(x)).reshape(batch, steps, 3, heads, width / heads).permute(2, 0, 3, 1, 4);
            var attention = torch.nn.functional.scaled_dot_product_attention(parts[0], parts[1], parts[2]);
            x = x + output.call(attention.transpose(1, 2).reshape(batch, steps, width));
            var inner = linear1.call(norm2.call(x));
            return x + linear2.call(gelu ? torch.nn.functional.gelu(inner) : inner.relu());
        }
    }

    sealed class PatchesModule : Module
    {
        // In the order of Cresset's parameters.
        readonly TorchSharp.Modules.Parameter token;
        readonly TorchSharp.Modules.Conv2d conv;
        readonly Positions positions;

        public PatchesModule(Patches layer, Draw draw) : base(nameof(PatchesModule))
        {
            var fanIn = layer.Channels * layer.Patch * layer.Patch;
            token = new(torch.tensor(draw.Uniform(layer.Width, -0.5, 0.5), [1, 1, layer.Width]));
            conv = torch.nn.Conv2d(layer.Channels, layer.Width, layer.Patch, layer.Patch);
            Set(conv.weight, draw.Weights(layer.Width * fanIn, fanIn));
            Set(conv.bias!, draw.Weights(layer.Width, fanIn));
            positions = new Positions(torch.tensor(draw.Uniform(layer.Places * layer.Width, -0.5, 0.5), [layer.Places, layer.Width]));
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x)
        {
            var patches = conv.call(x).flatten(2).transpose(1, 2);
            return positions.call(torch.cat([token.expand(x.shape[0], 1, -1), patches], 1));
        }

        sealed class Positions : Module
        {
            readonly TorchSharp.Modules.Parameter weight;

            public Positions(torch.Tensor values) : base(nameof(Positions))
            {
                weight = new(values);
                RegisterComponents();
            }

            public override torch.Tensor forward(torch.Tensor x) => x + weight;
        }
    }

    sealed class FirstStepModule() : Module(nameof(FirstStepModule))
    {
        public override torch.Tensor forward(torch.Tensor x) => x.select(1, 0);
    }

    sealed class StepMeanModule() : Module(nameof(StepMeanModule))
    {
        public override torch.Tensor forward(torch.Tensor x) => x.mean([1]);
    }

    sealed class ResidualModule : Module
    {
        readonly Module main;
        readonly Module? shortcut;

        public ResidualModule(Module main, Module? shortcut) : base(nameof(ResidualModule))
        {
            this.main = main;
            this.shortcut = shortcut;
            RegisterComponents();
        }

        public override torch.Tensor forward(torch.Tensor x) => (main.forward(x) + (shortcut is null ? x : shortcut.forward(x))).relu();
    }

    sealed class SubsampleModule(long zeros) : Module(nameof(SubsampleModule))
    {
        public override torch.Tensor forward(torch.Tensor x)
        {
            var second = torch.TensorIndex.Slice(step: 2);
            return torch.nn.functional.pad(x[torch.TensorIndex.Ellipsis, second, second], [0, 0, 0, 0, zeros, zeros]);
        }
    }

    sealed class BranchesModule : Module
    {
        readonly Module[] branches;

        public BranchesModule(Module[] branches) : base(nameof(BranchesModule))
        {
            this.branches = branches;
            for (var i = 0; i < branches.Length; i++) register_module($"branch{i}", branches[i]);
        }

        public override torch.Tensor forward(torch.Tensor x) => torch.cat(Array.ConvertAll(branches, branch => branch.forward(x)), 1);
    }
}
