using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The rectified linear unit.</summary>
public static class ReluOperator
{
    readonly struct Function : IPointwiseOperator
    {
        public static string Name => "Relu";
        public static Saves Saves => Saves.Output;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Max(x, L.From(0));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Select(L.Less(L.From(0), y), L.From(1), L.From(0));
        public Tensor Derivative(Tensor y) => (y > 0).To(y.DType);
    }

    extension(Tensor x)
    {
        /// <summary>max(x, 0), element by element; NaN stays NaN. Gradient: 1 where x &gt; 0, else 0. Nair and Hinton (2010).
        /// PyTorch: <c>torch.relu</c>.</summary>
        public Tensor Relu() => Pointwise.Apply(default(Function), x);

        /// <summary>x becomes max(x, 0), in its own memory. PyTorch: <c>relu_</c>.</summary>
        public Tensor ReluInPlace() => Pointwise.ApplyInPlace(default(Function), x);
    }
}
