namespace Cresset;

/// <summary>Elements set to zero at random.</summary>
public static class DropoutOperator
{
    extension(Tensor x)
    {
        /// <summary>Each element zero with probability p and else divided by 1 - p, so that the mean stays; x itself outside of
        /// training. Srivastava et al. (2014). PyTorch: <c>torch.nn.functional.dropout</c>.</summary>
        /// <param name="p">The probability, from 0 to 1.</param>
        /// <param name="training">Whether anything is dropped at all.</param>
        /// <param name="generator">Where the random numbers come from; the default generator unless given.</param>
        /// <exception cref="ArgumentOutOfRangeException">p is not a probability.</exception>
        /// <exception cref="ArgumentException">x is not floating point.</exception>
        public Tensor Dropout(double p = 0.5, bool training = true, Generator? generator = null)
        {
            if (!(p >= 0 && p <= 1)) throw new ArgumentOutOfRangeException(nameof(p), p, "Dropout: expected a probability from 0 to 1");
            if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"Dropout: expected a floating-point tensor, got {x.DType.Name()}; convert it with To(DType.Float32)");
            if (!training || p == 0) return x;
            var kept = x.EmptyLike().BernoulliInPlace(1 - p, generator);
            return x * (p < 1 ? kept.MulInPlace(1 / (1 - p)) : kept);
        }
    }
}
