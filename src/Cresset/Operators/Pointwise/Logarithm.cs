using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Logarithms.</summary>
public static class LogarithmOperators
{
    readonly struct LogFunction : IPointwiseOperator
    {
        public static string Name => "Log";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Log(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) / x;
        public Tensor Derivative(Tensor x) => 1 / x;
    }

    readonly struct Log2Function : IPointwiseOperator
    {
        public static string Name => "Log2";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Log(x) * L.From(1.4426950408889634);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1.4426950408889634) / x;
        public Tensor Derivative(Tensor x) => 1.4426950408889634 / x;
    }

    readonly struct Log10Function : IPointwiseOperator
    {
        public static string Name => "Log10";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Log(x) * L.From(0.43429448190325182);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(0.43429448190325182) / x;
        public Tensor Derivative(Tensor x) => 0.43429448190325182 / x;
    }

    readonly struct Log1pFunction : IPointwiseOperator
    {
        public static string Name => "Log1p";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => ElementaryFunctions.Log1p(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) / (x + L.From(1));
        public Tensor Derivative(Tensor x) => 1 / (x + 1);
    }

    readonly struct Expm1Function : IPointwiseOperator
    {
        public static string Name => "Expm1";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => ElementaryFunctions.Expm1(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => y + L.From(1);
        public Tensor Derivative(Tensor y) => y + 1;
    }

    extension(Tensor x)
    {
        /// <summary>The natural logarithm; NaN of negative numbers, minus infinity of 0. Gradient: 1 / x. PyTorch: <c>torch.log</c>.</summary>
        public Tensor Log() => Pointwise.Apply(default(LogFunction), x);

        /// <summary>The in-place form of <c>Log</c>. PyTorch: <c>log_</c>.</summary>
        public Tensor LogInPlace() => Pointwise.ApplyInPlace(default(LogFunction), x);

        /// <summary>The logarithm to base 2. Gradient: 1 / (x log 2). PyTorch: <c>torch.log2</c>.</summary>
        public Tensor Log2() => Pointwise.Apply(default(Log2Function), x);

        /// <summary>The in-place form of <c>Log2</c>. PyTorch: <c>log2_</c>.</summary>
        public Tensor Log2InPlace() => Pointwise.ApplyInPlace(default(Log2Function), x);

        /// <summary>The logarithm to base 10. Gradient: 1 / (x log 10). PyTorch: <c>torch.log10</c>.</summary>
        public Tensor Log10() => Pointwise.Apply(default(Log10Function), x);

        /// <summary>The in-place form of <c>Log10</c>. PyTorch: <c>log10_</c>.</summary>
        public Tensor Log10InPlace() => Pointwise.ApplyInPlace(default(Log10Function), x);

        /// <summary>log(1 + x), exact for small x too. Gradient: 1 / (1 + x). PyTorch: <c>torch.log1p</c>.</summary>
        public Tensor Log1p() => Pointwise.Apply(default(Log1pFunction), x);

        /// <summary>The in-place form of <c>Log1p</c>. PyTorch: <c>log1p_</c>.</summary>
        public Tensor Log1pInPlace() => Pointwise.ApplyInPlace(default(Log1pFunction), x);

        /// <summary>exp(x) - 1, exact for small x too. Gradient: y + 1. PyTorch: <c>torch.expm1</c>.</summary>
        public Tensor Expm1() => Pointwise.Apply(default(Expm1Function), x);

        /// <summary>The in-place form of <c>Expm1</c>. PyTorch: <c>expm1_</c>.</summary>
        public Tensor Expm1InPlace() => Pointwise.ApplyInPlace(default(Expm1Function), x);
    }
}
