using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Cresset.Data;

/// <summary>Batches of a dataset, one epoch for each <c>foreach</c>. PyTorch: <c>torch.utils.data.DataLoader</c>.</summary>
/// <remarks>
/// <para>The order depends on the seed and the number of the epoch only, not on the number of workers. Where the samples are
/// rows of tensors (<see cref="TensorDataset"/> and subsets of it) a batch is gathered at once.</para>
/// <para>With workers the dataset is read from background threads, a few batches ahead, and must allow that. Leaving the
/// <c>foreach</c>, by whatever way, ends them. Without workers everything happens on the caller's thread.</para>
/// <para>What a dataset, a sampler or a collate function throws comes out of the <c>foreach</c> at the batch concerned; where
/// it is a sample that failed, as an <see cref="InvalidOperationException"/> that names the index.</para>
/// </remarks>
/// <typeparam name="TBatch">The type of a batch, such as <c>(Tensor, Tensor)</c>.</typeparam>
[SuppressMessage("Naming", "CA1710", Justification = "DataLoader is the field's own term")]
public class DataLoader<TBatch> : IEnumerable<TBatch>
{
    // The batches of an epoch, each as the work that makes it.
    readonly Func<int, IEnumerable<Func<TBatch>>> epochs;
    readonly BatchSampler? batches;
    readonly int workers;
    readonly long seed;
    int epoch, firstBatch;

    /// <summary>Batches of a dataset whose batches are of the type of its samples: tensors, tuples of tensors.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples in a batch.</param>
    /// <param name="shuffle">Another random order each epoch.</param>
    /// <param name="seed">Seed of the order, and of what is random in the dataset, such as augmentation. PyTorch draws it from its
    /// global generator.</param>
    /// <param name="dropLast">Leave out a last batch that is smaller than the others.</param>
    /// <param name="sampler">The order, in place of <paramref name="shuffle"/>.</param>
    /// <param name="batchSampler">The batches, in place of batch size, shuffle, sampler and drop-last.</param>
    /// <param name="collate">What makes a batch of samples; <see cref="Collation.Default"/> unless given.</param>
    /// <param name="workers">Background threads that prepare batches; 0 for none. PyTorch: <c>num_workers</c> (processes).</param>
    /// <exception cref="ArgumentException">Options that exclude each other.</exception>
    public DataLoader(Dataset<TBatch> dataset, int batchSize = 1, bool shuffle = false, long seed = 0, bool dropLast = false,
        Sampler? sampler = null, BatchSampler? batchSampler = null, Func<IReadOnlyList<TBatch>, TBatch>? collate = null, int workers = 0)
        : this(DataLoader.Batches(dataset, batchSize, shuffle, seed, dropLast, sampler, batchSampler),
            indices => collate is null && dataset.TryGetBatch(indices, out var batch) ? batch
                : (collate ?? Collation.Default<TBatch, TBatch>)(DataLoader.Samples(dataset, indices)), workers, seed)
    {
    }

    /// <summary>Batches of a stream, in its order. The samples are read one after another, also with workers, which then
    /// prepare batches.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples in a batch.</param>
    /// <param name="dropLast">Leave out a last batch that is smaller than the others.</param>
    /// <param name="collate">What makes a batch of samples; <see cref="Collation.Default"/> unless given.</param>
    /// <param name="workers">Background threads that prepare batches; 0 for none.</param>
    public DataLoader(IterableDataset<TBatch> dataset, int batchSize = 1, bool dropLast = false,
        Func<IReadOnlyList<TBatch>, TBatch>? collate = null, int workers = 0)
        : this(_ => DataLoader.Stream(dataset, batchSize, dropLast, collate ?? Collation.Default<TBatch, TBatch>), null, workers, seed: 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
    }

    internal DataLoader(BatchSampler batches, Func<int[], TBatch> fetch, int workers, long seed)
        : this(epoch => batches.Batches(epoch).Select<int[], Func<TBatch>>(indices => () => fetch(indices)), batches, workers, seed)
    {
    }

    DataLoader(Func<int, IEnumerable<Func<TBatch>>> epochs, BatchSampler? batches, int workers, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        this.epochs = epochs;
        this.batches = batches;
        this.workers = workers;
        this.seed = seed;
    }

    /// <summary>The number of batches in an epoch. PyTorch: <c>len(loader)</c>.</summary>
    /// <exception cref="InvalidOperationException">The dataset is a stream, whose length is not known.</exception>
    public int Count => batches?.Count
        ?? throw new InvalidOperationException("DataLoader.Count: the dataset is a stream, whose length is not known before it has been read; TryGetCount tells whether it is");

    /// <summary>The number of batches in an epoch, where it is known.</summary>
    /// <returns>False for a stream.</returns>
    public bool TryGetCount(out int count)
    {
        count = batches?.Count ?? 0;
        return batches is not null;
    }

