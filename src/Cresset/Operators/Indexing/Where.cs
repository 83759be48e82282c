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
                }, selector: condition)
                : result;
        }
    }

    extension(Tensor)
    {
        /// <summary>The number a where the condition holds, else b. PyTorch: <c>torch.where</c>.</summary>
        public static Tensor Where(Tensor condition, Scalar a, Tensor b) => Tensor.Where(condition, Number(a, b), b);

        /// <summary>a where the condition holds, else the number b. PyTorch: <c>torch.where</c>.</summary>
        public static Tensor Where(Tensor condition, Tensor a, Scalar b) => Tensor.Where(condition, a, Number(b, a));

        /// <summary>The number a where the condition holds, else the number b: float32, int64 or bool as the numbers are.
        /// PyTorch: <c>torch.where</c>.</summary>
        public static Tensor Where(Tensor condition, Scalar a, Scalar b)
        {
            var dtype = DTypes.Promote(a.DType, b.DType);
            if (dtype == DType.Float64) dtype = DType.Float32;
            return Tensor.Where(condition, Tensor.Full([], a, dtype, condition.Backend), Tensor.Full([], b, dtype, condition.Backend));
        }
    }

    // A number beside a tensor changes the tensor's type only where it is of a higher kind.
    static Tensor Number(Scalar value, Tensor beside) => Tensor.Full([], value, Operators.Promotion.Of(beside, value), beside.Backend);

    extension(Tensor x)
    {
        /// <summary>x with <paramref name="value"/> where the mask holds; the mask broadcasts to x. PyTorch: <c>masked_fill</c>.</summary>
        /// <exception cref="ArgumentException">The mask is not bool.</exception>
        public Tensor MaskedFill(Tensor mask, Scalar value) => Tensor.Where(mask, Tensor.Full([], value, x.DType, x.Backend), x);

        /// <summary>x becomes <paramref name="value"/> where the mask holds, in its own memory; the mask broadcasts to x. Gradient: 0
        /// there. PyTorch: <c>masked_fill_</c>.</summary>
        /// <exception cref="ArgumentException">The mask is not bool or does not broadcast to x.</exception>
        public Tensor MaskedFillInPlace(Tensor mask, Scalar value)
        {
            if (mask.DType != DType.Bool) throw new ArgumentException($"MaskedFill: expected a mask of bool, got {mask.DType.Name()}");
            if (Shape.Broadcast(x.Shape, mask.Shape, "MaskedFill") != x.Shape)
                throw new ArgumentException($"MaskedFill in place: expected a mask that broadcasts to {x.Shape}, got {mask.Shape}");
            Autograd.CheckInPlace("MaskedFill", x, recorded: false);
            if (mask.Storage == x.Storage) mask = mask.Clone();
            x.Backend.Where(mask.Operand.Expand(x.Shape), Tensor.Full([], value, x.DType, x.Backend).Operand.Expand(x.Shape), x.Operand, x.Operand);
            Autograd.RecordInPlace("MaskedFill", x, [x], [mask], static (node, gradient) => [gradient.MaskedFill(node.Saved(0), 0)], [value.ToDouble()], mask);
            return x;
        }
    }
}
