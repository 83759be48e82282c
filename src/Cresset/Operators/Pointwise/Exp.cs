using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The exponential function.</summary>
public static class ExpOperator
{
    readonly struct Function : IPointwiseOperator
    {
        public static string Name => "Exp";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Exp(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => y;
        public Tensor Derivative(Tensor y) => y;
    }

    extension(Tensor x)
    {
        /// <summary>e to the power x, element by element. Gradient: y. PyTorch: <c>torch.exp</c>.</summary>
        public Tensor Exp() => Pointwise.Apply(default(Function), x);

        /// <summary>x becomes e to the power x, in its own memory. PyTorch: <c>exp_</c>.</summary>
        public Tensor ExpInPlace() => Pointwise.ApplyInPlace(default(Function), x);
    }
}
