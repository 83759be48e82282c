using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Powers.</summary>
public static class PowOperator
{
    readonly struct Power : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => L.Pow(a, b);
    }

    readonly struct PowerScalar(Scalar exponent) : IPointwiseOperator
    {
        readonly Scalar exponent = exponent;
        public double[] Numbers => [exponent.ToDouble()];
        public static string Name => "Pow";
        public static Saves Saves => Saves.Input;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => exponent.ToDouble() switch
        {
            2 => x * x,
            3 => x * x * x,
            _ => L.Pow(x, L.From(exponent)),
        };
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => exponent.ToDouble() switch
        {
            0 => L.From(0),
            1 => L.From(1),
            2 => x + x,
            var power => L.From(power) * L.Pow(x, L.From(power - 1)),
        };
        public Tensor Derivative(Tensor x) => exponent.ToDouble() is var power && power == 0 ? x.ZerosLike() : power * x.Pow(power - 1);
    }

    // The gradient by the exponent is y log(base), and 0 where the base is 0 and the exponent is not negative.
    static Tensor ExponentGradient(Tensor gradient, Tensor a, Tensor b, Tensor y)
    {
        var flat = (a.Equal(0)) & (b >= 0);
        return gradient * Tensor.Where(flat, Tensor.Zeros([], y.DType), y * Tensor.Where(flat, Tensor.Ones([], y.DType), a).Log());
    }

    extension(Tensor a)
    {
        /// <summary>a to the power b, element by element; shapes broadcast, types promote. A negative base to a fraction is NaN,
        /// 0 to the power 0 is 1. Gradient: b a^(b-1) and y log a. PyTorch: <c>torch.pow</c>.</summary>
        /// <exception cref="ArgumentException">Integers to a negative power.</exception>
        public Tensor Pow(Tensor b)
        {
            Tensor x = a, y = b, result = Pointwise.Combine("Pow", default(Power), ref x, ref y, Operators.Promotion.Numeric("Pow", Operators.Promotion.Of(a, b)));
            return Autograd.Records(a, b)
                ? Autograd.Record("Pow", result, [a, b], [a, b, result], static (node, gradient) =>
                {
                    Tensor a = node.Saved(0), b = node.Saved(1);
                    var plain = b.Equal(0);
                    // At exponent 0 the derivative is 0 also where a^(b-1) is infinite.
                    return [node.Needs(0) ? gradient * Tensor.Where(plain, Tensor.Zeros([], gradient.DType), b * a.Pow(Tensor.Where(plain, Tensor.Ones([], b.DType), b) - 1)) : null,
                        node.Needs(1) ? ExponentGradient(gradient, a, b, node.Saved(2)) : null];
                })
                : result;
        }

        /// <summary>a to the power of a number. PyTorch: <c>torch.pow</c>.</summary>
        /// <exception cref="ArgumentException">Integers to a negative power.</exception>
        public Tensor Pow(Scalar exponent)
        {
            var dtype = Operators.Promotion.Numeric("Pow", Operators.Promotion.Of(a, exponent));
            if (!dtype.IsFloatingPoint() && exponent.ToDouble() < 0)
                throw new ArgumentException($"Pow: integers to a negative power {exponent} are not integers; convert the tensor with To(DType.Float32)");
            return Pointwise.Apply(new PowerScalar(exponent), a.To(dtype));
        }

        /// <summary>a to the power of a number, in its own memory. PyTorch: <c>pow_</c>.</summary>
        public Tensor PowInPlace(Scalar exponent) => Pointwise.ApplyInPlace(new PowerScalar(exponent), a, exponent);
    }

    extension(Tensor)
    {
        /// <summary>A number to the power b, element by element. PyTorch: <c>torch.pow(number, tensor)</c>.</summary>
        public static Tensor Pow(Scalar number, Tensor b) => Tensor.Full([], number, Operators.Promotion.Of(b, number), b.Backend).Pow(b);
    }
}
