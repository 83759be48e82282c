namespace Cresset;

/// <summary>One entry between the brackets of <c>x[...]</c>: a number, a range, a tensor of indices or a mask.</summary>
public readonly struct TensorIndex
{
    internal enum Kind
    {
        Number,
        Slice,
        Ellipsis,
        NewAxis,
        Tensor,
    }

    internal Kind Type { get; private init; }

    internal Index Start { get; private init; }

    internal Index Stop { get; private init; }

    internal int Step { get; private init; }

    internal Tensor? Indices { get; private init; }

    /// <summary>As many whole dimensions as are left. PyTorch: <c>...</c>.</summary>
    public static TensorIndex Ellipsis => new() { Type = Kind.Ellipsis };

    /// <summary>A new dimension of size 1. PyTorch: <c>None</c>.</summary>
    public static TensorIndex NewAxis => new() { Type = Kind.NewAxis };

    /// <summary>From start up to, not including, stop, every <paramref name="step"/>th. PyTorch: <c>start:stop:step</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is less than 1.</exception>
    public static TensorIndex Slice(Index start, Index stop, int step = 1)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        return new TensorIndex { Type = Kind.Slice, Start = start, Stop = stop, Step = step };
    }

    /// <summary>One index; the dimension disappears. Negative ones count from the end.</summary>
    public static implicit operator TensorIndex(int index) => new() { Type = Kind.Number, Start = index < 0 ? new Index(-index, true) : index };

    /// <summary>One index; the dimension disappears.</summary>
    public static implicit operator TensorIndex(Index index) => new() { Type = Kind.Number, Start = index };

    /// <summary>A part of the dimension; bounds beyond it are brought back, as in Python.</summary>
    public static implicit operator TensorIndex(Range range) => Slice(range.Start, range.End);

    /// <summary>Indices (integers) or a mask (bool).</summary>
    public static implicit operator TensorIndex(Tensor indices) => new() { Type = Kind.Tensor, Indices = indices };
}
