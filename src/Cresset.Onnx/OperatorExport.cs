namespace Cresset.Onnx;

/// <summary>Each operator of Cresset in ONNX's operators (opset 17).</summary>
static class OperatorExport
{
    delegate void Export(GraphWriter writer, TracedCall call);

    // ONNX's number for "to the end".
    const long End = long.MaxValue;

    static readonly Dictionary<string, Export> exports = new()
    {
        // Pointwise, of one tensor.
        ["Abs"] = Same("Abs"),
        ["Ceil"] = Same("Ceil"),
        ["Cos"] = Same("Cos"),
        ["Erf"] = Same("Erf"),
        ["Exp"] = Same("Exp"),
        ["Floor"] = Same("Floor"),
        ["Log"] = Same("Log"),
        ["Neg"] = Same("Neg"),
        ["Reciprocal"] = Same("Reciprocal"),
        ["Relu"] = Same("Relu"),
        ["Round"] = Same("Round"),
        ["Sigmoid"] = Same("Sigmoid"),
        ["Sign"] = Same("Sign"),
        ["Sin"] = Same("Sin"),
        ["Sqrt"] = Same("Sqrt"),
        ["Tan"] = Same("Tan"),
        ["Tanh"] = Same("Tanh"),
        ["LogicalNot"] = Same("Not"),
        ["IsNaN"] = Same("IsNaN"),
        ["IsInf"] = Same("IsInf"),
        ["Elu"] = (w, c) => w.Node("Elu", c.Outputs[0], [w[c.Inputs[0]]], ("alpha", c.Number(0))),
        ["LeakyRelu"] = (w, c) => w.Node("LeakyRelu", c.Outputs[0], [w[c.Inputs[0]]], ("alpha", c.Number(0))),
        ["Rsqrt"] = (w, c) => w.Node("Reciprocal", c.Outputs[0], [w.Node("Sqrt", [w[c.Inputs[0]]])]),
        ["Square"] = (w, c) => w.Node("Mul", c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[0]]]),
        ["Silu"] = (w, c) => w.Node("Mul", c.Outputs[0], [w[c.Inputs[0]], w.Node("Sigmoid", [w[c.Inputs[0]]])]),
        ["LogSigmoid"] = (w, c) => w.Node("Neg", c.Outputs[0], [w.Node("Softplus", [w.Node("Neg", [w[c.Inputs[0]]])])]),
        ["Log1p"] = (w, c) => w.Node("Log", c.Outputs[0], [w.Node("Add", [w[c.Inputs[0]], Like(w, c, 1)])]),
        ["Expm1"] = (w, c) => w.Node("Sub", c.Outputs[0], [w.Node("Exp", [w[c.Inputs[0]]]), Like(w, c, 1)]),
        ["Log2"] = (w, c) => w.Node("Div", c.Outputs[0], [w.Node("Log", [w[c.Inputs[0]]]), Like(w, c, Math.Log(2))]),
        ["Log10"] = (w, c) => w.Node("Div", c.Outputs[0], [w.Node("Log", [w[c.Inputs[0]]]), Like(w, c, Math.Log(10))]),
        ["Trunc"] = (w, c) => w.Node("Mul", c.Outputs[0], [w.Node("Sign", [w[c.Inputs[0]]]), w.Node("Floor", [w.Node("Abs", [w[c.Inputs[0]]])])]),
        ["IsFinite"] = (w, c) => w.Node("Not", c.Outputs[0], [w.Node("Or", [w.Node("IsNaN", [w[c.Inputs[0]]]), w.Node("IsInf", [w[c.Inputs[0]]])])]),
        ["Gelu"] = Gelu,
        ["GeluTanh"] = GeluTanh,
        ["Softplus"] = Softplus,
        ["Clamp"] = Clamp,

        // Pointwise, of two tensors, or of one and a number.
        ["Add"] = Pair("Add"),
        ["Sub"] = Pair("Sub"),
        ["Mul"] = Pair("Mul"),
        ["Div"] = Pair("Div"),
        ["Pow"] = Pair("Pow"),
        ["SubtractFrom"] = Reversed("Sub"),
        ["DivideInto"] = Reversed("Div"),
        ["Maximum"] = Pair("Max"),
        ["Minimum"] = Pair("Min"),
        ["FloorDivide"] = FloorDivide,
        ["Remainder"] = Remainder,
        ["Equal"] = Compare("Equal"),
        ["Greater"] = Compare("Greater"),
        ["GreaterOrEqual"] = Compare("GreaterOrEqual"),
        // Told as a > b of exchanged tensors.
        ["Less"] = Compare("Greater"),
        ["LessOrEqual"] = Compare("GreaterOrEqual"),
        ["NotEqual"] = (w, c) => w.Node("Not", c.Outputs[0], [w.Node("Equal", [w[c.Inputs[0]], w[c.Inputs[1]]])]),
        ["LogicalAnd"] = Compare("And"),
        ["LogicalOr"] = Compare("Or"),
        ["LogicalXor"] = Compare("Xor"),
        ["Where"] = (w, c) => Choose(w, c.Outputs[0], w[c.Inputs[2]], w.As(c.Inputs[0], c.Outputs[0].DType), w.As(c.Inputs[1], c.Outputs[0].DType)),
        ["MaskedFill"] = (w, c) => Choose(w, c.Outputs[0], w[c.Inputs[1]], Like(w, c, c.Number(0)), w[c.Inputs[0]]),

        // The same values elsewhere.
        ["Detach"] = Alias,
        ["Clone"] = Alias,
        ["Contiguous"] = Alias,
        ["Alias"] = Alias,
        ["To"] = (w, c) => w.Alias(c.Outputs[0], w.As(c.Inputs[0], c.Outputs[0].DType)),
        ["Copy"] = (w, c) => w.Node("Expand", c.Outputs[0], [w.As(c.Inputs[1], c.Outputs[0].DType), w.ShapeOf(c.Outputs[0].Sizes)]),
        ["Reshape"] = Reshape,
        ["Flatten"] = Reshape,
        ["Squeeze"] = Reshape,
        ["Unsqueeze"] = Reshape,
        ["Expand"] = (w, c) => w.Node("Expand", c.Outputs[0], [w[c.Inputs[0]], w.ShapeOf(c.Outputs[0].Sizes)]),
        ["Permute"] = (w, c) => w.Node("Transpose", c.Outputs[0], [w[c.Inputs[0]]], ("perm", Ints(c))),
        ["Narrow"] = Narrow,
        ["Select"] = (w, c) => w.Node("Gather", c.Outputs[0], [w[c.Inputs[0]], SelectedIndex(w, c)], ("axis", c.Int(0))),
        ["Cat"] = (w, c) => w.Node("Concat", c.Outputs[0], [.. c.Inputs.Select(input => w.As(input, c.Outputs[0].DType))], ("axis", c.Int(0))),
        ["Gather"] = (w, c) => w.Node("GatherElements", c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[1]]], ("axis", c.Int(0))),
        ["IndexSelect"] = (w, c) => w.Node("Gather", c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[1]]], ("axis", c.Int(0))),
        ["Scatter"] = (w, c) => w.Node("ScatterElements", c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[2]], w[c.Inputs[1]]], ("axis", c.Int(0))),
        ["ArgSort"] = ArgSort,
        ["Full"] = (w, c) => w.Node("Expand", c.Outputs[0], [w.Number(c.Numbers[0], c.Outputs[0].DType), w.ShapeOf(c.Outputs[0].Sizes)]),
        ["Fill"] = (w, c) => w.Node("Expand", c.Outputs[0], [w.Number(c.Numbers[0], c.Outputs[0].DType), w.ShapeOf(c.Outputs[0].Sizes)]),
        ["Arange"] = (w, c) => w.Node("Range", c.Outputs[0], [.. c.Numbers.Select(number => w.Number(number, c.Outputs[0].DType))]),
        ["OneHot"] = (w, c) => w.Node("OneHot", c.Outputs[0], [w[c.Inputs[0]], w.Integers(c.Int(0)), w.Integers(0, 1)], ("axis", -1)),

        // Sums and their like.
        ["Sum"] = (w, c) => w.Node("ReduceSum", c.Outputs[0], [w[c.Inputs[0]], w.Integers([.. Axes(c).Select(axis => (long)axis)])], ("keepdims", c.Flag(1))),
        ["Prod"] = Reduce("ReduceProd"),
        ["Max"] = Reduce("ReduceMax"),
        ["AMax"] = Reduce("ReduceMax"),
        ["Min"] = Reduce("ReduceMin"),
        ["AMin"] = Reduce("ReduceMin"),
        ["Any"] = Truth("ReduceMax"),
        ["All"] = Truth("ReduceMin"),
        ["ArgMax"] = (w, c) => w.Node("ArgMax", c.Outputs[0], [w[c.Inputs[0]]], ("axis", c.Int(0)), ("keepdims", true)),
        ["ArgMin"] = (w, c) => w.Node("ArgMin", c.Outputs[0], [w[c.Inputs[0]]], ("axis", c.Int(0)), ("keepdims", true)),
        ["CumSum"] = (w, c) => w.Node("CumSum", c.Outputs[0], [w[c.Inputs[0]], w.Number(c.Number(0), DType.Int64)], ("reverse", c.Flag(1))),
        ["Norm"] = (w, c) => w.Node("Pow", c.Outputs[0], [w[c.Inputs[0]], Like(w, c, c.Number(0))]),
        ["Softmax"] = (w, c) => w.Node("Softmax", c.Outputs[0], [w[c.Inputs[0]]], ("axis", -1)),
        ["LogSoftmax"] = (w, c) => w.Node("LogSoftmax", c.Outputs[0], [w[c.Inputs[0]]], ("axis", -1)),

        // Layers.
        ["Linear"] = Linear,
        ["MatMul"] = (w, c) => w.Node("MatMul", c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[1]]]),
        ["Conv2d"] = Conv2d,
        ["Conv2dInputGradient"] = ConvTranspose2d,
        ["MaxPool2d"] = (w, c) => w.Node("MaxPool", c.Outputs[0], [w[c.Inputs[0]]], [.. Window(c), ("dilations", Pick(c, 6, 7))]),
        ["AvgPool2d"] = AvgPool2d,
        ["AdaptiveAvgPool2d"] = AdaptiveAvgPool2d,
        ["BatchNormInference"] = BatchNorm,
        ["LayerNorm"] = LayerNorm,
        ["GroupNorm"] = LayerNorm,
        ["Recurrence"] = RecurrenceExport.Recurrence,
        ["PaddedRecurrence"] = RecurrenceExport.PaddedRecurrence,
    };

    /// <summary>Writes the nodes of a call.</summary>
    internal static void Write(GraphWriter writer, TracedCall call) => exports[call.Name](writer, call);

    internal static bool Knows(string name) => exports.ContainsKey(name);

    static Export Same(string op) => (w, c) => w.Node(op, c.Outputs[0], [w[c.Inputs[0]]]);

    static void Alias(GraphWriter w, TracedCall c) => w.Alias(c.Outputs[0], w[c.Inputs[0]]);

    // A number in the output's type.
    static string Like(GraphWriter w, TracedCall c, double value) => w.Number(value, c.Outputs[0].DType);

    static string[] Both(GraphWriter w, TracedCall c) =>
        [w.As(c.Inputs[0], c.Outputs[0].DType), c.Inputs.Length > 1 ? w.As(c.Inputs[1], c.Outputs[0].DType) : w.Number(c.Numbers[0], c.Outputs[0].DType)];

    // Of truth values, the sum is "or" and the product "and".
    static Export Pair(string op) => (w, c) => w.Node(c.Outputs[0].DType != DType.Bool ? op : op == "Add" ? "Or" : "And", c.Outputs[0], Both(w, c));

    static Export Reversed(string op) => (w, c) => w.Node(op, c.Outputs[0], [w.Number(c.Numbers[0], c.Outputs[0].DType), w[c.Inputs[0]]]);

    static Export Compare(string op) => (w, c) => w.Node(op, c.Outputs[0], [w[c.Inputs[0]], w[c.Inputs[1]]]);

    // ONNX Runtime has no Where of truth values.
    static void Choose(GraphWriter w, TracedValue result, string condition, string a, string b)
    {
        if (result.DType != DType.Bool) w.Node("Where", result, [condition, a, b]);
        else w.Node("Or", result, [w.Node("And", [condition, a]), w.Node("And", [w.Node("Not", [condition]), b])]);
    }

    static void FloorDivide(GraphWriter w, TracedCall c)
    {
        var quotient = w.Node("Div", Both(w, c));
        if (c.Outputs[0].DType.IsFloatingPoint()) w.Node("Floor", c.Outputs[0], [quotient]);
        // ONNX's division of integers rounds towards zero; the rest has the divisor's sign.
        else
        {
            var both = Both(w, c);
            w.Node("Div", c.Outputs[0], [w.Node("Sub", [both[0], w.Node("Mod", both)]), both[1]]);
        }
    }

    // a - floor(a / b) b; ONNX's Mod has the divisor's sign for integers only.
    static void Remainder(GraphWriter w, TracedCall c)
    {
        var both = Both(w, c);
        if (!c.Outputs[0].DType.IsFloatingPoint()) w.Node("Mod", c.Outputs[0], both);
        else w.Node("Sub", c.Outputs[0], [both[0], w.Node("Mul", [w.Node("Floor", [w.Node("Div", both)]), both[1]])]);
    }

    static void Gelu(GraphWriter w, TracedCall c)
    {
        var x = w[c.Inputs[0]];
        var bent = w.Node("Add", [w.Node("Erf", [w.Node("Mul", [x, Like(w, c, 0.70710678118654752)])]), Like(w, c, 1)]);
        w.Node("Mul", c.Outputs[0], [w.Node("Mul", [x, bent]), Like(w, c, 0.5)]);
    }

    static void GeluTanh(GraphWriter w, TracedCall c)
    {
        var x = w[c.Inputs[0]];
        var cube = w.Node("Mul", [w.Node("Mul", [x, w.Node("Mul", [x, x])]), Like(w, c, 0.044715)]);
        var bent = w.Node("Tanh", [w.Node("Mul", [w.Node("Add", [x, cube]), Like(w, c, 0.7978845608028654)])]);
        w.Node("Mul", c.Outputs[0], [w.Node("Mul", [x, w.Node("Add", [bent, Like(w, c, 1)])]), Like(w, c, 0.5)]);
    }

    static void Softplus(GraphWriter w, TracedCall c)
    {
        var (beta, threshold) = (c.Number(0), c.Number(1));
        var x = w[c.Inputs[0]];
        var scaled = beta == 1 ? x : w.Node("Mul", [x, Like(w, c, beta)]);
        var soft = w.Node("Softplus", [scaled]);
        if (beta != 1) soft = w.Node("Div", [soft, Like(w, c, beta)]);
        w.Node("Where", c.Outputs[0], [w.Node("Greater", [scaled, Like(w, c, threshold)]), x, soft]);
    }

    static void Clamp(GraphWriter w, TracedCall c)
    {
        var x = w[c.Inputs[0]];
        if (!double.IsNegativeInfinity(c.Number(0))) x = w.Node("Max", [x, Like(w, c, c.Number(0))]);
        if (!double.IsPositiveInfinity(c.Number(1))) x = w.Node("Min", [x, Like(w, c, c.Number(1))]);
        w.Alias(c.Outputs[0], x);
    }

    static void Reshape(GraphWriter w, TracedCall c) => w.Node("Reshape", c.Outputs[0], [w[c.Inputs[0]], w.ReshapeTo(c.Outputs[0].Sizes)]);

    // Numbers: dim, start, step. The end follows from the size of the result.
    static void Narrow(GraphWriter w, TracedCall c)
    {
        var (dim, step) = (c.Int(0), c.Int(2));
        var length = c.Outputs[0].Sizes[dim];
        string start = w.Size(c.Numbers[1]), span = w.Size(length);
        var end = length.IsConstant && c.Numbers[1].IsConstant
            ? w.Integers((long)c.Numbers[1].Constant + (long)length.Constant * step)
            : w.Node("Add", [start, step == 1 ? span : w.Node("Mul", [span, w.Integers(step)])]);
        w.Node("Slice", c.Outputs[0], [w[c.Inputs[0]], start, end, w.Integers(dim), w.Integers(step)]);
    }

    static string SelectedIndex(GraphWriter w, TracedCall c) => w.Number(c.Numbers[1], DType.Int64);

    static void ArgSort(GraphWriter w, TracedCall c)
    {
        var dim = c.Int(0);
        w.Alias(c.Outputs[0], w.Node("TopK", 2, [w[c.Inputs[0]], w.Size(c.Outputs[0].Sizes[dim])], ("axis", dim), ("largest", c.Flag(1)), ("sorted", true))[1]);
    }

    static int[] Ints(TracedCall c) => [.. Enumerable.Range(0, c.Numbers.Length).Select(c.Int)];

    static int[] Axes(TracedCall c)
    {
        var flags = (uint)c.Number(0);
        return [.. Enumerable.Range(0, c.Inputs[0].Tensor.Rank).Where(dim => (flags >> dim & 1) != 0)];
    }

    static Export Reduce(string op) => (w, c) => w.Node(op, c.Outputs[0], [w[c.Inputs[0]]], ("axes", Axes(c)), ("keepdims", c.Flag(1)));

    static Export Truth(string op) => (w, c) =>
        w.Alias(c.Outputs[0], w.Cast(w.Node(op, [w.Cast(w[c.Inputs[0]], DType.Int32)], ("axes", Axes(c)), ("keepdims", c.Flag(1))), DType.Bool));

    static void Linear(GraphWriter w, TracedCall c)
    {
        if (c.Inputs[0].Tensor.Rank == 2)
        {
            w.Node("Gemm", c.Outputs[0], [.. c.Inputs.Select(input => w[input])], ("transB", true));
            return;
        }
        var product = w.Node("MatMul", [w[c.Inputs[0]], w.Node("Transpose", [w[c.Inputs[1]]], ("perm", (int[])[1, 0]))]);
        if (c.Inputs.Length == 3) w.Node("Add", c.Outputs[0], [product, w[c.Inputs[2]]]);
        else w.Alias(c.Outputs[0], product);
    }

    static int[] Pick(TracedCall c, params ReadOnlySpan<int> places)
    {
        var picked = new int[places.Length];
        for (var i = 0; i < picked.Length; i++) picked[i] = c.Int(places[i]);
        return picked;
    }

    // Numbers: stride, padding, dilation, groups.
    static void Conv2d(GraphWriter w, TracedCall c) => w.Node("Conv", c.Outputs[0], [.. c.Inputs.Select(input => w[input])],
        ("kernel_shape", Kernel(c)), ("strides", Pick(c, 0, 1)), ("pads", Pick(c, 2, 3, 2, 3)), ("dilations", Pick(c, 4, 5)), ("group", c.Int(6)));

    static int[] Kernel(TracedCall c) => [c.Inputs[1].Shape[2], c.Inputs[1].Shape[3]];

    static void ConvTranspose2d(GraphWriter w, TracedCall c)
    {
        TracedValue x = c.Inputs[0], y = c.Outputs[0];
        var kernel = Kernel(c);
        // What the result has more than the stride, padding and kernel give.
        int More(int i) => y.Shape[2 + i] - ((x.Shape[2 + i] - 1) * c.Int(i) - 2 * c.Int(2 + i) + c.Int(4 + i) * (kernel[i] - 1) + 1);
        w.Node("ConvTranspose", y, [w[x], w[c.Inputs[1]]],
            ("kernel_shape", kernel), ("strides", Pick(c, 0, 1)), ("pads", Pick(c, 2, 3, 2, 3)), ("dilations", Pick(c, 4, 5)), ("group", c.Int(6)), ("output_padding", (int[])[More(0), More(1)]));
    }

    // Numbers: kernel, stride, padding, dilation, ceil mode.
    static (string, object)[] Window(TracedCall c) =>
        [("kernel_shape", Pick(c, 0, 1)), ("strides", Pick(c, 2, 3)), ("pads", Pick(c, 4, 5, 4, 5)), ("ceil_mode", c.Flag(8))];

    static void AvgPool2d(GraphWriter w, TracedCall c)
    {
        var divisor = c.Int(10);
        if (divisor == 0)
        {
            w.Node("AveragePool", c.Outputs[0], [w[c.Inputs[0]]], [.. Window(c), ("count_include_pad", c.Flag(9))]);
            return;
        }
        // The sum of the window by another number than its size. Windows that reach beyond the end have fewer elements to divide by.
        if (c.Flag(8)) throw new NotSupportedException("OnnxExporter: AvgPool2d with ceilMode and a divisorOverride has no form in ONNX; leave one out");
        w.Node("Mul", c.Outputs[0], [w.Node("AveragePool", [w[c.Inputs[0]]], [.. Window(c), ("count_include_pad", true)]), Like(w, c, (double)c.Int(0) * c.Int(1) / divisor)]);
    }

    static void AdaptiveAvgPool2d(GraphWriter w, TracedCall c)
    {
        TracedValue x = c.Inputs[0], y = c.Outputs[0];
        if (y.Shape[2] == 1 && y.Shape[3] == 1)
        {
            w.Node("GlobalAveragePool", y, [w[x]]);
            return;
        }
        if (!x.Sizes[2].IsConstant || !x.Sizes[3].IsConstant)
            throw new NotSupportedException("OnnxExporter: AdaptiveAvgPool2d to more than one place needs pictures of a fixed size; leave their height and width fixed (OnnxExportOptions.DynamicDimensions)");
        // A mean over rows and one over columns: products with the weights of each.
        var rows = w.Node("MatMul", [w.Constant(Means(x.Shape[2], y.Shape[2]).To(y.DType)), w[x]]);
        w.Node("MatMul", y, [rows, w.Constant(Means(x.Shape[3], y.Shape[3]).T.Contiguous().To(y.DType))]);
    }

    // Row i: the places from floor(i n / m) to ceil((i + 1) n / m), equally.
    static Tensor Means(int from, int to)
    {
        var weights = new double[to * from];
        for (var i = 0; i < to; i++)
        {
            int start = i * from / to, end = ((i + 1) * from + to - 1) / to;
            for (var j = start; j < end; j++) weights[i * from + j] = 1.0 / (end - start);
        }
        return Tensor.From(weights, [to, from]);
    }

    // Inputs: x, mean, variance, weight, bias. Numbers: eps, whether there are weight and bias.
    static void BatchNorm(GraphWriter w, TracedCall c)
    {
        var (x, mean) = (c.Inputs[0], c.Inputs[1]);
        string Given(bool given, int index, double otherwise) => given ? w[c.Inputs[index]] : w.Constant(mean.Tensor.FullLike(otherwise));
        var hasWeight = c.Flag(1);
        w.Node("BatchNormalization", c.Outputs[0], [w[x], Given(hasWeight, 3, 1), Given(c.Flag(2), hasWeight ? 4 : 3, 0), w[mean], w[c.Inputs[2]]], ("epsilon", c.Number(0)));
    }

    // Numbers: elements of a row, eps, whether there are weight and bias.
    static void LayerNorm(GraphWriter w, TracedCall c)
    {
        var x = c.Inputs[0];
        int axis = x.Tensor.Rank, columns = 1;
        while (columns < c.Int(0)) columns *= x.Shape[--axis];
        var shape = new Shape(x.Shape.AsSpan()[axis..]);
        var weight = c.Flag(2) ? w[c.Inputs[1]] : w.Constant(Tensor.Ones(shape, x.DType));
        string[] inputs = c.Flag(3) ? [w[x], weight, w[c.Inputs[^1]]] : [w[x], weight];
        w.Node("LayerNormalization", c.Outputs[0], inputs, ("axis", axis - x.Tensor.Rank), ("epsilon", c.Number(1)));
    }
}
