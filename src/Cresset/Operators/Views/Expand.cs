using System.Runtime.CompilerServices;

namespace Cresset;

/// <summary>Broadcasting made visible: a larger shape without a copy.</summary>
public static class ExpandOperator
{
    extension(Tensor x)
    {
        /// <summary>x seen with a larger shape: dimensions of size 1, and new ones in front, repeat. -1 keeps a size. A view.
        /// Gradient: summed over what was repeated. PyTorch: <c>expand</c>, <c>broadcast_to</c>.</summary>
        /// <exception cref="ArgumentException">x does not broadcast to the shape.</exception>
        [OverloadResolutionPriority(1)]
        public Tensor Expand(params ReadOnlySpan<int> shape)
        {
            if (shape.Length < x.Rank || shape.Length > Shape.MaxRank)
                throw new ArgumentException($"Expand: expected {x.Rank} to {Shape.MaxRank} sizes for a tensor of shape {x.Shape}, got {Shape.Format(shape)}");
            Span<int> sizes = stackalloc int[shape.Length];
            for (var i = 0; i < shape.Length; i++)
            {
                var own = i - (shape.Length - x.Rank);
                sizes[i] = shape[i] == -1 && own >= 0 ? x.Shape[own] : shape[i];
                if (own >= 0 && x.Shape[own] != 1 && x.Shape[own] != sizes[i])
                    throw new ArgumentException($"Expand: a tensor of shape {x.Shape} cannot be expanded to {Shape.Format(shape)}: only dimensions of size 1 repeat");
            }
            return x.Expand(new Shape(sizes));
        }

        /// <summary>As the other <c>Expand</c>, with a shape.</summary>
        public Tensor Expand(Shape shape)
        {
            if (shape == x.Shape) return x;
            if (shape.Rank < x.Rank || Shape.Broadcast(x.Shape, shape) != shape)
                throw new ArgumentException($"Expand: a tensor of shape {x.Shape} cannot be expanded to {shape}: only dimensions of size 1 repeat");
            var y = x.View(x.Layout.Expand(shape));
            // The engine sums a gradient of a broadcast shape back.
            return Autograd.Records(x) ? Autograd.Record("Expand", y, [x], [], static (_, gradient) => [gradient]) : y;
        }
    }
}
