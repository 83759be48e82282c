namespace Cresset;

/// <summary>Softmax and its logarithm.</summary>
public static class SoftmaxOperators
{
    // Over the last dimension.
    static Tensor Rows(Tensor x, bool logarithm)
    {
        var input = x.Contiguous();
        var y = Tensor.Allocate(x.Shape, x.DType, x.Backend);
        x.Backend.Softmax(logarithm, input.Operand, y.Operand);
        return Autograd.Records(x)
            ? Autograd.Record(logarithm ? "LogSoftmax" : "Softmax", y, [x], [y], (node, gradient) => [Gradient(gradient, node.Saved(0), logarithm)])
            : y;
    }

    // In one pass, or by tensor operators where the gradient will be differentiated again.
    static Tensor Gradient(Tensor dy, Tensor y, bool logarithm)
    {
        if (Autograd.IsEnabled)
            return logarithm ? dy - y.Exp() * dy.Sum(-1, keepDim: true) : y * (dy - (dy * y).Sum(-1, keepDim: true));
        var gradient = dy.Contiguous();
        var dx = Tensor.Allocate(dy.Shape, dy.DType, dy.Backend);
        dy.Backend.SoftmaxGradient(logarithm, gradient.Operand, y.Operand, dx.Operand);
        return dx;
    }

    static Tensor Apply(string name, Tensor x, int dim, bool logarithm)
    {
        dim = Shape.Dimension(dim, x.Rank, name);
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"{name}: expected a floating-point tensor, got {x.DType.Name()}; convert it first, as with To(DType.Float32)");
        return dim >= x.Rank - 1 ? Rows(x, logarithm) : Rows(x.Transpose(dim, -1), logarithm).Transpose(dim, -1);
    }

    extension(Tensor x)
    {
        /// <summary>exp(x) divided by its sum over <paramref name="dim"/>; large x do not overflow. Gradient:
        /// y (dy - sum(dy y)). PyTorch: <c>torch.softmax</c>.</summary>
        public Tensor Softmax(int dim) => Apply("Softmax", x, dim, logarithm: false);

        /// <summary>The logarithm of softmax, x - log(sum(exp(x))), without the loss of digits of the two steps. Gradient:
        /// dy - exp(y) sum(dy). PyTorch: <c>torch.log_softmax</c>.</summary>
        public Tensor LogSoftmax(int dim) => Apply("LogSoftmax", x, dim, logarithm: true);
    }
}
