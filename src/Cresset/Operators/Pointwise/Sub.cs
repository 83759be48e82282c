using Cresset.Kernels;

namespace Cresset;

/// <summary>Subtraction and negation.</summary>
public static class SubOperator
{
    readonly struct Difference : IBinaryFunction
    {
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a - b;
    }

    // minuend - x: what a number in front of a tensor asks.
    readonly struct SubtractFrom(Scalar minuend) : IPointwiseOperator
    {
        readonly Scalar minuend = minuend;
        public static string Name => "Sub";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(minuend) - x;
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(-1);
        public Tensor Derivative(Tensor saved) => -saved.OnesLike();
    }

    readonly struct SubtractScalar(Scalar subtrahend) : IPointwiseOperator
    {
        readonly Scalar subtrahend = subtrahend;
        public static string Name => "Sub";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        public L Value<L>(L x) where L : struct, ILanes<L> => x - L.From(subtrahend);
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1);
        public Tensor Derivative(Tensor saved) => saved.OnesLike();
    }

    readonly struct Negation : IPointwiseOperator
    {
        public static string Name => "Neg";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        public L Value<L>(L x) where L : struct, ILanes<L> => -x;
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(-1);
        public Tensor Derivative(Tensor saved) => -saved.OnesLike();
    }

    static DType Check(DType dtype) => dtype != DType.Bool ? dtype
        : throw new InvalidOperationException("Sub: truth values have no difference; use LogicalXor or convert one to a number");

    extension(Tensor a)
    {
        /// <summary>a - b, element by element; shapes broadcast, types promote. Gradient: 1 and -1. PyTorch: <c>torch.sub</c>.</summary>
        /// <exception cref="InvalidOperationException">Both are bool.</exception>
        public Tensor Sub(Tensor b)
        {
            Tensor x = a, y = b;
            var difference = Pointwise.Combine("Sub", default(Difference), ref x, ref y, Check(Operators.Promotion.Of(a, b)));
            return Autograd.Records(a, b)
                ? Autograd.Record("Sub", difference, [a, b], [], static (node, gradient) => [gradient, node.Needs(1) ? -gradient : null])
                : difference;
        }

        /// <summary>a - b with a number. PyTorch: <c>torch.sub</c>.</summary>
        public Tensor Sub(Scalar b) => Pointwise.Apply(new SubtractScalar(b), a.To(Check(Operators.Promotion.Of(a, b))));

        /// <summary>a becomes a - b, in its own memory. PyTorch: <c>sub_</c>.</summary>
        public Tensor SubInPlace(Tensor b)
        {
            Check(a.DType);
            Autograd.CheckInPlace("Sub", a, b.RequiresGrad);
            Pointwise.CombineInPlace("Sub", default(Difference), a, b);
            Autograd.RecordInPlace("Sub", a, [a, b], [], static (node, gradient) => [gradient, node.Needs(1) ? -gradient : null]);
            return a;
        }

        /// <summary>a becomes a - b with a number, in its own memory. PyTorch: <c>sub_</c>.</summary>
        public Tensor SubInPlace(Scalar b) => Pointwise.ApplyInPlace(new SubtractScalar(b), a);

        /// <summary>-a, element by element. PyTorch: <c>torch.neg</c>.</summary>
        public Tensor Neg()
        {
            Check(a.DType);
            return Pointwise.Apply(default(Negation), a);
        }
    }

    extension(Tensor)
    {
        /// <summary>a - b, element by element.</summary>
        public static Tensor operator -(Tensor a, Tensor b) => a.Sub(b);

        /// <summary>a - b with a number.</summary>
        public static Tensor operator -(Tensor a, Scalar b) => a.Sub(b);

        /// <summary>a - b with a number.</summary>
        public static Tensor operator -(Scalar a, Tensor b) => Pointwise.Apply(new SubtractFrom(a), b.To(Check(Operators.Promotion.Of(b, a))));

        /// <summary>-a, element by element.</summary>
        public static Tensor operator -(Tensor a) => a.Neg();
    }
}
