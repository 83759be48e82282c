using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Operators;

// Every case of tests/reference/operators.json: values and gradients against PyTorch's, in float64 and float32.
public class PyTorchOperatorTests
{
    static Tensor[] One(Tensor x) => [x];

    static Tensor[] Two((Tensor, Tensor) pair) => [pair.Item1, pair.Item2];

    static readonly Dictionary<string, Func<Tensor[], ReferenceArguments, Tensor[]>> Operators = new()
    {
        ["exp"] = (x, _) => One(x[0].Exp()),
        ["expm1"] = (x, _) => One(x[0].Expm1()),
        ["sin"] = (x, _) => One(x[0].Sin()),
        ["cos"] = (x, _) => One(x[0].Cos()),
        ["tan"] = (x, _) => One(x[0].Tan()),
        ["tanh"] = (x, _) => One(x[0].Tanh()),
        ["sigmoid"] = (x, _) => One(x[0].Sigmoid()),
        ["square"] = (x, _) => One(x[0].Square()),
        ["neg"] = (x, _) => One(-x[0]),
        ["abs"] = (x, _) => One(x[0].Abs()),
        ["erf"] = (x, _) => One(x[0].Erf()),
        ["log"] = (x, _) => One(x[0].Log()),
        ["log2"] = (x, _) => One(x[0].Log2()),
        ["log10"] = (x, _) => One(x[0].Log10()),
        ["sqrt"] = (x, _) => One(x[0].Sqrt()),
        ["rsqrt"] = (x, _) => One(x[0].Rsqrt()),
        ["log1p"] = (x, _) => One(x[0].Log1p()),
        ["reciprocal"] = (x, _) => One(x[0].Reciprocal()),
        ["sign"] = (x, _) => One(x[0].Sign()),
        ["floor"] = (x, _) => One(x[0].Floor()),
        ["ceil"] = (x, _) => One(x[0].Ceil()),
        ["round"] = (x, _) => One(x[0].Round()),
        ["trunc"] = (x, _) => One(x[0].Trunc()),
        ["isnan"] = (x, _) => One(x[0].IsNaN()),
        ["isinf"] = (x, _) => One(x[0].IsInf()),
        ["isfinite"] = (x, _) => One(x[0].IsFinite()),
        ["relu"] = (x, _) => One(x[0].Relu()),
        ["leaky_relu"] = (x, a) => One(x[0].LeakyRelu(a.Double("negativeSlope", 0.01))),
        ["elu"] = (x, a) => One(x[0].Elu(a.Double("alpha", 1))),
        ["gelu"] = (x, a) => One(x[0].Gelu(tanh: a.String("approximate", "none") == "tanh")),
        ["silu"] = (x, _) => One(x[0].Silu()),
        ["softplus"] = (x, a) => One(x[0].Softplus(a.Double("beta", 1), a.Double("threshold", 20))),
        ["clamp"] = (x, a) => One(a.Has("min") && a.Has("max") ? x[0].Clamp(Number(x[0], a, "min"), Number(x[0], a, "max"))
            : a.Has("min") ? x[0].ClampMin(Number(x[0], a, "min")) : x[0].ClampMax(Number(x[0], a, "max"))),
        ["pow"] = (x, a) => One(a.Has("exponent") ? x[0].Pow(Number(x[0], a, "exponent")) : a.Has("base") ? Tensor.Pow(Number(x[0], a, "base"), x[0]) : x[0].Pow(x[1])),
        ["add"] = (x, a) => One(a.Has("alpha") ? x[0] + x[1] * Number(x[1], a, "alpha") : x[0] + x[1]),
        ["sub"] = (x, _) => One(x[0] - x[1]),
        ["mul"] = (x, _) => One(x[0] * x[1]),
        ["div"] = (x, a) => One(a.String("roundingMode", "none") switch { "floor" => x[0].FloorDivide(x[1]), "trunc" => (x[0] / x[1]).Trunc().To(x[0].DType), _ => x[0] / x[1] }),
        ["minimum"] = (x, _) => One(x[0].Minimum(x[1])),
        ["maximum"] = (x, _) => One(x[0].Maximum(x[1])),
        ["eq"] = (x, a) => One(x.Length > 1 ? x[0].Equal(x[1]) : x[0].Equal(a.Double("other"))),
        ["ne"] = (x, a) => One(x.Length > 1 ? x[0].NotEqual(x[1]) : x[0].NotEqual(a.Double("other"))),
        ["lt"] = (x, a) => One(x.Length > 1 ? x[0] < x[1] : x[0] < a.Double("other")),
        ["le"] = (x, a) => One(x.Length > 1 ? x[0] <= x[1] : x[0] <= a.Double("other")),
        ["gt"] = (x, a) => One(x.Length > 1 ? x[0] > x[1] : x[0] > a.Double("other")),
        ["ge"] = (x, a) => One(x.Length > 1 ? x[0] >= x[1] : x[0] >= a.Double("other")),
        ["floor_divide"] = (x, _) => One(x[0].FloorDivide(x[1])),
        ["remainder"] = (x, _) => One(x[0] % x[1]),
        ["logical_and"] = (x, _) => One(x[0] & x[1]),
        ["logical_or"] = (x, _) => One(x[0] | x[1]),
        ["logical_xor"] = (x, _) => One(x[0] ^ x[1]),
        ["logical_not"] = (x, _) => One(!x[0]),
        ["sum"] = (x, a) => One(x[0].Sum(Dims(a), Keep(a))),
        ["mean"] = (x, a) => One(x[0].Mean(Dims(a), Keep(a))),
        ["amax"] = (x, a) => One(x[0].AMax(Dims(a), Keep(a))),
        ["amin"] = (x, a) => One(x[0].AMin(Dims(a), Keep(a))),
        ["var"] = (x, a) => One(x[0].Var(Dims(a), a.Bool("unbiased", true) ? 1 : 0, Keep(a))),
        ["std"] = (x, a) => One(x[0].Std(Dims(a), a.Bool("unbiased", true) ? 1 : 0, Keep(a))),
        ["logsumexp"] = (x, a) => One(x[0].LogSumExp(Dims(a), Keep(a))),
        ["norm"] = (x, a) => One(x[0].Norm(a.Double("p", 2), Dims(a), Keep(a))),
        ["max"] = (x, a) => a.Has("dim") ? Two(x[0].Max(a.Int("dim"), Keep(a))) : One(x[0].Max()),
        ["min"] = (x, a) => a.Has("dim") ? Two(x[0].Min(a.Int("dim"), Keep(a))) : One(x[0].Min()),
        ["argmax"] = (x, a) => One(a.Has("dim") ? x[0].ArgMax(a.Int("dim"), Keep(a)) : x[0].ArgMax()),
        ["argmin"] = (x, a) => One(a.Has("dim") ? x[0].ArgMin(a.Int("dim"), Keep(a)) : x[0].ArgMin()),
        ["prod"] = (x, a) => One(a.Has("dim") ? x[0].Prod(a.Int("dim"), Keep(a)) : x[0].Prod()),
        ["cumsum"] = (x, a) => One(x[0].CumSum(a.Int("dim"))),
        ["any"] = (x, a) => One(x[0].Any(Dims(a), Keep(a))),
        ["all"] = (x, a) => One(x[0].All(Dims(a), Keep(a))),
        ["sort"] = (x, a) => Two(x[0].Sort(a.Int("dim", -1), a.Bool("descending", false))),
        ["argsort"] = (x, a) => One(x[0].ArgSort(a.Int("dim", -1), a.Bool("descending", false))),
        ["topk"] = (x, a) => Two(x[0].TopK(a.Int("k"), a.Int("dim", -1), a.Bool("largest", true))),
        ["matmul"] = (x, _) => One(x[0].MatMul(x[1])),
        ["outer"] = (x, _) => One(x[0].Outer(x[1])),
        ["einsum"] = (x, a) => One(Tensor.Einsum(a.String("equation"), x)),
        ["trace"] = (x, _) => One(x[0].Trace()),
        ["diagonal"] = (x, a) => One(x[0].Diagonal(a.Int("offset", 0))),
        ["softmax"] = (x, a) => One(x[0].Softmax(a.Int("dim"))),
        ["log_softmax"] = (x, a) => One(x[0].LogSoftmax(a.Int("dim"))),
        ["gather"] = (x, a) => One(x[0].Gather(a.Int("dim"), x[1])),
        ["scatter_add"] = (x, a) => One(x[0].ScatterAdd(a.Int("dim"), x[1], x[2])),
        ["index_select"] = (x, a) => One(x[0].IndexSelect(a.Int("dim"), x[1])),
        ["masked_fill"] = (x, a) => One(x[0].MaskedFill(x[1], a.Double("value"))),
        ["where"] = (x, _) => One(Tensor.Where(x[0], x[1], x[2])),
        ["tril"] = (x, a) => One(x[0].Tril(a.Int("diagonal", 0))),
        ["triu"] = (x, a) => One(x[0].Triu(a.Int("diagonal", 0))),
        ["repeat"] = (x, a) => One(x[0].Repeat(a.Ints("repeats"))),
        ["flip"] = (x, a) => One(x[0].Flip(a.Ints("dims"))),
        ["pad"] = (x, a) => One(x[0].Pad(a.Ints("pad"), Enum.Parse<PadMode>(a.String("mode", "constant"), ignoreCase: true), a.Double("value", 0))),
        ["one_hot"] = (x, a) => One(a.Has("numClasses") && a.Int("numClasses") >= 0 ? x[0].OneHot(a.Int("numClasses")) : x[0].OneHot()),
        ["cat"] = (x, a) => One(Tensor.Cat(x, a.Int("dim", 0))),
        ["stack"] = (x, a) => One(Tensor.Stack(x, a.Int("dim", 0))),
        ["split"] = (x, a) => a.IsList("splitSizeOrSections") ? x[0].Split(a.Ints("splitSizeOrSections"), a.Int("dim", 0)) : x[0].Split(a.Int("splitSizeOrSections"), a.Int("dim", 0)),
        ["chunk"] = (x, a) => x[0].Chunk(a.Int("chunks"), a.Int("dim", 0)),
        ["reshape"] = (x, a) => One(x[0].Reshape(a.Ints("shape"))),
        ["flatten"] = (x, a) => One(x[0].Flatten(a.Int("startDim", 0), a.Int("endDim", -1))),
        ["squeeze"] = (x, a) => One(a.Has("dim") ? x[0].Squeeze(a.Int("dim")) : x[0].Squeeze()),
        ["unsqueeze"] = (x, a) => One(x[0].Unsqueeze(a.Int("dim"))),
        ["transpose"] = (x, a) => One(x[0].Transpose(a.Int("dim0"), a.Int("dim1"))),
        ["permute"] = (x, a) => One(x[0].Permute(a.Ints("dims"))),
        ["expand"] = (x, a) => One(x[0].Expand(a.Ints("sizes"))),
        ["select"] = (x, a) => One(x[0].Select(a.Int("dim"), a.Int("index"))),
        ["narrow"] = (x, a) => One(x[0].Narrow(a.Int("dim"), a.Int("start"), a.Int("length"))),
        ["linspace"] = (_, a) => One(Tensor.Linspace(a.Double("start"), a.Double("end"), a.Int("steps"), Enum.Parse<DType>(a.String("dtype", "float32"), ignoreCase: true))),
    };

