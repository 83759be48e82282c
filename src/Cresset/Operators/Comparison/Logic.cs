using System.Numerics;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Logic of truth values, and questions about floating-point numbers; the result is bool.</summary>
public static class LogicOperators
{
    readonly struct And : IBinaryFunction { public L Value<L>(L a, L b) where L : struct, ILanes<L> => a & b; }
    readonly struct Or : IBinaryFunction { public L Value<L>(L a, L b) where L : struct, ILanes<L> => a | b; }
    readonly struct Xor : IBinaryFunction { public L Value<L>(L a, L b) where L : struct, ILanes<L> => a ^ b; }
    readonly struct IsNotANumber : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => T.IsNaN(a); }
    readonly struct IsInfinite : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => T.IsInfinity(a); }
    readonly struct IsFiniteNumber : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => T.IsFinite(a); }

    // Anything but 0 counts as true.
    static Tensor Combine<TFunction>(string name, TFunction f, Tensor a, Tensor b) where TFunction : unmanaged, IBinaryFunction
    {
        Tensor x = a.Detach().To(DType.Bool), y = b.Detach().To(DType.Bool);
        return Tracing.Tell(name, Pointwise.Combine(name, f, ref x, ref y, DType.Bool), [x, y]);
    }

    static Tensor Ask<TPredicate>(string name, TPredicate test, Tensor x) where TPredicate : unmanaged, IPredicate
    {
        var result = Tensor.Allocate(x.Shape, DType.Bool, x.Backend);
        x.Backend.Compare(test, x.Operand, x.Operand, result.Operand);
        return Tracing.Tell(name, result, [x]);
    }

    extension(Tensor a)
    {
        /// <summary>Whether both are not 0. PyTorch: <c>torch.logical_and</c>.</summary>
        public Tensor LogicalAnd(Tensor b) => Combine("LogicalAnd", default(And), a, b);

        /// <summary>Whether one or both are not 0. PyTorch: <c>torch.logical_or</c>.</summary>
        public Tensor LogicalOr(Tensor b) => Combine("LogicalOr", default(Or), a, b);

        /// <summary>Whether exactly one is not 0. PyTorch: <c>torch.logical_xor</c>.</summary>
        public Tensor LogicalXor(Tensor b) => Combine("LogicalXor", default(Xor), a, b);

        /// <summary>Whether it is 0. PyTorch: <c>torch.logical_not</c>.</summary>
        public Tensor LogicalNot() => a.Equal(0);

        /// <summary>Whether it is not a number. PyTorch: <c>torch.isnan</c>.</summary>
        public Tensor IsNaN() => Ask("IsNaN", default(IsNotANumber), a);

        /// <summary>Whether it is plus or minus infinity. PyTorch: <c>torch.isinf</c>.</summary>
        public Tensor IsInf() => Ask("IsInf", default(IsInfinite), a);

        /// <summary>Whether it is neither infinite nor NaN. PyTorch: <c>torch.isfinite</c>.</summary>
        public Tensor IsFinite() => Ask("IsFinite", default(IsFiniteNumber), a);

        /// <summary>Whether |a - b| &lt;= atol + rtol |b|, element by element; equal infinities are close. PyTorch: <c>torch.isclose</c>.</summary>
        public Tensor IsClose(Tensor b, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false)
        {
            using var scope = Autograd.NoGrad();
            var dtype = Operators.Promotion.Floating(Operators.Promotion.Of(a, b));
            Tensor x = a.To(dtype), y = b.To(dtype);
            var close = x.Equal(y) | ((x - y).Abs() <= atol + rtol * y.Abs()) & y.IsFinite();
            return equalNan ? close | (x.IsNaN() & y.IsNaN()) : close;
        }

        /// <summary>Whether all elements are close. PyTorch: <c>torch.allclose</c>.</summary>
        public bool AllClose(Tensor b, double rtol = 1e-5, double atol = 1e-8, bool equalNan = false) =>
            a.IsClose(b, rtol, atol, equalNan).All().Item<bool>();
    }

    extension(Tensor)
    {
        /// <summary>Whether both are not 0.</summary>
        public static Tensor operator &(Tensor a, Tensor b) => a.LogicalAnd(b);

        /// <summary>Whether one or both are not 0.</summary>
        public static Tensor operator |(Tensor a, Tensor b) => a.LogicalOr(b);

        /// <summary>Whether exactly one is not 0.</summary>
        public static Tensor operator ^(Tensor a, Tensor b) => a.LogicalXor(b);

        /// <summary>Whether it is 0.</summary>
        public static Tensor operator !(Tensor a) => a.LogicalNot();
    }
}
