using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Multiplication, element by element.</summary>
public static class MulOperator
{
    readonly struct Product : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a * b;
    }

    // For truth values, a * b is "and", as in PyTorch.
    readonly struct And : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a & b;
    }

    readonly struct MultiplyScalar(Scalar factor) : IPointwiseOperator
    {
        readonly Scalar factor = factor;
        public double[] Numbers => [factor.ToDouble()];
        public static string Name => "Mul";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x * L.From(factor);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(factor);
        public Tensor Derivative(Tensor saved) => saved.FullLike(factor);
    }

    extension(Tensor a)
    {
        /// <summary>a * b, element by element; shapes broadcast, types promote (bool * bool is "and").
        /// Gradient: b and a. PyTorch: <c>torch.mul</c>.</summary>
        public Tensor Mul(Tensor b)
        {
            Tensor x = a, y = b;
            var dtype = Operators.Promotion.Of(a, b);
            var product = dtype == DType.Bool
                ? Pointwise.Combine("Mul", default(And), ref x, ref y, dtype)
                : Pointwise.Combine("Mul", default(Product), ref x, ref y, dtype);
            return Autograd.Records(a, b)
                ? Autograd.Record("Mul", product, [a, b], [a, b], static (node, gradient) =>
                    [node.Needs(0) ? gradient * node.Saved(1) : null, node.Needs(1) ? gradient * node.Saved(0) : null])
                : product;
        }

        /// <summary>a * b with a number. PyTorch: <c>torch.mul</c>.</summary>
        public Tensor Mul(Scalar b) => a.DType == DType.Bool && b.DType == DType.Bool
            ? a.Mul(Tensor.Full([], b, DType.Bool, a.Backend))
            : Pointwise.Apply(new MultiplyScalar(b), a.To(Operators.Promotion.Of(a, b)));

        /// <summary>a becomes a * b, in its own memory. PyTorch: <c>mul_</c>.</summary>
        public Tensor MulInPlace(Tensor b)
        {
            Autograd.CheckInPlace("Mul", a, b.RequiresGrad);
            // Views of a change with it, but the gradient needs what they were.
            if (b.Storage == a.Storage) b = b.Clone();
            // The gradient of b needs what a was: a copy that takes part in the graph, for second derivatives.
            var before = Autograd.Records(b) ? a.Clone() : null;
            if (a.DType == DType.Bool) Pointwise.CombineInPlace("Mul", default(And), a, b);
            else Pointwise.CombineInPlace("Mul", default(Product), a, b);
            Autograd.RecordInPlace("Mul", a, [a, b], before is null ? [b] : [b, before], static (node, gradient) =>
                [node.Needs(0) ? gradient * node.Saved(0) : null, node.Needs(1) ? gradient * node.Saved(1) : null]);
            return a;
        }

        /// <summary>a becomes a * b with a number, in its own memory. PyTorch: <c>mul_</c>.</summary>
        public Tensor MulInPlace(Scalar b) => a.DType == DType.Bool && b.DType == DType.Bool
            ? a.MulInPlace(Tensor.Full([], b, DType.Bool, a.Backend))
            : Pointwise.ApplyInPlace(new MultiplyScalar(b), a, b);
    }

    extension(Tensor)
    {
        /// <summary>a * b, element by element.</summary>
        public static Tensor operator *(Tensor a, Tensor b) => a.Mul(b);

        /// <summary>a * b with a number.</summary>
        public static Tensor operator *(Tensor a, Scalar b) => a.Mul(b);

        /// <summary>a * b with a number.</summary>
        public static Tensor operator *(Scalar a, Tensor b) => b.Mul(a);
    }
}
