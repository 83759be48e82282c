using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Operators;

// Every pair of types, 0-d tensors and numbers on both sides: tests/reference/promotion.json.
public class PromotionTests
{
    sealed record Binary(Func<Tensor, Tensor, Tensor> Tensors, Func<Tensor, Scalar, Tensor>? Right = null, Func<Scalar, Tensor, Tensor>? Left = null);

    static readonly Dictionary<string, Binary> Pairs = new()
    {
        ["add"] = new((a, b) => a + b, (a, b) => a + b, (a, b) => a + b),
        ["sub"] = new((a, b) => a - b, (a, b) => a - b, (a, b) => a - b),
        ["mul"] = new((a, b) => a * b, (a, b) => a * b),
        ["div"] = new((a, b) => a / b, (a, b) => a / b, (a, b) => a / b),
        ["floor_divide"] = new((a, b) => a.FloorDivide(b), (a, b) => a.FloorDivide(b)),
        ["remainder"] = new((a, b) => a % b, (a, b) => a % b),
        ["pow"] = new((a, b) => a.Pow(b), (a, b) => a.Pow(b), Tensor.Pow),
        ["maximum"] = new((a, b) => a.Maximum(b)),
        ["minimum"] = new((a, b) => a.Minimum(b)),
        ["eq"] = new((a, b) => a.Equal(b), (a, b) => a.Equal(b)),
        ["lt"] = new((a, b) => a < b, (a, b) => a < b),
        ["matmul"] = new((a, b) => a.MatMul(b)),
        ["cat"] = new((a, b) => Tensor.Cat([a, b])),
        ["add_"] = new((a, b) => a.AddInPlace(b)),
        ["div_"] = new((a, b) => a.DivInPlace(b)),
    };

    static readonly Dictionary<string, Func<Tensor, Tensor>> Singles = new()
    {
        ["sum"] = x => x.Sum(),
        ["mean"] = x => x.Mean(),
        ["prod"] = x => x.Prod(),
        ["var"] = x => x.Var(),
        ["std"] = x => x.Std(),
        ["max"] = x => x.Max(),
        ["min"] = x => x.Min(),
        ["amax"] = x => x.AMax(),
        ["argmax"] = x => x.ArgMax(),
        ["any"] = x => x.Any(),
        ["all"] = x => x.All(),
        ["norm"] = x => x.Norm(),
        ["exp"] = x => x.Exp(),
        ["log"] = x => x.Log(),
        ["sqrt"] = x => x.Sqrt(),
        ["rsqrt"] = x => x.Rsqrt(),
        ["sin"] = x => x.Sin(),
        ["tanh"] = x => x.Tanh(),
        ["sigmoid"] = x => x.Sigmoid(),
        ["reciprocal"] = x => x.Reciprocal(),
        ["log1p"] = x => x.Log1p(),
        ["abs"] = x => x.Abs(),
        ["neg"] = x => -x,
        ["sign"] = x => x.Sign(),
        ["floor"] = x => x.Floor(),
        ["ceil"] = x => x.Ceil(),
        ["round"] = x => x.Round(),
        ["square"] = x => x.Square(),
        ["relu"] = x => x.Relu(),
        ["logical_not"] = x => x.LogicalNot(),
        ["isnan"] = x => x.IsNaN(),
        ["cumsum"] = x => x.CumSum(0),
        ["softmax"] = x => x.Softmax(0),
        ["logsumexp"] = x => x.LogSumExp(0),
    };

    public static TheoryData<string> Operators => [.. ReferenceFile.Load("promotion").Cases.Select(c => c.Operator).Distinct()];

    static Tensor Read(ReferenceTensor tensor) =>
        Tensor.From(tensor.Data, new Shape(tensor.Shape)).To(Enum.Parse<DType>(tensor.Dtype, ignoreCase: true));

    static Scalar Number(ReferenceArguments arguments, string name) => arguments.String("scalar") switch
    {
        "int" => arguments.Int(name),
        "bool" => arguments.Bool(name),
        _ => arguments.Double(name),
    };

    static Tensor Run(ReferenceCase c)
    {
        var inputs = c.Inputs.Values.Select(Read).ToArray();
        if (c.Operator == "to") return inputs[0].To(Enum.Parse<DType>(c.Arguments.String("dtype"), ignoreCase: true));
        if (Singles.TryGetValue(c.Operator, out var single)) return single(inputs[0]);
        var pair = Pairs[c.Operator];
        return inputs.Length == 2 ? pair.Tensors(inputs[0], inputs[1])
            : c.Arguments.Has("other") ? pair.Right!(inputs[0], Number(c.Arguments, "other"))
            : pair.Left!(Number(c.Arguments, "input"), inputs[0]);
    }

    // What differs, or null.
    static string? Difference(ReferenceCase c)
    {
        Tensor y;
        try
        {
            y = Run(c);
        }
        catch (ArgumentException e)
        {
            return c.Error is null ? $"{c}: expected {c.Output}, got the error {e.Message}" : null;
        }
        if (c.Error is not null) return $"{c}: expected the error {c.Error}, got {y.DType.Name()}";
        var expected = c.Output;
        if (Enum.Parse<DType>(expected.Dtype, ignoreCase: true) != y.DType || new Shape(expected.Shape) != y.Shape) return $"{c}: expected {expected}, got {y.DType.Name()}{y.Shape}";
        var values = y.To(DType.Float64).ToArray<double>();
        return values.Zip(expected.Data).All(pair => Math.Abs(pair.First - pair.Second) <= 1e-6 * Math.Max(1, Math.Abs(pair.Second))) ? null
            : $"{c}: expected {string.Join(", ", expected.Data)}, got {string.Join(", ", values)}";
    }

    // Where PyTorch has no kernel or an old habit: Cresset's answer, said in docs/from-pytorch.md.
    static readonly Dictionary<string, string> Deliberate = new()
    {
        ["argmax: bool"] = "the place of the first true",
        ["any: uint8"] = "bool, as for every other type",
        ["all: uint8"] = "bool, as for every other type",
        ["abs: bool"] = "0 and 1 as int64",
        ["sign: bool"] = "0 and 1 as int64",
        ["relu: bool"] = "0 and 1 as int64",
        ["floor: bool"] = "unchanged, as integers",
        ["ceil: bool"] = "unchanged, as integers",
        ["round: bool"] = "unchanged, as integers",
    };

    [Theory, MemberData(nameof(Operators))]
    public void Results_have_PyTorchs_type_and_value(string name)
    {
        var cases = ReferenceFile.Load("promotion").Of(name);
        var differences = cases.Where(c => !Deliberate.ContainsKey(c.ToString())).Select(Difference).OfType<string>().ToList();
        Assert.True(differences.Count == 0, string.Join('\n', differences));
        Assert.All(cases.Where(c => Deliberate.ContainsKey(c.ToString())), c => Assert.NotNull(Difference(c)));
    }

    [Fact]
    public void A_number_that_does_not_fit_is_refused_in_place()
    {
        Assert.Throws<ArgumentException>(() => Tensor.From([1L, 2]).AddInPlace(1.5));
        Assert.Throws<ArgumentException>(() => Tensor.From([1L, 2]).MulInPlace(0.5));
        Assert.Throws<ArgumentException>(() => Tensor.From([true, false]).AddInPlace(1));
        Assert.Equal([true, true], Tensor.From([true, false]).AddInPlace(true).ToArray<bool>());
        Assert.Equal([3L, 4], Tensor.From([1L, 2]).AddInPlace(2).ToArray<long>());
    }
}
