using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Cresset.Serialization;

// The element types of PyTorch's storages, by the names of their classes: torch.FloatStorage, ...
enum TorchType
{
    Float,
    Double,
    Half,
    BFloat16,
    Long,
    Int,
    Short,
    Char,
    Byte,
    Bool,
}

static class TorchTypes
{
    const string Prefix = "torch.";
    const string Suffix = "Storage";

    /// <summary>The type whose storages have this class; null for any other name.</summary>
    internal static TorchType? OfStorage(string name)
    {
        foreach (var type in Enum.GetValues<TorchType>())
            if (type.StorageName() == name) return type;
        return null;
    }

    internal static string StorageName(this TorchType type) => $"{Prefix}{type}{Suffix}";

    internal static int Size(this TorchType type) => type switch
    {
        TorchType.Double or TorchType.Long => 8,
        TorchType.Float or TorchType.Int => 4,
        TorchType.Half or TorchType.BFloat16 or TorchType.Short => 2,
        _ => 1,
    };

    /// <summary>The type that holds the same values here: types that Cresset does not have are widened.</summary>
    internal static DType DType(this TorchType type) => type switch
    {
        TorchType.Float or TorchType.Half or TorchType.BFloat16 => Cresset.DType.Float32,
        TorchType.Double => Cresset.DType.Float64,
        TorchType.Long => Cresset.DType.Int64,
        TorchType.Int or TorchType.Short or TorchType.Char => Cresset.DType.Int32,
        TorchType.Byte => Cresset.DType.UInt8,
        _ => Cresset.DType.Bool,
    };

    internal static TorchType Of(DType dtype) => dtype switch
    {
        Cresset.DType.Bool => TorchType.Bool,
        Cresset.DType.UInt8 => TorchType.Byte,
        Cresset.DType.Int32 => TorchType.Int,
        Cresset.DType.Int64 => TorchType.Long,
        Cresset.DType.Float32 => TorchType.Float,
        _ => TorchType.Double,
    };

    /// <summary>Turns big-endian elements into little-endian ones, in place.</summary>
    internal static void SwapBytes(this TorchType type, Span<byte> bytes)
    {
        var longs = MemoryMarshal.Cast<byte, long>(bytes);
        var integers = MemoryMarshal.Cast<byte, int>(bytes);
        var shorts = MemoryMarshal.Cast<byte, short>(bytes);
        switch (type.Size())
        {
            case 8: BinaryPrimitives.ReverseEndianness(longs, longs); break;
            case 4: BinaryPrimitives.ReverseEndianness(integers, integers); break;
            case 2: BinaryPrimitives.ReverseEndianness(shorts, shorts); break;
        }
    }

    /// <summary>Writes elements of this type as those of <see cref="DType(TorchType)"/>.</summary>
    internal static void Widen(this TorchType type, ReadOnlySpan<byte> source, Span<byte> target)
    {
        switch (type)
        {
            case TorchType.Half:
                TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), MemoryMarshal.Cast<byte, float>(target));
                break;
            case TorchType.BFloat16:
                // The upper half of a float32.
                var halves = MemoryMarshal.Cast<byte, ushort>(source);
                var words = MemoryMarshal.Cast<byte, uint>(target);
                for (var i = 0; i < halves.Length; i++) words[i] = (uint)halves[i] << 16;
                break;
            case TorchType.Short:
                var shorts = MemoryMarshal.Cast<byte, short>(source);
                var integers = MemoryMarshal.Cast<byte, int>(target);
                for (var i = 0; i < shorts.Length; i++) integers[i] = shorts[i];
                break;
            case TorchType.Char:
                var wide = MemoryMarshal.Cast<byte, int>(target);
                for (var i = 0; i < source.Length; i++) wide[i] = (sbyte)source[i];
                break;
            default:
                source.CopyTo(target);
                break;
        }
    }
}
