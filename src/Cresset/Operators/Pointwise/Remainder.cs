using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Division with a whole quotient, and what it leaves.</summary>
public static class RemainderOperators
{
    // Towards minus infinity; integers are divided exactly and corrected where the signs differ and something is left.
    readonly struct FloorQuotient(bool floating) : IBinaryFunction
    {
        readonly bool floating = floating;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L>
        {
            var quotient = a / b;
            if (floating)
            {
                // From the exact remainder, so that a quotient which rounds up to a whole number does not gain one.
                var left = Left(a, b);
                var whole = L.Round((a - left) / b);
                return L.Select(L.Equal(b, L.From(0)), quotient, whole);
            }
            L zero = L.From(0), rest = a - quotient * b;
            var correct = L.Less(rest ^ b, zero) & (L.Less(rest, zero) | L.Less(zero, rest));
            return L.Select(correct, quotient - L.From(1), quotient);
        }

        static L Left<L>(L a, L b) where L : struct, ILanes<L> => new FloorRemainder(true).Value(a, b);
    }

    // a - floor(a / b) b, with the sign of b.
    readonly struct FloorRemainder(bool floating) : IBinaryFunction
    {
        readonly bool floating = floating;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L>
        {
            var zero = L.From(0);
            L rest;
            if (floating) rest = L.Remainder(a, b);
            else rest = a - a / b * b;
            var differs = (L.Less(rest, zero) & L.Less(zero, b)) | (L.Less(zero, rest) & L.Less(b, zero));
            return L.Select(differs, rest + b, rest);
        }
    }

    static void RefuseZero(string name, Tensor b, DType dtype)
    {
        if (!dtype.IsFloatingPoint() && b.Equal(0).Any().Item<bool>())
            throw new DivideByZeroException($"{name}: integers cannot be divided by 0; convert one operand with To(DType.Float32) to get infinity");
    }

    static Tensor Scalar(Tensor a, Scalar b) => Tensor.Full([], b, Operators.Promotion.Of(a, b), a.Backend);

    extension(Tensor a)
    {
        /// <summary>floor(a / b), element by element; shapes broadcast, types promote, integers stay integers. No gradient.
        /// PyTorch: <c>torch.floor_divide</c>.</summary>
        /// <exception cref="DivideByZeroException">An integer is divided by 0.</exception>
        public Tensor FloorDivide(Tensor b)
        {
            var dtype = Operators.Promotion.Numeric("FloorDivide", Operators.Promotion.Of(a, b));
            RefuseZero("FloorDivide", b, dtype);
            Tensor x = a, y = b;
            return Tracing.Tell("FloorDivide", Pointwise.Combine("FloorDivide", new FloorQuotient(dtype.IsFloatingPoint()), ref x, ref y, dtype), [a, b]);
        }

        /// <summary>floor(a / b) with a number. PyTorch: <c>torch.floor_divide</c>.</summary>
        public Tensor FloorDivide(Scalar b) => a.FloorDivide(Scalar(a, b));

        /// <summary>a - floor(a / b) b: what is left, with the sign of b, as Python's %. Gradient: 1 and -floor(a / b).
        /// PyTorch: <c>torch.remainder</c>.</summary>
        /// <exception cref="DivideByZeroException">An integer is divided by 0.</exception>
        public Tensor Remainder(Tensor b)
        {
            var dtype = Operators.Promotion.Numeric("Remainder", Operators.Promotion.Of(a, b));
            RefuseZero("Remainder", b, dtype);
            Tensor x = a, y = b;
            var rest = Pointwise.Combine("Remainder", new FloorRemainder(dtype.IsFloatingPoint()), ref x, ref y, dtype);
            return Autograd.Records(a, b)
                ? Autograd.Record("Remainder", rest, [a, b], [a, b], static (node, gradient) =>
                    [gradient, node.Needs(1) ? -gradient * node.Saved(0).Detach().FloorDivide(node.Saved(1).Detach()) : null])
                : rest;
        }

        /// <summary>What is left of a after division by a number. PyTorch: <c>torch.remainder</c>.</summary>
        public Tensor Remainder(Scalar b) => a.Remainder(Scalar(a, b));
    }

    extension(Tensor)
    {
        /// <summary>What is left, with the sign of b.</summary>
        public static Tensor operator %(Tensor a, Tensor b) => a.Remainder(b);

        /// <summary>What is left, with the sign of b.</summary>
        public static Tensor operator %(Tensor a, Scalar b) => a.Remainder(b);
    }
}
