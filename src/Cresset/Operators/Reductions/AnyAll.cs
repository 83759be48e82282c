using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Whether any, or all, elements are true.</summary>
public static class AnyAllOperators
{
    // A bool's byte is 0 or 1: "or" is the larger, "and" the smaller.
    readonly struct Or : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => L.Max(a, b);
    }

    readonly struct And : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.One;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => L.Min(a, b);
    }

    static Tensor Apply<TReduction>(string name, TReduction f, Tensor x, ReadOnlySpan<int> dims, bool keepDim) where TReduction : unmanaged, IReduction
    {
        x = x.Detach().To(DType.Bool);
        var flags = Reduction.Dims(name, x, dims);
        return Tracing.Tell(name, Reduction.Run(f, x, flags, keepDim), [x], [flags, keepDim ? 1 : 0]);
    }

    extension(Tensor x)
    {
        /// <summary>Whether any element along the dimensions (none: of all) is not 0. PyTorch: <c>torch.any</c>.</summary>
        public Tensor Any(ReadOnlySpan<int> dims, bool keepDim = false) => Apply("Any", default(Or), x, dims, keepDim);

        /// <summary>Whether any element along one dimension is not 0.</summary>
        public Tensor Any(int dim, bool keepDim = false) => x.Any([dim], keepDim);

        /// <summary>Whether any element is not 0.</summary>
        public Tensor Any() => x.Any([]);

        /// <summary>Whether all elements along the dimensions (none: of all) are not 0. PyTorch: <c>torch.all</c>.</summary>
        public Tensor All(ReadOnlySpan<int> dims, bool keepDim = false) => Apply("All", default(And), x, dims, keepDim);

        /// <summary>Whether all elements along one dimension are not 0.</summary>
        public Tensor All(int dim, bool keepDim = false) => x.All([dim], keepDim);

        /// <summary>Whether all elements are not 0.</summary>
        public Tensor All() => x.All([]);
    }
}
