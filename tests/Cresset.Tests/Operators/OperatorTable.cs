namespace Cresset.Tests.Operators;

[Flags]
enum OperatorTraits
{
    None = 0,
    // One output element for each element of the first input: any shape goes, empty and scalar ones too.
    Pointwise = 1,
    // Two inputs that broadcast.
    Binary = 2,
    // NaN at an element gives NaN at that element of the output.
    KeepsNaN = 4,
    // NaN anywhere gives NaN in the output.
    SpreadsNaN = 8,
}

// One differentiable operator: the function, the shapes of its inputs and the range in which their values lie.
sealed record OperatorRow(string Name, Func<Tensor[], Tensor> F, Shape[] Shapes, double Low, double High, OperatorTraits Traits)
{
    internal bool Is(OperatorTraits trait) => (Traits & trait) != 0;

    internal Tensor[] Inputs(params Shape[] shapes)
    {
        var generator = new Generator(11);
        return Array.ConvertAll(shapes.Length == 0 ? Shapes : shapes, shape => (Tensor.Rand(shape, DType.Float64, generator) * (High - Low) + Low).Detach());
    }
}

// A row for each differentiable operator buys every test in OperatorTableTests.
static class OperatorTable
{
    const OperatorTraits Keeps = OperatorTraits.Pointwise | OperatorTraits.KeepsNaN;
    const OperatorTraits Two = OperatorTraits.Pointwise | OperatorTraits.Binary | OperatorTraits.KeepsNaN;

    static OperatorRow One(string name, Func<Tensor, Tensor> f, double low = -2, double high = 2, OperatorTraits traits = Keeps) =>
        new(name, x => f(x[0]), [[2, 3]], low, high, traits);

    static OperatorRow Pair(string name, Func<Tensor, Tensor, Tensor> f, double low = -2, double high = 2, OperatorTraits traits = Two) =>
        new(name, x => f(x[0], x[1]), [[2, 3], [2, 3]], low, high, traits);

    static OperatorRow Of(string name, Func<Tensor, Tensor> f, Shape shape, OperatorTraits traits = OperatorTraits.None, double low = -2, double high = 2) =>
        new(name, x => f(x[0]), [shape], low, high, traits);

    static OperatorRow Many(string name, Func<Tensor[], Tensor> f, OperatorTraits traits, params Shape[] shapes) => new(name, f, shapes, -2, 2, traits);

    static Tensor Index(Shape shape, params long[] values) => Tensor.From(values, shape);

    static Tensor Mask => Tensor.From([true, false, false, true, true, false], [2, 3]);

    // Maps without a kink inside the drawn values; steps (Sign, Floor, ...) have the derivative 0.
    static IEnumerable<OperatorRow> Pointwise() =>
    [
        One("Exp", x => x.Exp()), One("Expm1", x => x.Expm1()), One("Log", x => x.Log(), 0.2, 3), One("Log2", x => x.Log2(), 0.2, 3),
        One("Log10", x => x.Log10(), 0.2, 3), One("Log1p", x => x.Log1p(), -0.7, 3), One("Sqrt", x => x.Sqrt(), 0.2, 3), One("Rsqrt", x => x.Rsqrt(), 0.3, 3),
        One("Square", x => x.Square()), One("Reciprocal", x => x.Reciprocal(), 0.5, 2), One("Sin", x => x.Sin()), One("Cos", x => x.Cos()),
        One("Tan", x => x.Tan(), -1, 1), One("Tanh", x => x.Tanh()), One("Erf", x => x.Erf()), One("Sigmoid", x => x.Sigmoid()),
        One("LogSigmoid", x => x.LogSigmoid()), One("Silu", x => x.Silu()), One("Softplus", x => x.Softplus()), One("Softplus, beta 2", x => x.Softplus(2, 3)),
        One("Relu", x => x.Relu()), One("LeakyRelu", x => x.LeakyRelu(0.1)), One("Elu", x => x.Elu()), One("Elu, alpha 0.5", x => x.Elu(0.5)),
        One("Gelu", x => x.Gelu()), One("Gelu, tanh", x => x.Gelu(tanh: true)), One("Abs", x => x.Abs()), One("Neg", x => -x),
        One("Sign", x => x.Sign(), traits: OperatorTraits.Pointwise), One("Floor", x => x.Floor()), One("Ceil", x => x.Ceil()), One("Round", x => x.Round()),
        One("Trunc", x => x.Trunc()), One("Clamp", x => x.Clamp(-1, 0.5)), One("ClampMin", x => x.ClampMin(0.1)), One("ClampMax", x => x.ClampMax(0.1)),
        One("Pow, 3", x => x.Pow(3)), One("Pow, 2", x => x.Pow(2)), One("Pow, 0.5", x => x.Pow(0.5), 0.2, 2), One("Pow, -1.5", x => x.Pow(-1.5), 0.5, 2),
        One("Pow of a number", x => Tensor.Pow(2.5, x)), One("Add a number", x => x + 2), One("Sub a number", x => x - 2), One("Number sub", x => 2 - x),
        One("Mul a number", x => x * 2.5), One("Div by a number", x => x / 2.5), One("Number div", x => 2.5 / x, 0.5, 2), One("Remainder by a number", x => x % 0.7),
        One("Clone", x => x.Clone()), One("Contiguous", x => x.Contiguous()),
        Pair("Add", (a, b) => a + b), Pair("Sub", (a, b) => a - b), Pair("Mul", (a, b) => a * b), Pair("Div", (a, b) => a / b, 0.5, 2),
        Pair("Pow", (a, b) => a.Pow(b), 0.5, 2), Pair("Minimum", (a, b) => a.Minimum(b)), Pair("Maximum", (a, b) => a.Maximum(b)), Pair("Remainder", (a, b) => a % b, 0.5, 2),
        Pair("Where", (a, b) => Tensor.Where(a.Detach() > 0, a, b), traits: OperatorTraits.Pointwise | OperatorTraits.Binary),
    ];

