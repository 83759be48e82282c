using Cresset.Kernels;

namespace Cresset;

/// <summary>The affine map of a linear layer.</summary>
public static class LinearOperator
{
    extension(Tensor x)
    {
        /// <summary>y = x weightᵀ + bias, in one pass. x [..., I], weight [O, I], bias [O] or null; y [..., O].
        /// Gradient: dx = dy weight, dweight = dyᵀ x, dbias = the sum of dy over all but the last dimension.
        /// PyTorch: <c>torch.nn.functional.linear</c>.</summary>
        /// <exception cref="ArgumentException">The shapes do not fit, or the types are not one floating-point type.</exception>
        public Tensor Linear(Tensor weight, Tensor? bias = null)
        {
            Check(x, weight, bias);
            int inputs = weight.Size(1), outputs = weight.Size(0);
            var rows = inputs == 0 ? Rows(x.Shape) : x.ElementCount / inputs;
            var matrix = x.Rank == 2 ? x.Operand : x.Detach().Reshape(rows, inputs).Operand;
            var y = Tensor.Allocate(x.Shape.With(x.Rank - 1, outputs), x.DType, x.Backend);
            x.Backend.MatMul(matrix, new Operand(weight.Storage, weight.Layout.Permute([1, 0]), weight.DType),
                bias?.Contiguous().Operand, new Operand(y.Storage, new Layout([rows, outputs]), y.DType));
            Operators.OperationLog.Add(x, weight, y, (long)y.ElementCount * inputs);
            return bias is null
                ? Autograd.Records(x, weight) ? Record(x, weight, y) : y
                : Autograd.Records(x, weight, bias) ? Record(x, weight, bias, y) : y;
        }
    }

    static Tensor Record(Tensor x, Tensor weight, Tensor y) =>
        Autograd.Record("Linear", y, [x, weight], [x, weight], static (node, gradient) => Gradients(node, gradient, null));

    static Tensor Record(Tensor x, Tensor weight, Tensor bias, Tensor y) =>
        Autograd.Record("Linear", y, [x, weight, bias], [x, weight], static (node, gradient) =>
            Gradients(node, gradient, node.Needs(2) ? Matrix(gradient).Sum(0) : null));

    static Tensor?[] Gradients(Node node, Tensor gradient, Tensor? biasGradient)
    {
        Tensor x = node.Saved(0), weight = node.Saved(1), dy = Matrix(gradient);
        var dx = node.Needs(0) ? dy.MatMul(weight).Reshape(x.Shape) : null;
        var dweight = node.Needs(1) ? dy.T.MatMul(Matrix(x)) : null;
        return node.InputCount == 3 ? [dx, dweight, biasGradient] : [dx, dweight];
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
