using Cresset.Nn;
using Cresset.Tests;
using Xunit;

namespace Cresset.Onnx.Tests;

// Each operator that is exported, as ONNX Runtime computes it, with a free first dimension.
public class OperatorExportTests
{
    sealed class Function(Func<Tensor, Tensor> f) : Module
    {
        public override Tensor Forward(Tensor x) => f(x);
    }

    static readonly Tensor matrix = Tensor.Arange(12, DType.Float32).Reshape(3, 4) / 5 - 1;
    static readonly Tensor places = Tensor.From(new long[] { 2, 0, 3 });

    // Of x [N, 3, 4] with numbers from -1 to 1.
    static readonly Dictionary<string, Func<Tensor, Tensor>> functions = new()
    {
        ["Abs"] = x => x.Abs(),
        ["Ceil"] = x => x.Ceil(),
        ["Cos"] = x => x.Cos(),
        ["Erf"] = x => x.Erf(),
        ["Exp"] = x => x.Exp(),
        ["Floor"] = x => x.Floor(),
        ["Log"] = x => (x + 2).Log(),
        ["Neg"] = x => -x,
        ["Reciprocal"] = x => (x + 2).Reciprocal(),
        ["Relu"] = x => x.Relu(),
        ["Round"] = x => (x * 5).Round(),
        ["Sigmoid"] = x => x.Sigmoid(),
        ["Sign"] = x => x.Sign(),
        ["Sin"] = x => x.Sin(),
        ["Sqrt"] = x => (x + 2).Sqrt(),
        ["Tan"] = x => x.Tan(),
        ["Tanh"] = x => x.Tanh(),
        ["LogicalNot"] = x => !(x > 0),
        ["IsNaN"] = x => (x / (x > 0).To(DType.Float32)).IsNaN(),
        ["IsInf"] = x => (x / (x > 0).To(DType.Float32)).IsInf(),
        ["IsFinite"] = x => (x / (x > 0).To(DType.Float32)).IsFinite(),
        ["Elu"] = x => x.Elu(0.7),
        ["LeakyRelu"] = x => x.LeakyRelu(0.3),
        ["Rsqrt"] = x => (x + 2).Rsqrt(),
        ["Square"] = x => x.Square(),
        ["Silu"] = x => x.Silu(),
        ["LogSigmoid"] = x => x.LogSigmoid(),
        ["Log1p"] = x => (x + 1.5).Log1p(),
        ["Expm1"] = x => x.Expm1(),
        ["Log2"] = x => (x + 2).Log2(),
        ["Log10"] = x => (x + 2).Log10(),
        ["Trunc"] = x => (x * 5).Trunc(),
        ["Gelu"] = x => x.Gelu(),
        ["GeluTanh"] = x => x.Gelu(tanh: true),
        ["Softplus"] = x => x.Softplus(3, 1.5),
        ["Clamp"] = x => x.Clamp(-0.5, 0.5),
        ["ClampMin"] = x => x.ClampMin(0.1),
        ["Add"] = x => x + matrix,
        ["Add a number"] = x => x + 2,
        ["Sub"] = x => matrix - x,
        ["Sub a number"] = x => 3 - x,
        ["Mul"] = x => x * matrix,
        ["Div"] = x => x / (matrix + 2),
        ["Div by"] = x => 2 / (x + 3),
        ["Pow"] = x => (x + 2).Pow(matrix),
        ["Pow a number"] = x => (x + 2).Pow(2.5),
        ["Maximum"] = x => x.Maximum(matrix),
        ["Minimum"] = x => x.Minimum(matrix),
        ["FloorDivide"] = x => x.FloorDivide(matrix + 3),
        ["FloorDivide of integers"] = x => (x * 7).To(DType.Int64).FloorDivide(3),
        ["Remainder"] = x => x % 0.3,
        ["Remainder of integers"] = x => (x * 7).To(DType.Int64) % 3,
        ["Equal"] = x => (x * 2).To(DType.Int64).Equal(1),
        ["NotEqual"] = x => (x * 2).To(DType.Int64).NotEqual(1),
        ["Greater"] = x => x > matrix,
        ["GreaterOrEqual"] = x => x >= 0.2,
        ["Less"] = x => x < matrix,
        ["LessOrEqual"] = x => x <= matrix,
        ["LogicalAnd"] = x => (x > 0) & (x < 0.5),
        ["LogicalOr"] = x => (x < 0) | (x > 0.5),
        ["Add of truth"] = x => ((x > 0).Add(x < -0.5)).To(DType.Float32) + x,
        ["LogicalXor"] = x => (x > 0) ^ (x < 0.5),
        ["Where"] = x => Tensor.Where(x > 0, x, matrix),
        ["Where of truth"] = x => Tensor.Where(x > 0, x < 0.5, x > -0.5),
        ["MaskedFill"] = x => x.MaskedFill(x > 0, -3),
        ["MaskedFillInPlace"] = x => (x * 2).MaskedFillInPlace(x > 0, -3),
        ["ReluInPlace"] = x => (x * 2).ReluInPlace(),
        ["AddInPlace"] = x => (x * 2).AddInPlace(matrix),
        ["To"] = x => (x * 9).To(DType.Int64).To(DType.Float64),
        ["Flatten"] = x => x.Flatten(1),
        ["Reshape"] = x => x.Reshape(-1, 2, 3),
        ["Reshape over the batch"] = x => x.Reshape(-1),
        ["Unsqueeze"] = x => x.Unsqueeze(1).Squeeze(1),
        ["Expand"] = x => x.Unsqueeze(1).Expand(-1, 2, -1, -1),
        ["Permute"] = x => x.Permute(2, 0, 1),
        ["Narrow"] = x => x.Narrow(2, 1, 2),
        ["Narrow of the batch"] = x => x.Narrow(0, 1, x.Size(0) - 1),
        ["Slices"] = x => x[.., TensorIndex.Slice(0, ^0, 2), ^1],
        ["Select"] = x => x.Select(1, 2),
        ["Select the last of the batch"] = x => x.Select(0, -1),
        ["Cat"] = x => Tensor.Cat([x, x * 2], 1),
        ["Stack"] = x => Tensor.Stack([x, x + 1], 1),
        ["Split"] = x => x.Split(2, 2)[1],
        ["Gather"] = x => x.Gather(2, (x > 0).To(DType.Int64)),
        ["IndexSelect"] = x => x.IndexSelect(2, places),
        ["Scatter"] = x => x.Scatter(2, (x > 0).To(DType.Int64), x * 2),
        ["ArgSort"] = x => x.ArgSort(2),
        ["Sort"] = x => x.Sort(1, descending: true).Values,
        ["TopK"] = x => x.TopK(2, 2).Values,
        ["Full"] = x => Tensor.Full([x.Size(0), 2], 0.5) + x.Select(1, 0).Narrow(1, 0, 2),
        ["Arange"] = x => Tensor.Arange(x.Size(0)).Unsqueeze(1) + x.Select(1, 0),
        ["OneHot"] = x => (x > 0).To(DType.Int64).OneHot(3),
        ["Pad"] = x => x.Pad([1, 2], PadMode.Reflect),
        ["Pad with zeros"] = x => x.Pad([1, 2, 0, 1]),
        ["Tril"] = x => x.Tril(),
        ["Flip"] = x => x.Flip(2),
        ["Roll"] = x => x.Roll(1, 2),
        ["Repeat"] = x => x.Repeat(1, 2, 1),
        ["RepeatInterleave"] = x => x.RepeatInterleave(2, 1),
        ["Sum"] = x => x.Sum(1),
        ["Sum of all"] = x => x.Sum(),
        ["Mean"] = x => x.Mean(2, keepDim: true),
        ["Mean of all"] = x => x.Mean(),
        ["Mean of the batch"] = x => x.Mean(0),
        ["Prod"] = x => x.Prod(1),
        ["AMax"] = x => x.AMax([1, 2]),
        ["AMin"] = x => x.AMin(1),
        ["Max"] = x => x.Max(2).Values,
        ["Max of all"] = x => x.Max(),
        ["Any"] = x => (x > 0.8).Any(1),
        ["All"] = x => (x > -0.5).All(2),
        ["ArgMax"] = x => x.ArgMax(1),
        ["ArgMin"] = x => x.ArgMin(2, keepDim: true),
        ["CumSum"] = x => x.CumSum(1),
        ["Norm"] = x => x.Norm(2, 1),
        ["Norm 3"] = x => x.Norm(3, 2),
        ["Var"] = x => x.Var(1),
        ["Var of the batch"] = x => x.Var(0),
        ["LogSumExp"] = x => x.LogSumExp(2),
        ["Softmax"] = x => x.Softmax(1),
        ["LogSoftmax"] = x => x.LogSoftmax(-1),
        ["Linear"] = x => x.Linear(matrix),
        ["Linear of rows"] = x => x.Select(1, 0).Linear(matrix, Tensor.Ones([3])),
        ["MatMul"] = x => x.MatMul(matrix.T),
        ["MatMul of batches"] = x => x.MatMul(x.T),
        ["Einsum"] = x => Tensor.Einsum("bij,kj->bik", x, matrix),
        ["LayerNorm"] = x => x.LayerNorm([4]),
        ["LayerNorm of two"] = x => x.LayerNorm([3, 4], matrix, matrix * 2),
        ["GroupNorm"] = x => x.GroupNorm(3, Tensor.Ones([3]) * 2, Tensor.Ones([3])),
        ["BatchNorm"] = x => x.BatchNorm(places.To(DType.Float32), places.To(DType.Float32) + 1),
        ["AvgPool2d"] = x => x.Unsqueeze(1).AvgPool2d(2, 1, 1, countIncludePad: false),
        ["AvgPool2d with a divisor"] = x => x.Unsqueeze(1).AvgPool2d(2, divisorOverride: 3),
        ["MaxPool2d"] = x => x.Unsqueeze(1).MaxPool2d(2, 2, ceilMode: true),
        ["AdaptiveAvgPool2d"] = x => x.Unsqueeze(1).AdaptiveAvgPool2d(2, 3),
        ["AdaptiveAvgPool2d to one"] = x => x.Unsqueeze(1).AdaptiveAvgPool2d(1, 1),
        ["Conv2d"] = x => x.Unsqueeze(1).Conv2d(Tensor.Ones([2, 1, 2, 2]) / 3, places[..2].To(DType.Float32), (1, 2), (1, 0), (2, 1)),
        ["Conv1d"] = x => x.Conv1d(Tensor.Ones([3, 1, 2]) / 3, groups: 3),
        ["ConvTranspose2d"] = x => x.Unsqueeze(1).ConvTranspose2d(Tensor.Ones([1, 2, 3, 3]) / 4, places[..2].To(DType.Float32), 2, 1, 1),
        ["ScaledDotProductAttention"] = x => x.ScaledDotProductAttention(x, x, isCausal: true),
    };

