using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// 256 bits of elements at once.
readonly unsafe struct Lanes256<T>(Vector256<T> v) : ILanes<Lanes256<T>, T> where T : unmanaged
{
    readonly Vector256<T> v = v;

    public static int Count => Vector256<T>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Load(T* source) => new(Vector256.Load(source));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Broadcast(T value) => new(Vector256.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes256<T> lanes, T* target) => lanes.v.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Lanes256<T> lanes) => Vector128.Sum(lanes.v.GetLower() + lanes.v.GetUpper());
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> From(Scalar value) => new(Vector256.Create(value.As<T>()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator +(Lanes256<T> a, Lanes256<T> b) => new(a.v + b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator -(Lanes256<T> a, Lanes256<T> b) => new(a.v - b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator *(Lanes256<T> a, Lanes256<T> b) => new(a.v * b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator /(Lanes256<T> a, Lanes256<T> b) => new(a.v / b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator -(Lanes256<T> a) => new(-a.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator &(Lanes256<T> a, Lanes256<T> b) => new(a.v & b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator |(Lanes256<T> a, Lanes256<T> b) => new(a.v | b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> operator ^(Lanes256<T> a, Lanes256<T> b) => new(a.v ^ b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Min(Lanes256<T> a, Lanes256<T> b) => new(Vector256.Min(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Max(Lanes256<T> a, Lanes256<T> b) => new(Vector256.Max(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Abs(Lanes256<T> a) => new(Vector256.Abs(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Sqrt(Lanes256<T> a) => new(Vector256.Sqrt(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Less(Lanes256<T> a, Lanes256<T> b) => new(Vector256.LessThan(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> LessOrEqual(Lanes256<T> a, Lanes256<T> b) => new(Vector256.LessThanOrEqual(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Equal(Lanes256<T> a, Lanes256<T> b) => new(Vector256.Equals(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Select(Lanes256<T> mask, Lanes256<T> a, Lanes256<T> b) => new(Vector256.ConditionalSelect(mask.v, a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> MultiplyAdd(Lanes256<T> a, Lanes256<T> b, Lanes256<T> c) =>
        typeof(T) == typeof(float) ? new(Vector256.MultiplyAddEstimate(a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
        : typeof(T) == typeof(double) ? new(Vector256.MultiplyAddEstimate(a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>())
        : a * b + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Floor(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Floor(a.v.AsSingle())) : Of(Vector256.Floor(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Ceiling(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Ceiling(a.v.AsSingle())) : Of(Vector256.Ceiling(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Round(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Round(a.v.AsSingle())) : Of(Vector256.Round(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Truncate(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Truncate(a.v.AsSingle())) : Of(Vector256.Truncate(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Exp(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Exp(a.v.AsSingle())) : Of(Vector256.Exp(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Tanh(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Tanh(a.v.AsSingle())) : ElementaryFunctions.Tanh(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Log(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Log(a.v.AsSingle())) : Of(Vector256.Log(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Sin(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Sin(a.v.AsSingle())) : Of(Vector256.Sin(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes256<T> Cos(Lanes256<T> a) => typeof(T) == typeof(float) ? Of(Vector256.Cos(a.v.AsSingle())) : Of(Vector256.Cos(a.v.AsDouble()));

    // The framework has no vector form of these: one lane after another.
    public static Lanes256<T> Pow(Lanes256<T> a, Lanes256<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Pow(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    public static Lanes256<T> Remainder(Lanes256<T> a, Lanes256<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Remainder(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    static Lanes256<T> Of(Vector256<float> x) => new(x.As<float, T>());
    static Lanes256<T> Of(Vector256<double> x) => new(x.As<double, T>());
}
