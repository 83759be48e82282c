namespace Cresset.Kernels;

/// <summary>What random numbers are drawn from.</summary>
public enum Distribution
{
    /// <summary>Between a (included) and b (not included).</summary>
    Uniform,
    /// <summary>Mean a, standard deviation b.</summary>
    Normal,
    /// <summary>Integers from a (included) to b (not included).</summary>
    Integer,
    /// <summary>1 with probability a, else 0.</summary>
    Bernoulli,
}

public abstract partial class Backend
{
    /// <summary>y = random numbers; element i in row-major order takes 64-bit word i of the key's stream from
    /// <paramref name="position"/> on, two words to a position, whatever the layout.</summary>
    public abstract void FillRandom(Distribution distribution, double a, double b, ulong key, ulong position, in Operand y);
}
