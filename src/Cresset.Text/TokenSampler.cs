namespace Cresset.Text;

/// <summary>Draws the next token from a model's logits: softmax(logits / temperature), over the most likely tokens alone where
/// they are limited. Top-p is the nucleus of Holtzman et al. (2020).</summary>
public sealed class TokenSampler
{
    readonly double temperature, topP;
    readonly int topK;

    /// <summary>A sampler.</summary>
    /// <param name="temperature">Below 1 likely tokens become likelier, above 1 less so; 0 always takes the likeliest.</param>
    /// <param name="topK">Only the so many likeliest tokens; null for all.</param>
    /// <param name="topP">Only the likeliest tokens that together reach this probability, at least one; null for all. Counted
    /// among those that <paramref name="topK"/> leaves.</param>
    /// <exception cref="ArgumentOutOfRangeException">The temperature is negative or not finite, topK is not positive, or topP not
    /// above 0 and at most 1.</exception>
    public TokenSampler(double temperature = 1, int? topK = null, double? topP = null)
    {
        if (!(temperature >= 0 && double.IsFinite(temperature))) throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "TokenSampler: expected a temperature of at least 0");
        if (topK is < 1) throw new ArgumentOutOfRangeException(nameof(topK), topK, "TokenSampler: expected at least one token");
        if (topP is { } p && !(p > 0 && p <= 1)) throw new ArgumentOutOfRangeException(nameof(topP), topP, "TokenSampler: expected a probability above 0 and at most 1");
        this.temperature = temperature;
        this.topK = topK ?? int.MaxValue;
        this.topP = topP ?? 1;
    }

    /// <summary>The probabilities by which <see cref="Sample"/> draws: one for each token, 0 for those left out. Of equally
    /// likely tokens the first counts as the likelier.</summary>
    /// <param name="logits">[V], floating point.</param>
    /// <exception cref="ArgumentException">The logits are no vector, or one is not a number.</exception>
    public double[] Probabilities(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        if (logits.Rank != 1 || logits.Size(0) == 0 || !logits.DType.IsFloatingPoint()) throw new ArgumentException($"TokenSampler: expected logits [V] of floating point, got {logits.DType.Name()} {logits.Shape}");
        var values = logits.Detach().To(DType.Float64).ToArray<double>();
        if (values.Any(double.IsNaN)) throw new ArgumentException("TokenSampler: expected numbers, got NaN among the logits");
        int[] order = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i])];
        var probabilities = new double[values.Length];
        var largest = values[order[0]];
        var count = Math.Min(topK, values.Length);
        if (temperature == 0 || double.IsInfinity(largest))
        {
            probabilities[order[0]] = 1;
            return probabilities;
        }
        double sum = 0, kept = 0;
        for (var i = 0; i < count; i++) sum += probabilities[order[i]] = Math.Exp((values[order[i]] - largest) / temperature);
        var last = 0;
        // Rounding may leave the sum just below topP = 1: then all count.
        for (; last < count; last++)
            if ((kept += probabilities[order[last]]) >= topP * sum) break;
        for (var i = 0; i < count; i++) probabilities[order[i]] = i <= last ? probabilities[order[i]] / kept : 0;
        return probabilities;
    }

    /// <summary>An index drawn from logits [V].</summary>
    /// <param name="logits">[V], floating point.</param>
    /// <param name="generator">The random numbers; the default generator unless given.</param>
    /// <exception cref="ArgumentException">The logits are no vector, or one is not a number.</exception>
    public int Sample(Tensor logits, Generator? generator = null)
    {
        var probabilities = Probabilities(logits);
        var rest = (generator ?? Random.Default).NextDouble();
        var chosen = -1;
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (probabilities[i] == 0) continue;
            chosen = i;
            if ((rest -= probabilities[i]) < 0) break;
        }
        return chosen;
    }
}
