using System.Collections;

namespace Cresset.Data;

/// <summary>Samples by index. Override <see cref="Count"/> and the indexer; a sample is usually a pair of tensors, an input
/// and its target. PyTorch: <c>torch.utils.data.Dataset</c>.</summary>
/// <remarks>A <see cref="DataLoader{TBatch}"/> with workers reads a dataset from several threads at once: the indexer must
/// allow that, as reading shared tensors and arrays does. It must also give the same sample for the same index, unless
/// randomness in it (augmentation) is wanted. The datasets of this library are safe to read from many threads.</remarks>
/// <typeparam name="T">The type of a sample.</typeparam>
public abstract class Dataset<T> : IReadOnlyList<T>
{
    /// <summary>The number of samples. PyTorch: <c>__len__</c>.</summary>
    public abstract int Count { get; }

    /// <summary>The sample at an index from 0 to <see cref="Count"/> less one. PyTorch: <c>__getitem__</c>.</summary>
    public abstract T this[int index] { get; }

    /// <summary>The samples at these indices as one batch, for a dataset that gathers faster than sample by sample; it must
    /// equal what default collation makes of the single samples.</summary>
    /// <param name="indices">Indices in range; they may repeat.</param>
    /// <param name="batch">The batch, in the order of the indices.</param>
    /// <returns>False where the dataset has no such way: the loader then takes the samples one by one.</returns>
    protected internal virtual bool TryGetBatch(ReadOnlySpan<int> indices, out T batch)
    {
        batch = default!;
        return false;
    }

    /// <summary>The samples in order.</summary>
    public IEnumerator<T> GetEnumerator()
    {
        for (var i = 0; i < Count; i++) yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The samples after a function, such as a transform; it runs at each access, on the loader's workers where
    /// there are some.</summary>
    public Dataset<TResult> Map<TResult>(Func<T, TResult> function) => new MappedDataset<T, TResult>(this, function);

    /// <summary>Cuts the dataset into disjoint random parts of these lengths. PyTorch: <c>random_split</c>.</summary>
    /// <param name="lengths">The lengths, which add up to <see cref="Count"/>.</param>
    /// <param name="seed">Equal seeds give equal parts.</param>
    /// <exception cref="ArgumentException">A negative length, or another sum.</exception>
    public Subset<T>[] RandomSplit(ReadOnlySpan<int> lengths, long seed = 0)
    {
        long sum = 0;
        foreach (var length in lengths)
        {
            if (length < 0) throw new ArgumentException($"RandomSplit: expected lengths that are not negative, got {Shape.Format(lengths)}");
            sum += length;
        }
        if (sum != Count)
            throw new ArgumentException($"RandomSplit: expected lengths that add up to the dataset's {Count} samples, got {Shape.Format(lengths)}, which add up to {sum}");
        var order = Generator.Of(seed, 0).Permutation(Count);
        var parts = new Subset<T>[lengths.Length];
        var start = 0;
        for (var i = 0; i < parts.Length; start += lengths[i++])
            parts[i] = new Subset<T>(this, order[start..(start + lengths[i])]);
        return parts;
    }

    /// <summary>Cuts the dataset into disjoint random parts of these fractions. Each part has the whole part of its share; the
    /// samples that are left over go to the parts from the first on, one each. PyTorch: <c>random_split</c>.</summary>
    /// <param name="fractions">Fractions that add up to 1.</param>
    /// <param name="seed">Equal seeds give equal parts.</param>
    /// <exception cref="ArgumentException">A fraction that is negative or not a number, or another sum.</exception>
    public Subset<T>[] RandomSplit(ReadOnlySpan<double> fractions, long seed = 0)
    {
        var lengths = new int[fractions.Length];
        var sum = 0.0;
        var left = Count;
        for (var i = 0; i < lengths.Length; i++)
        {
            if (!(fractions[i] >= 0 && fractions[i] <= 1))
                throw new ArgumentException(FormattableString.Invariant($"RandomSplit: expected fractions from 0 to 1, got {fractions[i]} at index {i}"));
            sum += fractions[i];
            // A product such as 0.7 * 10 may lie a hair below the whole number that is meant.
            lengths[i] = Math.Min(left, (int)Math.Floor(Count * fractions[i] + 1e-9 * Math.Max(1, Count)));
            left -= lengths[i];
        }
        if (Math.Abs(sum - 1) > 1e-6)
            throw new ArgumentException(FormattableString.Invariant($"RandomSplit: expected fractions that add up to 1, got {sum}"));
        for (var i = 0; left > 0; i = (i + 1) % lengths.Length, left--) lengths[i]++;
        return RandomSplit(lengths, seed);
    }

    internal void CheckIndex(int index, string name)
    {
        if ((uint)index >= (uint)Count)
            throw new ArgumentOutOfRangeException(nameof(index), $"{name}: expected an index from 0 to {Count - 1}, got {index}");
    }
}

/// <summary>Samples in the order in which a source gives them, for data that has no index: a log, a large file, a
/// generator. Give the source to the constructor, or override <see cref="GetEnumerator"/>.
/// PyTorch: <c>torch.utils.data.IterableDataset</c>.</summary>
/// <remarks>A loader reads the stream on one thread at a time, each epoch from its start.</remarks>
/// <typeparam name="T">The type of a sample.</typeparam>
public class IterableDataset<T> : IEnumerable<T>
{
    readonly IEnumerable<T> source;

    /// <summary>The samples of a source.</summary>
    public IterableDataset(IEnumerable<T> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        this.source = source;
    }

    /// <summary>For a class that overrides <see cref="GetEnumerator"/>.</summary>
    protected IterableDataset() : this([])
    {
    }

    /// <summary>The samples from the start.</summary>
    public virtual IEnumerator<T> GetEnumerator() => source.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

sealed class MappedDataset<T, TResult> : Dataset<TResult>
{
    readonly Dataset<T> source;
    readonly Func<T, TResult> function;

    public MappedDataset(Dataset<T> source, Func<T, TResult> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        this.source = source;
        this.function = function;
    }

    public override int Count => source.Count;

    public override TResult this[int index] => function(source[index]);
}
