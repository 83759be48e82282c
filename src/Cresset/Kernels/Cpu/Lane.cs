using System.Numerics;

namespace Cresset.Kernels.Cpu;

// One number as lanes, for the few places that combine single values: sums of blocks. Only what reductions combine with
// is needed often; the rest follows the vectors' definitions.
readonly struct Lane<T>(T value) : ILanes<Lane<T>> where T : unmanaged, INumber<T>
{
    internal readonly T Value = value;

    static T All => T.CreateTruncating(-1);

    public static Lane<T> From(Scalar value) => new(value.As<T>());
    public static Lane<T> operator +(Lane<T> a, Lane<T> b) => new(a.Value + b.Value);
    public static Lane<T> operator -(Lane<T> a, Lane<T> b) => new(a.Value - b.Value);
    public static Lane<T> operator *(Lane<T> a, Lane<T> b) => new(a.Value * b.Value);
    public static Lane<T> operator /(Lane<T> a, Lane<T> b) => new(a.Value / b.Value);
    public static Lane<T> operator -(Lane<T> a) => new(-a.Value);
    public static Lane<T> operator &(Lane<T> a, Lane<T> b) => Bits(a, b, static (x, y) => x & y);
    public static Lane<T> operator |(Lane<T> a, Lane<T> b) => Bits(a, b, static (x, y) => x | y);
    public static Lane<T> operator ^(Lane<T> a, Lane<T> b) => Bits(a, b, static (x, y) => x ^ y);
    public static Lane<T> MultiplyAdd(Lane<T> a, Lane<T> b, Lane<T> c) => new(a.Value * b.Value + c.Value);
    public static Lane<T> Min(Lane<T> a, Lane<T> b) => new(T.Min(a.Value, b.Value));
    public static Lane<T> Max(Lane<T> a, Lane<T> b) => new(T.Max(a.Value, b.Value));
    public static Lane<T> Abs(Lane<T> a) => new(T.Abs(a.Value));
    public static Lane<T> Sqrt(Lane<T> a) => Apply(a, Math.Sqrt);
    public static Lane<T> Floor(Lane<T> a) => Apply(a, Math.Floor);
    public static Lane<T> Ceiling(Lane<T> a) => Apply(a, Math.Ceiling);
    public static Lane<T> Round(Lane<T> a) => Apply(a, Math.Round);
    public static Lane<T> Truncate(Lane<T> a) => Apply(a, Math.Truncate);
    public static Lane<T> Exp(Lane<T> a) => Apply(a, Math.Exp);
    public static Lane<T> Tanh(Lane<T> a) => Apply(a, Math.Tanh);
    public static Lane<T> Log(Lane<T> a) => Apply(a, Math.Log);
    public static Lane<T> Sin(Lane<T> a) => Apply(a, Math.Sin);
    public static Lane<T> Cos(Lane<T> a) => Apply(a, Math.Cos);
    public static Lane<T> Pow(Lane<T> a, Lane<T> b) => new(LaneMath.Pow(a.Value, b.Value));
    public static Lane<T> Remainder(Lane<T> a, Lane<T> b) => new(LaneMath.Remainder(a.Value, b.Value));
    public static Lane<T> Less(Lane<T> a, Lane<T> b) => Truth(a.Value < b.Value);
    public static Lane<T> LessOrEqual(Lane<T> a, Lane<T> b) => Truth(a.Value <= b.Value);
    public static Lane<T> Equal(Lane<T> a, Lane<T> b) => Truth(a.Value == b.Value);

    // A mask is any number but 0 here: all that Select and the logic of two masks ask.
    public static Lane<T> Select(Lane<T> mask, Lane<T> a, Lane<T> b) => mask.Value != T.Zero ? a : b;

    static Lane<T> Truth(bool value) => new(value ? All : T.Zero);
    static Lane<T> Apply(Lane<T> a, Func<double, double> f) => new(T.CreateTruncating(f(double.CreateTruncating(a.Value))));
    static Lane<T> Bits(Lane<T> a, Lane<T> b, Func<long, long, long> f) =>
        new(T.CreateTruncating(f(long.CreateTruncating(a.Value), long.CreateTruncating(b.Value))));
}
