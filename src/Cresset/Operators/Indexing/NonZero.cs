namespace Cresset;

/// <summary>Where a tensor is not 0, and what stands there.</summary>
public static class NonZeroOperators
{
    extension(Tensor x)
    {
        /// <summary>The indices of the elements that are not 0, in row-major order: [count, rank], int64. PyTorch:
        /// <c>torch.nonzero</c>.</summary>
        public Tensor NonZero()
        {
            var truth = x.Detach().To(DType.Bool).ToArray<bool>();
            var found = new List<long>();
            var shape = x.Shape;
            Span<long> index = stackalloc long[Shape.MaxRank];
            for (var i = 0; i < truth.Length; i++)
            {
                if (!truth[i]) continue;
                long rest = i;
                for (var d = shape.Rank - 1; d >= 0; d--)
                {
                    index[d] = rest % shape[d];
                    rest /= shape[d];
                }
                for (var d = 0; d < shape.Rank; d++) found.Add(index[d]);
            }
            var count = 0;
            foreach (var value in truth) count += value ? 1 : 0;
            return Tensor.From(found.ToArray(), [count, shape.Rank]);
        }

        /// <summary>The elements where the mask holds, as a vector; the mask broadcasts to x. Gradient: back to where they stood.
        /// PyTorch: <c>torch.masked_select</c>.</summary>
        public Tensor MaskedSelect(Tensor mask)
        {
            if (mask.DType != DType.Bool) throw new ArgumentException($"MaskedSelect: expected a mask of bool, got {mask.DType.Name()}");
            var shape = Shape.Broadcast(x.Shape, mask.Shape, "MaskedSelect");
            var places = mask.Expand(shape).Reshape(-1).NonZero().Reshape(-1);
            return x.Expand(shape).Reshape(-1).IndexSelect(0, places);
        }
    }
}
