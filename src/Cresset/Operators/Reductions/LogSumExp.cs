namespace Cresset;

/// <summary>The logarithm of a sum of exponentials.</summary>
public static class LogSumExpOperator
{
    extension(Tensor x)
    {
        /// <summary>log(sum(exp(x))) over the given dimensions, or over all, without overflow. Gradient: softmax.
        /// PyTorch: <c>torch.logsumexp</c>.</summary>
        public Tensor LogSumExp(ReadOnlySpan<int> dims, bool keepDim = false)
        {
            x = x.To(Operators.Promotion.Floating(x.DType));
            if (x.ElementCount == 0) return x.Exp().Sum(dims, keepDim).Log();
            // Any constant may be taken out; the largest element keeps every power at most 1. Infinite ones would give NaN.
            var largest = x.Detach().AMax(dims, keepDim: true);
            largest = largest.MaskedFill(largest.Abs().Equal(double.PositiveInfinity), 0);
            var sum = (x - largest).Exp().Sum(dims, keepDim).Log();
            return sum + (keepDim ? largest : largest.Reshape(sum.Shape));
        }

        /// <summary>log(sum(exp(x))) over one dimension.</summary>
        public Tensor LogSumExp(int dim, bool keepDim = false) => x.LogSumExp([dim], keepDim);
    }
}
