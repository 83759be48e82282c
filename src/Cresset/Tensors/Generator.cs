namespace Cresset;

/// <summary>A source of random numbers: a seed and a position in its stream. The same seed gives the same numbers on every
/// machine and at any thread count. Safe to use from several threads, each of which then gets a part of the stream of its own.
/// PyTorch: <c>torch.Generator</c>, with another algorithm (Philox 4x32-10), so other numbers.</summary>
public sealed class Generator
{
    readonly Lock gate = new();
    ulong key;
    ulong position;

    /// <summary>A generator with this seed, at the start of its stream.</summary>
    public Generator(ulong seed = 0)
    {
        key = seed;
    }

    // One for each epoch: parts of the stream that no generator reaches which starts at its beginning.
    internal static Generator Of(long seed, int epoch) => new((ulong)seed) { position = ((ulong)epoch + 1) << 40 };

    // One for each batch of a loader: 2^24 positions of a stream that is not the one of the order (its seed has other bits).
    internal static Generator OfBatch(long seed, int epoch, int batch) =>
        new((ulong)seed ^ 0x9E3779B97F4A7C15) { position = ((ulong)epoch << 48) + ((ulong)batch << 24) };

    /// <summary>Seed and position: all there is to save. PyTorch: <c>get_state</c>, <c>set_state</c>.</summary>
    public (ulong Seed, ulong Position) State
    {
        get { lock (gate) return (key, position); }
        set { lock (gate) (key, position) = value; }
    }

    /// <summary>Back to the start of the stream of a seed. PyTorch: <c>manual_seed</c>.</summary>
    public void Seed(ulong seed) => State = (seed, 0);

    /// <summary>Takes the next <paramref name="count"/> 64-bit words of the stream for the caller.</summary>
    internal (ulong Key, ulong Position) Reserve(long count)
    {
        lock (gate)
        {
            var start = position;
            // Two words to a position of the counter.
            position += (ulong)((count + 1) / 2);
            return (key, start);
        }
    }

    /// <summary>The next number, in [0, 1).</summary>
    public double NextDouble() => Kernels.Distributions.Uniform(NextWord());

    /// <summary>The next number from 0 up to, not including, <paramref name="limit"/>.</summary>
    public long NextInt64(long limit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit);
        return (long)Math.BigMul(NextWord(), (ulong)limit, out _);
    }

    ulong NextWord()
    {
        var (seed, at) = Reserve(1);
        return Kernels.Philox.Pair(at, seed).First;
    }

    /// <summary>The numbers from 0 to count - 1 in random order (Fisher and Yates).</summary>
    public int[] Permutation(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        var order = new int[count];
        var (seed, start) = Reserve(count);
        for (var i = 0; i < count; i++)
        {
            var (first, second) = Kernels.Philox.Pair(start + (ulong)(i / 2), seed);
            var at = (int)Math.BigMul(i % 2 == 0 ? first : second, (ulong)(i + 1), out _);
            order[i] = order[at];
            order[at] = i;
        }
        return order;
    }
}

/// <summary>The random numbers of operators that are given no generator.</summary>
public static class Random
{
    static readonly Generator global = new(0);

    [ThreadStatic]
    static Generator? current;

    /// <summary>The generator that is used unless another is passed. While a data loader makes a batch it is, on that thread, one
    /// of the batch's own, which depends on the loader's seed, the epoch and the number of the batch: random transforms give the
    /// same with any number of workers.</summary>
    public static Generator Default => current ?? global;

    /// <summary>Starts the default generator anew. PyTorch: <c>torch.manual_seed</c>.</summary>
    public static void Seed(ulong seed) => Default.Seed(seed);

    /// <summary>Runs a function with another default generator on this thread.</summary>
    internal static T With<T>(Generator generator, Func<T> function)
    {
        var outer = current;
        current = generator;
        try
        {
            return function();
        }
        finally
        {
            current = outer;
        }
    }
}
