using System.Runtime.CompilerServices;

namespace Cresset.Kernels.Cpu;

// What the vector widths share because it is computed one lane after another.
static class LaneMath
{
    internal static T Pow<T>(T x, T y) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return Unsafe.BitCast<float, T>(MathF.Pow(Unsafe.BitCast<T, float>(x), Unsafe.BitCast<T, float>(y)));
        if (typeof(T) == typeof(double)) return Unsafe.BitCast<double, T>(Math.Pow(Unsafe.BitCast<T, double>(x), Unsafe.BitCast<T, double>(y)));
        if (typeof(T) == typeof(int)) return Unsafe.BitCast<int, T>((int)Power(Unsafe.BitCast<T, int>(x), Unsafe.BitCast<T, int>(y)));
        if (typeof(T) == typeof(long)) return Unsafe.BitCast<long, T>(Power(Unsafe.BitCast<T, long>(x), Unsafe.BitCast<T, long>(y)));
        return Unsafe.BitCast<byte, T>((byte)Power(Unsafe.BitCast<T, byte>(x), Unsafe.BitCast<T, byte>(y)));
    }

    internal static T Remainder<T>(T x, T y) where T : unmanaged
    {
        if (typeof(T) == typeof(float)) return Unsafe.BitCast<float, T>(Unsafe.BitCast<T, float>(x) % Unsafe.BitCast<T, float>(y));
        if (typeof(T) == typeof(double)) return Unsafe.BitCast<double, T>(Unsafe.BitCast<T, double>(x) % Unsafe.BitCast<T, double>(y));
        if (typeof(T) == typeof(int)) return Unsafe.BitCast<int, T>(Unsafe.BitCast<T, int>(x) % Unsafe.BitCast<T, int>(y));
        if (typeof(T) == typeof(long)) return Unsafe.BitCast<long, T>(Unsafe.BitCast<T, long>(x) % Unsafe.BitCast<T, long>(y));
        return Unsafe.BitCast<byte, T>((byte)(Unsafe.BitCast<T, byte>(x) % Unsafe.BitCast<T, byte>(y)));
    }

    // By squaring, wrapping around on overflow; a negative exponent gives 0 except for 1 and -1, as PyTorch's.
    static long Power(long x, long y)
    {
        if (y < 0) return x == 1 ? 1 : x == -1 ? ((y & 1) == 0 ? 1 : -1) : 0;
        long result = 1;
        for (; y > 0; y >>= 1, x *= x)
            if ((y & 1) != 0) result *= x;
        return result;
    }
}
