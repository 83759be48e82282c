using Cresset.Nn;
using Cresset.Optim;
using Cresset.Text;
using Cresset.Vision;

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
                Operation.TransposeCopy => () => x[0].T.Contiguous(),
                Operation.Resize => Transformed(new Resize(2 * work.Shapes[0][2], 2 * work.Shapes[0][3], antialias: false)),
                Operation.Flip => Transformed(new RandomHorizontalFlip(p: 1)),
                _ => Transformed(new RandomAffine(degrees: 0, scale: (Works.Enlargement, Works.Enlargement))),
            };

            Func<Tensor> Transformed(ITransform transform) => () => transform.Apply(x[0]);
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
            criterion = work.Loss == LossKind.CrossEntropy ? new CrossEntropyLoss() : new MseLoss(LossReduction.Sum);
            if (work.Batch == Batch.Numbers)
            {
                input = Tensor.From(draw.Uniform(work.Input), new Shape(work.Input));
                target = work.Loss == LossKind.CrossEntropy ? Tensor.From(draw.Labels(work.Input[0])) : Tensor.From(draw.Uniform(work.Input), new Shape(work.Input));
            }
            else
            {
                var (indices, targets) = draw.Tokens(work.Batch, work.Input);
                (input, target) = (Tensor.From(indices, new Shape(work.Input)), Tensor.From(targets));
            }
            optimizer = work.Adam ? new Adam(model.Parameters(), work.LearningRate) : new Sgd(model.Parameters(), work.LearningRate, work.Momentum);
        }

        public void Step() => Train();

        (Tensor Output, Tensor Loss) Train()
        {
            var output = model.Forward(input);
            var loss = criterion.Forward(output.Rank == 3 ? output.Flatten(0, 1) : output, target);
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

    /// <summary>The library's model with drawn weights, layer by layer in the order of its parameters.</summary>
    static Module Build(Network network, Draw draw)
    {
        var model = network.Create();
        foreach (var module in model.Modules())
            switch (module)
            {
                case Nn.Linear linear:
                    var inputs = linear.Weight.Size(1);
                    Set(linear.Weight, draw.Weights(linear.Weight.ElementCount, inputs));
                    Set(linear.Bias!, draw.Weights(linear.Bias!.ElementCount, inputs));
                    break;
                case Conv2d conv:
                    SetConvolution(conv.Weight, conv.Bias);
                    break;
                case Nn.Conv1d conv:
                    SetConvolution(conv.Weight, conv.Bias);
                    break;
                case ConvTranspose2d conv:
                    SetConvolution(conv.Weight, conv.Bias);
                    break;
                case BatchNorm2d norm:
                    Set(norm.Weight!, draw.Uniform(norm.NumFeatures, 0.5, 1.5));
                    Set(norm.Bias!, draw.Uniform(norm.NumFeatures, -0.5, 0.5));
                    Set(norm.RunningMean!, draw.Uniform(norm.NumFeatures, -0.1, 0.1));
                    Set(norm.RunningVar!, draw.Uniform(norm.NumFeatures, 0.5, 1.5));
                    break;
                case Nn.LayerNorm or Nn.GroupNorm:
                    foreach (var (parameter, isBias) in module.Parameters().Zip([false, true])) Set(parameter, isBias ? draw.Uniform(parameter.ElementCount, -0.5, 0.5) : draw.Uniform(parameter.ElementCount, 0.5, 1.5));
                    break;
                case LearnedPositionalEncoding or VisionTransformer:
                    foreach (var parameter in module.Parameters(recurse: false)) Set(parameter, draw.Uniform(parameter.ElementCount, -0.5, 0.5));
                    break;
                case MultiheadAttention attention:
                    foreach (var parameter in attention.Parameters(recurse: false)) Set(parameter, draw.Weights(parameter.ElementCount, attention.EmbedDim));
                    break;
                case RecurrentLayer or RecurrentCell:
                    var hidden = module is RecurrentLayer layer ? layer.HiddenSize : ((RecurrentCell)module).WeightHh.Size(1);
                    foreach (var parameter in module.Parameters()) Set(parameter, draw.Weights(parameter.ElementCount, hidden));
                    break;
                case Nn.Embedding embedding:
                    Set(embedding.Weight, draw.Table(new Embedding(embedding.Weight.Size(0), embedding.Weight.Size(1), Padded: model is NameClassifier or Tagger)));
                    break;
            }
        return model;

        void SetConvolution(Tensor weight, Tensor? bias)
        {
            var fanIn = weight.ElementCount / weight.Size(0);
            Set(weight, draw.Weights(weight.ElementCount, fanIn));
            if (bias is not null) Set(bias, draw.Weights(bias.ElementCount, fanIn));
        }
    }

    static void Set(Tensor tensor, float[] values)
    {
        using (Autograd.NoGrad()) tensor.CopyInPlace(Tensor.From(values, tensor.Shape));
    }
}
