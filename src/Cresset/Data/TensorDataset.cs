namespace Cresset.Data;

/// <summary>Pairs of rows of two tensors: sample i is (inputs[i], targets[i]). A loader gathers a batch's rows at once.
/// PyTorch: <c>torch.utils.data.TensorDataset</c> of two tensors. For one tensor there is
/// <see cref="SingleTensorDataset"/>, for any number <see cref="MultiTensorDataset"/>.</summary>
public class TensorDataset : Dataset<(Tensor, Tensor)>
{
    readonly Tensor[] tensors;

    /// <summary>Rows of two tensors: N samples in their first dimension.</summary>
    /// <param name="inputs">[N, ...].</param>
    /// <param name="targets">[N, ...], with the same N.</param>
    /// <exception cref="ArgumentException">A scalar, or different first sizes.</exception>
    public TensorDataset(Tensor inputs, Tensor targets) => tensors = Rows.Check("TensorDataset", inputs, targets);

    /// <summary>[N, ...]: all inputs, contiguous and outside any graph.</summary>
    public Tensor Inputs => tensors[0];

    /// <summary>[N, ...]: all targets, contiguous and outside any graph.</summary>
    public Tensor Targets => tensors[1];

    /// <inheritdoc/>
    public override int Count => tensors[0].Shape[0];

    /// <inheritdoc/>
    public override (Tensor, Tensor) this[int index]
    {
        get
        {
            CheckIndex(index, "TensorDataset");
            return (tensors[0].Select(0, index), tensors[1].Select(0, index));
        }
    }

    /// <inheritdoc/>
    protected internal override bool TryGetBatch(ReadOnlySpan<int> indices, out (Tensor, Tensor) batch)
    {
        batch = (Rows.Gather(tensors[0], indices), Rows.Gather(tensors[1], indices));
        return true;
    }
}

/// <summary>Rows of one tensor: sample i is tensor[i]. PyTorch: <c>TensorDataset</c> of one tensor.</summary>
public sealed class SingleTensorDataset : Dataset<Tensor>
{
    readonly Tensor tensor;

    /// <summary>Rows of a tensor [N, ...].</summary>
    /// <exception cref="ArgumentException">A scalar.</exception>
    public SingleTensorDataset(Tensor tensor) => this.tensor = Rows.Check("SingleTensorDataset", tensor)[0];

    /// <inheritdoc/>
    public override int Count => tensor.Shape[0];

    /// <inheritdoc/>
    public override Tensor this[int index]
    {
        get
        {
            CheckIndex(index, "SingleTensorDataset");
            return tensor.Select(0, index);
        }
    }

    /// <inheritdoc/>
    protected internal override bool TryGetBatch(ReadOnlySpan<int> indices, out Tensor batch)
    {
        batch = Rows.Gather(tensor, indices);
        return true;
    }
}

/// <summary>Rows of several tensors: sample i is [a[i], b[i], ...]. PyTorch: <c>TensorDataset</c>.</summary>
public sealed class MultiTensorDataset : Dataset<Tensor[]>
{
    readonly Tensor[] tensors;

    /// <summary>Rows of tensors [N, ...] with the same N.</summary>
    /// <exception cref="ArgumentException">No tensor, a scalar, or different first sizes.</exception>
    public MultiTensorDataset(params Tensor[] tensors) => this.tensors = Rows.Check("MultiTensorDataset", tensors);

    /// <inheritdoc/>
    public override int Count => tensors[0].Shape[0];

    /// <inheritdoc/>
    public override Tensor[] this[int index]
    {
        get
        {
            CheckIndex(index, "MultiTensorDataset");
            return Array.ConvertAll(tensors, t => t.Select(0, index));
        }
    }

    /// <inheritdoc/>
    protected internal override bool TryGetBatch(ReadOnlySpan<int> indices, out Tensor[] batch)
    {
        batch = new Tensor[tensors.Length];
        for (var i = 0; i < batch.Length; i++) batch[i] = Rows.Gather(tensors[i], indices);
        return true;
    }
}

// Rows of tensors, as memory: a batch is made with one copy a row. A dataset's tensors take no part in a graph.
static unsafe class Rows
{
    internal static Tensor[] Check(string name, params ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.IsEmpty) throw new ArgumentException($"{name}: expected at least one tensor, got none");
        var rows = new Tensor[tensors.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(tensors[i]);
            if (tensors[i].Rank == 0)
                throw new ArgumentException($"{name}: expected tensors with samples in the first dimension, got a scalar as tensor {i}");
            if (tensors[i].Shape[0] != tensors[0].Shape[0])
                throw new ArgumentException($"{name}: expected tensors with the same first size, got {tensors[0].Shape} and, as tensor {i}, {tensors[i].Shape}");
            rows[i] = tensors[i].Detach().Contiguous();
        }
        return rows;
    }

    /// <summary>[n, ...]: the rows of a contiguous tensor at these indices.</summary>
    internal static Tensor Gather(Tensor source, ReadOnlySpan<int> indices)
    {
        var result = Tensor.Empty(source.Shape.With(0, indices.Length), source.DType, source.Backend);
        var bytes = RowBytes(source);
        var from = source.Storage.Pointer + (long)source.Layout.Offset * source.DType.Size();
        var to = result.Storage.Pointer;
        for (var i = 0; i < indices.Length; i++, to += bytes)
        {
            if ((uint)indices[i] >= (uint)source.Shape[0])
                throw new ArgumentOutOfRangeException(nameof(indices), $"DataLoader: expected indices from 0 to {source.Shape[0] - 1}, got {indices[i]}");
            Buffer.MemoryCopy(from + indices[i] * bytes, to, bytes, bytes);
        }
        GC.KeepAlive(source);
        GC.KeepAlive(result);
        return result;
    }

    /// <summary>[n, ...]: tensors of one shape and type as the rows of a new one.</summary>
    internal static Tensor Stack(ReadOnlySpan<Tensor> tensors)
    {
        var first = tensors[0];
        var result = Tensor.Empty(first.Shape.Insert(0, tensors.Length), first.DType, first.Backend);
        for (var i = 0; i < tensors.Length; i++)
        {
            if (tensors[i].Shape != first.Shape || tensors[i].DType != first.DType)
                throw new ArgumentException($"DataLoader: the samples of a batch have one shape and type to be stacked, got {first.DType.Name()} {first.Shape} and, as sample {i} of the batch, {tensors[i].DType.Name()} {tensors[i].Shape}; pass a collate function that pads or cuts them");
            first.Backend.Copy(tensors[i].Operand, result.Select(0, i).Operand);
        }
        return result;
    }

    static long RowBytes(Tensor source)
    {
        long bytes = source.DType.Size();
        for (var d = 1; d < source.Rank; d++) bytes *= source.Shape[d];
        return bytes;
    }
}
