using System.Buffers;
using System.Buffers.Binary;
using System.Collections;
using System.Numerics;
using System.Text;

namespace Cresset.Serialization;

// Writes an object as the pickle of a checkpoint, with the instructions that PyTorch's careful reader (weights_only) knows.
sealed class Pickler
{
    const int Deepest = 64;

    readonly ArrayBufferWriter<byte> pickle = new();
    readonly List<Tensor> storages = [];
    // A tensor that is met twice, as tied weights are, keeps one storage.
    readonly Dictionary<(Storage, string), int> keys = [];

    internal Pickler(object? content)
    {
        pickle.Write<byte>([0x80, 2]);
        Write(content, "the content", 0);
        Code('.');
    }

    internal ReadOnlySpan<byte> Bytes => pickle.WrittenSpan;

    /// <summary>The values of the storages, contiguous, by their keys.</summary>
    internal IReadOnlyList<Tensor> Storages => storages;

    void Write(object? value, string place, int depth)
    {
        if (depth > Deepest) throw new ArgumentException($"TorchCheckpoint.Save: {place} lies more than {Deepest} deep, or its container holds itself");
        switch (value)
        {
            case null: Code('N'); break;
            case bool truth: pickle.Write<byte>([(byte)(truth ? 0x88 : 0x89)]); break;
            case int integer: Integer(integer); break;
            case long integer: Integer(integer); break;
            case float number: Number(number); break;
            case double number: Number(number); break;
            case string text: Text(text); break;
            case Tensor tensor: Write(tensor); break;
            case IDictionary dictionary:
                Code('}');
                Code('(');
                foreach (DictionaryEntry entry in dictionary)
                {
                    if (entry.Key is not (bool or int or long or float or double or string)) throw Unknown(entry.Key, $"a key of {place}");
                    Write(entry.Key, place, depth);
                    Write(entry.Value, $"{place}[{entry.Key}]", depth + 1);
                }
                Code('u');
                break;
            case IEnumerable list:
                Code(']');
                Code('(');
                var index = 0;
                foreach (var item in list) Write(item, $"{place}[{index++}]", depth + 1);
                Code('e');
                break;
            default: throw Unknown(value, place);
        }
    }

    static ArgumentException Unknown(object value, string place) =>
        new($"TorchCheckpoint.Save: {place} is a {value.GetType().Name}; expected a tensor, null, a bool, int, long, float, double or string, or a dictionary or list of them");

    void Code(char code) => pickle.Write<byte>([(byte)code]);

    void Integer(long value)
    {
        if (value is >= int.MinValue and <= int.MaxValue)
        {
            Code('J');
            Span<byte> bytes = stackalloc byte[4];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, (int)value);
            pickle.Write(bytes);
        }
        else
        {
            var bytes = new BigInteger(value).ToByteArray();
            pickle.Write<byte>([0x8a, (byte)bytes.Length]);
            pickle.Write(bytes);
        }
    }

    void Number(double value)
    {
        Code('G');
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        pickle.Write(bytes);
    }

    void Text(string text)
    {
        Code('X');
        var encoded = Encoding.UTF8.GetBytes(text);
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, encoded.Length);
        pickle.Write(length);
        pickle.Write(encoded);
    }

    void Name(string module, string name) => pickle.Write(Encoding.ASCII.GetBytes($"c{module}\n{name}\n"));

    // torch._utils._rebuild_tensor_v2(storage, offset, sizes, strides, requires_grad, hooks)
    void Write(Tensor tensor)
    {
        var layout = tensor.Layout;
        var same = (tensor.Storage, $"{layout.Offset} {tensor.Shape} {Shape.Format(layout.Strides)} {tensor.DType}");
        if (!keys.TryGetValue(same, out var key))
        {
            key = storages.Count;
            keys.Add(same, key);
            storages.Add(tensor.Detach().Contiguous());
        }
        Name("torch._utils", "_rebuild_tensor_v2");
        Code('(');
        Code('(');
        Text("storage");
        Name("torch", $"{TorchTypes.Of(tensor.DType)}Storage");
        Text(key.ToString(System.Globalization.CultureInfo.InvariantCulture));
        Text("cpu");
        Integer(tensor.ElementCount);
        Code('t');
        Code('Q');
        Integer(0);
        Tuple(tensor.Shape.AsSpan());
        Tuple(new Layout(tensor.Shape).Strides);
        pickle.Write<byte>([0x89]);
        Name("collections", "OrderedDict");
        Code(')');
        Code('R');
        Code('t');
        Code('R');
    }

    void Tuple(ReadOnlySpan<int> numbers)
    {
        Code('(');
        foreach (var number in numbers) Integer(number);
        Code('t');
    }
}
