using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace Cresset;

[InlineArray(Shape.MaxRank)]
struct Dimensions
{
    int first;
}

/// <summary>The sizes of a tensor's dimensions, from the outermost to the innermost; empty for a scalar. Written as
/// <c>[2, 3]</c>. PyTorch: <c>torch.Size</c>.</summary>
[CollectionBuilder(typeof(Shape), nameof(Create))]
public readonly struct Shape : IEquatable<Shape>, IEnumerable<int>
{
    /// <summary>The most dimensions that a tensor can have.</summary>
    public const int MaxRank = 8;

    readonly Dimensions sizes;

    /// <summary>A shape with these sizes.</summary>
    /// <exception cref="ArgumentException">More than <see cref="MaxRank"/> dimensions, a negative size, or more than
    /// 2^31 - 1 elements.</exception>
    public Shape(params ReadOnlySpan<int> sizes)
    {
        if (sizes.Length > MaxRank)
            throw new ArgumentException($"a tensor has at most {MaxRank} dimensions, got {sizes.Length}: {Format(sizes)}");
        Rank = sizes.Length;
        long count = 1;
        var overflow = false;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] < 0)
                throw new ArgumentException($"a shape's sizes are not negative, got {Format(sizes)}");
            this.sizes[i] = sizes[i];
            count *= sizes[i];
            // Checked at the end: a later zero makes an empty tensor of whatever came before.
            overflow |= count > int.MaxValue;
            if (overflow) count = Math.Min(count, int.MaxValue);
        }
        if (overflow && count != 0)
            throw new ArgumentException($"a tensor has at most {int.MaxValue} elements, got the shape {Format(sizes)}");
        ElementCount = (int)count;
    }

    /// <summary>A shape with these sizes: what <c>[2, 3]</c> calls.</summary>
    public static Shape Create(ReadOnlySpan<int> sizes) => new(sizes);

    /// <summary>The number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>The product of the sizes; 1 for a scalar.</summary>
    public int ElementCount { get; }

    /// <summary>The size of one dimension; negative indices count from the end.</summary>
    /// <exception cref="ArgumentOutOfRangeException">No such dimension.</exception>
    public int this[int dim] => sizes[Dimension(dim, Rank)];

    /// <summary>The size of one dimension, from either end.</summary>
    public int this[Index dim] => this[dim.IsFromEnd ? -dim.Value : dim.Value];

    /// <summary>The sizes.</summary>
    [UnscopedRef]
    public ReadOnlySpan<int> AsSpan() => ((ReadOnlySpan<int>)sizes)[..Rank];

    /// <summary>The sizes as a new array.</summary>
    public int[] ToArray() => AsSpan().ToArray();

    /// <summary>The sizes, one after another.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)ToArray()).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    public bool Equals(Shape other) => AsSpan().SequenceEqual(other.AsSpan());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (var size in AsSpan()) hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>Equal sizes in equal order.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Different sizes.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>From an array of sizes.</summary>
    public static implicit operator Shape(int[] sizes) => new(sizes);

    /// <summary>As in <c>[2, 3]</c>.</summary>
    public override string ToString() => Format(AsSpan());

    internal static string Format(ReadOnlySpan<int> sizes)
    {
        var text = new System.Text.StringBuilder("[");
        for (var i = 0; i < sizes.Length; i++)
            text.Append(i > 0 ? ", " : "").Append(sizes[i].ToString(CultureInfo.InvariantCulture));
        return text.Append(']').ToString();
    }

    // Dimension numbers as users write them: -1 is the last one.
    internal static int Dimension(int dim, int rank, [CallerMemberName] string name = "")
    {
        // A scalar takes 0 and -1 as PyTorch's does.
        var limit = Math.Max(rank, 1);
        if (dim < -limit || dim >= limit)
            throw new ArgumentOutOfRangeException(nameof(dim),
                $"{name}: expected a dimension from {-limit} to {limit - 1} of a tensor with {rank} dimensions, got {dim}");
        return dim < 0 ? dim + limit : dim;
    }

    // The shape with one size changed, removed or inserted.
    internal Shape With(int dim, int size)
    {
        Span<int> copy = stackalloc int[Rank];
        AsSpan().CopyTo(copy);
        copy[dim] = size;
        return new Shape(copy);
    }

    internal Shape Without(int dim)
    {
        Span<int> rest = stackalloc int[MaxRank];
        var count = 0;
        for (var i = 0; i < Rank; i++)
            if (i != dim) rest[count++] = sizes[i];
        return new Shape(rest[..count]);
    }

    internal Shape Insert(int dim, int size)
    {
        Span<int> more = stackalloc int[Rank + 1];
        AsSpan()[..dim].CopyTo(more);
        more[dim] = size;
        AsSpan()[dim..].CopyTo(more[(dim + 1)..]);
        return new Shape(more);
    }

    /// <summary>The shape that both broadcast to: aligned at the innermost dimension, sizes equal or 1.</summary>
    /// <exception cref="ArgumentException">A pair of sizes differs and neither is 1.</exception>
    public static Shape Broadcast(Shape a, Shape b, [CallerMemberName] string name = "")
    {
        if (a == b) return a;
        var rank = Math.Max(a.Rank, b.Rank);
        Span<int> sizes = stackalloc int[MaxRank];
        for (var i = 1; i <= rank; i++)
        {
            var left = i <= a.Rank ? a.sizes[a.Rank - i] : 1;
            var right = i <= b.Rank ? b.sizes[b.Rank - i] : 1;
            if (left != right && left != 1 && right != 1)
                throw new ArgumentException($"{name}: the shapes {a} and {b} do not broadcast: at dimension {rank - i} the sizes are {left} and {right}; they must be equal or one of them 1");
            sizes[rank - i] = left == 1 ? right : left;
        }
        return new Shape(sizes[..rank]);
    }
}