    public static TheoryData<string> Names => [.. functions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_compute_the_same_in_ONNX_Runtime(string name)
    {
        Random.Seed(3);
        using var folder = new TempFolder();
        var model = new Function(functions[name]);
        OnnxExporter.Export(model, Tensor.Rand([1, 3, 4]), folder["model.onnx"]);
        using var session = new RuntimeSession(folder["model.onnx"]);
        foreach (var batch in (int[])[2, 6])
        {
            var input = Tensor.Rand([batch, 3, 4]) * 2 - 1;
            Tensor expected = model.Forward(input), got = session.Run(input)[0];
            Assert.Equal(expected.Shape, got.Shape);
            Assert.Equal(expected.DType, got.DType);
            Assert.True(expected.IsClose(got, 1e-4, 1e-5, equalNan: true).All().Item<bool>(), $"{name}: expected {expected}, got {got}");
        }
    }

    public static TheoryData<string> Layers => ["lstm", "gru", "rnn", "relu", "cells"];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Recurrent_layers_with_initial_states(string kind)
    {
        Random.Seed(4);
        using var folder = new TempFolder();
        Lstm lstm = new(4, 5, numLayers: 2, bidirectional: true, batchFirst: true);
        Gru gru = new(4, 5, bidirectional: true);
        Rnn tanh = new(4, 5, bias: false, batchFirst: true), relu = new(4, 5, nonlinearity: RnnNonlinearity.ReLU, batchFirst: true);
        GruCell cell = new(4, 5);
        LstmCell memory = new(5, 5);
        Tensor State(Tensor x, int layers, int batch) => x.Mean() * Tensor.Ones([layers, batch, 5]);
        var model = new Function(kind switch
        {
            "lstm" => x => lstm.Forward(x, (State(x, 4, x.Size(0)), State(x, 4, x.Size(0)) * 2)) is var (y, (h, c)) ? y.Sum(1) + Tensor.Cat([h[0] + c[3], c[1] - h[2]], 1) : x,
            "gru" => x => gru.Forward(x.Transpose(0, 1), State(x, 2, x.Size(0))) is var (y, h) ? y.Sum(0) + Tensor.Cat([h[0], h[1]], 1) : x,
            "rnn" => x => tanh.Forward(x).Output,
            "relu" => x => relu.Forward(x).Hidden.Squeeze(0),
            _ => x => memory.Forward(cell.Forward(x.Select(1, 0), cell.Forward(x.Select(1, 1)))) is var (h, c) ? h + c : x,
        });
        OnnxExporter.Export(model, Tensor.Rand([1, 3, 4]), folder["model.onnx"]);
        using var session = new RuntimeSession(folder["model.onnx"]);
        var input = Tensor.Rand([4, 3, 4]);
        Assert.True(model.Forward(input).AllClose(session.Run(input)[0], 1e-4, 1e-5));
    }
}
