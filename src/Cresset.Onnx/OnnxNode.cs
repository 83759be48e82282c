using Cresset.Onnx.Format;
using static Cresset.Onnx.Format.AttributeProto.Types;

namespace Cresset.Onnx;

/// <summary>Computes a node's outputs.</summary>
delegate Tensor[] OnnxOperator(OnnxCall call);

/// <summary>A node of a file: its operator, the names that it connects, its attributes.</summary>
sealed class OnnxNode
{
    readonly Dictionary<string, AttributeProto> attributes = [];
    readonly string[] inputs;

    internal OnnxNode(NodeProto proto, long opset, string place)
    {
        (Op, Name, Opset, Place) = (proto.OpType, proto.Name, opset, place);
        inputs = [.. proto.Input];
        Outputs = [.. proto.Output];
        foreach (var attribute in proto.Attribute)
            if (!attributes.TryAdd(attribute.Name, attribute)) throw new FormatException($"{place}: the attribute \"{attribute.Name}\" stands there twice");
        if (Outputs.Count == 0) throw new FormatException($"{place} has no output");
    }

    internal string Op { get; }

    internal string Name { get; }

    internal long Opset { get; }

    /// <summary>File and node, for messages.</summary>
    internal string Place { get; }

    internal IReadOnlyList<string> Inputs => inputs;

    internal IReadOnlyList<string> Outputs { get; }

    internal void ForgetInputs(params ReadOnlySpan<int> places)
    {
        foreach (var place in places)
            if (place < inputs.Length) inputs[place] = "";
    }

    AttributeProto? Find(string name, AttributeType type)
    {
        if (!attributes.TryGetValue(name, out var attribute)) return null;
        // Some writers leave the type out.
        if (attribute.Type != type && attribute.Type != AttributeType.Undefined) throw new FormatException($"{Place}: expected the attribute \"{name}\" to be {type}, got {attribute.Type}");
        return attribute;
    }

    internal bool Has(string name) => attributes.ContainsKey(name);

    internal long Int(string name, long otherwise) => Find(name, AttributeType.Int)?.I ?? otherwise;

    internal int Dim(string name, long otherwise)
    {
        var value = Int(name, otherwise);
        return value is >= -Shape.MaxRank and <= Shape.MaxRank ? (int)value : throw new FormatException($"{Place}: expected a dimension for \"{name}\", got {value}");
    }

    internal bool Flag(string name, bool otherwise) => Int(name, otherwise ? 1 : 0) != 0;

    internal double Float(string name, double otherwise) => Find(name, AttributeType.Float)?.F ?? otherwise;

    internal string Text(string name, string otherwise) => Find(name, AttributeType.String)?.S?.ToStringUtf8() ?? otherwise;

    internal int[]? Ints(string name) => Find(name, AttributeType.Ints) is { } attribute ? [.. attribute.Ints.Select(Whole)] : null;

    internal string[]? Texts(string name) => Find(name, AttributeType.Strings) is { } attribute ? [.. attribute.Strings.Select(text => text.ToStringUtf8())] : null;

    internal Tensor? Value(string name) => Find(name, AttributeType.Tensor)?.T is { } tensor ? OnnxTypes.Read(tensor, Place) : null;

    int Whole(long value) => value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new FormatException($"{Place}: the number {value} is too large");

    /// <summary>The value of a node Constant.</summary>
    internal Tensor ConstantValue()
    {
        if (Value("value") is { } tensor) return tensor;
        if (Find("value_int", AttributeType.Int) is { } integer) return Tensor.From(integer.I, DType.Int64);
        if (Find("value_ints", AttributeType.Ints) is { } integers) return Tensor.From<long>([.. integers.Ints]);
        if (Find("value_float", AttributeType.Float) is { } number) return Tensor.From(number.F);
        if (Find("value_floats", AttributeType.Floats) is { } numbers) return Tensor.From<float>([.. numbers.Floats]);
        throw new FormatException($"{Place}: expected a tensor or numbers as value");
    }
}

/// <summary>A node with the tensors that it is given.</summary>
sealed class OnnxCall(OnnxNode node, Tensor?[] inputs)
{
    internal OnnxNode Node => node;

    /// <summary>An input that has to be there.</summary>
    internal Tensor this[int index] => Optional(index) ?? throw new ArgumentException($"{node.Op}: expected an input {index}, got {inputs.Length} inputs");

    internal Tensor? Optional(int index) => index < inputs.Length ? inputs[index] : null;

    internal IReadOnlyList<Tensor> All => [.. inputs.Select((input, i) => this[i])];

    /// <summary>Integers that an attribute told in old versions, and an input tells since; null where neither is there.</summary>
    internal int[]? Integers(string attribute, int input) => node.Ints(attribute) ?? (Optional(input) is { } tensor ? Read(tensor) : null);

    /// <summary>The values of a tensor of integers, such as a shape.</summary>
    internal static int[] Read(Tensor tensor) => [.. tensor.To(DType.Int64).Reshape(-1).ToArray<long>().Select(value => (int)Math.Clamp(value, int.MinValue, int.MaxValue))];

    internal static double[] ReadNumbers(Tensor tensor) => tensor.To(DType.Float64).Reshape(-1).ToArray<double>();
}
