using Cresset.Onnx.Format;

namespace Cresset.Onnx;

/// <summary>ONNX's operators in those of Cresset: numbers, element by element and summed. Shapes and layers stand in files of their
/// own.</summary>
static partial class OnnxOperators
{
    static readonly Dictionary<string, OnnxOperator> known = new([.. Numbers(), .. Shapes(), .. Layers(),
        // Read with the file, never run.
        .. (KeyValuePair<string, OnnxOperator>[])[new("Constant", Unreachable), new("LSTM", Unreachable), new("GRU", Unreachable), new("RNN", Unreachable)]]);

    /// <summary>The names of all operators that can be imported.</summary>
    internal static IEnumerable<string> Names => known.Keys.Order(StringComparer.Ordinal);

    internal static OnnxOperator? Find(NodeProto node) => node.Domain is "" or "ai.onnx" ? known.GetValueOrDefault(node.OpType) : null;

    static Tensor[] Unreachable(OnnxCall call) => throw new InvalidOperationException($"{call.Node.Op} is no operator of its own");

    static KeyValuePair<string, OnnxOperator> One(string name, Func<Tensor, Tensor> f) => new(name, call => [f(call[0])]);

    static KeyValuePair<string, OnnxOperator> Two(string name, Func<Tensor, Tensor, Tensor> f) => new(name, call => [f(call[0], call[1])]);

    static KeyValuePair<string, OnnxOperator> Many(string name, Func<Tensor, Tensor, Tensor> f) => new(name, call => [call.All.Aggregate(f)]);

    static KeyValuePair<string, OnnxOperator> Call(string name, Func<OnnxCall, Tensor> f) => new(name, call => [f(call)]);

