using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The largest and the smallest, and where they are.</summary>
public static class ExtremeReductions
{
    readonly struct Largest : IReduction
    {
        public static bool IsExact => true;
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.CreateSaturating(double.NegativeInfinity);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => L.Max(a, b);
    }

    readonly struct Smallest : IReduction
    {
        public static bool IsExact => true;
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.CreateSaturating(double.PositiveInfinity);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => L.Min(a, b);
    }

    static void RequireElements(string name, Tensor x, uint dims)
    {
        if (x.ElementCount == 0 && Reduction.Count(x.Shape, dims) == 0)
            throw new ArgumentException($"{name}: nothing to choose from in a tensor of shape {x.Shape}; the dimensions that are reduced must not be empty");
    }

    // Over several dimensions, or all: equals share the gradient, as PyTorch's amax.
    static Tensor Apply<TReduction>(string name, TReduction f, Tensor x, ReadOnlySpan<int> dims, bool keepDim) where TReduction : unmanaged, IReduction
    {
        var flags = Reduction.Dims(name, x, dims);
        RequireElements(name, x, flags);
        var y = Reduction.Run(f, x, flags, keepDim);
        return Autograd.Records(x)
            ? Autograd.Record(name, y, [x], [x, y], (node, gradient) =>
            {
                var x = node.Saved(0);
                if (!Autograd.IsEnabled && Rows(x, flags) is { } rows)
                {
                    var dx = Tensor.Allocate(x.Shape, x.DType, x.Backend);
                    x.Backend.ExtremeGradient(gradient.Reshape(rows[0]).Contiguous().Operand, x.Reshape(rows).Operand, node.Saved(1).Reshape(rows[0]).Operand, dx.Reshape(rows).Operand);
                    return [dx];
                }
                var equal = x.Equal(Reduction.Restore(node.Saved(1), x.Shape, flags)).To(x.DType);
                var count = Reduction.Restore(Reduction.Run(default(Ones), equal, flags, keepDim: true), x.Shape, flags);
                return [Reduction.Restore(gradient, x.Shape, flags) * equal / count];
            }, [flags, keepDim ? 1 : 0])
            : y;
    }

    // x as rows to be reduced, where the last dimensions are, and their number is not so large that a vector of them leaves the cache.
    static Shape? Rows(Tensor x, uint flags)
    {
        const int longest = 2048;
        var kept = x.Rank;
        while (kept > 0 && (flags & (1u << (kept - 1))) != 0) kept--;
        var length = 1;
        for (var i = kept; i < x.Rank; i++) length *= x.Shape[i];
        return x.IsContiguous && x.ElementCount > 0 && length <= longest && (flags & ((1u << kept) - 1)) == 0 ? [x.ElementCount / length, length] : null;
    }

    // A plain sum, of ones and zeros that need no gradient.
    readonly struct Ones : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    static Tensor Places(string name, Tensor x, int dim, bool keepDim, bool largest)
    {
        if (x.Rank == 0) return Tensor.Zeros([], DType.Int64, x.Backend);
        dim = Shape.Dimension(dim, x.Rank, name);
        RequireElements(name, x, 1u << dim);
        var places = Tensor.Allocate(x.Shape.With(dim, 1), DType.Int64, x.Backend);
        x.Backend.ArgExtreme(largest, x.Operand, dim, places.Operand);
        Tracing.Tell(name, places, [x], [dim]);
        return keepDim ? places : places.Squeeze(dim);
    }

    static (Tensor Values, Tensor Indices) Choose(string name, Tensor x, int dim, bool keepDim, bool largest)
    {
        if (x.Rank == 0) return (x.Clone(), Tensor.Zeros([], DType.Int64, x.Backend));
        dim = Shape.Dimension(dim, x.Rank, name);
        var indices = Places(largest ? "ArgMax" : "ArgMin", x, dim, keepDim: true, largest);
        var values = x.Gather(dim, indices);
        return keepDim ? (values, indices) : (values.Squeeze(dim), indices.Squeeze(dim));
    }

    extension(Tensor x)
    {
        /// <summary>The largest element, NaN if there is one. Gradient: shared by equals. PyTorch: <c>torch.max(x)</c>.</summary>
        /// <exception cref="ArgumentException">The tensor is empty.</exception>
        public Tensor Max() => Apply("Max", default(Largest), x, [], false);

        /// <summary>The smallest element, NaN if there is one. Gradient: shared by equals. PyTorch: <c>torch.min(x)</c>.</summary>
        /// <exception cref="ArgumentException">The tensor is empty.</exception>
        public Tensor Min() => Apply("Min", default(Smallest), x, [], false);

        /// <summary>The largest along the given dimensions. Gradient: shared by equals. PyTorch: <c>torch.amax</c>.</summary>
        public Tensor AMax(ReadOnlySpan<int> dims = default, bool keepDim = false) => Apply("AMax", default(Largest), x, dims, keepDim);

        /// <summary>The largest along one dimension. Gradient: shared by equals.</summary>
        public Tensor AMax(int dim, bool keepDim = false) => x.AMax([dim], keepDim);

        /// <summary>The smallest along the given dimensions. Gradient: shared by equals. PyTorch: <c>torch.amin</c>.</summary>
        public Tensor AMin(ReadOnlySpan<int> dims = default, bool keepDim = false) => Apply("AMin", default(Smallest), x, dims, keepDim);

        /// <summary>The smallest along one dimension. Gradient: shared by equals.</summary>
        public Tensor AMin(int dim, bool keepDim = false) => x.AMin([dim], keepDim);

        /// <summary>The largest along one dimension and the place (int64) of the first such; the first NaN, where there is one.
        /// Gradient: to the chosen one. PyTorch: <c>torch.max(x, dim)</c>.</summary>
        public (Tensor Values, Tensor Indices) Max(int dim, bool keepDim = false) => Choose("Max", x, dim, keepDim, largest: true);

        /// <summary>The smallest along one dimension and the place (int64) of the first such; the first NaN, where there is one.
        /// Gradient: to the chosen one. PyTorch: <c>torch.min(x, dim)</c>.</summary>
        public (Tensor Values, Tensor Indices) Min(int dim, bool keepDim = false) => Choose("Min", x, dim, keepDim, largest: false);

        /// <summary>The place of the first largest along a dimension, int64. PyTorch: <c>torch.argmax(x, dim)</c>.</summary>
        public Tensor ArgMax(int dim, bool keepDim = false) => Places("ArgMax", x, dim, keepDim, largest: true);

        /// <summary>The place of the first smallest along a dimension, int64. PyTorch: <c>torch.argmin(x, dim)</c>.</summary>
        public Tensor ArgMin(int dim, bool keepDim = false) => Places("ArgMin", x, dim, keepDim, largest: false);

        /// <summary>The place of the first largest of all elements in row-major order, int64. PyTorch: <c>torch.argmax(x)</c>.</summary>
        public Tensor ArgMax() => Places("ArgMax", x.Flatten(), 0, false, largest: true);

        /// <summary>The place of the first smallest of all elements in row-major order, int64. PyTorch: <c>torch.argmin(x)</c>.</summary>
        public Tensor ArgMin() => Places("ArgMin", x.Flatten(), 0, false, largest: false);
    }
}
