using System.Runtime.CompilerServices;

namespace Cresset;

// x[...]: numbers, ranges, the ellipsis and new axes give a view; tensors of indices or masks gather.
public partial class Tensor
{
    /// <summary>A part of the tensor: <c>x[0]</c>, <c>x[^1]</c>, <c>x[.., 1..3]</c>, <c>x[mask]</c>, <c>x[rows, columns]</c>. Numbers and
    /// ranges give a view that shares memory; tensors of indices (which broadcast together) and masks give a copy. Assignment
    /// changes the tensor in place; the value broadcasts. PyTorch: <c>x[...]</c>.</summary>
    /// <remarks>Where tensors of indices stand side by side, the gathered dimensions take their place; otherwise they come first,
    /// as in NumPy.</remarks>
    /// <exception cref="ArgumentException">More entries than dimensions, or a mask of another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is out of range.</exception>
    [IndexerName("At")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get
        {
            var view = Views(indices, out var gathered);
            return gathered is null ? view : Gathering.Plan(view, gathered).Get();
        }

        set
        {
            ArgumentNullException.ThrowIfNull(value);
            var view = Views(indices, out var gathered);
            // Outside a graph a view is written directly; inside, the whole tensor's history is changed.
            if (Autograd.Records(this, value) && (gathered is not null || !ReferenceEquals(view, this)))
                Gathering.PutInPlace(this, Tensor.Arange(ElementCount).Reshape(Shape)[indices], value);
            else if (gathered is not null) Gathering.Plan(view, gathered).Set(value);
            else view.CopyInPlace(value);
        }
    }

    // Applies what can be said by a view; tensors of indices are left, each at its dimension of the view.
    Tensor Views(ReadOnlySpan<TensorIndex> indices, out Tensor?[]? gathered)
    {
        var named = 0;
        var ellipses = 0;
        foreach (var index in indices)
        {
            if (index.Type == TensorIndex.Kind.Ellipsis) ellipses++;
            else if (index.Type != TensorIndex.Kind.NewAxis) named += index.Indices is { DType: DType.Bool } mask ? Math.Max(mask.Rank, 1) : 1;
        }
        if (ellipses > 1) throw new ArgumentException("Index: expected at most one ellipsis");
        if (named > Rank) throw new ArgumentException($"Index: expected at most {Rank} entries for the shape {Shape}, got {named}");
        var view = this;
        var dim = 0;
        List<(int Dim, Tensor Indices)>? tensors = null;
        foreach (var index in indices)
        {
            switch (index.Type)
            {
                case TensorIndex.Kind.Ellipsis:
                    dim += Rank - named;
                    break;
                case TensorIndex.Kind.NewAxis:
                    view = view.Unsqueeze(dim++);
                    break;
                case TensorIndex.Kind.Number:
                    view = view.Select(dim, index.Start.IsFromEnd ? -index.Start.Value : index.Start.Value);
                    break;
                case TensorIndex.Kind.Slice:
                    var size = view.Shape[dim];
                    int start = Math.Clamp(index.Start.GetOffset(size), 0, size), stop = Math.Clamp(index.Stop.GetOffset(size), start, size);
                    if (start > 0 || stop < size || index.Step > 1)
                        view = NarrowOperators.Slice(view, dim, start, (int)(((long)stop - start + index.Step - 1) / index.Step), index.Step);
                    dim++;
                    break;
                default:
                    foreach (var places in Gathering.Places(view, dim, index.Indices!)) (tensors ??= []).Add((dim++, places));
                    break;
            }
        }
        gathered = null;
        if (tensors is not null)
        {
            gathered = new Tensor?[view.Rank];
            foreach (var (at, places) in tensors) gathered[at] = places;
        }
        return view;
    }
}

// Gathering by tensors of indices: the indexed dimensions, moved to the front, are one; a place in it is computed from the
// indices, and slices are selected.
sealed class Gathering
{
    readonly Tensor source;
    readonly int[] order, inverse;
    readonly int indexed;
    readonly Tensor places;
    readonly Shape placesShape;
    readonly bool inPlaceOfFirst;
    readonly int firstDim;

    Gathering(Tensor source, int[] order, int indexed, Tensor places, Shape placesShape, bool together, int firstDim)
    {
        this.source = source;
        this.order = order;
        this.indexed = indexed;
        this.places = places;
        this.placesShape = placesShape;
        inPlaceOfFirst = together;
        this.firstDim = firstDim;
        inverse = new int[order.Length];
        for (var i = 0; i < order.Length; i++) inverse[order[i]] = i;
    }

