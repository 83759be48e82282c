using System.Runtime.InteropServices;
using Google.Protobuf;

namespace Cresset.Benchmarks;

/// <summary>An ONNX model made in memory, field by field as onnx.proto numbers them
/// (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).</summary>
sealed class OnnxModel
{
    const int Float = 1, Int64 = 7;

    readonly List<byte[]> nodes = [], initializers = [];
    int names;

    /// <summary>A node of one output.</summary>
    /// <returns>The output's name.</returns>
    public string Add(string type, string[] inputs, params (string Name, object Value)[] attributes)
    {
        var output = $"{type}_{++names}";
        nodes.Add(Message(node =>
        {
            foreach (var input in inputs) Text(node, 1, input);
            Text(node, 2, output);
            Text(node, 4, type);
            foreach (var (name, value) in attributes)
                Nested(node, 5, Message(attribute =>
                {
                    Text(attribute, 1, name);
                    switch (value)
                    {
                        case float number:
                            attribute.WriteTag(2, WireFormat.WireType.Fixed32);
                            attribute.WriteFloat(number);
                            Number(attribute, 20, 1);
                            break;
                        case int number:
                            Number(attribute, 3, number);
                            Number(attribute, 20, 2);
                            break;
                        case int[] numbers:
                            foreach (var number in numbers) Number(attribute, 8, number);
                            Number(attribute, 20, 7);
                            break;
                        default: throw new ArgumentException($"no attribute of type {value.GetType()}");
                    }
                }));
        }));
        return output;
    }

    /// <summary>Numbers that the model holds.</summary>
    /// <returns>Their name.</returns>
    public string Constant(float[] values, params int[] shape) => Initializer(Float, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), shape);

    /// <inheritdoc cref="Constant(float[], int[])"/>
    public string Constant(params long[] values) => Initializer(Int64, MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), [values.Length]);

    string Initializer(int type, byte[] bytes, int[] shape)
    {
        var name = $"constant_{++names}";
        initializers.Add(Message(tensor =>
        {
            foreach (var size in shape) Number(tensor, 1, size);
            Number(tensor, 2, type);
            Text(tensor, 8, name);
            tensor.WriteTag(9, WireFormat.WireType.LengthDelimited);
            tensor.WriteBytes(ByteString.CopyFrom(bytes));
        }));
        return name;
    }

    /// <summary>The model's bytes.</summary>
    public byte[] Build(IEnumerable<(string Name, int[] Shape)> inputs, string output) => Message(model =>
    {
        Number(model, 1, 8);
        Nested(model, 8, Message(opset => Number(opset, 2, 17)));
        Nested(model, 7, Message(graph =>
        {
            foreach (var node in nodes) Nested(graph, 1, node);
            Text(graph, 2, "benchmark");
            foreach (var initializer in initializers) Nested(graph, 5, initializer);
            foreach (var (name, shape) in inputs) Nested(graph, 11, Value(name, shape));
            Nested(graph, 12, Value(output, null));
        }));
    });

    static byte[] Value(string name, int[]? shape) => Message(value =>
    {
        Text(value, 1, name);
        Nested(value, 2, Message(type => Nested(type, 1, Message(tensor =>
        {
            Number(tensor, 1, Float);
            if (shape is null) return;
            Nested(tensor, 2, Message(sizes =>
            {
                foreach (var size in shape) Nested(sizes, 1, Message(dimension => Number(dimension, 1, size)));
            }));
        }))));
    });

    static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var stream = new CodedOutputStream(bytes, leaveOpen: true)) write(stream);
        return bytes.ToArray();
    }

    static void Number(CodedOutputStream stream, int field, long value)
    {
        stream.WriteTag(field, WireFormat.WireType.Varint);
        stream.WriteInt64(value);
    }

    static void Text(CodedOutputStream stream, int field, string value)
    {
        stream.WriteTag(field, WireFormat.WireType.LengthDelimited);
        stream.WriteString(value);
    }

    static void Nested(CodedOutputStream stream, int field, byte[] message)
    {
        stream.WriteTag(field, WireFormat.WireType.LengthDelimited);
        stream.WriteBytes(ByteString.CopyFrom(message));
    }
}
