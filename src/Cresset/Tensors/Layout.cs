using System.Diagnostics.CodeAnalysis;

namespace Cresset;

/// <summary>How a tensor's elements lie in its storage: element (i, j, ...) is at offset + i * strides[0] + j * strides[1]
/// + ..., counted in elements. A value type; every view of a tensor is another layout over the same storage.</summary>
public readonly struct Layout
{
    readonly Dimensions strides;

    Layout(Shape shape, ReadOnlySpan<int> strides, int offset)
    {
        Shape = shape;
        strides.CopyTo(((Span<int>)this.strides)[..shape.Rank]);
        Offset = offset;
        IsContiguous = Contiguity(shape, strides);
    }

    /// <summary>The row-major layout of a shape: the last dimension has stride 1, nothing lies between.</summary>
    public Layout(Shape shape)
    {
        Shape = shape;
        var stride = 1;
        for (var i = shape.Rank - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(shape.AsSpan()[i], 1);
        }
        IsContiguous = true;
    }

    /// <summary>The sizes.</summary>
    public Shape Shape { get; }

    /// <summary>The position of the first element in the storage, in elements.</summary>
    public int Offset { get; }

    /// <summary>True where the elements lie row-major without gaps.</summary>
    public bool IsContiguous { get; }

    /// <summary>The number of dimensions.</summary>
    public int Rank => Shape.Rank;

    /// <summary>The number of elements.</summary>
    public int ElementCount => Shape.ElementCount;

    /// <summary>The distance from one index to the next in each dimension, in elements; 0 where a dimension is expanded.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> Strides => ((ReadOnlySpan<int>)strides)[..Rank];

    static bool Contiguity(Shape shape, ReadOnlySpan<int> strides)
    {
        if (shape.ElementCount == 0) return true;
        var expected = 1;
        for (var i = shape.Rank - 1; i >= 0; i--)
        {
            var size = shape.AsSpan()[i];
            if (size == 1) continue;
            if (strides[i] != expected) return false;
            expected *= size;
        }
        return true;
    }

    /// <summary>This layout with other strides and offset; the caller answers for its staying within the storage.</summary>
    internal static Layout Strided(Shape shape, ReadOnlySpan<int> strides, int offset) => new(shape, strides, offset);

    /// <summary>Index <paramref name="index"/> of one dimension, which disappears.</summary>
    internal Layout Select(int dim, int index)
    {
        Span<int> rest = stackalloc int[Shape.MaxRank];
        var count = 0;
        for (var i = 0; i < Rank; i++)
            if (i != dim) rest[count++] = strides[i];
        return new Layout(Shape.Without(dim), rest[..count], Offset + index * strides[dim]);
    }

    /// <summary>The part of one dimension that starts at <paramref name="start"/>, every <paramref name="step"/>th index.</summary>
    internal Layout Narrow(int dim, int start, int length, int step = 1)
    {
        Span<int> changed = stackalloc int[Rank];
        Strides.CopyTo(changed);
        changed[dim] *= step;
        return new Layout(Shape.With(dim, length), changed, length == 0 ? Offset : Offset + start * strides[dim]);
    }

    /// <summary>Dimension i of the result is dimension <c>dims[i]</c> of this one.</summary>
    internal Layout Permute(ReadOnlySpan<int> dims)
    {
        Span<int> sizes = stackalloc int[Rank];
        Span<int> moved = stackalloc int[Rank];
        for (var i = 0; i < Rank; i++)
        {
            sizes[i] = Shape.AsSpan()[dims[i]];
            moved[i] = strides[dims[i]];
        }
        return new Layout(new Shape(sizes), moved, Offset);
    }

    /// <summary>A new dimension of size 1.</summary>
    internal Layout Unsqueeze(int dim)
    {
        Span<int> more = stackalloc int[Rank + 1];
        Strides[..dim].CopyTo(more);
        more[dim] = dim < Rank ? strides[dim] * Math.Max(Shape.AsSpan()[dim], 1) : 1;
        Strides[dim..].CopyTo(more[(dim + 1)..]);
        return new Layout(Shape.Insert(dim, 1), more, Offset);
    }

    /// <summary>This layout seen with a larger shape: dimensions of size 1, and new ones in front, repeat by stride 0.</summary>
    internal Layout Expand(Shape shape)
    {
        if (shape == Shape) return this;
        Span<int> changed = stackalloc int[shape.Rank];
        var added = shape.Rank - Rank;
        for (var i = 0; i < shape.Rank; i++)
            changed[i] = i < added || (Shape.AsSpan()[i - added] == 1 && shape.AsSpan()[i] != 1) ? 0 : strides[i - added];
        return new Layout(shape, changed, Offset);
    }

    /// <summary>The same elements in the same order under another shape, where strides can say so without a copy.</summary>
    internal bool TryReshape(Shape shape, out Layout result)
    {
        if (IsContiguous)
        {
            var plain = new Layout(shape);
            result = new Layout(shape, plain.Strides, Offset);
            return true;
        }
        result = default;
        // Sizes of 1 say nothing of memory: leave them out, then match runs of old dimensions that lie evenly in memory
        // with runs of new ones, from the innermost out.
        Span<int> sizes = stackalloc int[Rank];
        Span<int> steps = stackalloc int[Rank];
        var count = 0;
        for (var i = 0; i < Rank; i++)
        {
            if (Shape.AsSpan()[i] == 1) continue;
            sizes[count] = Shape.AsSpan()[i];
            steps[count++] = strides[i];
        }
        Span<int> wanted = stackalloc int[shape.Rank];
        var next = shape.Rank - 1;
        for (var inner = count - 1; inner >= 0; inner--)
        {
            long stride = steps[inner], run = sizes[inner];
            while (inner > 0 && steps[inner - 1] == stride * run) run *= sizes[--inner];
            for (long covered = 1; covered < run; next--)
            {
                wanted[next] = (int)(stride * covered);
                covered *= shape.AsSpan()[next];
                if (covered > run || run % covered != 0) return false;
            }
        }
        for (; next >= 0; next--) wanted[next] = 1;
        result = new Layout(shape, wanted, Offset);
        return true;
    }
}
