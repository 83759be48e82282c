using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The logistic function and what is built on it.</summary>
public static class SigmoidOperators
{
    readonly struct SigmoidFunction : IPointwiseOperator
    {
        public static string Name => "Sigmoid";
        public static Saves Saves => Saves.Output;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(1) / (L.From(1) + L.Exp(-x));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => y * (L.From(1) - y);
        public Tensor Derivative(Tensor y) => y * (1 - y);
    }

    readonly struct LogSigmoidFunction : IPointwiseOperator
    {
        public static string Name => "LogSigmoid";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Min(x, L.From(0)) - ElementaryFunctions.Log1p(L.Exp(-L.Abs(x)));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) / (L.From(1) + L.Exp(x));
        public Tensor Derivative(Tensor x) => (-x).Sigmoid();
    }

    readonly struct SiluFunction : IPointwiseOperator
    {
        public static string Name => "Silu";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x / (L.From(1) + L.Exp(-x));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => (L.From(1) / (L.From(1) + L.Exp(-x))) * (L.From(1) + x * (L.From(1) - (L.From(1) / (L.From(1) + L.Exp(-x)))));
        public Tensor Derivative(Tensor x) => x.Sigmoid() * (1 + x * (1 - x.Sigmoid()));
    }

    readonly struct SoftplusFunction(Scalar beta, Scalar threshold) : IPointwiseOperator
    {
        readonly Scalar beta = beta;
        readonly Scalar threshold = threshold;
        public double[] Numbers => [beta.ToDouble(), threshold.ToDouble()];
        public static string Name => "Softplus";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Select(L.Less(L.From(threshold), x * L.From(beta)), x, (L.Max(x * L.From(beta), L.From(0)) + ElementaryFunctions.Log1p(L.Exp(-L.Abs(x * L.From(beta))))) / L.From(beta));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.Select(L.Less(L.From(threshold), x * L.From(beta)), L.From(1), L.From(1) / (L.From(1) + L.Exp(-(x * L.From(beta)))));
        public Tensor Derivative(Tensor x) => Tensor.Where(x * beta > threshold, x.OnesLike(), (x * beta).Sigmoid());
    }

    extension(Tensor x)
    {
        /// <summary>1 / (1 + exp(-x)). Gradient: y (1 - y). PyTorch: <c>torch.sigmoid</c>.</summary>
        public Tensor Sigmoid() => Pointwise.Apply(default(SigmoidFunction), x);

        /// <summary>The in-place form of <c>Sigmoid</c>. PyTorch: <c>sigmoid_</c>.</summary>
        public Tensor SigmoidInPlace() => Pointwise.ApplyInPlace(default(SigmoidFunction), x);

        /// <summary>log(1 / (1 + exp(-x))), for large |x| too. Gradient: 1 / (1 + exp(x)). PyTorch: <c>torch.nn.functional.logsigmoid</c>.</summary>
        public Tensor LogSigmoid() => Pointwise.Apply(default(LogSigmoidFunction), x);

        /// <summary>x times its sigmoid; also called swish. Gradient: s (1 + x (1 - s)). Elfwing, Uchibe and Doya (2017). PyTorch: <c>torch.nn.functional.silu</c>.</summary>
        public Tensor Silu() => Pointwise.Apply(default(SiluFunction), x);

        /// <summary>The in-place form of <c>Silu</c>. PyTorch: <c>silu_</c>.</summary>
        public Tensor SiluInPlace() => Pointwise.ApplyInPlace(default(SiluFunction), x);

        /// <summary>log(1 + exp(beta x)) / beta; x itself where beta x is above the threshold. Gradient: sigmoid(beta x). PyTorch: <c>torch.nn.functional.softplus</c>.</summary>
        public Tensor Softplus(double beta = 1, double threshold = 20) => Pointwise.Apply(new SoftplusFunction(beta, threshold), x);
    }
}
