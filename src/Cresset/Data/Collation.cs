using System.Runtime.CompilerServices;

namespace Cresset.Data;

/// <summary>How samples become a batch. PyTorch: <c>torch.utils.data.default_collate</c>.</summary>
public static class Collation
{
    /// <summary>The batch of some samples: tensors of one shape are stacked along a new first dimension, numbers and bools
    /// become a vector of their type, tuples and arrays of tensors are taken element by element.</summary>
    /// <typeparam name="TItem">A tensor, a number (float, double, int, long, byte, bool), an array of tensors, or a tuple of
    /// tensors and numbers.</typeparam>
    /// <typeparam name="TBatch"><see cref="Tensor"/>, a tuple of two to four tensors, or an array of tensors, with one tensor
    /// for each element of a sample.</typeparam>
    /// <exception cref="ArgumentException">No sample, samples of different shapes, or other types than these.</exception>
    public static TBatch Default<TItem, TBatch>(IReadOnlyList<TItem> samples)
    {
        ArgumentNullException.ThrowIfNull(samples);
        if (samples.Count == 0) throw new ArgumentException("DataLoader: expected at least one sample in a batch, got none");
        var rows = new object?[samples.Count][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = Elements(samples[i]);
            if (rows[i].Length != rows[0].Length)
                throw new ArgumentException($"DataLoader: the samples of a batch have as many elements each, got {rows[0].Length} and, as sample {i} of the batch, {rows[i].Length}");
        }
        var columns = new Tensor[rows[0].Length];
        for (var c = 0; c < columns.Length; c++) columns[c] = Column(rows, c);
        return Pack<TBatch>(columns);
    }

    static object?[] Elements(object? sample)
    {
        if (sample is Tensor[] tensors) return tensors;
        if (sample is not ITuple tuple) return [sample];
        var elements = new object?[tuple.Length];
        for (var i = 0; i < elements.Length; i++) elements[i] = tuple[i];
        return elements;
    }

    static Tensor Column(object?[][] rows, int column) => rows[0][column] switch
    {
        Tensor => Rows.Stack(Values<Tensor>(rows, column)),
        float => Tensor.From(Values<float>(rows, column)),
        double => Tensor.From(Values<double>(rows, column)),
        int => Tensor.From(Values<int>(rows, column)),
        long => Tensor.From(Values<long>(rows, column)),
        byte => Tensor.From(Values<byte>(rows, column)),
        bool => Tensor.From(Values<bool>(rows, column)),
        var other => throw new ArgumentException($"DataLoader: expected samples of tensors and numbers, got {other?.GetType().Name ?? "null"} as element {column}; pass a collate function"),
    };

    static T[] Values<T>(object?[][] rows, int column)
    {
        var values = new T[rows.Length];
        for (var i = 0; i < values.Length; i++)
            values[i] = rows[i][column] is T value ? value
                : throw new ArgumentException($"DataLoader: the samples of a batch have elements of one type, got {typeof(T).Name} and, as sample {i} of the batch, {rows[i][column]?.GetType().Name ?? "null"}");
        return values;
    }

    static TBatch Pack<TBatch>(Tensor[] columns)
    {
        object? batch = null;
        if (typeof(TBatch) == typeof(Tensor[])) batch = columns;
        else if (typeof(TBatch) == typeof(Tensor) && columns is [var only]) batch = only;
        else if (typeof(TBatch) == typeof((Tensor, Tensor)) && columns is [var a, var b]) batch = (a, b);
        else if (typeof(TBatch) == typeof((Tensor, Tensor, Tensor)) && columns is [var d, var e, var f]) batch = (d, e, f);
        else if (typeof(TBatch) == typeof((Tensor, Tensor, Tensor, Tensor)) && columns is [var g, var h, var i, var j]) batch = (g, h, i, j);
        return batch is TBatch typed ? typed
            : throw new ArgumentException($"DataLoader: samples of {columns.Length} elements give no batch of type {typeof(TBatch).Name}; expected Tensor, a tuple of two to four tensors or Tensor[], with a tensor for each element; otherwise pass a collate function");
    }
}
