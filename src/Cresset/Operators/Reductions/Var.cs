namespace Cresset;

/// <summary>Variance and standard deviation.</summary>
public static class VarOperators
{
    static Tensor Apply(string name, Tensor x, ReadOnlySpan<int> dims, double correction, bool keepDim)
    {
        if (!x.DType.IsFloatingPoint())
            throw new ArgumentException($"{name}: expected a floating-point tensor, got {x.DType.Name()}; convert it first, as with To(DType.Float32)");
        var flags = Reduction.Dims(name, x, dims);
        // Two passes: the squares of the distances from the mean lose no digits to its size.
        var distance = x - x.Mean(dims, keepDim: true);
        return (distance * distance).Sum(dims, keepDim) / Math.Max(0, Reduction.Count(x.Shape, flags) - correction);
    }

    extension(Tensor x)
    {
        /// <summary>The variance over the given dimensions, or over all: the squared distances from the mean, summed and divided by
        /// n - correction. PyTorch: <c>torch.var</c>.</summary>
        /// <param name="dims">The dimensions; none means all.</param>
        /// <param name="correction">1 (Bessel's) estimates the variance of what x is a sample of; 0 is that of x itself.</param>
        /// <param name="keepDim">Keep the dimensions, with size 1.</param>
        public Tensor Var(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) => Apply("Var", x, dims, correction, keepDim);

        /// <summary>The variance over one dimension.</summary>
        public Tensor Var(int dim, double correction = 1, bool keepDim = false) => x.Var([dim], correction, keepDim);

        /// <summary>The variance of all elements.</summary>
        public Tensor Var() => x.Var([]);

        /// <summary>The standard deviation, the square root of <c>Var</c>. PyTorch: <c>torch.std</c>.</summary>
        public Tensor Std(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) => Apply("Std", x, dims, correction, keepDim).Sqrt();

        /// <summary>The standard deviation over one dimension.</summary>
        public Tensor Std(int dim, double correction = 1, bool keepDim = false) => x.Std([dim], correction, keepDim);

        /// <summary>The standard deviation of all elements.</summary>
        public Tensor Std() => x.Std([]);
    }
}
