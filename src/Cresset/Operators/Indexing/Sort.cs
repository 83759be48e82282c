namespace Cresset;

/// <summary>Order along a dimension.</summary>
public static class SortOperators
{
    static (Tensor Values, Tensor Indices) Order(string name, Tensor x, int dim, bool descending)
    {
        dim = Shape.Dimension(dim, x.Rank, name);
        if (x.Rank == 0) return (x.Clone(), Tensor.Zeros([], DType.Int64, x.Backend));
        Tensor values = Tensor.Allocate(x.Shape, x.DType, x.Backend), indices = Tensor.Allocate(x.Shape, DType.Int64, x.Backend);
        x.Backend.Sort(x.Operand, dim, descending, values.Operand, indices.Operand);
        Tracing.Tell("ArgSort", indices, [x], [dim, descending ? 1 : 0]);
        // Sorting is picking by the indices, and has its gradient.
        return (Autograd.Records(x) ? x.Gather(dim, indices) : values, indices);
    }

    extension(Tensor x)
    {
        /// <summary>The elements along a dimension in order, equals as they stood, NaN as the largest; and the places (int64) that they
        /// came from. Gradient: back to those places. PyTorch: <c>torch.sort(stable=True)</c>.</summary>
        public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false) => Order("Sort", x, dim, descending);

        /// <summary>The places of the elements along a dimension in order. PyTorch: <c>torch.argsort</c>.</summary>
        public Tensor ArgSort(int dim = -1, bool descending = false) => Order("ArgSort", x.Detach(), dim, descending).Indices;

        /// <summary>The k largest (or smallest) along a dimension, the first of them first, and their places (int64).
        /// Gradient: back to those places. PyTorch: <c>torch.topk</c>, always sorted.</summary>
        /// <exception cref="ArgumentOutOfRangeException">k is negative or larger than the dimension.</exception>
        public (Tensor Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true)
        {
            dim = Shape.Dimension(dim, x.Rank, "TopK");
            var size = x.Rank == 0 ? 1 : x.Shape[dim];
            if (k < 0 || k > size) throw new ArgumentOutOfRangeException(nameof(k), $"TopK: expected k from 0 to {size}, dimension {dim} of the shape {x.Shape}, got {k}");
            var (values, indices) = Order("TopK", x, dim, descending: largest);
            return x.Rank == 0 ? (values, indices) : (values.Narrow(dim, 0, k), indices.Narrow(dim, 0, k));
        }
    }
}
