using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Rectifiers that let something of negative numbers through, and the Gaussian one.</summary>
public static class RectifierOperators
{
    readonly struct LeakyReluFunction(Scalar slope) : IPointwiseOperator
    {
        readonly Scalar slope = slope;
        public double[] Numbers => [slope.ToDouble()];
        public static string Name => "LeakyRelu";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Select(L.Less(x, L.From(0)), x * L.From(slope), x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Select(L.Less(L.From(0), x), L.From(1), L.From(slope));
        public Tensor Derivative(Tensor x) => Tensor.Where(x > 0, x.OnesLike(), x.FullLike(slope));
    }

    readonly struct EluFunction(Scalar alpha) : IPointwiseOperator
    {
        readonly Scalar alpha = alpha;
        public double[] Numbers => [alpha.ToDouble()];
        public static string Name => "Elu";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Select(L.Less(x, L.From(0)), L.From(alpha) * ElementaryFunctions.Expm1(L.Min(x, L.From(0))), x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Select(L.Less(L.From(0), x), L.From(1), L.From(alpha) * L.Exp(L.Min(x, L.From(0))));
        public Tensor Derivative(Tensor x) => Tensor.Where(x > 0, x.OnesLike(), x.ClampMax(0).Exp() * alpha);
    }

    readonly struct GeluExactFunction : IPointwiseOperator
    {
        public static string Name => "Gelu";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x * L.From(0.5) * (L.From(1) + ElementaryFunctions.Erf(x * L.From(0.70710678118654752)));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L>
        {
            var distribution = L.From(0.5) * (L.From(1) + ElementaryFunctions.Erf(x * L.From(0.70710678118654752), out var gaussian));
            return distribution + x * L.From(0.3989422804014327) * gaussian;
        }

        public Tensor Derivative(Tensor x) => 0.5 * (1 + (x * 0.70710678118654752).Erf()) + x * (0.3989422804014327 * (-0.5 * x * x).Exp());
    }

    readonly struct GeluTanhFunction : IPointwiseOperator
    {
        public static string Name => "GeluTanh";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(0.5) * x * (L.From(1) + L.Tanh(L.From(0.7978845608028654) * (x + L.From(0.044715) * x * x * x)));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => TanhDerivative(x);
        public Tensor Derivative(Tensor x) => TanhDerivative(x);
    }

    extension(Tensor x)
    {
        /// <summary>x where positive, else negativeSlope x. Gradient: 1 or negativeSlope. PyTorch: <c>torch.nn.functional.leaky_relu</c>.</summary>
        public Tensor LeakyRelu(double negativeSlope = 0.01) => Pointwise.Apply(new LeakyReluFunction(negativeSlope), x);

        /// <summary>The in-place form of <c>LeakyRelu</c>. PyTorch: <c>leaky_relu_</c>.</summary>
        public Tensor LeakyReluInPlace(double negativeSlope = 0.01) => Pointwise.ApplyInPlace(new LeakyReluFunction(negativeSlope), x);

        /// <summary>x where positive, else alpha (exp(x) - 1). Clevert, Unterthiner and Hochreiter (2016). PyTorch: <c>torch.nn.functional.elu</c>.</summary>
        public Tensor Elu(double alpha = 1) => Pointwise.Apply(new EluFunction(alpha), x);

        /// <summary>The in-place form of <c>Elu</c>. PyTorch: <c>elu_</c>.</summary>
        public Tensor EluInPlace(double alpha = 1) => Pointwise.ApplyInPlace(new EluFunction(alpha), x);

        /// <summary>x times the normal distribution function of x; with <paramref name="tanh"/> its approximation
        /// x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x³))). Hendrycks and Gimpel (2016). PyTorch:
        /// <c>torch.nn.functional.gelu</c> with <c>approximate="none"</c> or <c>"tanh"</c>.</summary>
        public Tensor Gelu(bool tanh = false) => tanh ? Pointwise.Apply(default(GeluTanhFunction), x) : Pointwise.Apply(default(GeluExactFunction), x);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static L TanhDerivative<L>(L x) where L : struct, ILanes<L>
    {
        L one = L.From(1), t = L.Tanh(L.From(0.7978845608028654) * (x + L.From(0.044715) * x * x * x));
        return L.From(0.5) * (one + t) + L.From(0.5) * x * (one - t * t) * L.From(0.7978845608028654) * (one + L.From(0.134145) * x * x);
    }

    static Tensor TanhDerivative(Tensor x)
    {
        var t = (0.7978845608028654 * (x + 0.044715 * x * x * x)).Tanh();
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * (0.7978845608028654 * (1 + 0.134145 * x * x));
    }
}