    // Not offered: composed by users in a line, or said otherwise here.
    static readonly HashSet<string> Absent = ["atan", "fmod", "arange"];

    // A whole number keeps an integer tensor an integer one.
    static Scalar Number(Tensor x, ReferenceArguments arguments, string name)
    {
        var value = arguments.Double(name);
        return !x.DType.IsFloatingPoint() && Math.Floor(value) == value ? (Scalar)(long)value : value;
    }

    static int[] Dims(ReferenceArguments arguments) => arguments.Has("dim") ? arguments.Ints("dim") : [];

    static bool Keep(ReferenceArguments arguments) => arguments.Bool("keepdim", false);

    public static TheoryData<string> Names => [.. ReferenceFile.Load("operators").Cases.Select(c => c.Operator).Distinct().Where(name => !Absent.Contains(name))];

    static Tensor ToTensor(ReferenceTensor tensor, DType? floating)
    {
        var dtype = Enum.Parse<DType>(tensor.Dtype, ignoreCase: true);
        return Tensor.From(tensor.Data, new Shape(tensor.Shape)).To(dtype.IsFloatingPoint() && floating is { } other ? other : dtype);
    }

    static void Close(string what, ReferenceTensor expected, Tensor actual, double tolerance, bool checkType)
    {
        Assert.True(new Shape(expected.Shape) == actual.Shape, $"{what}: shape expected {Shape.Create(expected.Shape)}, got {actual.Shape}");
        if (checkType) Assert.True(Enum.Parse<DType>(expected.Dtype, ignoreCase: true) == actual.DType, $"{what}: type expected {expected.Dtype}, got {actual.DType.Name()}");
        var values = actual.To(DType.Float64).ToArray<double>();
        for (var i = 0; i < values.Length; i++)
        {
            var (e, a) = (expected.Data[i], values[i]);
            if (double.IsNaN(e) ? double.IsNaN(a) : e == a || Math.Abs(e - a) <= tolerance * Math.Max(1, Math.Abs(e))) continue;
            Assert.Fail($"{what}: element {i} expected {e:R}, got {a:R}");
        }
    }

