using Cresset.Onnx.Format;
using Cresset.Tests;
using Google.Protobuf;
using Xunit;

namespace Cresset.Onnx.Tests;

// Each operator that is imported, as ONNX Runtime computes it: a file of one node, whose first input is the model's and whose others are
// constants.
public class OperatorImportTests
{
    sealed record Case(string Op, Tensor?[] Inputs, (string Name, object Value)[] Attributes, int Opset = 17, int Outputs = 1);

    static Tensor Numbers(params int[] shape)
    {
        var generator = new Generator((ulong)shape.Sum());
        return Tensor.Rand(shape, DType.Float32, generator) * 2 - 1;
    }

    static readonly Tensor x = Numbers(2, 3, 4), y = Numbers(3, 4), picture = Numbers(2, 3, 7, 6), above = Numbers(2, 3, 4) + 1.5,
        integers = Tensor.From(new long[] { 7, -7, 5, -5, 0, 9 }, [2, 3]), divisors = Tensor.From(new long[] { 3, 3, -3, -3, 4, 1 }, [2, 3]), truths = x > 0,
        special = Tensor.From([1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0f, -2f]);

    static Tensor Ints(params long[] values) => Tensor.From(values);

    static Tensor Int(long value) => Tensor.From(value, DType.Int64);

    static Tensor Float(float value) => Tensor.From(value);

