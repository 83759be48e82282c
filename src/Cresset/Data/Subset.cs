namespace Cresset.Data;

/// <summary>Some samples of another dataset. PyTorch: <c>torch.utils.data.Subset</c>.</summary>
/// <typeparam name="T">The type of a sample.</typeparam>
public sealed class Subset<T> : Dataset<T>
{
    readonly int[] indices;

    /// <summary>The samples of <paramref name="dataset"/> at these indices, in their order; they may repeat.</summary>
    /// <exception cref="ArgumentException">An index is out of range.</exception>
    public Subset(Dataset<T> dataset, IEnumerable<int> indices)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(indices);
        Dataset = dataset;
        this.indices = [.. indices];
        for (var i = 0; i < this.indices.Length; i++)
            if ((uint)this.indices[i] >= (uint)dataset.Count)
                throw new ArgumentException($"Subset: expected indices from 0 to {dataset.Count - 1}, got {this.indices[i]} at position {i}");
    }

    /// <summary>The dataset that the samples are of.</summary>
    public Dataset<T> Dataset { get; }

    /// <summary>The indices in that dataset.</summary>
    public IReadOnlyList<int> Indices => indices;

    /// <inheritdoc/>
    public override int Count => indices.Length;

    /// <inheritdoc/>
    public override T this[int index]
    {
        get
        {
            CheckIndex(index, "Subset");
            return Dataset[indices[index]];
        }
    }

    /// <inheritdoc/>
    protected internal override bool TryGetBatch(ReadOnlySpan<int> indices, out T batch)
    {
        var inner = new int[indices.Length];
        for (var i = 0; i < inner.Length; i++) inner[i] = this.indices[indices[i]];
        return Dataset.TryGetBatch(inner, out batch);
    }
}

/// <summary>Several datasets, one after the other. PyTorch: <c>torch.utils.data.ConcatDataset</c>.</summary>
/// <typeparam name="T">The type of a sample.</typeparam>
public sealed class ConcatDataset<T> : Dataset<T>
{
    readonly Dataset<T>[] datasets;
    // Where each dataset ends.
    readonly int[] ends;

    /// <summary>The samples of all these datasets, in their order.</summary>
    /// <exception cref="ArgumentException">No dataset, or more than 2^31 - 1 samples.</exception>
    public ConcatDataset(params IEnumerable<Dataset<T>> datasets)
    {
        ArgumentNullException.ThrowIfNull(datasets);
        this.datasets = [.. datasets];
        if (this.datasets.Length == 0) throw new ArgumentException("ConcatDataset: expected at least one dataset, got none");
        ends = new int[this.datasets.Length];
        long end = 0;
        for (var i = 0; i < ends.Length; i++)
        {
            end += this.datasets[i].Count;
            if (end > int.MaxValue) throw new ArgumentException($"ConcatDataset: expected at most {int.MaxValue} samples, got {end} in the first {i + 1} datasets");
            ends[i] = (int)end;
        }
    }

    /// <inheritdoc/>
    public override int Count => ends[^1];

    /// <inheritdoc/>
    public override T this[int index]
    {
        get
        {
            CheckIndex(index, "ConcatDataset");
            // The first dataset that ends behind the index; empty ones end where they start.
            var i = Array.BinarySearch(ends, index + 1);
            if (i < 0) i = ~i;
            while (i > 0 && ends[i - 1] == ends[i]) i--;
            return datasets[i][index - (i == 0 ? 0 : ends[i - 1])];
        }
    }
}
