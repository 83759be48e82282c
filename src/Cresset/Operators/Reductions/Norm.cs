namespace Cresset;

/// <summary>Norms of vectors.</summary>
public static class NormOperator
{
    extension(Tensor x)
    {
        /// <summary>(sum |x|^p)^(1/p) over the given dimensions, or over all; the largest |x| for infinity, the smallest for minus
        /// infinity, the number of elements that are not 0 for 0. The gradient at 0 is 0. PyTorch: <c>torch.norm</c>,
        /// <c>torch.linalg.vector_norm</c>.</summary>
        /// <param name="p">The order.</param>
        /// <param name="dims">The dimensions; none means all.</param>
        /// <param name="keepDim">Keep them, with size 1.</param>
        /// <exception cref="ArgumentException">The tensor is not floating point.</exception>
        public Tensor Norm(double p, ReadOnlySpan<int> dims, bool keepDim = false)
        {
            if (!x.DType.IsFloatingPoint())
                throw new ArgumentException($"Norm: expected a floating-point tensor, got {x.DType.Name()}; convert it first, as with To(DType.Float32)");
            if (double.IsPositiveInfinity(p)) return x.Abs().AMax(dims, keepDim);
            if (double.IsNegativeInfinity(p)) return x.Abs().AMin(dims, keepDim);
            if (p == 0) return x.NotEqual(0).To(x.DType).Sum(dims, keepDim);
            if (p == 1) return x.Abs().Sum(dims, keepDim);
            if (p == 2) return Root((x * x).Sum(dims, keepDim), 0.5);
            return Root(x.Abs().Pow(p).Sum(dims, keepDim), 1 / p);
        }

        /// <summary>The norm over one dimension.</summary>
        public Tensor Norm(double p, int dim, bool keepDim = false) => x.Norm(p, [dim], keepDim);

        /// <summary>The norm of all elements.</summary>
        public Tensor Norm(double p = 2) => x.Norm(p, []);
    }

    // sum^power whose gradient at 0 is 0, where the formula would give infinity times 0.
    static Tensor Root(Tensor sum, double power)
    {
        var root = power == 0.5 ? sum.Detach().Sqrt() : sum.Detach().Pow(power);
        return Autograd.Records(sum)
            ? Autograd.Record("Norm", root, [sum], [sum], (node, gradient) =>
            {
                var sum = node.Saved(0);
                var nothing = sum.Equal(0);
                var slope = power * Tensor.Where(nothing, Tensor.Ones([], sum.DType), sum).Pow(power - 1);
                return [gradient * Tensor.Where(nothing, Tensor.Zeros([], sum.DType), slope)];
            }, [power])
            : root;
    }
}