    static KeyValuePair<string, OnnxOperator>[] Numbers() =>
    [
        One("Abs", x => x.Abs()), One("Ceil", x => x.Ceil()), One("Cos", x => x.Cos()), One("Erf", x => x.Erf()), One("Exp", x => x.Exp()),
        One("Floor", x => x.Floor()), One("Identity", x => x), One("IsNaN", x => x.IsNaN()), One("Log", x => x.Log()), One("Neg", x => -x),
        One("Not", x => !x), One("Reciprocal", x => x.Reciprocal()), One("Relu", x => x.Relu()), One("Round", x => x.Round()), One("Sigmoid", x => x.Sigmoid()),
        One("Sign", x => x.Sign()), One("Sin", x => x.Sin()), One("Softplus", x => x.Softplus()), One("Softsign", x => x / (1 + x.Abs())), One("Sqrt", x => x.Sqrt()),
        One("Tan", x => x.Tan()), One("Tanh", x => x.Tanh()), One("Mish", x => x * x.Softplus().Tanh()), One("HardSwish", x => x * (x / 6 + 0.5).Clamp(0.0, 1.0)),
        Call("IsInf", IsInf),
        Call("Elu", call => call[0].Elu(call.Node.Float("alpha", 1))),
        Call("Celu", call => Celu(call[0], call.Node.Float("alpha", 1))),
        Call("Selu", call => call[0].Elu(call.Node.Float("alpha", 1.67326319217681884765625)) * call.Node.Float("gamma", 1.05070102214813232421875)),
        Call("LeakyRelu", call => call[0].LeakyRelu(call.Node.Float("alpha", 0.01))),
        Call("ThresholdedRelu", call => Tensor.Where(call[0] > call.Node.Float("alpha", 1), call[0], call[0].ZerosLike())),
        Call("HardSigmoid", call => (call[0] * call.Node.Float("alpha", 0.2) + call.Node.Float("beta", 0.5)).Clamp(0.0, 1.0)),
        Call("Gelu", call => call[0].Gelu(tanh: call.Node.Text("approximate", "none") == "tanh")),
        Two("PRelu", (x, slope) => x.ClampMin(0) + slope * x.ClampMax(0)),
        Call("Clip", Clip),
        Two("Add", (a, b) => a + b), Two("Sub", (a, b) => a - b), Two("Mul", (a, b) => a * b), Two("Div", Divide),
        Two("Pow", (a, b) => a.Pow(b.To(a.DType))), Call("Mod", Mod),
        Many("Max", (a, b) => a.Maximum(b)), Many("Min", (a, b) => a.Minimum(b)), Many("Sum", (a, b) => a + b),
        Call("Mean", call => call.All.Aggregate((a, b) => a + b) / call.All.Count),
        Two("Equal", (a, b) => a.Equal(b)), Two("Greater", (a, b) => a > b), Two("GreaterOrEqual", (a, b) => a >= b), Two("Less", (a, b) => a < b), Two("LessOrEqual", (a, b) => a <= b),
        Two("And", (a, b) => a & b), Two("Or", (a, b) => a | b), Two("Xor", (a, b) => a ^ b),
        Call("Where", call => Tensor.Where(call[0], call[1], call[2])),
        Two("MatMul", (a, b) => a.MatMul(b)), Call("Gemm", Gemm), Call("Einsum", call => Tensor.Einsum(call.Node.Text("equation", ""), [.. call.All])),
        Call("Softmax", call => Softened(call, (x, dim) => x.Softmax(dim))), Call("LogSoftmax", call => Softened(call, (x, dim) => x.LogSoftmax(dim))),
        Call("ReduceSum", call => Reduced(call, (x, dims, keep) => x.Sum(dims, keep).To(x.DType))),
        Call("ReduceMean", call => Reduced(call, (x, dims, keep) => x.Mean(dims, keep))),
        Call("ReduceMax", call => Reduced(call, (x, dims, keep) => x.AMax(dims, keep))),
        Call("ReduceMin", call => Reduced(call, (x, dims, keep) => x.AMin(dims, keep))),
        Call("ReduceProd", call => Reduced(call, Product)),
        Call("ReduceL1", call => Reduced(call, (x, dims, keep) => x.Abs().Sum(dims, keep).To(x.DType))),
        Call("ReduceL2", call => Reduced(call, (x, dims, keep) => x.Norm(2, dims, keep))),
        Call("ReduceSumSquare", call => Reduced(call, (x, dims, keep) => (x * x).Sum(dims, keep).To(x.DType))),
        Call("ReduceLogSum", call => Reduced(call, (x, dims, keep) => x.Sum(dims, keep).Log())),
        Call("ReduceLogSumExp", call => Reduced(call, (x, dims, keep) => x.LogSumExp(dims, keep))),
        Call("ArgMax", call => Place(call, (x, dim, keep) => x.ArgMax(dim, keep))), Call("ArgMin", call => Place(call, (x, dim, keep) => x.ArgMin(dim, keep))),
        new("TopK", TopK),
        Call("CumSum", CumSum),
    ];

    static Tensor IsInf(OnnxCall call)
    {
        var x = call[0];
        var infinite = x.IsInf();
        if (!call.Node.Flag("detect_negative", true)) infinite &= x > 0;
        return call.Node.Flag("detect_positive", true) ? infinite : infinite & (x < 0);
    }

    static Tensor Celu(Tensor x, double alpha) => x.ClampMin(0) + alpha * ((x.ClampMax(0) / alpha).Exp() - 1);

    // Bounds are attributes before version 11.
    static Tensor Clip(OnnxCall call)
    {
        var x = call[0];
        var (least, most) = call.Node.Opset < 11
            ? (call.Node.Has("min") ? Tensor.From(call.Node.Float("min", 0), x.DType) : null, call.Node.Has("max") ? Tensor.From(call.Node.Float("max", 0), x.DType) : null)
            : (call.Optional(1), call.Optional(2));
        if (least is not null) x = x.Maximum(least);
        return most is null ? x : x.Minimum(most);
    }

    // Integers are divided towards zero.
    static Tensor Divide(Tensor a, Tensor b)
    {
        if (a.DType.IsFloatingPoint()) return a / b;
        var quotient = a.FloorDivide(b);
        // One more where rounding down went away from zero.
        var rest = a - quotient * b;
        return quotient + (rest.NotEqual(0) & (a < 0) ^ (rest.NotEqual(0) & (b < 0))).To(a.DType);
    }

