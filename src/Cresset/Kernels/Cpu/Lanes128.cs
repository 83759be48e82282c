using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// 128 bits of elements at once.
readonly unsafe struct Lanes128<T>(Vector128<T> v) : ILanes<Lanes128<T>, T> where T : unmanaged
{
    readonly Vector128<T> v = v;

    public static int Count => Vector128<T>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Load(T* source) => new(Vector128.Load(source));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Broadcast(T value) => new(Vector128.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes128<T> lanes, T* target) => lanes.v.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Lanes128<T> lanes) => Vector128.Sum(lanes.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> From(Scalar value) => new(Vector128.Create(value.As<T>()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator +(Lanes128<T> a, Lanes128<T> b) => new(a.v + b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator -(Lanes128<T> a, Lanes128<T> b) => new(a.v - b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator *(Lanes128<T> a, Lanes128<T> b) => new(a.v * b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator /(Lanes128<T> a, Lanes128<T> b) => new(a.v / b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator -(Lanes128<T> a) => new(-a.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator &(Lanes128<T> a, Lanes128<T> b) => new(a.v & b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator |(Lanes128<T> a, Lanes128<T> b) => new(a.v | b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> operator ^(Lanes128<T> a, Lanes128<T> b) => new(a.v ^ b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Min(Lanes128<T> a, Lanes128<T> b) => new(Vector128.Min(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Max(Lanes128<T> a, Lanes128<T> b) => new(Vector128.Max(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Abs(Lanes128<T> a) => new(Vector128.Abs(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Sqrt(Lanes128<T> a) => new(Vector128.Sqrt(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Less(Lanes128<T> a, Lanes128<T> b) => new(Vector128.LessThan(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> LessOrEqual(Lanes128<T> a, Lanes128<T> b) => new(Vector128.LessThanOrEqual(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Equal(Lanes128<T> a, Lanes128<T> b) => new(Vector128.Equals(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Select(Lanes128<T> mask, Lanes128<T> a, Lanes128<T> b) => new(Vector128.ConditionalSelect(mask.v, a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> MultiplyAdd(Lanes128<T> a, Lanes128<T> b, Lanes128<T> c) =>
        typeof(T) == typeof(float) ? new(Vector128.MultiplyAddEstimate(a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
        : typeof(T) == typeof(double) ? new(Vector128.MultiplyAddEstimate(a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>())
        : a * b + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Floor(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Floor(a.v.AsSingle())) : Of(Vector128.Floor(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Ceiling(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Ceiling(a.v.AsSingle())) : Of(Vector128.Ceiling(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Round(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Round(a.v.AsSingle())) : Of(Vector128.Round(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Truncate(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Truncate(a.v.AsSingle())) : Of(Vector128.Truncate(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Exp(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Exp(a.v.AsSingle())) : Of(Vector128.Exp(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Tanh(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Tanh(a.v.AsSingle())) : ElementaryFunctions.Tanh(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Log(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Log(a.v.AsSingle())) : Of(Vector128.Log(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Sin(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Sin(a.v.AsSingle())) : Of(Vector128.Sin(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes128<T> Cos(Lanes128<T> a) => typeof(T) == typeof(float) ? Of(Vector128.Cos(a.v.AsSingle())) : Of(Vector128.Cos(a.v.AsDouble()));

    // The framework has no vector form of these: one lane after another.
    public static Lanes128<T> Pow(Lanes128<T> a, Lanes128<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Pow(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    public static Lanes128<T> Remainder(Lanes128<T> a, Lanes128<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Remainder(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    static Lanes128<T> Of(Vector128<float> x) => new(x.As<float, T>());
    static Lanes128<T> Of(Vector128<double> x) => new(x.As<double, T>());
}
