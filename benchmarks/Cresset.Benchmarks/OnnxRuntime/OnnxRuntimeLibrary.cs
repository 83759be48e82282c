using Microsoft.ML.OnnxRuntime;

namespace Cresset.Benchmarks;

/// <summary>Products and inference in ONNX Runtime, from models made in memory with the same weights.</summary>
sealed class OnnxRuntimeLibrary : ILibrary
{
    public string Name => "ONNX Runtime";

    /// <summary>Whether it has this work at all: it does not train, and the models here know no layer of sequences.</summary>
    public static bool Has(Work work) =>
        work is OperatorWork { Operation: Operation.MatMul } || (work is InferenceWork inference && Describes(inference.Network.Layers));

    static bool Describes(Layer layer) => layer is Chain chain ? chain.Layers.All(Describes) : layer is not (Recurrent or TransformerLayer or MeanOverSteps);

    public IRun Prepare(Work work, int threads)
    {
        var draw = new Draw();
        var model = new OnnxModel();
        switch (work)
        {
            case OperatorWork { Operation: Operation.MatMul } product:
                var operands = Array.ConvertAll(product.Shapes, shape => draw.Uniform(shape));
                return new Run(model.Build([("a", product.Shapes[0]), ("b", product.Shapes[1])], model.Add("MatMul", ["a", "b"])),
                    [("a", product.Shapes[0], operands[0]), ("b", product.Shapes[1], operands[1])], "result", threads);
            case InferenceWork inference:
                var output = Build(model, inference.Network.Layers, "x", draw);
                return new Run(model.Build([("x", inference.Input)], output), [("x", inference.Input, draw.Uniform(inference.Input))], "output", threads);
            default: throw new ArgumentException($"ONNX Runtime: no model for {work.Name}");
        }
    }

    // The order of the draws is that of Cresset's side.
    static string Build(OnnxModel model, Layer layer, string x, Draw draw)
    {
        switch (layer)
        {
            case Linear l:
                var weight = model.Constant(draw.Weights(l.Out * l.In, l.In), l.Out, l.In);
                return model.Add("Gemm", [x, weight, model.Constant(draw.Weights(l.Out, l.In), l.Out)], ("transB", 1));
            case Conv c:
                var fanIn = c.In * c.Kernel * c.Kernel;
                var kernels = model.Constant(draw.Weights(c.Out * fanIn, fanIn), c.Out, c.In, c.Kernel, c.Kernel);
                string[] inputs = c.Bias ? [x, kernels, model.Constant(draw.Weights(c.Out, fanIn), c.Out)] : [x, kernels];
                return model.Add("Conv", inputs, ("kernel_shape", Square(c.Kernel)), ("strides", Square(c.Stride)), ("pads", Sides(c.Padding)));
            case BatchNorm b:
                var scale = model.Constant(draw.Uniform(b.Channels, 0.5, 1.5), b.Channels);
                var shift = model.Constant(draw.Uniform(b.Channels, -0.5, 0.5), b.Channels);
                var mean = model.Constant(draw.Uniform(b.Channels, -0.1, 0.1), b.Channels);
                return model.Add("BatchNormalization", [x, scale, shift, mean, model.Constant(draw.Uniform(b.Channels, 0.5, 1.5), b.Channels)], ("epsilon", (float)b.Eps));
            case Relu: return model.Add("Relu", [x]);
            case MaxPool p: return model.Add("MaxPool", [x], ("kernel_shape", Square(p.Kernel)), ("strides", Square(p.Step)), ("pads", Sides(p.Padding)), ("ceil_mode", 1));
            case AvgPool p:
                return model.Add("AveragePool", [x], ("kernel_shape", Square(p.Kernel)), ("strides", Square(p.Stride)), ("pads", Sides(p.Padding)), ("count_include_pad", 1));
            case GlobalAvgPool: return model.Add("GlobalAveragePool", [x]);
            case Flatten: return model.Add("Flatten", [x]);
            case Subsample s:
                var second = model.Add("Slice", [x, model.Constant(0L, 0), model.Constant(int.MaxValue, int.MaxValue), model.Constant(2L, 3), model.Constant(2L, 2)]);
                return model.Add("Pad", [second, model.Constant(0L, s.Zeros, 0, 0, 0, s.Zeros, 0, 0)]);
            case Chain c:
                foreach (var inner in c.Layers) x = Build(model, inner, x, draw);
                return x;
            case Residual r:
                var main = Build(model, r.Main, x, draw);
                return model.Add("Relu", [model.Add("Add", [main, r.Shortcut is null ? x : Build(model, r.Shortcut, x, draw)])]);
            case Branches b: return model.Add("Concat", Array.ConvertAll(b.Layers, inner => Build(model, inner, x, draw)), ("axis", 1));
            default: throw new ArgumentException($"ONNX Runtime: no operators for {layer}");
        }
    }

    static int[] Square(int side) => [side, side];

    static int[] Sides(int padding) => [padding, padding, padding, padding];

    sealed class Run : IRun
    {
        readonly InferenceSession session;
        readonly RunOptions options = new();
        readonly string[] names, outputs;
        readonly OrtValue[] inputs;
        readonly string result;

        public Run(byte[] model, (string Name, int[] Shape, float[] Values)[] operands, string result, int threads)
        {
            using var settings = new SessionOptions { IntraOpNumThreads = threads, InterOpNumThreads = 1, GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL };
            session = new InferenceSession(model, settings);
            names = Array.ConvertAll(operands, operand => operand.Name);
            inputs = Array.ConvertAll(operands, operand => OrtValue.CreateTensorValueFromMemory(operand.Values, Array.ConvertAll(operand.Shape, size => (long)size)));
            outputs = [.. session.OutputNames];
            this.result = result;
        }

        public void Step() => session.Run(options, names, inputs, outputs).Dispose();

        public IReadOnlyList<Result> Results()
        {
            using var values = session.Run(options, names, inputs, outputs);
            return [new(result, Array.ConvertAll(values[0].GetTensorDataAsSpan<float>().ToArray(), value => (double)value))];
        }

        public void Dispose()
        {
            foreach (var input in inputs) input.Dispose();
            options.Dispose();
            session.Dispose();
        }
    }
}
