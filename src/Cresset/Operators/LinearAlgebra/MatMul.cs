using Cresset.Kernels;

namespace Cresset;

/// <summary>The matrix product.</summary>
public static class MatMulOperator
{
    // Both with at least two dimensions.
    static Tensor Product(Tensor a, Tensor b)
    {
        var backend = Operators.Promotion.Backend("MatMul", a, b);
        Tensor c;
        if (a.Rank == 2 && b.Rank == 2)
        {
            c = Tensor.Allocate([a.Size(0), b.Size(1)], a.DType, backend);
            backend.MatMul(a.Operand, b.Operand, null, c.Operand);
        }
        else
        {
            c = Batch(a, b, backend);
        }
        Operators.OperationLog.Add(a, b, c, (long)c.ElementCount * a.Size(-1));
        return Autograd.Records(a, b)
            ? Autograd.Record("MatMul", c, [a, b], [a, b], static (node, gradient) =>
                [node.Needs(0) ? Product(gradient, node.Saved(1).T) : null, node.Needs(1) ? Product(node.Saved(0).T, gradient) : null])
            : c;
    }

    static Tensor Batch(Tensor a, Tensor b, Backend backend)
    {
        Shape left = a.Shape.AsSpan()[..^2].ToArray(), right = b.Shape.AsSpan()[..^2].ToArray();
        var batch = Shape.Broadcast(left, right, "MatMul");
        Shape Matrix(int rows, int columns) => new([.. batch.AsSpan(), rows, columns]);
        var c = Tensor.Allocate(Matrix(a.Size(-2), b.Size(-1)), a.DType, backend);
        backend.MatMul(a.Operand.Expand(Matrix(a.Size(-2), a.Size(-1))), b.Operand.Expand(Matrix(b.Size(-2), b.Size(-1))), null, c.Operand);
        return c;
    }

    // Integers have no kernel of their own: products, summed. Exact, and slow for large matrices.
    static Tensor Integers(Tensor a, Tensor b)
    {
        return (a.Unsqueeze(-1) * b.Unsqueeze(-3)).Sum(-2).To(a.DType);
    }

    extension(Tensor a)
    {
        /// <summary>The matrix product: [m, k] x [k, n] gives [m, n]; a vector on the left is a row, on the right a column, and
        /// both give their dot product; dimensions in front of the last two are a batch and broadcast.
        /// Gradient: da = dc bᵀ, db = aᵀ dc. PyTorch: <c>torch.matmul</c>, <c>@</c>.</summary>
        /// <exception cref="ArgumentException">The shapes do not fit, an operand is a scalar, or the types differ or
        /// are bool.</exception>
        public Tensor MatMul(Tensor b)
        {
            ArgumentNullException.ThrowIfNull(b);
            if (a.Rank == 0 || b.Rank == 0)
                throw new ArgumentException($"MatMul: expected operands with at least one dimension, got the shapes {a.Shape} and {b.Shape}");
            if (a.DType != b.DType || a.DType == DType.Bool)
                throw new ArgumentException($"MatMul: expected operands of one type of numbers, got {a.DType.Name()} and {b.DType.Name()}; convert one, as with To(DType.Float32)");
            Tensor left = a.Rank == 1 ? a.Unsqueeze(0) : a, right = b.Rank == 1 ? b.Unsqueeze(1) : b;
            if (left.Size(-1) != right.Size(-2))
                throw new ArgumentException($"MatMul: the last dimension of the first operand, {a.Shape}, must equal the second to last (or only) of the second, {b.Shape}; got {left.Size(-1)} and {right.Size(-2)}");
            var c = a.DType.IsFloatingPoint() ? Product(left, right) : Integers(left, right);
            if (b.Rank == 1) c = c.Squeeze(-1);
            return a.Rank == 1 ? c.Squeeze(b.Rank == 1 ? -1 : -2) : c;
        }
    }
}
