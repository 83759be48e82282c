using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Cresset.Kernels.Cpu;

// Functions of float32 in float32, exact to one unit (exp) and some units (tanh) in the last place; the framework's exponential goes by way of float64, at
// half the lanes. Not-a-numbers pass: they are the right operands of minimum and maximum. Not written over lanes: loops that use several
// would have more calls than the JIT inlines.
//
// exp(x) = 2^n exp(r) with x = n ln 2 + r, |r| at most half of ln 2; Cephes' polynomial. Beyond the bounds the result is 0 or infinite.
// tanh(x): a quotient of polynomials, x + x^3 top / (1 + x^2 bottom), made with rminimax (as in Eigen); beyond the bound it is 1.
static class SingleMath
{
    const float Low = -104.5f, High = 89, Log2E = 1.44269504088896341f;
    // The first part has so few digits that n times it is exact.
    const float Ln2High = 0.693359375f, Ln2Low = -2.12194440e-4f;
    const float E2 = 5.0000001201e-1f, E3 = 1.6666665459e-1f, E4 = 4.1665795894e-2f, E5 = 8.3334519073e-3f, E6 = 1.3981999507e-3f, E7 = 1.9875691500e-4f;
    // A power of two is its exponent, shifted to its place; in two steps, since 2^n may be no number of its own.
    const float Exponent = 1 << 23;
    const float Flat = 8.01773357391357422f;
    const float T3 = 1.340216100e-1f, T5 = 3.520756727e-3f, T7 = 2.102733560e-5f, T9 = 1.394553628e-8f;
    const float B2 = 4.673548340e-1f, B4 = 2.597254514e-2f, B6 = 3.326951409e-4f, B8 = 8.015776984e-7f;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        x = Vector512.MaxNative(Vector512.Create(Low), Vector512.MinNative(Vector512.Create(High), x));
        var n = Vector512.Round(x * Log2E);
        var r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-Ln2Low), Vector512.MultiplyAddEstimate(n, Vector512.Create(-Ln2High), x));
        var square = r * r;
        var p = Vector512.MultiplyAddEstimate(Vector512.Create(E7), r, Vector512.Create(E6));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.MultiplyAddEstimate(Vector512.Create(E5), r, Vector512.Create(E4)));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.MultiplyAddEstimate(Vector512.Create(E3), r, Vector512.Create(E2)));
        var power = Vector512.MultiplyAddEstimate(p, square, r) + Vector512<float>.One;
        if (Avx512F.IsSupported) return Avx512F.Scale(power, n);
        var half = Vector512.Floor(n * 0.5f);
        power *= Vector512.ConvertToInt32Native((Vector512.Create(127f) + half) * Exponent).AsSingle();
        return power * Vector512.ConvertToInt32Native((Vector512.Create(127f) + n - half) * Exponent).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Tanh(Vector512<float> x)
    {
        x = Vector512.MaxNative(Vector512.Create(-Flat), Vector512.MinNative(Vector512.Create(Flat), x));
        var square = x * x;
        var top = Vector512.MultiplyAddEstimate(Vector512.Create(T9), square, Vector512.Create(T7));
        top = Vector512.MultiplyAddEstimate(top, square, Vector512.Create(T5));
        top = Vector512.MultiplyAddEstimate(top, square, Vector512.Create(T3));
        var bottom = Vector512.MultiplyAddEstimate(Vector512.Create(B8), square, Vector512.Create(B6));
        bottom = Vector512.MultiplyAddEstimate(bottom, square, Vector512.Create(B4));
        bottom = Vector512.MultiplyAddEstimate(bottom, square, Vector512.Create(B2));
        return Vector512.MultiplyAddEstimate(square * x, top, x) / Vector512.MultiplyAddEstimate(bottom, square, Vector512<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Exp(Vector256<float> x)
    {
        x = Vector256.MaxNative(Vector256.Create(Low), Vector256.MinNative(Vector256.Create(High), x));
        var n = Vector256.Round(x * Log2E);
        var r = Vector256.MultiplyAddEstimate(n, Vector256.Create(-Ln2Low), Vector256.MultiplyAddEstimate(n, Vector256.Create(-Ln2High), x));
        var square = r * r;
        var p = Vector256.MultiplyAddEstimate(Vector256.Create(E7), r, Vector256.Create(E6));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.MultiplyAddEstimate(Vector256.Create(E5), r, Vector256.Create(E4)));
        p = Vector256.MultiplyAddEstimate(p, square, Vector256.MultiplyAddEstimate(Vector256.Create(E3), r, Vector256.Create(E2)));
        var power = Vector256.MultiplyAddEstimate(p, square, r) + Vector256<float>.One;
        var half = Vector256.Floor(n * 0.5f);
        power *= Vector256.ConvertToInt32Native((Vector256.Create(127f) + half) * Exponent).AsSingle();
        return power * Vector256.ConvertToInt32Native((Vector256.Create(127f) + n - half) * Exponent).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector256<float> Tanh(Vector256<float> x)
    {
        x = Vector256.MaxNative(Vector256.Create(-Flat), Vector256.MinNative(Vector256.Create(Flat), x));
        var square = x * x;
        var top = Vector256.MultiplyAddEstimate(Vector256.Create(T9), square, Vector256.Create(T7));
        top = Vector256.MultiplyAddEstimate(top, square, Vector256.Create(T5));
        top = Vector256.MultiplyAddEstimate(top, square, Vector256.Create(T3));
        var bottom = Vector256.MultiplyAddEstimate(Vector256.Create(B8), square, Vector256.Create(B6));
        bottom = Vector256.MultiplyAddEstimate(bottom, square, Vector256.Create(B4));
        bottom = Vector256.MultiplyAddEstimate(bottom, square, Vector256.Create(B2));
        return Vector256.MultiplyAddEstimate(square * x, top, x) / Vector256.MultiplyAddEstimate(bottom, square, Vector256<float>.One);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Exp(Vector128<float> x)
    {
        x = Vector128.MaxNative(Vector128.Create(Low), Vector128.MinNative(Vector128.Create(High), x));
        var n = Vector128.Round(x * Log2E);
        var r = Vector128.MultiplyAddEstimate(n, Vector128.Create(-Ln2Low), Vector128.MultiplyAddEstimate(n, Vector128.Create(-Ln2High), x));
        var square = r * r;
        var p = Vector128.MultiplyAddEstimate(Vector128.Create(E7), r, Vector128.Create(E6));
        p = Vector128.MultiplyAddEstimate(p, square, Vector128.MultiplyAddEstimate(Vector128.Create(E5), r, Vector128.Create(E4)));
        p = Vector128.MultiplyAddEstimate(p, square, Vector128.MultiplyAddEstimate(Vector128.Create(E3), r, Vector128.Create(E2)));
        var power = Vector128.MultiplyAddEstimate(p, square, r) + Vector128<float>.One;
        var half = Vector128.Floor(n * 0.5f);
        power *= Vector128.ConvertToInt32Native((Vector128.Create(127f) + half) * Exponent).AsSingle();
        return power * Vector128.ConvertToInt32Native((Vector128.Create(127f) + n - half) * Exponent).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector128<float> Tanh(Vector128<float> x)
    {
        x = Vector128.MaxNative(Vector128.Create(-Flat), Vector128.MinNative(Vector128.Create(Flat), x));
        var square = x * x;
        var top = Vector128.MultiplyAddEstimate(Vector128.Create(T9), square, Vector128.Create(T7));
        top = Vector128.MultiplyAddEstimate(top, square, Vector128.Create(T5));
        top = Vector128.MultiplyAddEstimate(top, square, Vector128.Create(T3));
        var bottom = Vector128.MultiplyAddEstimate(Vector128.Create(B8), square, Vector128.Create(B6));
        bottom = Vector128.MultiplyAddEstimate(bottom, square, Vector128.Create(B4));
        bottom = Vector128.MultiplyAddEstimate(bottom, square, Vector128.Create(B2));
        return Vector128.MultiplyAddEstimate(square * x, top, x) / Vector128.MultiplyAddEstimate(bottom, square, Vector128<float>.One);
    }
}