    // A mask stands for the places where it is true, one tensor for each of its dimensions.
    internal static Tensor[] Places(Tensor x, int dim, Tensor indices)
    {
        if (indices.DType != DType.Bool) return [indices];
        for (var i = 0; i < indices.Rank; i++)
            if (indices.Shape[i] != x.Shape[dim + i])
                throw new ArgumentException($"Index: expected a mask that fits dimensions {dim} to {dim + indices.Rank - 1} of the shape {x.Shape}, got {indices.Shape}");
        if (indices.Rank == 0) throw new ArgumentException("Index: expected a mask with at least one dimension, got a scalar");
        var found = indices.NonZero();
        var places = new Tensor[indices.Rank];
        for (var i = 0; i < places.Length; i++) places[i] = found.Select(1, i);
        return places;
    }

    internal static Gathering Plan(Tensor x, Tensor?[] gathered)
    {
        var dims = Enumerable.Range(0, x.Rank).Where(i => gathered[i] is not null).ToArray();
        Shape shape = [];
        foreach (var dim in dims) shape = Shape.Broadcast(shape, gathered[dim]!.Shape, "Index");
        Tensor? places = null;
        var range = 1;
        foreach (var dim in dims)
        {
            var size = x.Shape[dim];
            var index = gathered[dim]!;
            index = GatherOperators.CheckIndex($"Index, dimension {dim}", index, size, fromEnd: true).Expand(shape);
            places = places is null ? index : places * size + index;
            range *= size;
        }
        var together = dims[^1] - dims[0] == dims.Length - 1;
        int[] order = [.. dims, .. Enumerable.Range(0, x.Rank).Except(dims)];
        return new Gathering(x, order, dims.Length, places!.Reshape(-1), shape, together, dims[0]);
    }

    // The source with the indexed dimensions in front, as one.
    Tensor Front(Tensor x)
    {
        var moved = x.Permute(order);
        var rest = moved.Shape.AsSpan()[indexed..].ToArray();
        var count = 1;
        for (var i = 0; i < indexed; i++) count *= moved.Shape[i];
        return moved.Reshape(new Shape([count, .. rest]));
    }

    // The result has the places' dimensions in front; they move to where the indexed ones stood, if these stood together.
    int[] ResultOrder(int rank)
    {
        if (!inPlaceOfFirst) return [.. Enumerable.Range(0, rank)];
        return [.. Enumerable.Range(placesShape.Rank, firstDim), .. Enumerable.Range(0, placesShape.Rank), .. Enumerable.Range(placesShape.Rank + firstDim, rank - placesShape.Rank - firstDim)];
    }

    internal Tensor Get()
    {
        var front = Front(source);
        var picked = front.IndexSelect(0, places).Reshape(new Shape([.. placesShape.AsSpan(), .. front.Shape.AsSpan()[1..]]));
        return picked.Permute(ResultOrder(picked.Rank));
    }

    // Through the place of every element: the same way for views and for what is gathered.
    internal void Set(Tensor value)
    {
        var numbers = Tensor.Arange(source.ElementCount).Reshape(source.Shape);
        var plan = new Gathering(numbers, order, indexed, places, placesShape, inPlaceOfFirst, firstDim);
        PutInPlace(source, plan.Get(), value);
    }

    // x at the (row-major) places becomes value; of equal places the last wins.
    internal static void PutInPlace(Tensor x, Tensor places, Tensor value)
    {
        Autograd.CheckInPlace("Index", x, value.RequiresGrad);
        if (Shape.Broadcast(places.Shape, value.Shape, "Index") != places.Shape)
            throw new ArgumentException($"Index: expected a value that broadcasts to {places.Shape}, got {value.Shape}");
        var flat = places.Reshape(-1);
        var values = (value.Storage == x.Storage ? value.Detach().Clone() : value.Detach()).To(x.DType).Expand(places.Shape).Reshape(-1);
        // Element by element, in row-major order of the places.
        var target = x.IsContiguous ? x.Detach() : x.Detach().Contiguous();
        var line = target.Reshape(-1);
        line.Backend.IndexCopy(values.Contiguous().Operand, flat.Contiguous().Operand, line.Operand);
        if (!x.IsContiguous) x.Backend.Copy(target.Operand, x.Operand);
        Autograd.RecordInPlace("Index", x, [x, value], [], (node, gradient) =>
        {
            Tensor? before = null;
            if (node.Needs(0))
            {
                var mask = Tensor.Ones([x.ElementCount], gradient.DType, gradient.Backend);
                mask.Backend.IndexCopy(Tensor.Zeros([flat.ElementCount], gradient.DType).Operand, flat.Contiguous().Operand, mask.Operand);
                before = gradient * mask.Reshape(x.Shape);
            }
            return [before, node.Needs(1) ? gradient.Reshape(-1).IndexSelect(0, flat).Reshape(places.Shape) : null];
        });
    }
}