    static IEnumerable<OperatorRow> Reductions() =>
    [
        Of("Sum", x => x.Sum(), [2, 3], OperatorTraits.SpreadsNaN), Of("Sum, dim", x => x.Sum(1), [2, 3], OperatorTraits.SpreadsNaN), Of("Sum, dims", x => x.Sum([0, 2], keepDim: true), [2, 3, 2], OperatorTraits.SpreadsNaN),
        Of("Mean", x => x.Mean(), [2, 3], OperatorTraits.SpreadsNaN), Of("Mean, dims", x => x.Mean([0, -1]), [2, 3, 2], OperatorTraits.SpreadsNaN), Of("Prod", x => x.Prod(), [2, 3], OperatorTraits.SpreadsNaN),
        Of("Prod, dim", x => x.Prod(1), [2, 3], OperatorTraits.SpreadsNaN), Of("CumSum", x => x.CumSum(1), [2, 4], OperatorTraits.SpreadsNaN),
        Of("Var", x => x.Var(), [2, 3], OperatorTraits.SpreadsNaN), Of("Var, dim", x => x.Var(1, correction: 0), [3, 4], OperatorTraits.SpreadsNaN), Of("Std", x => x.Std(), [2, 3], OperatorTraits.SpreadsNaN),
        Of("Std, dim", x => x.Std(0, keepDim: true), [4, 2], OperatorTraits.SpreadsNaN), Of("LogSumExp", x => x.LogSumExp(1), [3, 4], OperatorTraits.SpreadsNaN), Of("Norm", x => x.Norm(), [2, 3], OperatorTraits.SpreadsNaN),
        Of("Norm, 1", x => x.Norm(1, 1), [2, 3], OperatorTraits.SpreadsNaN), Of("Norm, 3", x => x.Norm(3, 0), [2, 3], OperatorTraits.SpreadsNaN),
        Of("Norm, infinite", x => x.Norm(double.PositiveInfinity), [2, 3], OperatorTraits.SpreadsNaN), Of("Max", x => x.Max(), [2, 3], OperatorTraits.SpreadsNaN), Of("Min", x => x.Min(), [2, 3], OperatorTraits.SpreadsNaN),
        Of("Max, dim", x => x.Max(1).Values, [3, 4], OperatorTraits.SpreadsNaN), Of("Min, dim", x => x.Min(0, keepDim: true).Values, [3, 4], OperatorTraits.SpreadsNaN), Of("AMax", x => x.AMax([0, 2]), [2, 3, 2], OperatorTraits.SpreadsNaN),
        Of("AMin", x => x.AMin([1]), [2, 3, 2], OperatorTraits.SpreadsNaN), Of("Softmax", x => x.Softmax(1), [2, 4], OperatorTraits.SpreadsNaN), Of("Softmax, first dim", x => x.Softmax(0), [4, 3], OperatorTraits.SpreadsNaN),
        Of("LogSoftmax", x => x.LogSoftmax(-1), [2, 4], OperatorTraits.SpreadsNaN), Of("LogSoftmax, middle dim", x => x.LogSoftmax(1), [2, 3, 2], OperatorTraits.SpreadsNaN),
    ];

