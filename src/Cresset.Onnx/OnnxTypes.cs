using System.Runtime.InteropServices;
using Cresset.Onnx.Format;
using Google.Protobuf;
using static Cresset.Onnx.Format.TensorProto.Types;

namespace Cresset.Onnx;

/// <summary>Types and values, there and back.</summary>
static class OnnxTypes
{
    internal static DataType Of(DType dtype) => dtype switch
    {
        DType.Float32 => DataType.Float,
        DType.Float64 => DataType.Double,
        DType.Int32 => DataType.Int32,
        DType.Int64 => DataType.Int64,
        DType.UInt8 => DataType.Uint8,
        _ => DataType.Bool,
    };

    // float16 and bfloat16 are widened, small integers too.
    internal static DType Of(int type, string what) => (DataType)type switch
    {
        DataType.Float or DataType.Float16 or DataType.Bfloat16 => DType.Float32,
        DataType.Double => DType.Float64,
        DataType.Int32 or DataType.Int8 or DataType.Int16 or DataType.Uint16 => DType.Int32,
        DataType.Int64 or DataType.Uint32 or DataType.Uint64 => DType.Int64,
        DataType.Uint8 => DType.UInt8,
        DataType.Bool => DType.Bool,
        var other => throw new FormatException($"{what}: Cresset has no type for ONNX's {other}"),
    };

    internal static TensorProto Write(string name, Tensor tensor)
    {
        var proto = new TensorProto { Name = name, DataType = (int)Of(tensor.DType), RawData = UnsafeByteOperations.UnsafeWrap(TracedGraph.Bytes(tensor)) };
        for (var i = 0; i < tensor.Rank; i++) proto.Dims.Add(tensor.Size(i));
        return proto;
    }

    /// <summary>The values of a tensor in a file.</summary>
    /// <exception cref="FormatException">Its size is not that of its values, or its type is unknown.</exception>
    internal static Tensor Read(TensorProto proto, string what)
    {
        what = $"{what}, tensor \"{proto.Name}\"";
        if (proto.DataLocation != 0 || proto.ExternalData.Count > 0)
            throw new FormatException($"{what}: its values stand in another file, which is not read; save the model with its values in one file");
        if (proto.Dims.Count > Shape.MaxRank) throw new FormatException($"{what}: it has {proto.Dims.Count} dimensions, at most {Shape.MaxRank} can be read");
        var type = Of(proto.DataType, what);
        long count = 1;
        foreach (var size in proto.Dims)
        {
            if (size is < 0 or > int.MaxValue || (count *= size) > int.MaxValue) throw new FormatException($"{what}: its sizes {proto.Dims} are more than can be read");
        }
        Shape shape = [.. proto.Dims.Select(size => (int)size)];
        var stored = (DataType)proto.DataType;
        var raw = proto.RawData.Span;
        // Values of other types stand in fields of these.
        if (raw.IsEmpty && count > 0)
        {
            return stored switch
            {
                DataType.Float => Listed(proto.FloatData),
                DataType.Double => Listed(proto.DoubleData),
                DataType.Int64 => Listed(proto.Int64Data),
                DataType.Int32 or DataType.Int8 or DataType.Int16 or DataType.Uint16 or DataType.Uint8 or DataType.Bool => Listed(proto.Int32Data).To(type),
                DataType.Float16 => Tensor.From(Array.ConvertAll(Checked(proto.Int32Data), bits => (float)BitConverter.UInt16BitsToHalf((ushort)bits)), shape),
                DataType.Bfloat16 => Tensor.From(Array.ConvertAll(Checked(proto.Int32Data), bits => BitConverter.Int32BitsToSingle(bits << 16)), shape),
                _ => throw new FormatException($"{what}: expected raw values for {stored}"),
            };
        }
        return stored switch
        {
            DataType.Float => Raw<float>(raw),
            DataType.Double => Raw<double>(raw),
            DataType.Int64 => Raw<long>(raw),
            DataType.Int32 => Raw<int>(raw),
            DataType.Uint8 => Raw<byte>(raw),
            DataType.Bool => Raw<byte>(raw).To(DType.Bool),
            DataType.Int8 => Widened<sbyte, int>(raw, value => value),
            DataType.Int16 => Widened<short, int>(raw, value => value),
            DataType.Uint16 => Widened<ushort, int>(raw, value => value),
            DataType.Uint32 => Widened<uint, long>(raw, value => value),
            DataType.Uint64 => Widened<ulong, long>(raw, value => unchecked((long)value)),
            DataType.Float16 => Widened<Half, float>(raw, value => (float)value),
            DataType.Bfloat16 => Widened<ushort, float>(raw, value => BitConverter.Int32BitsToSingle(value << 16)),
            _ => throw new FormatException($"{what}: no way to read {stored}"),
        };

        T[] Checked<T>(IReadOnlyCollection<T> values) => values.Count == count ? [.. values] : throw new FormatException($"{what}: expected {count} values for its sizes {proto.Dims}, got {values.Count}");

        Tensor Listed<T>(IReadOnlyCollection<T> values) where T : unmanaged => Tensor.From(Checked(values), shape);

        // ONNX's files are little-endian, as all machines that .NET runs on.
        ReadOnlySpan<T> Values<T>(ReadOnlySpan<byte> bytes) where T : unmanaged =>
            bytes.Length == count * Marshal.SizeOf<T>() ? MemoryMarshal.Cast<byte, T>(bytes)
                : throw new FormatException($"{what}: expected {count} values of {stored} for its sizes {proto.Dims}, got {bytes.Length} bytes");

        Tensor Raw<T>(ReadOnlySpan<byte> bytes) where T : unmanaged => Tensor.From(Values<T>(bytes), shape);

        Tensor Widened<T, TWide>(ReadOnlySpan<byte> bytes, Func<T, TWide> widen) where T : unmanaged where TWide : unmanaged =>
            Tensor.From(Array.ConvertAll(Values<T>(bytes).ToArray(), value => widen(value)), shape);
    }
}
