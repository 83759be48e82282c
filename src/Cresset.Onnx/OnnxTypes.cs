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
}
