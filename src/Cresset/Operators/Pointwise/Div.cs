using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Division.</summary>
public static class DivOperator
{
    readonly struct Quotient : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a / b;
    }

    readonly struct DivideScalar(Scalar divisor) : IPointwiseOperator
    {
        readonly Scalar divisor = divisor;
        public double[] Numbers => [divisor.ToDouble()];
        public static string Name => "Div";
        public static Saves Saves => Saves.Nothing;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x / L.From(divisor);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1) / L.From(divisor);
        public Tensor Derivative(Tensor saved) => saved.FullLike(1 / divisor.ToDouble());
    }

    // dividend / x: what a number in front of a tensor asks.
    readonly struct DivideInto(Scalar dividend) : IPointwiseOperator
    {
        readonly Scalar dividend = dividend;
        public double[] Numbers => [dividend.ToDouble()];
        public static string Name => "DivideInto";
        public static Saves Saves => Saves.Input;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(dividend) / x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => -L.From(dividend) / (x * x);
        public Tensor Derivative(Tensor x) => -dividend.ToDouble() / (x * x);
    }

    extension(Tensor a)
    {
        /// <summary>a / b, element by element; shapes broadcast, integers give float32.
        /// Gradient: 1 / b and -a / b². PyTorch: <c>torch.div</c>, <c>true_divide</c>.</summary>
        public Tensor Div(Tensor b)
        {
            Tensor x = a, y = b;
            var quotient = Pointwise.Combine("Div", default(Quotient), ref x, ref y, Operators.Promotion.Floating(Operators.Promotion.Of(a, b)));
            return Autograd.Records(a, b)
                ? Autograd.Record("Div", quotient, [a, b], [a, b], static (node, gradient) =>
                {
                    Tensor a = node.Saved(0), b = node.Saved(1);
                    var da = gradient / b;
                    return [da, node.Needs(1) ? -da * a / b : null];
                })
                : quotient;
        }

        /// <summary>a / b with a number. PyTorch: <c>torch.div</c>.</summary>
        public Tensor Div(Scalar b) => Pointwise.Apply(new DivideScalar(b), a.To(Operators.Promotion.Floating(Operators.Promotion.Of(a, b))));

        /// <summary>a becomes a / b, in its own memory. PyTorch: <c>div_</c>.</summary>
        /// <exception cref="ArgumentException">a is an integer tensor.</exception>
        public Tensor DivInPlace(Tensor b)
        {
            if (!a.DType.IsFloatingPoint())
                throw new ArgumentException($"Div in place: the quotient is floating point and does not fit into a tensor of {a.DType.Name()}; use Div");
            Autograd.CheckInPlace("Div", a, b.RequiresGrad);
            // Views of a change with it, but the gradient needs what they were.
            if (b.Storage == a.Storage) b = b.Clone();
            // The gradient of b needs what a was: a copy that takes part in the graph, for second derivatives.
            var before = Autograd.Records(b) ? a.Clone() : null;
            Pointwise.CombineInPlace("Div", default(Quotient), a, b);
            Autograd.RecordInPlace("Div", a, [a, b], before is null ? [b] : [b, before], static (node, gradient) =>
            {
                var da = gradient / node.Saved(0);
                return [da, node.Needs(1) ? -da * node.Saved(1) / node.Saved(0) : null];
            });
            return a;
        }

        /// <summary>a becomes a / b with a number, in its own memory. PyTorch: <c>div_</c>.</summary>
        public Tensor DivInPlace(Scalar b) => Pointwise.ApplyInPlace(new DivideScalar(b), a, b);
    }

    extension(Tensor)
    {
        /// <summary>a / b, element by element.</summary>
        public static Tensor operator /(Tensor a, Tensor b) => a.Div(b);

        /// <summary>a / b with a number.</summary>
        public static Tensor operator /(Tensor a, Scalar b) => a.Div(b);

        /// <summary>a / b with a number.</summary>
        public static Tensor operator /(Scalar a, Tensor b) => Pointwise.Apply(new DivideInto(a), b.To(Operators.Promotion.Floating(Operators.Promotion.Of(b, a))));
    }
}
