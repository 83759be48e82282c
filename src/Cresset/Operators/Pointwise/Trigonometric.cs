using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Trigonometric and hyperbolic functions, and the error function.</summary>
public static class TrigonometricOperators
{
    readonly struct SinFunction : IPointwiseOperator
    {
        public static string Name => "Sin";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Sin(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Cos(x);
        public Tensor Derivative(Tensor x) => x.Cos();
    }

    readonly struct CosFunction : IPointwiseOperator
    {
        public static string Name => "Cos";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Cos(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => -L.Sin(x);
        public Tensor Derivative(Tensor x) => -x.Sin();
    }

    readonly struct TanFunction : IPointwiseOperator
    {
        public static string Name => "Tan";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Sin(x) / L.Cos(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) + y * y;
        public Tensor Derivative(Tensor y) => 1 + y * y;
    }

    readonly struct TanhFunction : IPointwiseOperator
    {
        public static string Name => "Tanh";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Tanh(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) - y * y;
        public Tensor Derivative(Tensor y) => 1 - y * y;
    }

    readonly struct ErfFunction : IPointwiseOperator
    {
        public static string Name => "Erf";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => ElementaryFunctions.Erf(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1.1283791670955126) * L.Exp(-(x * x));
        public Tensor Derivative(Tensor x) => 1.1283791670955126 * (-(x * x)).Exp();
    }

    extension(Tensor x)
    {
        /// <summary>The sine of radians. Gradient: cos x. PyTorch: <c>torch.sin</c>.</summary>
        public Tensor Sin() => Pointwise.Apply(default(SinFunction), x);

        /// <summary>The in-place form of <c>Sin</c>. PyTorch: <c>sin_</c>.</summary>
        public Tensor SinInPlace() => Pointwise.ApplyInPlace(default(SinFunction), x);

        /// <summary>The cosine of radians. Gradient: -sin x. PyTorch: <c>torch.cos</c>.</summary>
        public Tensor Cos() => Pointwise.Apply(default(CosFunction), x);

        /// <summary>The in-place form of <c>Cos</c>. PyTorch: <c>cos_</c>.</summary>
        public Tensor CosInPlace() => Pointwise.ApplyInPlace(default(CosFunction), x);

        /// <summary>The tangent of radians. Gradient: 1 + y². PyTorch: <c>torch.tan</c>.</summary>
        public Tensor Tan() => Pointwise.Apply(default(TanFunction), x);

        /// <summary>The in-place form of <c>Tan</c>. PyTorch: <c>tan_</c>.</summary>
        public Tensor TanInPlace() => Pointwise.ApplyInPlace(default(TanFunction), x);

        /// <summary>The hyperbolic tangent. Gradient: 1 - y². PyTorch: <c>torch.tanh</c>.</summary>
        public Tensor Tanh() => Pointwise.Apply(default(TanhFunction), x);

        /// <summary>The in-place form of <c>Tanh</c>. PyTorch: <c>tanh_</c>.</summary>
        public Tensor TanhInPlace() => Pointwise.ApplyInPlace(default(TanhFunction), x);

        /// <summary>The error function 2 / sqrt(pi) times the integral of exp(-t²) from 0 to x. Gradient: 2 / sqrt(pi) exp(-x²). PyTorch: <c>torch.erf</c>.</summary>
        public Tensor Erf() => Pointwise.Apply(default(ErfFunction), x);

        /// <summary>The in-place form of <c>Erf</c>. PyTorch: <c>erf_</c>.</summary>
        public Tensor ErfInPlace() => Pointwise.ApplyInPlace(default(ErfFunction), x);
    }
}
