using TorchSharp;
using Module = TorchSharp.torch.nn.Module<TorchSharp.torch.Tensor, TorchSharp.torch.Tensor>;

namespace Cresset.Benchmarks;

/// <summary>LibTorch through TorchSharp, used as its documentation says: a dispose scope around every step.</summary>
/// <param name="dtype">What it computes in: float32 where it is measured, float64 where it is the reference.</param>
sealed partial class LibTorchLibrary(torch.ScalarType dtype) : ILibrary
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
                Operation.TransposeCopy => TransposeCopy,
                Operation.Resize => () => torch.nn.functional.interpolate(x[0], [2 * x[0].shape[2], 2 * x[0].shape[3]], mode: torch.InterpolationMode.Bilinear, align_corners: false),
                Operation.Flip => () => x[0].flip(-1),
                _ => Affine,
            };
        }

        torch.Tensor Affine()
        {
            using var map = torch.tensor([1 / Works.Enlargement, 0, 0, 0, 1 / Works.Enlargement, 0], [1, 2, 3], x[0].dtype);
            using var maps = map.expand(x[0].shape[0], -1, -1);
            using var grid = torch.nn.functional.affine_grid(maps, x[0].shape, false);
            return torch.nn.functional.grid_sample(x[0], grid, align_corners: false);
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
            criterion = work.Loss == LossKind.CrossEntropy ? torch.nn.CrossEntropyLoss(ignore_index: -100) : torch.nn.MSELoss(torch.nn.Reduction.Sum);
            if (work.Batch == Batch.Numbers)
            {
                input = From(draw.Uniform(work.Input), work.Input, dtype);
                target = work.Loss == LossKind.CrossEntropy ? torch.tensor(draw.Labels(work.Input[0])) : From(draw.Uniform(work.Input), work.Input, dtype);
            }
            else
            {
                var (indices, targets) = draw.Tokens(work.Batch, work.Input);
                (input, target) = (torch.tensor(indices, Array.ConvertAll(work.Input, size => (long)size)), torch.tensor(targets));
            }
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
            var loss = criterion.forward(output.dim() == 3 ? output.flatten(0, 1) : output, target);
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
            case Linear l: return LinearLayer(l.In, l.Out, draw);
            case Conv c:
                var conv = torch.nn.Conv2d(c.In, c.Out, c.Kernel, c.Stride, c.Padding, bias: c.Bias);
                var fanIn = c.In * c.Kernel * c.Kernel;
                Set(conv.weight, draw.Weights(c.Out * fanIn, fanIn));
                if (c.Bias) Set(conv.bias!, draw.Weights(c.Out, fanIn));
                return conv;
            case BatchNorm b:
                var norm = torch.nn.BatchNorm2d(b.Channels, b.Eps);
                Set(norm.weight!, draw.Uniform(b.Channels, 0.5, 1.5));
                Set(norm.bias!, draw.Uniform(b.Channels, -0.5, 0.5));
                Set(norm.running_mean!, draw.Uniform(b.Channels, -0.1, 0.1));
                Set(norm.running_var!, draw.Uniform(b.Channels, 0.5, 1.5));
                return norm;
            case Conv1d c: return Conv1dLayer(c.In, c.Out, c.Kernel, 0, draw);
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
            case LayerNorm l: return NormLayer(l.Width, draw);
            case Patches p: return new PatchesModule(p, draw);
            case FirstStep: return new FirstStepModule();
            case Relu: return torch.nn.ReLU();
            case Tanh: return torch.nn.Tanh();
            case MaxPool1d p: return torch.nn.MaxPool1d(p.Kernel);
            case MaxPool p: return torch.nn.MaxPool2d(p.Kernel, p.Step, p.Padding, ceil_mode: true);
            case AvgPool p: return torch.nn.AvgPool2d(p.Kernel, p.Stride, p.Padding);
            case GlobalAvgPool: return torch.nn.AdaptiveAvgPool2d(1);
            case Flatten: return torch.nn.Flatten();
            case Recurrent r: return new RecurrentModule(r, draw);
            case StepByStep c: return new CellModule(c, draw);
            case Embedding e: return EmbeddingLayer(e, draw);
            case PackedNames n: return new NamesModule(n, draw);
            case LearnedPositions p: return new PositionsModule(p, draw);
            case RotaryAttention a: return new RotaryModule(a, draw);
            case TaggedWords w: return new TaggedWordsModule(w, draw);
            case EncoderAndDecoder e: return new EncoderAndDecoderModule(e, draw);
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
}