    /// <summary>The number, from 0, of the epoch that the next <c>foreach</c> runs. Set it to go on where an earlier run
    /// ended. PyTorch: <c>sampler.set_epoch</c>.</summary>
    public int Epoch
    {
        get => epoch;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            epoch = value;
        }
    }

    /// <summary>Lets the next <c>foreach</c> go on within an epoch: with the batches that come after the first so many of it, as they
    /// would have come, random changes included. What is passed over is not prepared; of a stream it is read.</summary>
    /// <param name="epoch">The number of the epoch, from 0.</param>
    /// <param name="batch">How many of its batches are passed over.</param>
    public void StartAt(int epoch, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(batch);
        Epoch = epoch;
        firstBatch = batch;
    }

    /// <summary>The batches of the next epoch.</summary>
    public IEnumerator<TBatch> GetEnumerator()
    {
        var number = Interlocked.Increment(ref epoch) - 1;
        var first = Interlocked.Exchange(ref firstBatch, 0);
        // Each batch has random numbers of its own, so that no worker takes another's.
        return Run(epochs(number).Select<Func<TBatch>, Func<TBatch>>((make, batch) =>
            () => Random.With(Generator.OfBatch(seed, number, batch), make)).Skip(first));
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    IEnumerator<TBatch> Run(IEnumerable<Func<TBatch>> epoch)
    {
        using var source = epoch.GetEnumerator();
        if (workers == 0)
        {
            while (source.MoveNext())
            {
                MemoryPool.StepBoundary();
                yield return source.Current();
            }
            yield break;
        }
        using var prefetcher = new Prefetcher<TBatch>(source, workers);
        while (prefetcher.TryTake(out var batch))
        {
            MemoryPool.StepBoundary();
            yield return batch;
        }
    }
}

/// <summary>Batches of pairs (inputs, targets), which is what supervised learning loops over; and loaders whose batches are
/// of another type than the samples.</summary>
/// <example><code>foreach (var (images, labels) in new DataLoader(dataset, batchSize: 64, shuffle: true)) { ... }</code></example>
[SuppressMessage("Naming", "CA1710", Justification = "DataLoader is the field's own term")]
public sealed class DataLoader : DataLoader<(Tensor Inputs, Tensor Targets)>
{
    /// <inheritdoc/>
    public DataLoader(Dataset<(Tensor, Tensor)> dataset, int batchSize = 1, bool shuffle = false, long seed = 0, bool dropLast = false,
        Sampler? sampler = null, BatchSampler? batchSampler = null,
        Func<IReadOnlyList<(Tensor, Tensor)>, (Tensor, Tensor)>? collate = null, int workers = 0)
        : base(dataset, batchSize, shuffle, seed, dropLast, sampler, batchSampler, collate, workers)
    {
    }

    /// <inheritdoc/>
    public DataLoader(IterableDataset<(Tensor, Tensor)> dataset, int batchSize = 1, bool dropLast = false,
        Func<IReadOnlyList<(Tensor, Tensor)>, (Tensor, Tensor)>? collate = null, int workers = 0)
        : base(dataset, batchSize, dropLast, collate, workers)
    {
    }

    /// <summary>A loader whose batches are of another type than the samples: samples with numbers, as
    /// <c>DataLoader.Create&lt;(Tensor, int), (Tensor, Tensor)&gt;(dataset)</c>, or a collate function that gives what it
    /// likes.</summary>
    /// <typeparam name="TItem">The type of a sample.</typeparam>
    /// <typeparam name="TBatch">The type of a batch.</typeparam>
    /// <inheritdoc cref="DataLoader{TBatch}(Dataset{TBatch}, int, bool, long, bool, Sampler, BatchSampler, Func{IReadOnlyList{TBatch}, TBatch}, int)"/>
    public static DataLoader<TBatch> Create<TItem, TBatch>(Dataset<TItem> dataset, Func<IReadOnlyList<TItem>, TBatch>? collate = null,
        int batchSize = 1, bool shuffle = false, long seed = 0, bool dropLast = false, Sampler? sampler = null,
        BatchSampler? batchSampler = null, int workers = 0)
    {
        collate ??= Collation.Default<TItem, TBatch>;
        return new DataLoader<TBatch>(Batches(dataset, batchSize, shuffle, seed, dropLast, sampler, batchSampler),
            indices => collate(Samples(dataset, indices)), workers, seed);
    }

    internal static BatchSampler Batches<T>(Dataset<T> dataset, int batchSize, bool shuffle, long seed, bool dropLast,
        Sampler? sampler, BatchSampler? batchSampler)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        if (sampler is not null && shuffle)
            throw new ArgumentException("DataLoader: a sampler decides the order, so shuffle is not given with one; use RandomSampler or leave the sampler out");
        if (batchSampler is not null && (batchSize != 1 || shuffle || dropLast || sampler is not null))
            throw new ArgumentException("DataLoader: a batch sampler decides the batches, so batchSize, shuffle, dropLast and sampler are not given with one");
        return batchSampler ?? new BatchSampler(sampler
            ?? (shuffle ? new RandomSampler(dataset.Count, seed) : new SequentialSampler(dataset.Count)), batchSize, dropLast);
    }

    internal static T[] Samples<T>(Dataset<T> dataset, int[] indices)
    {
        var samples = new T[indices.Length];
        for (var i = 0; i < samples.Length; i++)
        {
            try
            {
                samples[i] = dataset[indices[i]];
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"DataLoader: the dataset failed at index {indices[i]}: {e.Message}", e);
            }
        }
        return samples;
    }

    internal static IEnumerable<Func<TBatch>> Stream<TItem, TBatch>(IEnumerable<TItem> dataset, int batchSize, bool dropLast,
        Func<IReadOnlyList<TItem>, TBatch> collate)
    {
        foreach (var samples in Numbered(dataset).Chunk(batchSize))
            if (!dropLast || samples.Length == batchSize)
                yield return () => collate(samples);
    }

    // A failing stream says how far it came.
    static IEnumerable<T> Numbered<T>(IEnumerable<T> dataset)
    {
        using var source = dataset.GetEnumerator();
        for (long index = 0; ; index++)
        {
            try
            {
                if (!source.MoveNext()) yield break;
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"DataLoader: the stream failed at sample {index}: {e.Message}", e);
            }
            yield return source.Current;
        }
    }
}