    static IEnumerable<OperatorRow> Shapes() =>
    [
        Of("Reshape", x => x.Reshape(3, -1), [2, 6], OperatorTraits.SpreadsNaN), Of("Flatten", x => x.Flatten(1), [2, 3, 2], OperatorTraits.SpreadsNaN), Of("Squeeze", x => x.Squeeze(), [2, 1, 3], OperatorTraits.SpreadsNaN), Of("Squeeze, dim", x => x.Squeeze(1), [2, 1, 3]),
        Of("Unsqueeze", x => x.Unsqueeze(1), [2, 3]), Of("Transpose", x => x.Transpose(0, 2), [2, 3, 4]), Of("T", x => x.T, [2, 3]), Of("Permute", x => x.Permute(2, 0, 1), [2, 3, 4]),
        Of("Expand", x => x.Expand(2, 4, 3), [4, 1]), Of("Narrow", x => x.Narrow(1, 1, 2), [2, 4]), Of("Select", x => x.Select(0, -1), [3, 2]), Of("Split", x => Tensor.Cat([.. x.Split(2, 1).Reverse()], 1), [2, 5]),
        Of("Chunk", x => x.Chunk(3, 0)[1], [5, 2]), Of("Index, slices", x => x[1.., TensorIndex.Slice(0, ^0, 2)], [3, 5]), Of("Index, new axis", x => x[TensorIndex.NewAxis, TensorIndex.Ellipsis, 0], [2, 3]),
        Of("Index, mask", x => x[Mask], [2, 3]), Of("Index, tensors", x => x[Index([3], 0, 1, 0), Index([3], 2, -1, 2)], [2, 3]), Of("MaskedSelect", x => x.MaskedSelect(Mask), [2, 3]), Of("MaskedFill", x => x.MaskedFill(Mask, 7), [2, 3]),
        Of("Gather", x => x.Gather(1, Index([2, 2], 0, 2, 1, 1)), [2, 3]), Of("IndexSelect", x => x.IndexSelect(1, Index([4], 2, 0, 0, 1)), [2, 3]), Of("Sort", x => x.Sort(1).Values, [2, 4]), Of("Sort, descending", x => x.Sort(0, descending: true).Values, [4, 2]),
        Of("TopK", x => x.TopK(2).Values, [3, 5]), Of("Tril", x => x.Tril(), [3, 4]), Of("Triu", x => x.Triu(1), [2, 3, 4]), Of("Repeat", x => x.Repeat(2, 1, 3), [2, 3]), Of("Flip", x => x.Flip(0, 1), [2, 3]), Of("Roll", x => x.Roll(2, 1), [2, 5]),
        Of("Pad", x => x.Pad([1, 2, 0, 1], PadMode.Constant, 3), [2, 3]), Of("Pad, reflect", x => x.Pad([1, 2], PadMode.Reflect), [2, 4]), Of("Diagonal", x => x.Diagonal(1), [3, 4]), Of("Trace", x => x.Trace(), [3, 3], OperatorTraits.None),
        Many("Cat", x => Tensor.Cat(x, 1), OperatorTraits.SpreadsNaN, [2, 3], [2, 1], [2, 2]), Many("Stack", x => Tensor.Stack(x, 1), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]),
        Many("ScatterAdd", x => x[0].ScatterAdd(0, Index([2, 2], 0, 2, 0, 1), x[1]), OperatorTraits.SpreadsNaN, [3, 2], [2, 2]), Many("IndexAdd", x => x[0].IndexAdd(1, Index([2], 1, 1), x[1]), OperatorTraits.SpreadsNaN, [2, 3], [2, 2]),
    ];

    static IEnumerable<OperatorRow> Products() =>
    [
        Many("MatMul", x => x[0].MatMul(x[1]), OperatorTraits.SpreadsNaN, [2, 3], [3, 4]), Many("MatMul, vectors", x => x[0].MatMul(x[1]), OperatorTraits.SpreadsNaN, [3], [3]), Many("MatMul, matrix and vector", x => x[0].MatMul(x[1]), OperatorTraits.SpreadsNaN, [2, 3], [3]),
        Many("MatMul, batches", x => x[0].MatMul(x[1]), OperatorTraits.SpreadsNaN, [2, 1, 2, 3], [3, 3, 2]), Many("Linear", x => x[0].Linear(x[1], x[2]), OperatorTraits.SpreadsNaN, [2, 3], [4, 3], [4]), Many("Linear, rectified", x => x[0].Linear(x[1], x[2], relu: true), OperatorTraits.SpreadsNaN, [3, 2, 3], [4, 3], [4]), Many("Linear, more dims, no bias", x => x[0].Linear(x[1]), OperatorTraits.SpreadsNaN, [2, 2, 3], [4, 3]),
        Many("Outer", x => x[0].Outer(x[1]), OperatorTraits.SpreadsNaN, [3], [2]), Many("Dot", x => x[0].Dot(x[1]), OperatorTraits.SpreadsNaN, [3], [3]), Many("Einsum", x => Tensor.Einsum("bij,bjk->bki", x), OperatorTraits.SpreadsNaN, [2, 2, 3], [2, 3, 2]),
        Many("Conv2d", x => x[0].Conv2d(x[1], x[2], padding: (1, 1)), OperatorTraits.SpreadsNaN, [1, 2, 4, 4], [2, 2, 3, 3], [2]), Many("Conv2d, strided, in groups", x => x[0].Conv2d(x[1], stride: (2, 1), dilation: (1, 2), groups: 2), OperatorTraits.None, [1, 2, 5, 5], [2, 1, 2, 2]),
        Of("MaxPool2d", x => x.MaxPool2d((2, 2)), [1, 2, 4, 4]), Of("MaxPool2d, overlapping", x => x.MaxPool2d((3, 3), (1, 1), (1, 1)), [1, 1, 4, 4]), Of("AvgPool2d", x => x.AvgPool2d((2, 2), (1, 1), (1, 1)), [1, 2, 3, 3], OperatorTraits.SpreadsNaN),
        Of("AdaptiveAvgPool2d", x => x.AdaptiveAvgPool2d(2, 3), [1, 2, 5, 4], OperatorTraits.SpreadsNaN),
    ];

    static Tensor Classes => Index([3], 2, 0, 3);

    static IEnumerable<OperatorRow> Networks() =>
    [
        Many("BatchNorm", x => x[0].BatchNorm(x[1], x[2], 1e-5, out _, out _), OperatorTraits.SpreadsNaN, [4, 2, 3], [2], [2]),
        Many("BatchNorm, given statistics", x => x[0].BatchNorm(Tensor.From([0.3, -0.2]).To(x[0].DType), Tensor.From([1.5, 0.7]).To(x[0].DType), x[1], x[2]), OperatorTraits.SpreadsNaN, [4, 2], [2], [2]),
        Many("BatchNorm, added and rectified", x => x[0].BatchNorm(x[1], x[2], 1e-5, out _, out _, x[3], relu: true), OperatorTraits.SpreadsNaN, [4, 2, 3], [2], [2], [4, 2, 3]),
        Many("BatchNorm, rectified, no weight", x => x[0].BatchNorm(null, null, 1e-5, out _, out _, relu: true), OperatorTraits.SpreadsNaN, [4, 2, 3]),
        Many("BatchNorm, added", x => x[0].BatchNorm(x[1], x[2], 1e-5, out _, out _, x[3]), OperatorTraits.SpreadsNaN, [4, 2, 3], [2], [2], [4, 2, 3]),
        Many("BatchNorm, given statistics, added and rectified", x => x[0].BatchNorm(Tensor.From([0.3, -0.2]).To(x[0].DType), Tensor.From([1.5, 0.7]).To(x[0].DType), x[1], x[2], other: x[3], relu: true), OperatorTraits.SpreadsNaN, [4, 2], [2], [2], [4, 2]),
        Many("ScaledDotProductAttention", x => x[0].ScaledDotProductAttention(x[1], x[2]), OperatorTraits.SpreadsNaN, [2, 3, 4], [2, 5, 4], [2, 5, 2]),
        Many("ScaledDotProductAttention, causal", x => x[0].ScaledDotProductAttention(x[1], x[2], isCausal: true), OperatorTraits.None, [2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 2]),
        Many("LayerNorm", x => x[0].LayerNorm([3, 2], x[1], x[2]), OperatorTraits.SpreadsNaN, [2, 3, 2], [3, 2], [3, 2]),
        Many("GroupNorm", x => x[0].GroupNorm(2, x[1], x[2]), OperatorTraits.SpreadsNaN, [2, 6, 2, 3], [6], [6]),
        Many("GroupNorm, no weight", x => x[0].GroupNorm(3), OperatorTraits.SpreadsNaN, [2, 3, 4]),
        Many("LayerNorm, no weight", x => x[0].LayerNorm([5]), OperatorTraits.SpreadsNaN, [3, 5]),
        Of("CrossEntropy", x => x.CrossEntropy(Classes), [3, 4], OperatorTraits.SpreadsNaN),
        Of("CrossEntropy, each", x => x.CrossEntropy(Classes, reduction: LossReduction.None), [3, 4], OperatorTraits.SpreadsNaN),
        Of("CrossEntropy, weighted, smoothed, one ignored", x => x.CrossEntropy(Classes, Tensor.From([1, 0.5, 2, 0.1]).To(x.DType), ignoreIndex: 0, labelSmoothing: 0.1), [3, 4]),
        Many("CrossEntropy, probabilities", x => x[0].CrossEntropy(x[1].Softmax(1), labelSmoothing: 0.2, reduction: LossReduction.Sum), OperatorTraits.SpreadsNaN, [3, 4], [3, 4]),
        Of("NllLoss", x => x.NllLoss(Classes, Tensor.From([1, 0.5, 2, 0.1]).To(x.DType)), [3, 4]),
        Many("MseLoss", x => x[0].MseLoss(x[1]), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]), Many("L1Loss", x => x[0].L1Loss(x[1], LossReduction.Sum), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]),
        Many("SmoothL1Loss", x => x[0].SmoothL1Loss(x[1], 0.7), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]), Many("HuberLoss", x => x[0].HuberLoss(x[1], 0.7), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]),
        new("BinaryCrossEntropy", x => x[0].BinaryCrossEntropy(x[1]), [[2, 3], [2, 3]], 0.1, 0.9, OperatorTraits.SpreadsNaN),
        new("BinaryCrossEntropyWithLogits", x => x[0].BinaryCrossEntropyWithLogits(x[1], posWeight: Tensor.From([1, 2, 0.5]).To(x[0].DType)), [[2, 3], [2, 3]], 0.1, 0.9, OperatorTraits.SpreadsNaN),
        new("KlDivLoss", x => x[0].KlDivLoss(x[1]), [[2, 3], [2, 3]], 0.1, 0.9, OperatorTraits.SpreadsNaN), new("KlDivLoss, log target", x => x[0].KlDivLoss(x[1], logTarget: true), [[2, 3], [2, 3]], -2, -0.1, OperatorTraits.SpreadsNaN),
        Many("Scatter", x => x[0].Scatter(1, Index([2, 2], 0, 2, 1, 0), x[1]), OperatorTraits.None, [2, 3], [2, 2]), Of("RepeatInterleave", x => x.RepeatInterleave(2, 1), [2, 3], OperatorTraits.SpreadsNaN),
        Of("RepeatInterleave, counts", x => x.RepeatInterleave(Index([2], 2, 1), 0), [2, 3], OperatorTraits.SpreadsNaN), Of("Index, set", x => Changed(x, y => y[1] = Tensor.Full([], 3, y.DType)), [3, 2]),
        Many("In place, add and multiply", x => Changed(x[0], y => y.AddInPlace(x[1]).MulInPlace(x[1])), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]), Many("In place, divide", x => Changed(x[0], y => y.DivInPlace(x[1].Exp())), OperatorTraits.SpreadsNaN, [2, 3], [2, 3]),
        Of("In place, sigmoid", x => Changed(x, y => y.SigmoidInPlace()), [2, 3], OperatorTraits.SpreadsNaN), Of("In place, masked fill", x => Changed(x, y => y.MaskedFillInPlace(Mask, 2)), [2, 3]),
        Many("In place, scatter add", x => Changed(x[0], y => y.ScatterAddInPlace(0, Index([2, 2], 0, 2, 0, 1), x[1])), OperatorTraits.SpreadsNaN, [3, 2], [2, 2]),
    ];

    static Tensor Changed(Tensor x, Action<Tensor> change)
    {
        var y = x.Clone();
        change(y);
        return y;
    }

    internal static readonly Dictionary<string, OperatorRow> Rows = Pointwise().Concat(Reductions()).Concat(Shapes()).Concat(Products()).Concat(Networks()).ToDictionary(row => row.Name);
}
