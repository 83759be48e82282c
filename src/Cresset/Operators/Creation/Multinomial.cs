using Cresset.Kernels;

namespace Cresset;

/// <summary>Random choices by weight.</summary>
public static class MultinomialOperator
{
    static void CheckWeights(ReadOnlySpan<double> weights, int row, int count, bool replacement)
    {
        var positive = 0;
        double sum = 0;
        for (var i = 0; i < weights.Length; i++)
        {
            if (!(weights[i] >= 0) || !double.IsFinite(weights[i]))
                throw new ArgumentException(FormattableString.Invariant($"Multinomial: expected weights that are finite and not negative, got {weights[i]} at place {i} of row {row}"));
            if (weights[i] > 0) positive++;
            sum += weights[i];
        }
        if (count > 0 && (positive == 0 || !double.IsFinite(sum)))
            throw new ArgumentException(FormattableString.Invariant($"Multinomial: expected weights with a finite sum above 0, got {sum} in row {row}"));
        if (!replacement && count > positive)
            throw new ArgumentException($"Multinomial: {count} different choices need as many weights above 0, row {row} has {positive}; pass replacement: true to choose again");
    }

    // The first place at which the running sum is above a uniform part of the total.
    static void Again(ReadOnlySpan<double> weights, ReadOnlySpan<double> uniform, Span<long> chosen)
    {
        var sums = new double[weights.Length];
        double sum = 0;
        var last = 0;
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] = sum += weights[i];
            if (weights[i] > 0) last = i;
        }
        for (var i = 0; i < chosen.Length; i++)
        {
            var target = uniform[i] * sum;
            int low = 0, high = last;
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (sums[middle] > target) high = middle;
                else low = middle + 1;
            }
            chosen[i] = low;
        }
    }

    // The smallest of exponential times with the weights as rates: as if chosen one after another.
    static void Once(ReadOnlySpan<double> weights, ReadOnlySpan<double> uniform, Span<long> chosen)
    {
        var order = new (double Time, int Place)[weights.Length];
        for (var i = 0; i < order.Length; i++)
            order[i] = (weights[i] > 0 ? -Distributions.Log(1 - uniform[i]) / weights[i] : double.PositiveInfinity, i);
        Array.Sort(order);
        for (var i = 0; i < chosen.Length; i++) chosen[i] = order[i].Place;
    }

    extension(Tensor)
    {
        /// <summary><paramref name="count"/> places, each chosen with a probability in proportion to its weight: [C] gives [count],
        /// [B, C] gives [B, count], int64. Without replacement no place is chosen twice, and the order is that of choosing.
        /// PyTorch: <c>torch.multinomial</c>.</summary>
        /// <param name="weights">Not negative; they need not add up to 1.</param>
        /// <param name="count">How many to choose from each row.</param>
        /// <param name="replacement">Whether a place can be chosen again.</param>
        /// <param name="generator">Where the random numbers come from; <see cref="Random.Default"/> unless given.</param>
        /// <exception cref="ArgumentException">The weights are no vector or matrix, hold a number that is negative or not finite, or
        /// are too few.</exception>
        public static Tensor Multinomial(Tensor weights, int count, bool replacement = false, Generator? generator = null)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count);
            if (weights.Rank is not (1 or 2)) throw new ArgumentException($"Multinomial: expected a vector or a matrix of weights, got the shape {weights.Shape}");
            int classes = weights.Shape[^1], rows = weights.Rank == 1 ? 1 : weights.Shape[0];
            var values = weights.Detach().To(DType.Float64).ToArray<double>();
            for (var row = 0; row < rows; row++) CheckWeights(values.AsSpan(row * classes, classes), row, count, replacement);
            var draws = replacement ? count : classes;
            var uniform = Tensor.Rand([rows, draws], DType.Float64, generator).ToArray<double>();
            var chosen = new long[rows * count];
            for (var row = 0; row < rows; row++)
            {
                ReadOnlySpan<double> own = values.AsSpan(row * classes, classes), random = uniform.AsSpan(row * draws, draws);
                if (replacement) Again(own, random, chosen.AsSpan(row * count, count));
                else Once(own, random, chosen.AsSpan(row * count, count));
            }
            return Tensor.From(chosen, weights.Rank == 1 ? [count] : [rows, count]);
        }

        /// <summary>1 with the probability that stands at the same place, else 0, in the type of <paramref name="probabilities"/>.
        /// PyTorch: <c>torch.bernoulli</c>.</summary>
        /// <exception cref="ArgumentException">A probability is not in [0, 1], or the tensor is not floating point.</exception>
        public static Tensor Bernoulli(Tensor probabilities, Generator? generator = null)
        {
            if (!probabilities.DType.IsFloatingPoint()) throw new ArgumentException($"Bernoulli: expected probabilities in floating point, got {probabilities.DType.Name()}");
            var p = probabilities.Detach().To(DType.Float64);
            if (!((p >= 0) & (p <= 1)).All().Item<bool>()) throw new ArgumentException("Bernoulli: expected probabilities from 0 to 1, got others or NaN");
            return (Tensor.Rand(p.Shape, DType.Float64, generator) < p).To(probabilities.DType);
        }
    }
}
