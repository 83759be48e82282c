namespace Cresset.Kernels;

/// <summary>Several elements that are computed at once: a vector register of the processor, or whatever another backend
/// computes with. A pointwise function is written once against this interface, and the compiler specialises it for every
/// width and element type.</summary>
/// <remarks>Comparisons return masks: all bits set where true. Functions that have no meaning for integers are never
/// called with them.</remarks>
public interface ILanes<L> where L : struct, ILanes<L>
{
    /// <summary>The same number in every lane.</summary>
    static abstract L From(Scalar value);
    /// <summary>Sum.</summary>
    static abstract L operator +(L a, L b);
    /// <summary>Difference.</summary>
    static abstract L operator -(L a, L b);
    /// <summary>Product.</summary>
    static abstract L operator *(L a, L b);
    /// <summary>Quotient; truncated for integers.</summary>
    static abstract L operator /(L a, L b);
    /// <summary>Negation.</summary>
    static abstract L operator -(L a);
    /// <summary>Bitwise and, of masks or of truth values.</summary>
    static abstract L operator &(L a, L b);
    /// <summary>Bitwise or.</summary>
    static abstract L operator |(L a, L b);
    /// <summary>Bitwise exclusive or.</summary>
    static abstract L operator ^(L a, L b);
    /// <summary>a * b + c, rounded once where the hardware can.</summary>
    static abstract L MultiplyAdd(L a, L b, L c);
    /// <summary>The smaller; NaN if either is.</summary>
    static abstract L Min(L a, L b);
    /// <summary>The larger; NaN if either is.</summary>
    static abstract L Max(L a, L b);
    /// <summary>Absolute value.</summary>
    static abstract L Abs(L a);
    /// <summary>Square root.</summary>
    static abstract L Sqrt(L a);
    /// <summary>Largest integer not above.</summary>
    static abstract L Floor(L a);
    /// <summary>Smallest integer not below.</summary>
    static abstract L Ceiling(L a);
    /// <summary>Nearest integer, halves to even.</summary>
    static abstract L Round(L a);
    /// <summary>Integer part.</summary>
    static abstract L Truncate(L a);
    /// <summary>e to the power.</summary>
    static abstract L Exp(L a);
    /// <summary>Hyperbolic tangent.</summary>
    static abstract L Tanh(L a);
    /// <summary>Natural logarithm.</summary>
    static abstract L Log(L a);
    /// <summary>Sine of radians.</summary>
    static abstract L Sin(L a);
    /// <summary>Cosine of radians.</summary>
    static abstract L Cos(L a);
    /// <summary>a to the power b.</summary>
    static abstract L Pow(L a, L b);
    /// <summary>What is left of a after dividing by b, exactly, with the sign of a (C's fmod).</summary>
    static abstract L Remainder(L a, L b);
    /// <summary>Where a &lt; b; false with NaN.</summary>
    static abstract L Less(L a, L b);
    /// <summary>Where a &lt;= b; false with NaN.</summary>
    static abstract L LessOrEqual(L a, L b);
    /// <summary>Where a == b; false with NaN.</summary>
    static abstract L Equal(L a, L b);
    /// <summary>a where the mask is set, else b.</summary>
    static abstract L Select(L mask, L a, L b);
}

/// <summary>A lanes type that the CPU's loops can load and store.</summary>
unsafe interface ILanes<L, T> : ILanes<L> where L : struct, ILanes<L, T> where T : unmanaged
{
    static abstract int Count { get; }
    static abstract L Load(T* source);
    static abstract L Broadcast(T value);
    static abstract void Store(L lanes, T* target);
    /// <summary>All lanes added.</summary>
    static abstract T Sum(L lanes);
}
