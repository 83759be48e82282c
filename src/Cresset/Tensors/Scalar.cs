using System.Globalization;
using System.Runtime.CompilerServices;

namespace Cresset;

/// <summary>A number beside a tensor, as in <c>x * 2</c> or <c>x.ClampMin(0.5)</c>. It takes the tensor's type wherever
/// the tensor's kind can hold it: an integer keeps a float32 tensor float32, a fraction turns an int64 tensor into
/// float32. PyTorch: a Python number.</summary>
public readonly struct Scalar : IEquatable<Scalar>
{
    readonly double floating;
    readonly long integer;

    Scalar(double floating, long integer, DType dtype)
    {
        this.floating = floating;
        this.integer = integer;
        DType = dtype;
    }

    /// <summary>Bool, Int64 or Float64: the kind of number that was written.</summary>
    public DType DType { get; }

    /// <summary>The value as floating point.</summary>
    public double ToDouble() => floating;

    /// <summary>The value as an integer, truncated towards zero.</summary>
    public long ToInt64() => integer;

    /// <summary>From an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Scalar(int value) => new(value, value, DType.Int64);

    /// <summary>From an integer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Scalar(long value) => new(value, value, DType.Int64);

    /// <summary>From a floating-point number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Scalar(float value) => new(value, (long)value, DType.Float64);

    /// <summary>From a floating-point number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Scalar(double value) => new(value, (long)value, DType.Float64);

    /// <summary>From a truth value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static implicit operator Scalar(bool value) => new(value ? 1 : 0, value ? 1 : 0, DType.Bool);

    // A kernel's element type, from the number; the JIT keeps one branch.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal T As<T>() where T : unmanaged
    {
        if (typeof(T) == typeof(float)) { var v = (float)floating; return Unsafe.BitCast<float, T>(v); }
        if (typeof(T) == typeof(double)) return Unsafe.BitCast<double, T>(floating);
        if (typeof(T) == typeof(int)) return Unsafe.BitCast<int, T>((int)integer);
        if (typeof(T) == typeof(long)) return Unsafe.BitCast<long, T>(integer);
        if (typeof(T) == typeof(byte)) return Unsafe.BitCast<byte, T>((byte)integer);
        return Unsafe.BitCast<bool, T>(floating != 0);
    }

    /// <inheritdoc/>
    public bool Equals(Scalar other) => DType == other.DType && floating.Equals(other.floating) && integer == other.integer;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Scalar other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(floating, integer, DType);

    /// <summary>Same kind and value.</summary>
    public static bool operator ==(Scalar left, Scalar right) => left.Equals(right);

    /// <summary>Another kind or value.</summary>
    public static bool operator !=(Scalar left, Scalar right) => !left.Equals(right);

    /// <inheritdoc/>
    public override string ToString() => DType switch
    {
        DType.Bool => integer != 0 ? "true" : "false",
        DType.Int64 => integer.ToString(CultureInfo.InvariantCulture),
        _ => floating.ToString(CultureInfo.InvariantCulture),
    };
}
