using System.Runtime.CompilerServices;

namespace Cresset;

/// <summary>The same elements in the same order under another shape.</summary>
public static class ReshapeOperators
{
    // One size may be -1: whatever is left.
    static Shape Resolve(string name, Tensor x, ReadOnlySpan<int> sizes)
    {
        Span<int> resolved = stackalloc int[Math.Min(sizes.Length, Shape.MaxRank + 1)];
        if (sizes.Length > Shape.MaxRank) return new Shape(sizes);
        var free = -1;
        long known = 1;
        for (var i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == -1 && free < 0) free = i;
            else if (sizes[i] < 0) throw new ArgumentException($"{name}: expected sizes that are not negative, and -1 at most once, got {Shape.Format(sizes)}");
            else known *= sizes[i];
            resolved[i] = sizes[i];
        }
        if (free >= 0 && known > 0 && x.ElementCount % known == 0) resolved[free] = (int)(x.ElementCount / known);
        else if (free >= 0 || known != x.ElementCount)
            throw new ArgumentException($"{name}: a tensor of shape {x.Shape} has {x.ElementCount} elements, which do not fit the shape {Shape.Format(sizes)}");
        return new Shape(resolved);
    }

    static Tensor Apply(string name, Tensor x, Shape shape)
    {
        if (shape == x.Shape) return x;
        var y = x.Layout.TryReshape(shape, out var layout) ? x.View(layout) : x.Detach().Clone().Reshape(shape);
        return Autograd.Records(x)
            ? Autograd.Record(name, y, [x], [], static (node, gradient) => [Apply("Reshape", gradient, node.InputShape(0))])
            : y;
    }

    extension(Tensor x)
    {
        /// <summary>The elements in row-major order under another shape; a view where strides allow it, else a copy.
        /// One size may be -1: whatever is left. PyTorch: <c>reshape</c>.</summary>
        /// <exception cref="ArgumentException">The number of elements differs.</exception>
        [OverloadResolutionPriority(1)]
        public Tensor Reshape(params ReadOnlySpan<int> shape) => Apply("Reshape", x, Resolve("Reshape", x, shape));

        /// <summary>As the other <c>Reshape</c>, with a shape.</summary>
        public Tensor Reshape(Shape shape) => Apply("Reshape", x, Resolve("Reshape", x, shape.AsSpan()));

        /// <summary>Dimensions <paramref name="startDim"/> to <paramref name="endDim"/> become one; a scalar becomes a vector of
        /// one. PyTorch: <c>flatten</c>.</summary>
        public Tensor Flatten(int startDim = 0, int endDim = -1)
        {
            int start = Shape.Dimension(startDim, x.Rank, "Flatten"), end = Shape.Dimension(endDim, x.Rank, "Flatten");
            if (start > end) throw new ArgumentException($"Flatten: startDim {startDim} comes after endDim {endDim} in a tensor of shape {x.Shape}");
            if (x.Rank == 0) return Apply("Flatten", x, [1]);
            Span<int> sizes = stackalloc int[x.Rank - (end - start)];
            var shape = x.Shape;
            var from = shape.AsSpan();
            from[..start].CopyTo(sizes);
            sizes[start] = 1;
            for (var i = start; i <= end; i++) sizes[start] *= from[i];
            from[(end + 1)..].CopyTo(sizes[(start + 1)..]);
            return Apply("Flatten", x, new Shape(sizes));
        }

        /// <summary>Without the dimensions of size 1. PyTorch: <c>squeeze</c>.</summary>
        public Tensor Squeeze()
        {
            var y = x;
            for (var i = x.Rank - 1; i >= 0; i--) y = y.Squeeze(i);
            return y;
        }

        /// <summary>Without one dimension, if it has size 1; otherwise x. PyTorch: <c>squeeze(dim)</c>.</summary>
        public Tensor Squeeze(int dim)
        {
            dim = Shape.Dimension(dim, x.Rank, "Squeeze");
            return x.Rank == 0 || x.Shape[dim] != 1 ? x : Apply("Squeeze", x, x.Shape.Without(dim));
        }

        /// <summary>With a new dimension of size 1 at <paramref name="dim"/>, counted in the result. PyTorch: <c>unsqueeze</c>.</summary>
        public Tensor Unsqueeze(int dim) => Apply("Unsqueeze", x, x.Shape.Insert(Shape.Dimension(dim, x.Rank + 1, "Unsqueeze"), 1));
    }
}
