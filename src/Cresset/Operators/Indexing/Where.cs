namespace Cresset;

/// <summary>A choice between two tensors, element by element.</summary>
public static class WhereOperators
{
    extension(Tensor)
    {
        /// <summary>a where the condition holds, else b; shapes broadcast, types promote. Gradient: to the one that was chosen.
        /// PyTorch: <c>torch.where</c>.</summary>
        /// <exception cref="ArgumentException">The condition is not bool, or the shapes do not broadcast.</exception>
        public static Tensor Where(Tensor condition, Tensor a, Tensor b)
        {
            if (condition.DType != DType.Bool) throw new ArgumentException($"Where: expected a condition of bool, got {condition.DType.Name()}");
            var shape = Shape.Broadcast(condition.Shape, Shape.Broadcast(a.Shape, b.Shape, "Where"), "Where");
            var dtype = Operators.Promotion.Of(a, b);
            Tensor x = a.To(dtype), y = b.To(dtype), result = Tensor.Allocate(shape, dtype, Operators.Promotion.Backend("Where", a, b));
            a.Backend.Where(condition.Operand.Expand(shape), x.Operand.Expand(shape), y.Operand.Expand(shape), result.Operand);
            return Autograd.Records(a, b)
                ? Autograd.Record("Where", result, [a, b], [condition], static (node, gradient) =>
                {
                    var zero = Tensor.Zeros([], gradient.DType, gradient.Backend);
                    return [node.Needs(0) ? Tensor.Where(node.Saved(0), gradient, zero) : null, node.Needs(1) ? Tensor.Where(node.Saved(0), zero, gradient) : null];
                })
                : result;
        }
    }

    extension(Tensor x)
    {
        /// <summary>x with <paramref name="value"/> where the mask holds; the mask broadcasts to x. PyTorch: <c>masked_fill</c>.</summary>
        /// <exception cref="ArgumentException">The mask is not bool.</exception>
        public Tensor MaskedFill(Tensor mask, Scalar value) => Tensor.Where(mask, Tensor.Full([], value, x.DType, x.Backend), x);
    }
}