    static readonly Dictionary<string, Case> cases = new()
    {
        ["Abs"] = Of("Abs", x),
        ["Ceil"] = Of("Ceil", x),
        ["Cos"] = Of("Cos", x),
        ["Erf"] = Of("Erf", x),
        ["Exp"] = Of("Exp", x),
        ["Floor"] = Of("Floor", x),
        ["Identity"] = Of("Identity", x),
        ["Log"] = Of("Log", above),
        ["Neg"] = Of("Neg", x),
        ["Not"] = Of("Not", truths),
        ["Reciprocal"] = Of("Reciprocal", above),
        ["Relu"] = Of("Relu", x),
        ["Round"] = Of("Round", Tensor.From([0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 0.2f])),
        ["Sigmoid"] = Of("Sigmoid", x),
        ["Sign"] = Of("Sign", x),
        ["Sin"] = Of("Sin", x),
        ["Softplus"] = Of("Softplus", x),
        ["Softsign"] = Of("Softsign", x),
        ["Sqrt"] = Of("Sqrt", above),
        ["Tan"] = Of("Tan", x),
        ["Tanh"] = Of("Tanh", x),
        ["Mish"] = Of("Mish", x, 18),
        ["HardSwish"] = Of("HardSwish", x * 5),
        ["IsNaN"] = Of("IsNaN", special),
        ["IsInf"] = Of("IsInf", special),
        ["IsInf above"] = With(Of("IsInf", special), ("detect_negative", 0)),
        ["IsInf below"] = With(Of("IsInf", special), ("detect_positive", 0)),
        ["Elu"] = With(Of("Elu", x), ("alpha", 0.7)),
        ["Celu"] = With(Of("Celu", x), ("alpha", 0.7)),
        ["Selu"] = Of("Selu", x),
        ["Selu with numbers"] = With(Of("Selu", x), ("alpha", 1.2), ("gamma", 0.9)),
        ["LeakyRelu"] = Of("LeakyRelu", x),
        ["ThresholdedRelu"] = With(Of("ThresholdedRelu", x), ("alpha", 0.3)),
        ["HardSigmoid"] = Of("HardSigmoid", x * 5),
        ["HardSigmoid of HardSwish"] = With(Of("HardSigmoid", x * 5), ("alpha", 1 / 6.0)),
        ["Gelu"] = Of("Gelu", x, 20),
        ["Gelu by tanh"] = With(Of("Gelu", x, 20), ("approximate", "tanh")),
        ["PRelu"] = Of("PRelu", 17, x, y),
        ["Clip"] = Of("Clip", 17, x, Float(-0.5f), Float(0.25f)),
        ["Clip below"] = Of("Clip", 17, x, null, Float(0.25f)),
        ["Clip of integers"] = Of("Clip", 17, integers, Int(-5), Int(6)),
        ["Clip before 11"] = With(Of("Clip", x, 10), ("min", -0.5), ("max", 0.25)),
        ["Add"] = Of("Add", 17, x, y),
        ["Sub"] = Of("Sub", 17, x, y),
        ["Mul"] = Of("Mul", 17, x, y),
        ["Div"] = Of("Div", 17, x, y + 2),
        ["Div of integers"] = Of("Div", 17, integers, divisors),
        ["Pow"] = Of("Pow", 17, above, y),
        ["Pow of integers"] = Of("Pow", 17, x, Int(3)),
        ["Mod"] = Of("Mod", 17, integers, divisors),
        ["Mod as fmod"] = With(Of("Mod", 17, x * 5, y + 2), ("fmod", 1)),
        ["Mod of integers as fmod"] = With(Of("Mod", 17, integers, divisors), ("fmod", 1)),
        ["Max"] = Of("Max", 17, x, y, x * 2),
        ["Max of one"] = Of("Max", x),
        ["Min"] = Of("Min", 17, x, y),
        ["Sum"] = Of("Sum", 17, x, y, x),
        ["Mean"] = Of("Mean", 17, x, y, x),
        ["Equal"] = Of("Equal", 17, integers, divisors + 4),
        ["Equal of truth"] = Of("Equal", 17, truths, truths),
        ["Greater"] = Of("Greater", 17, x, y),
        ["GreaterOrEqual"] = Of("GreaterOrEqual", 17, integers, divisors),
        ["Less"] = Of("Less", 17, x, y),
        ["LessOrEqual"] = Of("LessOrEqual", 17, integers, divisors),
        ["And"] = Of("And", 17, truths, y > 0),
        ["Or"] = Of("Or", 17, truths, y > 0),
        ["Xor"] = Of("Xor", 17, truths, y > 0),
        ["Where"] = Of("Where", 17, truths, x, y),
        ["Where of integers"] = Of("Where", 17, integers > 0, integers, Int(-1)),
        ["MatMul"] = Of("MatMul", 17, x, y.T.Contiguous()),
        ["MatMul of batches"] = Of("MatMul", 17, x, x.Transpose(1, 2).Contiguous()),
        ["MatMul of a vector"] = Of("MatMul", 17, x, y[0].Clone()),
        ["Gemm"] = Of("Gemm", 17, y, y.T.Contiguous(), Numbers(3)),
        ["Gemm with all"] = With(Of("Gemm", 17, y, Numbers(5, 3), Numbers(4, 1)), ("transA", 1), ("transB", 1), ("alpha", 0.5), ("beta", 2.0)),
        ["Gemm alone"] = Of("Gemm", 17, y, y.T.Contiguous()),
        ["Einsum"] = With(Of("Einsum", 17, x, y), ("equation", "bij,kj->bik")),
        ["Einsum of heads"] = With(Of("Einsum", 17, Numbers(2, 3, 4, 5), Numbers(2, 6, 4, 5)), ("equation", "bnhd,bmhd->bhnm")),
        ["Softmax"] = With(Of("Softmax", x), ("axis", 1)),
        ["Softmax before 13"] = With(Of("Softmax", x, 11), ("axis", 1)),
        ["LogSoftmax"] = Of("LogSoftmax", x),
        ["ReduceSum"] = Of("ReduceSum", 17, x, Ints(1)),
        ["ReduceSum of all"] = Of("ReduceSum", x),
        ["ReduceSum of none"] = With(Of("ReduceSum", x), ("noop_with_empty_axes", 1)),
        ["ReduceSum before 13"] = With(Of("ReduceSum", x, 11), ("axes", new[] { 0, 2 }), ("keepdims", 0)),
        ["ReduceSum of integers"] = Of("ReduceSum", 17, integers, Ints(-1)),
        ["ReduceMean"] = With(Of("ReduceMean", x), ("axes", new[] { -1 })),
        ["ReduceMean since 18"] = With(Of("ReduceMean", 18, x, Ints(0, -1)), ("keepdims", 0)),
        ["ReduceMax"] = With(Of("ReduceMax", x), ("axes", new[] { 1 })),
        ["ReduceMin"] = With(Of("ReduceMin", x), ("axes", new[] { 1, 2 })),
        ["ReduceProd"] = With(Of("ReduceProd", x), ("axes", new[] { 0, 1 })),
        ["ReduceL1"] = With(Of("ReduceL1", x), ("axes", new[] { 1 })),
        ["ReduceL2"] = With(Of("ReduceL2", x), ("axes", new[] { 2 })),
        ["ReduceSumSquare"] = With(Of("ReduceSumSquare", x), ("axes", new[] { 1 })),
        ["ReduceLogSum"] = With(Of("ReduceLogSum", above), ("axes", new[] { 1 })),
        ["ReduceLogSumExp"] = With(Of("ReduceLogSumExp", x), ("axes", new[] { 1 })),
        ["ArgMax"] = With(Of("ArgMax", x), ("axis", 1)),
        ["ArgMax of the last"] = With(Of("ArgMax", Tensor.From([3f, 1, 3, 2])), ("select_last_index", 1), ("keepdims", 0)),
        ["ArgMin"] = With(Of("ArgMin", x), ("axis", -1), ("keepdims", 0)),
        ["TopK"] = Many(2, Of("TopK", 17, x, Ints(2))),
        ["TopK of the smallest"] = With(Many(2, Of("TopK", 17, x, Ints(2))), ("axis", 1), ("largest", 0)),
        ["TopK before 10"] = With(Many(2, Of("TopK", x, 9)), ("k", 2)),
        ["CumSum"] = Of("CumSum", 17, x, Int(1)),
        ["CumSum in reverse"] = With(Of("CumSum", 17, x, Int(-1)), ("reverse", 1), ("exclusive", 1)),
        ["CumSum of integers"] = Of("CumSum", 17, integers, Int(1)),

        ["Shape"] = Of("Shape", x),
        ["Shape of a part"] = With(Of("Shape", x), ("start", -2), ("end", -1)),
        ["Size"] = Of("Size", x),
        ["Reshape"] = Of("Reshape", 17, x, Ints(0, -1, 2)),
        ["Reshape of nothing"] = With(Of("Reshape", 17, Tensor.Zeros([0, 3]), Ints(3, 0)), ("allowzero", 1)),
        ["Flatten"] = With(Of("Flatten", x), ("axis", 2)),
        ["Squeeze"] = Of("Squeeze", 17, x.Unsqueeze(1), Ints(1)),
        ["Squeeze of all"] = Of("Squeeze", x.Unsqueeze(0).Unsqueeze(2)),
        ["Squeeze before 13"] = With(Of("Squeeze", x.Unsqueeze(0).Unsqueeze(2), 11), ("axes", new[] { 0, -3 })),
        ["Unsqueeze"] = Of("Unsqueeze", 17, x, Ints(-1, 0)),
        ["Unsqueeze before 13"] = With(Of("Unsqueeze", x, 11), ("axes", new[] { 1, 3 })),
        ["Transpose"] = Of("Transpose", x),
        ["Transpose by a list"] = With(Of("Transpose", x), ("perm", new[] { 1, 0, 2 })),
        ["Concat"] = With(Of("Concat", 17, x, x * 2), ("axis", -1)),
        ["Split"] = With(Many(2, Of("Split", 17, x, Ints(1, 3))), ("axis", 2)),
        ["Split in equal parts"] = With(Many(2, Of("Split", x)), ("axis", 2)),
        ["Split since 18"] = With(Many(2, Of("Split", x, 18)), ("axis", 1), ("num_outputs", 2)),
        ["Split before 13"] = With(Many(2, Of("Split", x, 11)), ("axis", 2), ("split", new[] { 3, 1 })),
        ["Slice"] = Of("Slice", 17, x, Ints(1, 0), Ints(long.MaxValue, -1), Ints(2, 1), Ints(2, 1)),
        ["Slice backwards"] = Of("Slice", 17, x, Ints(-1), Ints(long.MinValue), Ints(2), Ints(-2)),
        ["Slice before 10"] = With(Of("Slice", x, 9), ("starts", new[] { 1 }), ("ends", new[] { 3 }), ("axes", new[] { 1 })),
        ["Gather"] = With(Of("Gather", 17, x, Tensor.From(new long[] { 0, -1, 2, 1 }, [2, 2])), ("axis", 2)),
        ["Gather of one"] = With(Of("Gather", 17, x, Int(-1)), ("axis", 1)),
        ["GatherElements"] = With(Of("GatherElements", 17, integers, Tensor.From(new long[] { 0, -1 }, [2, 1])), ("axis", 1)),
        ["GatherND"] = Of("GatherND", 17, x, Tensor.From(new long[] { 0, 1, 1, -1 }, [2, 2])),
        ["GatherND of batches"] = With(Of("GatherND", 17, x, Tensor.From(new long[] { 1, 2 }, [2, 1])), ("batch_dims", 1)),
        ["GatherND of more batches"] = With(Of("GatherND", 17, Numbers(2, 2, 3, 4), Tensor.From(new long[] { 0, 1, 2, -1 }, [2, 2, 1])), ("batch_dims", 2)),
        ["ScatterElements"] = With(Of("ScatterElements", 17, x, Tensor.From(new long[] { 0, -1 }, [1, 1, 2]), Numbers(1, 1, 2)), ("axis", 2)),
        ["ScatterElements, added"] = With(Of("ScatterElements", 17, y, Tensor.From(new long[] { 1, 1, 0, 2 }, [1, 4]), Numbers(1, 4)), ("axis", 0), ("reduction", "add")),
        ["ScatterND"] = Of("ScatterND", 17, x, Tensor.From(new long[] { 0, 1, 1, 2 }, [2, 2]), Numbers(2, 4)),
        ["Expand"] = Of("Expand", 17, Numbers(3, 1), Ints(2, 1, 4)),
        ["Tile"] = Of("Tile", 17, x, Ints(1, 2, 2)),
        ["Pad"] = Of("Pad", 17, x, Ints(0, 1, 2, 0, 0, 1), Float(0.5f)),
        ["Pad, cut"] = Of("Pad", 17, x, Ints(0, -1, 0, 0, 0, 2)),
        ["Pad, reflected"] = With(Of("Pad", 17, x, Ints(0, 0, 2, 0, 0, 3)), ("mode", "reflect")),
        ["Pad, the edge"] = With(Of("Pad", 17, x, Ints(0, 1, 0, 0, 2, 0)), ("mode", "edge")),
        ["Pad of some since 18"] = Of("Pad", 18, x, Ints(1, 2), null, Ints(2)),
        ["Pad before 11"] = With(Of("Pad", x, 10), ("pads", new[] { 0, 1, 0, 0, 0, 1 }), ("value", 0.5)),
        ["ConstantOfShape"] = Of("ConstantOfShape", Ints(2, 3)),
        ["ConstantOfShape of integers"] = With(Of("ConstantOfShape", Ints(2, 0, 3)), ("value", Ints(7))),
        ["Range"] = Of("Range", 17, Int(2), Int(11), Int(3)),
        ["Range of numbers"] = Of("Range", 17, Float(1), Float(0), Float(-0.3f)),
        ["Cast"] = With(Of("Cast", x * 9), ("to", 7)),
        ["Cast to truth"] = With(Of("Cast", x), ("to", 9)),
        ["Cast of truth"] = With(Of("Cast", truths), ("to", 1)),
        ["CastLike"] = Of("CastLike", 17, x * 9, Int(1)),
        ["OneHot"] = Of("OneHot", 17, Ints(1, -1, 5, 0), Int(3), Tensor.From([0.5f, 2f])),
        ["OneHot of an axis"] = With(Of("OneHot", 17, Ints(1, 0), Int(3), Tensor.From([0f, 1f])), ("axis", 0)),
        ["NonZero"] = Of("NonZero", integers),
        ["Trilu"] = Of("Trilu", x),
        ["Trilu below"] = With(Of("Trilu", 17, x, Int(-1)), ("upper", 0)),
        ["EyeLike"] = With(Of("EyeLike", y), ("k", 1)),
        ["EyeLike of a type"] = With(Of("EyeLike", y), ("k", -1), ("dtype", 7)),
        ["DepthToSpace"] = With(Of("DepthToSpace", Numbers(2, 8, 2, 3)), ("blocksize", 2)),
        ["DepthToSpace by columns"] = With(Of("DepthToSpace", Numbers(2, 8, 2, 3)), ("blocksize", 2), ("mode", "CRD")),
        ["SpaceToDepth"] = With(Of("SpaceToDepth", Numbers(2, 3, 4, 6)), ("blocksize", 2)),
        ["Resize"] = Of("Resize", 17, picture, null, Tensor.From([1f, 1f, 1.7f, 0.6f])),
        ["Resize to a size"] = With(Of("Resize", 17, picture, null, null, Ints(2, 3, 11, 9)), ("mode", "linear")),
        ["Resize of corners"] = With(Of("Resize", 17, picture, null, null, Ints(2, 3, 11, 4)), ("mode", "linear"), ("coordinate_transformation_mode", "align_corners")),
        ["Resize as PyTorch"] = With(Of("Resize", 17, picture, null, null, Ints(2, 3, 14, 3)), ("mode", "cubic"), ("coordinate_transformation_mode", "pytorch_half_pixel")),
        ["Resize by curves"] = With(Of("Resize", 17, picture, null, null, Ints(2, 3, 4, 13)), ("mode", "cubic"), ("cubic_coeff_a", -0.5), ("exclude_outside", 1)),
        ["Resize asymmetrically"] = With(Of("Resize", 17, picture, null, Tensor.From([1f, 1f, 2f, 3f])), ("coordinate_transformation_mode", "asymmetric"), ("nearest_mode", "floor")),
        ["Resize, rounded up"] = With(Of("Resize", 17, picture, null, Tensor.From([1f, 1f, 1.5f, 0.7f])), ("nearest_mode", "round_prefer_ceil")),
        ["Resize before 11"] = Of("Resize", 10, picture, Tensor.From([1f, 1f, 2f, 2f])),
        ["Upsample"] = Of("Upsample", 9, picture, Tensor.From([1f, 1f, 2f, 3f])),
        ["Upsample, linear"] = With(Of("Upsample", 9, picture, Tensor.From([1f, 1f, 2f, 2f])), ("mode", "linear")),

        ["Conv"] = With(Of("Conv", 17, picture, Numbers(4, 3, 3, 2), Numbers(4)), ("strides", new[] { 2, 1 }), ("pads", new[] { 1, 0, 1, 0 })),
        ["Conv, uneven"] = With(Of("Conv", 17, picture, Numbers(4, 3, 3, 3)), ("pads", new[] { 0, 1, 2, 0 }), ("dilations", new[] { 2, 1 })),
        ["Conv of groups"] = With(Of("Conv", 17, picture, Numbers(6, 1, 3, 3)), ("group", 3)),
        ["Conv, same"] = With(Of("Conv", 17, picture, Numbers(4, 3, 3, 2)), ("auto_pad", "SAME_UPPER"), ("strides", new[] { 2, 2 })),
        ["Conv, same below"] = With(Of("Conv", 17, picture, Numbers(4, 3, 2, 4)), ("auto_pad", "SAME_LOWER")),
        ["Conv of lines"] = With(Of("Conv", 17, x, Numbers(5, 3, 3)), ("pads", new[] { 1, 1 })),
        ["ConvTranspose"] = With(Of("ConvTranspose", 17, picture, Numbers(3, 4, 3, 3), Numbers(4)), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 1, 1, 1 }), ("output_padding", new[] { 1, 0 })),
        ["ConvTranspose, uneven"] = With(Of("ConvTranspose", 17, picture, Numbers(3, 2, 3, 3)), ("pads", new[] { 0, 1, 1, 0 })),
        ["ConvTranspose of lines"] = With(Of("ConvTranspose", 17, x, Numbers(3, 2, 3)), ("strides", new[] { 2 })),
        ["MaxPool"] = With(Of("MaxPool", picture), ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 0, 1, 0 })),
        ["MaxPool, uneven"] = With(Of("MaxPool", picture), ("kernel_shape", new[] { 3, 3 }), ("strides", new[] { 2, 2 }), ("pads", new[] { 0, 0, 1, 1 })),
        ["MaxPool, rounded up"] = With(Of("MaxPool", picture), ("kernel_shape", new[] { 2, 2 }), ("strides", new[] { 2, 2 }), ("ceil_mode", 1)),
        ["MaxPool of lines"] = With(Of("MaxPool", x), ("kernel_shape", new[] { 2 })),
        ["AveragePool"] = With(Of("AveragePool", picture), ("kernel_shape", new[] { 3, 2 }), ("strides", new[] { 2, 2 }), ("pads", new[] { 1, 0, 1, 0 })),
        ["AveragePool with padding"] = With(Of("AveragePool", picture), ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 1, 1, 1, 1 }), ("count_include_pad", 1)),
        ["AveragePool, uneven"] = With(Of("AveragePool", picture), ("kernel_shape", new[] { 3, 3 }), ("pads", new[] { 0, 1, 1, 0 })),
        ["AveragePool, same"] = With(Of("AveragePool", picture), ("kernel_shape", new[] { 2, 2 }), ("auto_pad", "SAME_UPPER")),
        ["GlobalAveragePool"] = Of("GlobalAveragePool", picture),
        ["GlobalMaxPool"] = Of("GlobalMaxPool", picture),
        ["BatchNormalization"] = With(Of("BatchNormalization", 17, picture, Numbers(3), Numbers(3), Numbers(3), Numbers(3).Abs() + 0.5), ("epsilon", 1e-3)),
        ["LayerNormalization"] = With(Of("LayerNormalization", 17, x, Numbers(4), Numbers(4)), ("epsilon", 1e-6)),
        ["LayerNormalization of two"] = With(Of("LayerNormalization", 17, x, y), ("axis", 1)),
        ["InstanceNormalization"] = Of("InstanceNormalization", 17, picture, Numbers(3), Numbers(3)),
        ["GroupNormalization"] = With(Of("GroupNormalization", 21, Numbers(2, 6, 4, 4), Numbers(6), Numbers(6)), ("num_groups", 3)),
        ["Dropout"] = Of("Dropout", x),

        // What exports compute of shapes and masks: integers and truth values.
        ["Trilu of truth"] = With(Of("Trilu", truths), ("upper", 0)),
        ["Slice of truth"] = Of("Slice", 17, truths, Ints(0), Ints(2), Ints(2)),
        ["Expand of truth"] = Of("Expand", 17, y > 0, Ints(2, 3, 4)),
        ["Transpose of truth"] = Of("Transpose", truths),
        ["Gather of truth"] = Of("Gather", 17, truths, Ints(1)),
        ["Gather of a shape"] = Of("Gather", 17, Ints(4, 5, 6), Int(1)),
        ["Unsqueeze of one"] = Of("Unsqueeze", 17, Int(3), Ints(0)),
        ["Squeeze of one"] = Of("Squeeze", 17, Ints(3), Ints(0)),
        ["Concat of integers"] = With(Of("Concat", 17, Ints(1), Ints(2, 3)), ("axis", 0)),
        ["Slice of a shape"] = Of("Slice", 17, Ints(4, 5, 6), Ints(-2), Ints(long.MaxValue)),
        ["Add of integers"] = Of("Add", 17, integers, Int(2)),
        ["Sub of int32"] = Of("Sub", 17, integers.To(DType.Int32), divisors.To(DType.Int32)),
        ["Mul of doubles"] = Of("Mul", 17, x.To(DType.Float64), y.To(DType.Float64)),
        ["Neg of integers"] = Of("Neg", integers),
        ["Abs of integers"] = Of("Abs", integers),
        ["Max of integers"] = Of("Max", 17, integers, divisors),
        ["ReduceProd of integers"] = With(Of("ReduceProd", integers), ("axes", new[] { 1 })),
        ["ReduceMax of integers"] = With(Of("ReduceMax", integers), ("keepdims", 0)),
        ["ReduceSum of one"] = Of("ReduceSum", Float(3)),
        ["Cast of one"] = With(Of("Cast", Float(2.7f)), ("to", 6)),
        ["Tile of integers"] = Of("Tile", 17, integers, Ints(2, 1)),
        ["Equal of one"] = Of("Equal", 17, Ints(-1, 3), Int(-1)),
        ["NonZero of truth"] = Of("NonZero", truths),
        ["Where of one"] = Of("Where", 17, y > 0, Float(0), Float(float.MinValue)),
        ["ArgMax of integers"] = With(Of("ArgMax", integers.To(DType.Int32)), ("axis", 1)),
        ["CumSum of int32"] = Of("CumSum", 17, integers.To(DType.Int32), Int(1)),
        ["ScatterND of integers"] = Of("ScatterND", 17, integers, Tensor.From(new long[] { 1 }, [1, 1]), Tensor.From(new long[] { 1, 2, 3 }, [1, 3])),
    };

    static Case Of(string op, int opset, params Tensor?[] inputs) => new(op, inputs, [], opset);

    static Case Of(string op, Tensor input, int opset = 17) => new(op, [input], [], opset);

    static Case With(Case of, params (string, object)[] attributes) => of with { Attributes = attributes };

    static Case Many(int outputs, Case of) => of with { Outputs = outputs };

    static ModelProto Model(Case tried)
    {
        var model = new ModelProto { IrVersion = 8, Graph = new GraphProto { Name = tried.Op } };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = tried.Opset });
        var node = new NodeProto { OpType = tried.Op };
        for (var i = 0; i < tried.Inputs.Length; i++)
        {
            node.Input.Add(tried.Inputs[i] is null ? "" : $"in{i}");
            if (tried.Inputs[i] is not { } input) continue;
            if (i > 0) model.Graph.Initializer.Add(OnnxTypes.Write($"in{i}", input));
            else model.Graph.Input.Add(new ValueInfoProto { Name = "in0", Type = Type(input) });
        }
        foreach (var (name, value) in tried.Attributes)
        {
            var attribute = new AttributeProto { Name = name };
            switch (value)
            {
                case double number: (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, (float)number); break;
                case int number: (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, number); break;
                case string text: (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text)); break;
                case Tensor tensor: (attribute.Type, attribute.T) = (AttributeProto.Types.AttributeType.Tensor, OnnxTypes.Write("", tensor)); break;
                default:
                    attribute.Type = AttributeProto.Types.AttributeType.Ints;
                    attribute.Ints.Add(((int[])value).Select(number => (long)number));
                    break;
            }
            node.Attribute.Add(attribute);
        }
        for (var i = 0; i < tried.Outputs; i++)
        {
            node.Output.Add($"out{i}");
            model.Graph.Output.Add(new ValueInfoProto { Name = $"out{i}" });
        }
        model.Graph.Node.Add(node);
        return model;
    }

    // The runtime needs the rank at least; sizes stay free, so that nothing is computed before.
    static TypeProto Type(Tensor input)
    {
        var shape = new TensorShapeProto();
        for (var i = 0; i < input.Rank; i++) shape.Dim.Add(new TensorShapeProto.Types.Dimension { DimParam = $"size{i}" });
        return new TypeProto { TensorType = new TypeProto.Types.Tensor { ElemType = (int)OnnxTypes.Of(input.DType), Shape = shape } };
    }

    public static TheoryData<string> Names => [.. cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operators_compute_what_ONNX_Runtime_computes(string name)
    {
        using var folder = new TempFolder();
        var tried = cases[name];
        folder.Write("node.onnx", Model(tried).ToByteArray());
        using var session = new RuntimeSession(folder["node.onnx"]);
        var expected = session.Run(tried.Inputs[0]!);
        var got = OnnxModel.Load(folder["node.onnx"]).Forward([tried.Inputs[0]!]);
        Assert.Equal(tried.Outputs, got.Count);
        for (var i = 0; i < got.Count; i++)
        {
            Assert.Equal((expected[i].Shape, expected[i].DType), (got[i].Shape, got[i].DType));
            Assert.True(expected[i].IsClose(got[i], 1e-4, 1e-5, equalNan: true).All().Item<bool>(), $"{name}: expected {expected[i]}, got {got[i]}");
        }
    }

    // Those with layers of their own, and values, are in whole files of PyTorch's.
    [Fact]
    public void Every_operator_is_tried() =>
        Assert.Equal(OnnxOperators.Names.Except(["Constant", "LSTM", "GRU", "RNN"]), cases.Values.Select(tried => tried.Op).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void The_documentation_lists_them()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Cresset.slnx"))) folder = Path.GetDirectoryName(folder)!;
        var section = File.ReadAllText(Path.Combine(folder, "docs", "onnx.md")).Split("## Operators that are imported")[1].Split("\n## ")[0];
        var listed = section.Split('\n').Where(line => line.StartsWith("| ", StringComparison.Ordinal)).SelectMany(line => line.Split('|')[2].Split('`').Where((_, i) => i % 2 == 1));
        Assert.Equal(OnnxOperators.Names, listed.Order(StringComparer.Ordinal));
    }

    // What a file names beside itself is neither looked for nor opened.
    [Fact]
    public void Values_in_other_files_are_refused()
    {
        using var folder = new TempFolder();
        folder.Write("secret", [1, 2, 3, 4]);
        var model = Model(cases["Add"]);
        var outside = new TensorProto { Name = "in1", DataType = 1, DataLocation = 1 };
        outside.Dims.Add(1);
        outside.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = "../" + Path.GetFileName(folder.Path) + "/secret" });
        model.Graph.Initializer.Clear();
        model.Graph.Initializer.Add(outside);
        folder.Write("node.onnx", model.ToByteArray());
        Assert.Contains("its values stand in another file, which is not read", Assert.Throws<FormatException>(() => OnnxModel.Load(folder["node.onnx"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(24)]
    public void Versions_that_are_not_known_are_refused(int opset)
    {
        using var folder = new TempFolder();
        folder.Write("node.onnx", Model(cases["Abs"] with { Opset = opset }).ToByteArray());
        Assert.Equal($"{folder["node.onnx"]}: the model is written for version {opset} of ONNX's operators; 7 to 23 are read", Assert.Throws<FormatException>(() => OnnxModel.Load(folder["node.onnx"])).Message);
    }

    [Fact]
    public void All_unknown_operators_are_named_in_one_error()
    {
        using var folder = new TempFolder();
        var model = Model(cases["Abs"]);
        foreach (var (domain, op) in (ReadOnlySpan<(string, string)>)[("", "NonMaxSuppression"), ("com.microsoft", "FusedConv"), ("", "Loop"), ("com.microsoft", "Relu"), ("", "Loop"), ("ai.onnx", "Relu")])
        {
            var node = new NodeProto { OpType = op, Domain = domain };
            node.Input.Add("in0");
            node.Output.Add($"unused{model.Graph.Node.Count}");
            model.Graph.Node.Add(node);
        }
        folder.Write("node.onnx", model.ToByteArray());
        var message = Assert.Throws<FormatException>(() => OnnxModel.Load(folder["node.onnx"])).Message;
        Assert.Equal($"{folder["node.onnx"]}: the model uses operators that Cresset does not import: Loop, NonMaxSuppression, com.microsoft.FusedConv, com.microsoft.Relu. docs/onnx.md lists those that it does", message);
    }

    [Theory]
    [InlineData("Resize to a size", "antialias", 1, "antialias")]
    [InlineData("Resize to a size", "coordinate_transformation_mode", "tf_crop_and_resize", "tf_crop_and_resize")]
    [InlineData("BatchNormalization", "training_mode", 1, "evaluation mode")]
    [InlineData("ScatterND", "reduction", "mul", "mul")]
    public void What_an_operator_cannot_do_is_refused_by_name(string name, string attribute, object value, string told)
    {
        using var folder = new TempFolder();
        var tried = cases[name];
        folder.Write("node.onnx", Model(tried with { Attributes = [.. tried.Attributes.Where(a => a.Name != attribute), (attribute, value)] }).ToByteArray());
        var message = Assert.Throws<ArgumentException>(() => OnnxModel.Load(folder["node.onnx"]).Forward([tried.Inputs[0]!])).Message;
        Assert.StartsWith($"{folder["node.onnx"]}: node 0 ({tried.Op} \"\"): ", message, StringComparison.Ordinal);
        Assert.Contains(told, message, StringComparison.Ordinal);
    }
}
