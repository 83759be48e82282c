using Cresset.Kernels;

namespace Cresset;

/// <summary>The affine map of a linear layer.</summary>
public static class LinearOperator
{
    extension(Tensor x)
    {
        /// <summary>y = x weightᵀ + bias, or the larger of that and 0, in one pass. x [..., I], weight [O, I], bias [O] or null; y [..., O].
        /// Gradient: dx = dy weight, dweight = dyᵀ x, dbias = the sum of dy over all but the last dimension, with dy where y is not rectified.
        /// PyTorch: <c>torch.nn.functional.linear</c>, and <c>relu</c> of it.</summary>
        /// <param name="weight">The factors.</param>
        /// <param name="bias">What is added to each row.</param>
        /// <param name="relu">Whether the larger of the sum and 0 is given.</param>
        /// <exception cref="ArgumentException">The shapes do not fit, or the types are not one floating-point type.</exception>
        public Tensor Linear(Tensor weight, Tensor? bias = null, bool relu = false)
        {
            Check(x, weight, bias);
            // Told as two.
            if (relu && Tracing.IsOn) return x.Linear(weight, bias).Relu();
            int inputs = weight.Size(1), outputs = weight.Size(0);
            var rows = inputs == 0 ? Rows(x.Shape) : x.ElementCount / inputs;
            var matrix = x.Rank == 2 ? x.Operand : x.Detach().Reshape(rows, inputs).Operand;
            var y = Tensor.Allocate(x.Shape.With(x.Rank - 1, outputs), x.DType, x.Backend);
            x.Backend.MatMul(matrix, new Operand(weight.Storage, weight.Layout.Permute([1, 0]), weight.DType),
                bias?.Contiguous().Operand, new Operand(y.Storage, new Layout([rows, outputs]), y.DType), relu);
            Operators.OperationLog.Add(x, weight, y, (long)y.ElementCount * inputs);
            return bias is null
                ? Autograd.Records(x, weight) ? Record([x, weight], relu, y) : y
                : Autograd.Records(x, weight, bias) ? Record([x, weight, bias], relu, y) : y;
        }
    }

    static Tensor Record(ReadOnlySpan<Tensor> inputs, bool relu, Tensor y) => relu
        ? Autograd.Record("Linear", y, inputs, [inputs[0], inputs[1], y], static (node, gradient) => Gradients(node, gradient, node.Saved(2)))
        : Autograd.Record("Linear", y, inputs, inputs[..2], static (node, gradient) => Gradients(node, gradient, null));

    static Tensor?[] Gradients(Node node, Tensor gradient, Tensor? rectified)
    {
        Tensor x = node.Saved(0), weight = node.Saved(1), dy = Matrix(gradient);
        var sums = node.InputCount == 3 && node.Needs(2);
        Tensor? dbias = null;
        if (rectified is not null) (dy, dbias) = Rectify(dy, Matrix(rectified.Detach()), sums);
        else if (sums) dbias = dy.Sum(0);
        var dx = node.Needs(0) ? dy.MatMul(weight).Reshape(x.Shape) : null;
        var dweight = node.Needs(1) ? dy.T.MatMul(Matrix(x)) : null;
        return node.InputCount == 3 ? [dx, dweight, dbias] : [dx, dweight];
    }

    // The gradient before the rectifier and its sum over the rows.
    static (Tensor Gradient, Tensor? Sum) Rectify(Tensor dy, Tensor y, bool sums)
    {
        if (Autograd.IsEnabled)
        {
            var masked = dy * (y > 0).To(dy.DType);
            return (masked, sums ? masked.Sum(0) : null);
        }
        var dx = y.EmptyLike();
        var dbias = sums ? Tensor.Allocate([y.Size(1)], y.DType, y.Backend) : null;
        y.Backend.RectifiedGradient(dy.Contiguous().Operand, y.Operand, dx.Operand, dbias?.Operand);
        return (dx, dbias);
    }

    static int Rows(Shape shape) => shape.Without(shape.Rank - 1).ElementCount;

    static Tensor Matrix(Tensor x) => x.Rank == 2 ? x : x.Reshape(Rows(x.Shape), x.Size(-1));

    static void Check(Tensor x, Tensor weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank != 2) throw new ArgumentException($"Linear: expected a weight of shape [outputs, inputs], got {weight.Shape}");
        if (x.Rank == 0 || x.Size(-1) != weight.Size(1))
            throw new ArgumentException($"Linear: expected last dimension {weight.Size(1)}, got {x.Shape}");
        if (bias is not null && (bias.Rank != 1 || bias.Size(0) != weight.Size(0)))
            throw new ArgumentException($"Linear: expected a bias of shape [{weight.Size(0)}], got {bias.Shape}");
        if (!x.DType.IsFloatingPoint() || x.DType != weight.DType || (bias is not null && bias.DType != x.DType))
            throw new ArgumentException($"Linear: expected input, weight and bias of one floating-point type, got {x.DType.Name()}, {weight.DType.Name()}{(bias is null ? "" : " and " + bias.DType.Name())}; convert one, as with To(DType.Float32)");
        Operators.Promotion.Backend("Linear", x, weight);
        if (bias is not null) Operators.Promotion.Backend("Linear", x, bias);
    }
}
