using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Square roots and powers that need no exponent.</summary>
public static class RootOperators
{
    readonly struct SqrtFunction : IPointwiseOperator
    {
        public static string Name => "Sqrt";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Sqrt(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0.5) / y;
        public Tensor Derivative(Tensor y) => 0.5 / y;
    }

    readonly struct RsqrtFunction : IPointwiseOperator
    {
        public static string Name => "Rsqrt";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(1) / L.Sqrt(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(-0.5) * y * y * y;
        public Tensor Derivative(Tensor y) => -0.5 * y * y * y;
    }

    readonly struct SquareFunction : IPointwiseOperator
    {
        public static string Name => "Square";
        public static Saves Saves => Saves.Input;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x * x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => x + x;
        public Tensor Derivative(Tensor x) => 2 * x;
    }

    readonly struct ReciprocalFunction : IPointwiseOperator
    {
        public static string Name => "Reciprocal";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(1) / x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => -(y * y);
        public Tensor Derivative(Tensor y) => -(y * y);
    }

    extension(Tensor x)
    {
        /// <summary>The square root; NaN of negative numbers. Gradient: 1 / (2 y). PyTorch: <c>torch.sqrt</c>.</summary>
        public Tensor Sqrt() => Pointwise.Apply(default(SqrtFunction), x);

        /// <summary>The in-place form of <c>Sqrt</c>. PyTorch: <c>sqrt_</c>.</summary>
        public Tensor SqrtInPlace() => Pointwise.ApplyInPlace(default(SqrtFunction), x);

        /// <summary>1 / sqrt(x). Gradient: -y³ / 2. PyTorch: <c>torch.rsqrt</c>.</summary>
        public Tensor Rsqrt() => Pointwise.Apply(default(RsqrtFunction), x);

        /// <summary>The in-place form of <c>Rsqrt</c>. PyTorch: <c>rsqrt_</c>.</summary>
        public Tensor RsqrtInPlace() => Pointwise.ApplyInPlace(default(RsqrtFunction), x);

        /// <summary>x². Gradient: 2 x. PyTorch: <c>torch.square</c>.</summary>
        public Tensor Square() => Pointwise.Apply(default(SquareFunction), x);

        /// <summary>The in-place form of <c>Square</c>. PyTorch: <c>square_</c>.</summary>
        public Tensor SquareInPlace() => Pointwise.ApplyInPlace(default(SquareFunction), x);

        /// <summary>1 / x. Gradient: -y². PyTorch: <c>torch.reciprocal</c>.</summary>
        public Tensor Reciprocal() => Pointwise.Apply(default(ReciprocalFunction), x);

        /// <summary>The in-place form of <c>Reciprocal</c>. PyTorch: <c>reciprocal_</c>.</summary>
        public Tensor ReciprocalInPlace() => Pointwise.ApplyInPlace(default(ReciprocalFunction), x);
    }
}
