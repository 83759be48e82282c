namespace Cresset.Nn;

/// <summary>Adds to each place p its sinusoidal encoding: sin(p / 10000^(2i/D)) in column 2i and the cosine in column 2i + 1. x [B, T, D],
/// [T, B, D] without batchFirst, or [T, D]. Vaswani et al. (2017), section 3.5. PyTorch has it in its tutorials only.</summary>
public sealed class SinusoidalPositionalEncoding : Module
{
    [Buffer(Persistent = false)] readonly Tensor table;
    readonly Dropout dropout;
    readonly bool batchFirst;

    /// <summary>Encodings for up to <paramref name="maxLength"/> places.</summary>
    /// <param name="width">D, even.</param>
    /// <param name="maxLength">The largest T.</param>
    /// <param name="dropout">The probability with which, in training, an element of the sum is dropped.</param>
    /// <param name="batchFirst">Whether the input is [B, T, D] and not [T, B, D].</param>
    /// <param name="dtype">The type of the encodings.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the width is odd.</exception>
    public SinusoidalPositionalEncoding(int width, int maxLength = 5000, double dropout = 0, bool batchFirst = true, DType dtype = DType.Float32)
    {
        Positions.Even("SinusoidalPositionalEncoding", width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        var values = new double[maxLength * width];
        for (var p = 0; p < maxLength; p++)
            for (var i = 0; i < width; i += 2)
                (values[p * width + i], values[p * width + i + 1]) = Math.SinCos(p / Math.Pow(10000, (double)i / width));
        table = Tensor.From(values, [maxLength, width]).To(dtype);
        this.dropout = new Dropout(dropout);
        this.batchFirst = batchFirst;
    }

    /// <summary>x with the encodings of its places added.</summary>
    /// <exception cref="ArgumentException">The width or length does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(dropout.Forward(x + Positions.Of("SinusoidalPositionalEncoding", table, x, batchFirst)));
}

/// <summary>Adds to each place an encoding that is learned. x [B, T, D], [T, B, D] without batchFirst, or [T, D]. In PyTorch, an
/// <c>Embedding</c> of <c>arange(T)</c>.</summary>
public sealed class LearnedPositionalEncoding : Module
{
    readonly Dropout dropout;
    readonly bool batchFirst;

    /// <summary>Encodings for up to <paramref name="maxLength"/> places, from a normal distribution of deviation 0.02 at
    /// first.</summary>
    /// <param name="width">D.</param>
    /// <param name="maxLength">The largest T.</param>
    /// <param name="dropout">The probability with which, in training, an element of the sum is dropped.</param>
    /// <param name="batchFirst">Whether the input is [B, T, D] and not [T, B, D].</param>
    /// <param name="dtype">The type of the encodings.</param>
    /// <exception cref="ArgumentException">A size is not positive.</exception>
    public LearnedPositionalEncoding(int width, int maxLength, double dropout = 0, bool batchFirst = true, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        Weight = new Parameter(Tensor.Empty([maxLength, width], dtype));
        Init.Normal(Weight, 0, 0.02);
        this.dropout = new Dropout(dropout);
        this.batchFirst = batchFirst;
    }

    /// <summary>The encodings, [maxLength, D].</summary>
    public Parameter Weight { get; }

    /// <summary>x with the encodings of its places added.</summary>
    /// <exception cref="ArgumentException">The width or length does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(dropout.Forward(x + Positions.Of("LearnedPositionalEncoding", Weight, x, batchFirst)));
}

/// <summary>Turns each pair of columns (i, i + D/2) at place p by the angle p / base^(2i/D), so that the product of a query and a key depends on
/// their distance. x [..., T, D], for queries and keys alike. Su et al. (2021), RoFormer, in the half-split layout of
/// LLaMA.</summary>
public sealed class RotaryPositionalEncoding : Module
{
    [Buffer(Persistent = false)] readonly Tensor cosines, sines;

    /// <summary>Angles for up to <paramref name="maxLength"/> places.</summary>
    /// <param name="width">D, the width of a head, even.</param>
    /// <param name="maxLength">The largest T.</param>
    /// <param name="frequencyBase">The base of the angles.</param>
    /// <param name="dtype">The type of the tables.</param>
    /// <exception cref="ArgumentException">A size is not positive, or the width is odd.</exception>
    public RotaryPositionalEncoding(int width, int maxLength = 2048, double frequencyBase = 10000, DType dtype = DType.Float32)
    {
        Positions.Even("RotaryPositionalEncoding", width);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxLength);
        double[] c = new double[maxLength * width], s = new double[maxLength * width];
        for (var p = 0; p < maxLength; p++)
            for (var i = 0; i < width; i++)
                (s[p * width + i], c[p * width + i]) = Math.SinCos(p / Math.Pow(frequencyBase, 2.0 * (i % (width / 2)) / width));
        cosines = Tensor.From(c, [maxLength, width]).To(dtype);
        sines = Tensor.From(s, [maxLength, width]).To(dtype);
    }

    /// <summary>x, turned place by place.</summary>
    /// <exception cref="ArgumentException">The width or length does not fit.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        int width = cosines.Size(1), length = x.Rank < 2 ? 0 : x.Size(-2);
        if (x.Rank < 2 || x.Size(-1) != width || length > cosines.Size(0))
            throw new ArgumentException($"RotaryPositionalEncoding: expected an input [..., T, {width}] of at most {cosines.Size(0)} places, got {x.Shape}");
        Tensor cosine = cosines.Narrow(0, 0, length), sine = sines.Narrow(0, 0, length);
        if (x.DType == cosine.DType && x.ElementCount > 0 && !Tracing.IsOn && !Autograd.Records(cosine, sine))
            return Observe(RotationOperator.Apply(x, cosine.Narrow(-1, 0, width / 2), sine.Narrow(-1, 0, width / 2)));
        return Observe(Composed(x, cosine, sine));
    }

    // By single operators: other types, what a trace tells, and the tests' oracle.
    internal static Tensor Composed(Tensor x, Tensor cosine, Tensor sine)
    {
        var half = x.Size(-1) / 2;
        return x * cosine + Tensor.Cat([-x.Narrow(-1, half, half), x.Narrow(-1, 0, half)], -1) * sine;
    }
}

static class Positions
{
    internal static void Even(string layer, int width)
    {
        if (width < 2 || width % 2 != 0) throw new ArgumentException($"{layer}: expected an even width, for sines and cosines in pairs, got {width}", nameof(width));
    }

    // The first T rows, in a form that is added to x.
    internal static Tensor Of(string layer, Tensor table, Tensor x, bool batchFirst)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank is not (2 or 3) || x.Size(-1) != table.Size(1))
            throw new ArgumentException($"{layer}: expected an input {(batchFirst ? "[B, T, " : "[T, B, ")}{table.Size(1)}] or [T, {table.Size(1)}], got {x.Shape}");
        var length = x.Size(batchFirst || x.Rank == 2 ? -2 : 0);
        if (length > table.Size(0)) throw new ArgumentException($"{layer}: expected at most maxLength = {table.Size(0)} places, got {length}");
        var rows = table.Narrow(0, 0, length);
        return x.Rank == 3 && !batchFirst ? rows.Unsqueeze(1) : rows;
    }
}
