namespace Cresset.Vision;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014). Its
/// numbers are made by integer arithmetic and exact scaling only, so that they are the same on every machine.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The finaliser: spreads every bit of the input over the whole output.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    public ulong NextUInt64() => Mix(_state += 0x9E3779B97F4A7C15UL);

    /// <summary>
    /// A whole number from 0 to limit less one. The bias of the multiplication, limit / 2^64, is of no account here.
    /// </summary>
    public int NextInt(int limit) => (int)Math.BigMul(NextUInt64(), (ulong)limit, out _);

    /// <summary>Uniform on [0, 1): a multiple of 2^-53.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform on [low, high).</summary>
    public double NextBetween(double low, double high) => low + (high - low) * NextDouble();

    /// <summary>
    /// Nearly normal, mean 0, standard deviation 1, never beyond ±3.5: the sum of four 16-bit uniform numbers. Chosen
    /// over Box-Muller because it needs no logarithm or sine, whose last bits differ between platforms.
    /// </summary>
    public double NextBell()
    {
        ulong bits = NextUInt64();
        long sum = (long)((bits & 0xFFFF) + ((bits >> 16) & 0xFFFF) + ((bits >> 32) & 0xFFFF) + (bits >> 48));
        // The sum of four has mean 2 * 65535 and variance 4 * (65536^2 - 1) / 12, deviation 37837.2.
        return (sum - 131070) * (1.0 / 37837.2);
    }

    /// <summary>True with the given chance.</summary>
    public bool NextChance(double chance) => NextDouble() < chance;
}
