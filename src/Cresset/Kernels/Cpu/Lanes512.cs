using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Cresset.Kernels.Cpu;

// 512 bits of elements at once.
readonly unsafe struct Lanes512<T>(Vector512<T> v) : ILanes<Lanes512<T>, T> where T : unmanaged
{
    readonly Vector512<T> v = v;

    public static int Count => Vector512<T>.Count;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Load(T* source) => new(Vector512.Load(source));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Broadcast(T value) => new(Vector512.Create(value));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes512<T> lanes, T* target) => lanes.v.Store(target);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Sum(Lanes512<T> lanes)
    {
        var half = lanes.v.GetLower() + lanes.v.GetUpper();
        return Vector128.Sum(half.GetLower() + half.GetUpper());
    }
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> From(Scalar value) => new(Vector512.Create(value.As<T>()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator +(Lanes512<T> a, Lanes512<T> b) => new(a.v + b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator -(Lanes512<T> a, Lanes512<T> b) => new(a.v - b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator *(Lanes512<T> a, Lanes512<T> b) => new(a.v * b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator /(Lanes512<T> a, Lanes512<T> b) => new(a.v / b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator -(Lanes512<T> a) => new(-a.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator &(Lanes512<T> a, Lanes512<T> b) => new(a.v & b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator |(Lanes512<T> a, Lanes512<T> b) => new(a.v | b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> operator ^(Lanes512<T> a, Lanes512<T> b) => new(a.v ^ b.v);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Min(Lanes512<T> a, Lanes512<T> b) => new(Vector512.Min(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Max(Lanes512<T> a, Lanes512<T> b) => new(Vector512.Max(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Abs(Lanes512<T> a) => new(Vector512.Abs(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Sqrt(Lanes512<T> a) => new(Vector512.Sqrt(a.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Less(Lanes512<T> a, Lanes512<T> b) => new(Vector512.LessThan(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> LessOrEqual(Lanes512<T> a, Lanes512<T> b) => new(Vector512.LessThanOrEqual(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Equal(Lanes512<T> a, Lanes512<T> b) => new(Vector512.Equals(a.v, b.v));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Select(Lanes512<T> mask, Lanes512<T> a, Lanes512<T> b) => new(Vector512.ConditionalSelect(mask.v, a.v, b.v));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> MultiplyAdd(Lanes512<T> a, Lanes512<T> b, Lanes512<T> c) =>
        typeof(T) == typeof(float) ? new(Vector512.MultiplyAddEstimate(a.v.AsSingle(), b.v.AsSingle(), c.v.AsSingle()).As<float, T>())
        : typeof(T) == typeof(double) ? new(Vector512.MultiplyAddEstimate(a.v.AsDouble(), b.v.AsDouble(), c.v.AsDouble()).As<double, T>())
        : a * b + c;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Floor(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Floor(a.v.AsSingle())) : Of(Vector512.Floor(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Ceiling(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Ceiling(a.v.AsSingle())) : Of(Vector512.Ceiling(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Round(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Round(a.v.AsSingle())) : Of(Vector512.Round(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Truncate(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Truncate(a.v.AsSingle())) : Of(Vector512.Truncate(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Exp(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Exp(a.v.AsSingle())) : Of(Vector512.Exp(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Tanh(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(SingleMath.Tanh(a.v.AsSingle())) : ElementaryFunctions.Tanh(a);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Log(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Log(a.v.AsSingle())) : Of(Vector512.Log(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Sin(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Sin(a.v.AsSingle())) : Of(Vector512.Sin(a.v.AsDouble()));
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes512<T> Cos(Lanes512<T> a) => typeof(T) == typeof(float) ? Of(Vector512.Cos(a.v.AsSingle())) : Of(Vector512.Cos(a.v.AsDouble()));

    // The framework has no vector form of these: one lane after another.
    public static Lanes512<T> Pow(Lanes512<T> a, Lanes512<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Pow(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    public static Lanes512<T> Remainder(Lanes512<T> a, Lanes512<T> b)
    {
        var result = a.v;
        for (var i = 0; i < Count; i++) result = result.WithElement(i, LaneMath.Remainder(a.v.GetElement(i), b.v.GetElement(i)));
        return new(result);
    }

    static Lanes512<T> Of(Vector512<float> x) => new(x.As<float, T>());
    static Lanes512<T> Of(Vector512<double> x) => new(x.As<double, T>());
}