    static Tensor Mod(OnnxCall call)
    {
        var (a, b) = (call[0], call[1]);
        // With fmod the sign is the dividend's.
        return call.Node.Flag("fmod", false) ? a - b * (a.DType.IsFloatingPoint() ? (a / b).Trunc() : Divide(a, b)) : a % b;
    }

    static Tensor Gemm(OnnxCall call)
    {
        var (a, b, c) = (call[0], call[1], call.Optional(2));
        double alpha = call.Node.Float("alpha", 1), beta = call.Node.Float("beta", 1);
        if (call.Node.Flag("transA", false)) a = a.T;
        var transposed = call.Node.Flag("transB", false);
        // The usual form is one pass.
        if (alpha == 1 && beta == 1 && c is { Rank: 1 } && c.Size(0) == b.Size(transposed ? 0 : 1)) return a.Linear(transposed ? b : b.T, c);
        var y = a.MatMul(transposed ? b.T : b);
        if (alpha != 1) y *= alpha;
        return c is null ? y : y + (beta == 1 ? c : c * beta);
    }

    // Before version 13: over all dimensions from the axis on, which is 1 unless told.
    static Tensor Softened(OnnxCall call, Func<Tensor, int, Tensor> f)
    {
        var x = call[0];
        if (call.Node.Opset >= 13) return f(x, call.Node.Dim("axis", -1));
        var axis = call.Node.Dim("axis", 1);
        return f(AsMatrix(x, axis), 1).Reshape(x.Shape);
    }

    // The dimensions before an axis as one, and the others as one.
    static Tensor AsMatrix(Tensor x, int axis)
    {
        if (axis < 0) axis += x.Rank;
        var rows = 1;
        for (var i = 0; i < axis; i++) rows *= x.Size(i);
        return x.Reshape(rows, rows == 0 ? 0 : x.ElementCount / rows);
    }

    delegate Tensor Reduction(Tensor x, int[] dims, bool keepDim);

    static Tensor Reduced(OnnxCall call, Reduction f)
    {
        var x = call[0];
        var dims = call.Integers("axes", 1);
        if (dims is null or { Length: 0 })
        {
            if (call.Node.Flag("noop_with_empty_axes", false)) return x;
            dims = [.. Enumerable.Range(0, x.Rank)];
        }
        return dims.Length == 0 ? f(x.Unsqueeze(0), [0], false) : f(x, dims, call.Node.Flag("keepdims", true));
    }

    static Tensor Product(Tensor x, int[] dims, bool keepDim)
    {
        foreach (var dim in dims.Select(dim => dim < 0 ? dim + x.Rank : dim).OrderDescending()) x = x.Prod(dim, keepDim).To(x.DType);
        return x;
    }

    static Tensor Place(OnnxCall call, Extreme f)
    {
        var (x, dim) = (call[0], call.Node.Dim("axis", 0));
        if (!call.Node.Flag("select_last_index", false)) return f(x, dim, call.Node.Flag("keepdims", true));
        return x.Size(dim) - 1 - f(x.Flip(dim), dim, call.Node.Flag("keepdims", true));
    }

    delegate Tensor Extreme(Tensor x, int dim, bool keepDim);

    static Tensor[] TopK(OnnxCall call)
    {
        var count = call.Node.Opset < 10 ? (int)call.Node.Int("k", 1) : OnnxCall.Read(call[1])[0];
        var (values, indices) = call[0].TopK(count, call.Node.Dim("axis", -1), call.Node.Flag("largest", true));
        return [values, indices];
    }

    static Tensor CumSum(OnnxCall call)
    {
        var dim = OnnxCall.Read(call[1])[0];
        var x = call[0];
        var reverse = call.Node.Flag("reverse", false);
        if (reverse) x = x.Flip(dim);
        var y = x.CumSum(dim).To(x.DType);
        if (call.Node.Flag("exclusive", false)) y -= x;
        return reverse ? y.Flip(dim) : y;
    }
}
