namespace Cresset;

/// <summary>The type of a tensor's elements.</summary>
public enum DType
{
    /// <summary>One byte, 0 or 1. PyTorch: <c>torch.bool</c>.</summary>
    Bool,

    /// <summary>Unsigned 8-bit integer. PyTorch: <c>torch.uint8</c>.</summary>
    UInt8,

    /// <summary>Signed 32-bit integer. PyTorch: <c>torch.int32</c>.</summary>
    Int32,

    /// <summary>Signed 64-bit integer, the type of indices and of integer sums. PyTorch: <c>torch.int64</c>.</summary>
    Int64,

    /// <summary>32-bit IEEE floating point, the default. PyTorch: <c>torch.float32</c>.</summary>
    Float32,

    /// <summary>64-bit IEEE floating point. PyTorch: <c>torch.float64</c>.</summary>
    Float64,
}

/// <summary>What is known of each <see cref="DType"/>, and how two of them combine.</summary>
public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this DType dtype) => dtype switch
    {
        DType.Bool or DType.UInt8 => 1,
        DType.Int32 or DType.Float32 => 4,
        DType.Int64 or DType.Float64 => 8,
        _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "not a DType"),
    };

    /// <summary>True for <see cref="DType.Float32"/> and <see cref="DType.Float64"/>: the types that have gradients.</summary>
    public static bool IsFloatingPoint(this DType dtype) => dtype >= DType.Float32;

    /// <summary>The type that holds the values of both: bool, then integers, then floating point; within a kind the wider
    /// one. PyTorch: <c>torch.promote_types</c>.</summary>
    // The enum is ordered so that the promotion of every pair is the larger of the two.
    public static DType Promote(DType a, DType b) => a > b ? a : b;

    /// <summary>The <see cref="DType"/> of a .NET element type.</summary>
    /// <exception cref="ArgumentException">The type is none of float, double, int, long, byte, bool.</exception>
    public static DType Of<T>() where T : unmanaged =>
        typeof(T) == typeof(float) ? DType.Float32
        : typeof(T) == typeof(double) ? DType.Float64
        : typeof(T) == typeof(int) ? DType.Int32
        : typeof(T) == typeof(long) ? DType.Int64
        : typeof(T) == typeof(byte) ? DType.UInt8
        : typeof(T) == typeof(bool) ? DType.Bool
        : throw new ArgumentException($"a tensor's elements are float, double, int, long, byte or bool, not {typeof(T).Name}");

    /// <summary>PyTorch's name of the type: <c>float32</c>, <c>int64</c>, ...</summary>
    public static string Name(this DType dtype) => dtype switch
    {
        DType.Bool => "bool",
        DType.UInt8 => "uint8",
        DType.Int32 => "int32",
        DType.Int64 => "int64",
        DType.Float32 => "float32",
        DType.Float64 => "float64",
        _ => dtype.ToString(),
    };

    // Bool, integer or floating point: what decides when a number or a 0-d tensor meets a tensor.
    internal static int Category(this DType dtype) => dtype.IsFloatingPoint() ? 2 : dtype == DType.Bool ? 0 : 1;
}
