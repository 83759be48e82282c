using System.Runtime.CompilerServices;

namespace Cresset.Kernels;

/// <summary>Philox4x32-10: from a 128-bit counter and a 64-bit key, four random 32-bit words, by integer arithmetic alone.
/// Any part of a stream can be computed by itself, in any order, on any machine. Salmon, Moraes, Dror and Shaw, Parallel
/// random numbers: as easy as 1, 2, 3 (2011).</summary>
public static class Philox
{
    /// <summary>The four words at this counter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (uint X0, uint X1, uint X2, uint X3) Words(ulong counterLow, ulong counterHigh, ulong key)
    {
        uint x0 = (uint)counterLow, x1 = (uint)(counterLow >> 32), x2 = (uint)counterHigh, x3 = (uint)(counterHigh >> 32);
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (var round = 0; round < 10; round++)
        {
            ulong product0 = 0xD2511F53ul * x0, product1 = 0xCD9E8D57ul * x2;
            (x0, x1, x2, x3) = ((uint)(product1 >> 32) ^ x1 ^ k0, (uint)product1, (uint)(product0 >> 32) ^ x3 ^ k1, (uint)product0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        return (x0, x1, x2, x3);
    }

    /// <summary>Two 64-bit words at this position of a key's stream.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static (ulong First, ulong Second) Pair(ulong position, ulong key)
    {
        var (x0, x1, x2, x3) = Words(position, 0, key);
        return (x0 | (ulong)x1 << 32, x2 | (ulong)x3 << 32);
    }
}

/// <summary>Turns random words into numbers of a distribution, with IEEE basic operations and square roots only, so that
/// the bits are the same everywhere.</summary>
static class Distributions
{
    // In [0, 1), the 53 upper bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Uniform(ulong word) => (word >> 11) * (1.0 / (1ul << 53));

    // In (0, 1), never an end.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static double Open(ulong word) => ((word >> 12) + 0.5) * (1.0 / (1ul << 52));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static double Normal(ulong word) => InverseNormal(Open(word));

    // Wichura, Algorithm AS 241 (1988), about 1e-16 relative.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double InverseNormal(double p)
    {
        var q = p - 0.5;
        if (Math.Abs(q) <= 0.425)
        {
            var r = 0.180625 - q * q;
            return q * (((((((2509.0809287301226727 * r + 33430.575583588128105) * r + 67265.770927008700853) * r + 45921.953931549871457) * r
                + 13731.693765509461125) * r + 1971.5909503065514427) * r + 133.14166789178437745) * r + 3.387132872796366608)
                / (((((((5226.495278852545925 * r + 28729.085735721942674) * r + 39307.89580009271061) * r + 21213.794301586595867) * r
                + 5394.1960214247511077) * r + 687.1870074920579083) * r + 42.313330701600911252) * r + 1.0);
        }
        var tail = Math.Sqrt(-Log(q < 0 ? p : 1 - p));
        double value;
        if (tail <= 5)
        {
            var r = tail - 1.6;
            value = (((((((7.7454501427834140764e-4 * r + 0.0227238449892691845833) * r + 0.24178072517745061177) * r + 1.27045825245236838258) * r
                + 3.64784832476320460504) * r + 5.7694972214606914055) * r + 4.6303378461565452959) * r + 1.42343711074968357734)
                / (((((((1.05075007164441684324e-9 * r + 5.475938084995344946e-4) * r + 0.0151986665636164571966) * r + 0.14810397642748007459) * r
                + 0.68976733498510000455) * r + 1.6763848301838038494) * r + 2.05319162663775882187) * r + 1.0);
        }
        else
        {
            var r = tail - 5;
            value = (((((((2.01033439929228813265e-7 * r + 2.71155556874348757815e-5) * r + 0.0012426609473880784386) * r + 0.026532189526576123093) * r
                + 0.29656057182850489123) * r + 1.7848265399172913358) * r + 5.4637849111641143699) * r + 6.6579046435011037772)
                / (((((((2.04426310338993978564e-15 * r + 1.4215117583164458887e-7) * r + 1.8463183175100546818e-5) * r + 7.868691311456132591e-4) * r
                + 0.0148753612908506148525) * r + 0.13692988092273580531) * r + 0.59983220655588793769) * r + 1.0);
        }
        return q < 0 ? -value : value;
    }

    // The natural logarithm of a normal positive number: x = m 2^e with m around 1, log m by the series of artanh.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static double Log(double x)
    {
        var bits = BitConverter.DoubleToInt64Bits(x);
        var exponent = (int)(bits >> 52) - 1023;
        var mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | 0x3FF0000000000000);
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }
        var s = (mantissa - 1) / (mantissa + 1);
        var square = s * s;
        var sum = 0.0;
        for (var i = 21; i >= 1; i -= 2) sum = sum * square + 1.0 / i;
        return exponent * 0.6931471805599453 + 2 * s * sum;
    }
}
