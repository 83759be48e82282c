using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Subtraction and negation.</summary>
public static class SubOperator
{
    readonly struct Difference : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a - b;
    }

    // minuend - x: what a number in front of a tensor asks.
    readonly struct SubtractFrom(Scalar minuend) : IPointwiseOperator
    {
        readonly Scalar minuend = minuend;
        public double[] Numbers => [minuend.ToDouble()];
        public static string Name => "SubtractFrom";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.From(minuend) - x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(-1);
        public Tensor Derivative(Tensor saved) => -saved.OnesLike();
    }

    readonly struct SubtractScalar(Scalar subtrahend) : IPointwiseOperator
    {
        readonly Scalar subtrahend = subtrahend;
        public double[] Numbers => [subtrahend.ToDouble()];
        public static string Name => "Sub";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x - L.From(subtrahend);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1);
        public Tensor Derivative(Tensor saved) => saved.OnesLike();
    }

    readonly struct Negation : IPointwiseOperator
    {
        public static string Name => "Neg";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => -x;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(-1);
        public Tensor Derivative(Tensor saved) => -saved.OnesLike();
    }

    // As PyTorch: what was meant is another operator, or a number.
    static void RefuseBool(DType a, DType b)
    {
        if (a == DType.Bool || b == DType.Bool)
            throw new ArgumentException($"Sub: truth values have no difference, got {a.Name()} and {b.Name()}; use LogicalXor or LogicalNot, or convert with To");
    }

    extension(Tensor a)
    {
        /// <summary>a - b, element by element; shapes broadcast, types promote. Gradient: 1 and -1. PyTorch: <c>torch.sub</c>.</summary>
        /// <exception cref="ArgumentException">One is bool, or the shapes do not broadcast.</exception>
        public Tensor Sub(Tensor b)
        {
            RefuseBool(a.DType, b.DType);
            Tensor x = a, y = b;
            var difference = Pointwise.Combine("Sub", default(Difference), ref x, ref y, Operators.Promotion.Of(a, b));
            return Autograd.Records(a, b)
                ? Autograd.Record("Sub", difference, [a, b], [], static (node, gradient) => [gradient, node.Needs(1) ? -gradient : null])
                : difference;
        }

        /// <summary>a - b with a number. PyTorch: <c>torch.sub</c>.</summary>
        public Tensor Sub(Scalar b)
        {
            RefuseBool(a.DType, b.DType);
            return Pointwise.Apply(new SubtractScalar(b), a.To(Operators.Promotion.Of(a, b)));
        }

        /// <summary>a becomes a - b, in its own memory. PyTorch: <c>sub_</c>.</summary>
        public Tensor SubInPlace(Tensor b)
        {
            RefuseBool(a.DType, b.DType);
            Autograd.CheckInPlace("Sub", a, b.RequiresGrad);
            Pointwise.CombineInPlace("Sub", default(Difference), a, b);
            Autograd.RecordInPlace("Sub", a, [a, b], [], static (node, gradient) => [gradient, node.Needs(1) ? -gradient : null]);
            return a;
        }

        /// <summary>a becomes a - b with a number, in its own memory. PyTorch: <c>sub_</c>.</summary>
        public Tensor SubInPlace(Scalar b)
        {
            RefuseBool(a.DType, b.DType);
            return Pointwise.ApplyInPlace(new SubtractScalar(b), a, b);
        }

        /// <summary>-a, element by element. PyTorch: <c>torch.neg</c>.</summary>
        public Tensor Neg()
        {
            RefuseBool(a.DType, a.DType);
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
        public static Tensor operator -(Scalar a, Tensor b)
        {
            RefuseBool(a.DType, b.DType);
            return Pointwise.Apply(new SubtractFrom(a), b.To(Operators.Promotion.Of(b, a)));
        }

        /// <summary>-a, element by element.</summary>
        public static Tensor operator -(Tensor a) => a.Neg();
    }
}