    static void Check(ReferenceCase c, DType? floating, double tolerance)
    {
        var what = $"{c.Operator}: {c.Name}{(floating is null ? "" : $" in {floating}")}";
        var names = c.Inputs.Keys.ToArray();
        var inputs = names.Select(name => ToTensor(c.Inputs[name], floating)).ToArray();
        for (var i = 0; i < names.Length; i++)
            if (c.Gradients.ContainsKey(names[i])) inputs[i].RequiresGrad = true;
        var outputs = Operators[c.Operator](inputs, c.Arguments);
        var expected = c.Outputs.Values.ToArray();
        Assert.True(expected.Length == outputs.Length, $"{what}: expected {expected.Length} outputs, got {outputs.Length}");
        for (var i = 0; i < outputs.Length; i++) Close(what, expected[i], outputs[i], tolerance, checkType: floating is null);
        if (c.Gradients.Count == 0) return;
        var weighted = c.Outputs.Keys.Select((name, i) => (name, i)).Where(entry => c.GradOutputs.ContainsKey(entry.name)).ToArray();
        var wanted = inputs.Where(input => input.RequiresGrad).ToArray();
        var gradients = Autograd.Grad([.. weighted.Select(entry => outputs[entry.i])], wanted,
            [.. weighted.Select(entry => ToTensor(c.GradOutputs[entry.name], floating))]);
        var gradientNames = names.Where(c.Gradients.ContainsKey).ToArray();
        for (var i = 0; i < gradients.Length; i++) Close($"{what}: gradient of {gradientNames[i]}", c.Gradients[gradientNames[i]], gradients[i]!, tolerance, checkType: false);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Gives_PyTorchs_values_and_gradients(string name)
    {
        foreach (var c in ReferenceFile.Load("operators").Of(name))
        {
            var inFloat32 = c.Inputs.Values.Concat(c.Outputs.Values).Any(t => t.Dtype == "float32");
            Check(c, null, inFloat32 ? 2e-6 : 1e-9);
            if (!inFloat32) Check(c, DType.Float32, 2e-5);
        }
    }

    [Fact]
    public void A_range_counts_as_PyTorchs_does()
    {
        foreach (var c in ReferenceFile.Load("operators").Of("arange"))
        {
            Scalar Value(string name, long otherwise) => !c.Arguments.Has(name) ? (Scalar)otherwise
                : c.Output.Dtype.StartsWith("int", StringComparison.Ordinal) && Math.Floor(c.Arguments.Double(name)) == c.Arguments.Double(name) ? (Scalar)(long)c.Arguments.Double(name) : c.Arguments.Double(name);
            var dtype = c.Arguments.Has("dtype") ? Enum.Parse<DType>(c.Arguments.String("dtype"), ignoreCase: true) : (DType?)null;
            Close($"arange: {c.Name}", c.Output, Tensor.Arange(Value("start", 0), Value("end", 0), Value("step", 1), dtype), 1e-6, checkType: true);
        }
    }
}
