using System.Globalization;

namespace Cresset.Nn;

/// <summary>In training, sets each element to zero with probability p and multiplies the others by 1 / (1 - p), so that the
/// mean stays; in evaluation returns its input. Srivastava et al. (2014). PyTorch: <c>torch.nn.Dropout</c>.</summary>
public sealed class Dropout : Module
{
    readonly double p;
    readonly Generator? generator;

    /// <summary>A layer that drops with this probability.</summary>
    /// <param name="p">The probability, from 0 to 1.</param>
    /// <param name="generator">Where the random numbers come from; the default generator unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">p is not a probability.</exception>
    public Dropout(double p = 0.5, Generator? generator = null)
    {
        if (!(p >= 0 && p <= 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: expected a probability from 0 to 1");
        this.p = p;
        this.generator = generator;
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The input is not floating point.</exception>
    public override Tensor Forward(Tensor x) => Observe(x.Dropout(p, IsTraining, generator));

    /// <summary>Whether Forward would only return its input: nothing is dropped, and no hook is shown anything.</summary>
    internal bool IsIdle => (p == 0 || !IsTraining) && !IsObserved;

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"p: {p}");
}
