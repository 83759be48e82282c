namespace Cresset.Data;

// SplitMix64 (Steele, Lea and Flood, 2014): whole-number arithmetic only, so that an order is the same on every machine,
// whatever else draws random numbers meanwhile. The state starts from the seed and the epoch.
struct IndexRandom(long seed, int epoch)
{
    ulong state = Mix(Mix((ulong)seed) + 0x9E3779B97F4A7C15UL * ((ulong)epoch + 1));

    static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }

    ulong Next() => Mix(state += 0x9E3779B97F4A7C15UL);

    /// <summary>From 0 to limit less one. The bias, limit / 2^64, is of no account.</summary>
    public int Below(int limit) => (int)Math.BigMul(Next(), (ulong)limit, out _);

    /// <summary>Uniform on [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>0 to count less one in random order (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        var order = new int[count];
        for (var i = 0; i < count; i++)
        {
            var j = Below(i + 1);
            order[i] = order[j];
            order[j] = i;
        }
        return order;
    }
}
