namespace Cresset.Data;

/// <summary>In what order an epoch takes the samples. PyTorch: <c>torch.utils.data.Sampler</c>.</summary>
public abstract class Sampler
{
    /// <summary>How many indices an epoch has.</summary>
    public abstract int Count { get; }

    /// <summary>The indices of an epoch; the same for the same epoch number, whenever asked.</summary>
    /// <param name="epoch">The epoch's number, from 0.</param>
    public abstract IEnumerable<int> Indices(int epoch);
}

/// <summary>0, 1, 2, ... PyTorch: <c>SequentialSampler</c>.</summary>
public sealed class SequentialSampler : Sampler
{
    /// <summary>The indices from 0 to <paramref name="count"/> less one.</summary>
    public SequentialSampler(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Count = count;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerable<int> Indices(int epoch) => Enumerable.Range(0, Count);
}

/// <summary>A random order, another one each epoch. PyTorch: <c>RandomSampler</c>.</summary>
public sealed class RandomSampler : Sampler
{
    readonly int population;
    readonly long seed;
    readonly bool replacement;

    /// <summary>Random indices from 0 to <paramref name="population"/> less one.</summary>
    /// <param name="population">The number of samples of the dataset.</param>
    /// <param name="seed">Equal seeds give equal orders, epoch by epoch.</param>
    /// <param name="count">How many to draw each epoch; all of them unless given.</param>
    /// <param name="replacement">Draw each index anew from all of them, so that some come twice.</param>
    /// <exception cref="ArgumentException">More are asked for than there are, without replacement.</exception>
    public RandomSampler(int population, long seed = 0, int? count = null, bool replacement = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(population);
        ArgumentOutOfRangeException.ThrowIfNegative(count ?? 0);
        Count = count ?? population;
        if (Count > population && (!replacement || population == 0))
            throw new ArgumentException($"RandomSampler: expected a count of at most the population {population}, got {Count}; pass replacement: true to draw samples more than once");
        this.population = population;
        this.seed = seed;
        this.replacement = replacement;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerable<int> Indices(int epoch)
    {
        var generator = Generator.Of(seed, epoch);
        if (!replacement) return generator.Permutation(population).Take(Count);
        var drawn = new int[Count];
        for (var i = 0; i < Count; i++) drawn[i] = (int)generator.NextInt64(population);
        return drawn;
    }
}

/// <summary>Random indices with chances proportional to weights, as against unbalanced classes.
/// PyTorch: <c>WeightedRandomSampler</c>.</summary>
public sealed class WeightedRandomSampler : Sampler
{
    readonly double[] weights;
    readonly bool replacement;
    readonly long seed;

    /// <summary>Indices drawn with chances weights[i] / sum.</summary>
    /// <param name="weights">A weight for each sample, not negative; they need not add up to 1.</param>
    /// <param name="count">How many to draw each epoch.</param>
    /// <param name="replacement">Whether an index can come again; if not, each draw is among those that are left.</param>
    /// <param name="seed">Equal seeds give equal draws, epoch by epoch.</param>
    /// <exception cref="ArgumentException">A weight is negative or not finite, all are zero, or fewer are positive than are
    /// asked for without replacement.</exception>
    public WeightedRandomSampler(IEnumerable<double> weights, int count, bool replacement = true, long seed = 0)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        this.weights = [.. weights];
        var sum = 0.0;
        var positive = 0;
        for (var i = 0; i < this.weights.Length; i++)
        {
            var weight = this.weights[i];
            if (!(weight >= 0) || double.IsInfinity(weight))
                throw new ArgumentException(FormattableString.Invariant($"WeightedRandomSampler: expected finite weights that are not negative, got {weight} at index {i}"));
            if (weight > 0) positive++;
            sum += weight;
        }
        if (count > 0 && !(sum > 0 && double.IsFinite(sum)))
            throw new ArgumentException(FormattableString.Invariant($"WeightedRandomSampler: expected weights with a positive, finite sum, got {sum}"));
        if (!replacement && count > positive)
            throw new ArgumentException($"WeightedRandomSampler: without replacement {count} samples need as many positive weights, got {positive}; ask for fewer or pass replacement: true");
        Count = count;
        this.replacement = replacement;
        this.seed = seed;
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override IEnumerable<int> Indices(int epoch)
    {
        var places = Tensor.Multinomial(Tensor.From(weights), Count, replacement, Generator.Of(seed, epoch));
        return Array.ConvertAll(places.ToArray<long>(), place => (int)place);
    }
}

/// <summary>Cuts a sampler's indices into batches. Derive from it to make batches in another way, as by length.
/// PyTorch: <c>BatchSampler</c>.</summary>
public class BatchSampler
{
    readonly Sampler sampler;
    readonly int batchSize;
    readonly bool dropLast;

    /// <summary>Batches of a sampler's indices.</summary>
    /// <param name="sampler">The order of the samples.</param>
    /// <param name="batchSize">Samples in a batch.</param>
    /// <param name="dropLast">Leave out a last batch that is smaller than the others.</param>
    public BatchSampler(Sampler sampler, int batchSize, bool dropLast = false)
    {
        ArgumentNullException.ThrowIfNull(sampler);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        this.sampler = sampler;
        this.batchSize = batchSize;
        this.dropLast = dropLast;
    }

    /// <summary>How many batches an epoch has.</summary>
    public virtual int Count => sampler.Count / batchSize + (dropLast || sampler.Count % batchSize == 0 ? 0 : 1);

    /// <summary>The indices of each batch of an epoch.</summary>
    /// <param name="epoch">The epoch's number, from 0.</param>
    public virtual IEnumerable<int[]> Batches(int epoch) =>
        sampler.Indices(epoch).Chunk(batchSize).Where(batch => !dropLast || batch.Length == batchSize);
}
