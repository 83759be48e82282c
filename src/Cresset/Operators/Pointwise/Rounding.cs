using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Size, sign and rounding. Where a function is constant by steps, its gradient is 0.</summary>
public static class RoundingOperators
{
    readonly struct AbsFunction : IPointwiseOperator
    {
        public static string Name => "Abs";
        public static Saves Saves => Saves.Input;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Abs(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Select(L.Less(L.From(0), x), L.From(1), L.Select(L.Less(x, L.From(0)), L.From(-1), L.From(0)));
        public Tensor Derivative(Tensor x) => x.Sign();
    }

    readonly struct SignFunction : IPointwiseOperator
    {
        public static string Name => "Sign";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Select(L.Less(L.From(0), x), L.From(1), L.Select(L.Less(x, L.From(0)), L.From(-1), L.From(0)));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0);
        public Tensor Derivative(Tensor saved) => saved.ZerosLike();
    }

    readonly struct FloorFunction : IPointwiseOperator
    {
        public static string Name => "Floor";
        public static Saves Saves => Saves.Nothing;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Floor(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0);
        public Tensor Derivative(Tensor saved) => saved.ZerosLike();
    }

    readonly struct CeilFunction : IPointwiseOperator
    {
        public static string Name => "Ceil";
        public static Saves Saves => Saves.Nothing;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Ceiling(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0);
        public Tensor Derivative(Tensor saved) => saved.ZerosLike();
    }

    readonly struct RoundFunction : IPointwiseOperator
    {
        public static string Name => "Round";
        public static Saves Saves => Saves.Nothing;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Round(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0);
        public Tensor Derivative(Tensor saved) => saved.ZerosLike();
    }

    readonly struct TruncFunction : IPointwiseOperator
    {
        public static string Name => "Trunc";
        public static Saves Saves => Saves.Nothing;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Truncate(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0);
        public Tensor Derivative(Tensor saved) => saved.ZerosLike();
    }

    // Integers are whole already.
    static Tensor Step<TOperator>(TOperator f, Tensor x) where TOperator : unmanaged, IPointwiseOperator =>
        x.DType.IsFloatingPoint() ? Pointwise.Apply(f, x) : x.Clone();

    static Tensor StepInPlace<TOperator>(TOperator f, Tensor x) where TOperator : unmanaged, IPointwiseOperator =>
        x.DType.IsFloatingPoint() ? Pointwise.ApplyInPlace(f, x) : x;

    extension(Tensor x)
    {
        /// <summary>|x|. Gradient: the sign of x, 0 at 0. PyTorch: <c>torch.abs</c>.</summary>
        public Tensor Abs() => Pointwise.Apply(default(AbsFunction), x);

        /// <summary>The in-place form of <c>Abs</c>. PyTorch: <c>abs_</c>.</summary>
        public Tensor AbsInPlace() => Pointwise.ApplyInPlace(default(AbsFunction), x);

        /// <summary>1, 0 or -1; 0 of NaN. PyTorch: <c>torch.sign</c>.</summary>
        public Tensor Sign() => Pointwise.Apply(default(SignFunction), x);

        /// <summary>The in-place form of <c>Sign</c>. PyTorch: <c>sign_</c>.</summary>
        public Tensor SignInPlace() => Pointwise.ApplyInPlace(default(SignFunction), x);

        /// <summary>The largest integer not above x. PyTorch: <c>torch.floor</c>.</summary>
        public Tensor Floor() => Step(default(FloorFunction), x);

        /// <summary>The in-place form of <c>Floor</c>. PyTorch: <c>floor_</c>.</summary>
        public Tensor FloorInPlace() => StepInPlace(default(FloorFunction), x);

        /// <summary>The smallest integer not below x. PyTorch: <c>torch.ceil</c>.</summary>
        public Tensor Ceil() => Step(default(CeilFunction), x);

        /// <summary>The in-place form of <c>Ceil</c>. PyTorch: <c>ceil_</c>.</summary>
        public Tensor CeilInPlace() => StepInPlace(default(CeilFunction), x);

        /// <summary>The nearest integer, halves to even. PyTorch: <c>torch.round</c>.</summary>
        public Tensor Round() => Step(default(RoundFunction), x);

        /// <summary>The in-place form of <c>Round</c>. PyTorch: <c>round_</c>.</summary>
        public Tensor RoundInPlace() => StepInPlace(default(RoundFunction), x);

        /// <summary>The integer part, towards zero. PyTorch: <c>torch.trunc</c>.</summary>
        public Tensor Trunc() => Step(default(TruncFunction), x);

        /// <summary>The in-place form of <c>Trunc</c>. PyTorch: <c>trunc_</c>.</summary>
        public Tensor TruncInPlace() => StepInPlace(default(TruncFunction), x);
    }
}
