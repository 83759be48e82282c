using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>The smaller and the larger of two, and bounds.</summary>
public static class ExtremeOperators
{
    readonly struct Smaller : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => L.Min(a, b);
    }

    readonly struct Larger : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => L.Max(a, b);
    }

    readonly struct ClampFunction(Scalar min, Scalar max, bool hasMin, bool hasMax) : IPointwiseOperator
    {
        readonly Scalar min = min, max = max;
        readonly bool hasMin = hasMin, hasMax = hasMax;
        public double[] Numbers => [hasMin ? min.ToDouble() : double.NegativeInfinity, hasMax ? max.ToDouble() : double.PositiveInfinity];
        public static string Name => "Clamp";
        public static Saves Saves => Saves.Input;
        public static bool KeepsIntegers => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L>
        {
            if (hasMin) x = L.Max(x, L.From(min));
            return hasMax ? L.Min(x, L.From(max)) : x;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L>
        {
            L one = L.From(1), zero = L.From(0), result = one;
            if (hasMin) result = L.Select(L.Less(x, L.From(min)), zero, result);
            return hasMax ? L.Select(L.Less(L.From(max), x), zero, result) : result;
        }

        public Tensor Derivative(Tensor x)
        {
            var inside = x.OnesLike();
            if (hasMin) inside *= (x >= min).To(x.DType);
            return hasMax ? inside * (x <= max).To(x.DType) : inside;
        }
    }

    // Equals share the gradient half and half, as in PyTorch.
    static Tensor Record(string name, Tensor y, Tensor a, Tensor b) => Autograd.Record(name, y, [a, b], [a, b, y], static (node, gradient) =>
    {
        Tensor y = node.Saved(2), first = node.Saved(0).Equal(y).To(y.DType), second = node.Saved(1).Equal(y).To(y.DType), share = gradient / (first + second).ClampMin(1);
        return [share * first, share * second];
    });

    extension(Tensor a)
    {
        /// <summary>The smaller of a and b; NaN if either is; shapes broadcast, types promote. Equals share the gradient.
        /// PyTorch: <c>torch.minimum</c>.</summary>
        public Tensor Minimum(Tensor b)
        {
            Tensor x = a, y = b, result = Pointwise.Combine("Minimum", default(Smaller), ref x, ref y, Operators.Promotion.Of(a, b));
            return Autograd.Records(a, b) ? Record("Minimum", result, a, b) : result;
        }

        /// <summary>The larger of a and b; NaN if either is; shapes broadcast, types promote. Equals share the gradient.
        /// PyTorch: <c>torch.maximum</c>.</summary>
        public Tensor Maximum(Tensor b)
        {
            Tensor x = a, y = b, result = Pointwise.Combine("Maximum", default(Larger), ref x, ref y, Operators.Promotion.Of(a, b));
            return Autograd.Records(a, b) ? Record("Maximum", result, a, b) : result;
        }

        /// <summary>a brought between two bounds; NaN stays NaN. Gradient: 1 within the bounds (themselves included), else 0.
        /// PyTorch: <c>torch.clamp</c>.</summary>
        public Tensor Clamp(Scalar min, Scalar max) => Pointwise.Apply(new ClampFunction(min, max, true, true), Typed(a, min, max));

        /// <summary>a, at least <paramref name="min"/>. PyTorch: <c>torch.clamp_min</c>.</summary>
        public Tensor ClampMin(Scalar min) => Pointwise.Apply(new ClampFunction(min, min, true, false), Typed(a, min, min));

        /// <summary>a, at most <paramref name="max"/>. PyTorch: <c>torch.clamp_max</c>.</summary>
        public Tensor ClampMax(Scalar max) => Pointwise.Apply(new ClampFunction(max, max, false, true), Typed(a, max, max));

        /// <summary>a brought between two bounds, in its own memory. PyTorch: <c>clamp_</c>.</summary>
        public Tensor ClampInPlace(Scalar min, Scalar max) => Pointwise.ApplyInPlace(new ClampFunction(min, max, true, true), a, min.DType == DType.Float64 ? min : max);
    }

    static Tensor Typed(Tensor x, Scalar min, Scalar max)
    {
        DType first = Operators.Promotion.Of(x, min), second = Operators.Promotion.Of(x, max);
        return x.To(DTypes.Promote(first, second));
    }
}
