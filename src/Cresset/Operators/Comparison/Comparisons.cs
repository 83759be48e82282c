using System.Numerics;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Comparisons, element by element; the result is bool and has no gradient.</summary>
public static class ComparisonOperators
{
    readonly struct IsGreater : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => a > b; }
    readonly struct IsGreaterOrEqual : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => a >= b; }
    readonly struct IsEqual : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => a == b; }
    readonly struct IsNotEqual : IPredicate { public bool Test<T>(T a, T b) where T : unmanaged, INumber<T> => a != b; }

    static Tensor Compare<TPredicate>(string name, TPredicate test, Tensor a, Tensor b) where TPredicate : unmanaged, IPredicate
    {
        var dtype = Operators.Promotion.Of(a, b);
        var shape = Shape.Broadcast(a.Shape, b.Shape, name);
        var backend = Operators.Promotion.Backend(name, a, b);
        Tensor x = a.To(dtype), y = b.To(dtype), result = Tensor.Allocate(shape, DType.Bool, backend);
        backend.Compare(test, x.Operand.Expand(shape), y.Operand.Expand(shape), result.Operand);
        return Tracing.Tell(name, result, [x, y]);
    }

    // A number is compared in the type that holds both.
    static Tensor Compare<TPredicate>(string name, TPredicate test, Tensor a, Scalar b, bool swap = false) where TPredicate : unmanaged, IPredicate
    {
        var number = Tensor.Full([], b, Operators.Promotion.Of(a, b));
        return swap ? Compare(name, test, number, a) : Compare(name, test, a, number);
    }

    extension(Tensor a)
    {
        /// <summary>Whether a = b, element by element; NaN equals nothing. PyTorch: <c>torch.eq</c>.</summary>
        public Tensor Equal(Tensor b) => Compare("Equal", default(IsEqual), a, b);

        /// <summary>Whether a = b, element by element. PyTorch: <c>torch.eq</c>.</summary>
        public Tensor Equal(Scalar b) => Compare("Equal", default(IsEqual), a, b);

        /// <summary>Whether a differs from b, element by element. PyTorch: <c>torch.ne</c>.</summary>
        public Tensor NotEqual(Tensor b) => Compare("NotEqual", default(IsNotEqual), a, b);

        /// <summary>Whether a differs from b, element by element. PyTorch: <c>torch.ne</c>.</summary>
        public Tensor NotEqual(Scalar b) => Compare("NotEqual", default(IsNotEqual), a, b);
    }

    // == and != stay those of objects (PyTorch's are element by element): a Tensor can be a dictionary's key.
    extension(Tensor)
    {
        /// <summary>Whether a &gt; b, element by element. PyTorch: <c>torch.gt</c>.</summary>
        public static Tensor operator >(Tensor a, Tensor b) => Compare("Greater", default(IsGreater), a, b);
        /// <summary>Whether a &gt; b, element by element.</summary>
        public static Tensor operator >(Tensor a, Scalar b) => Compare("Greater", default(IsGreater), a, b);
        /// <summary>Whether a &gt; b, element by element.</summary>
        public static Tensor operator >(Scalar a, Tensor b) => Compare("Greater", default(IsGreater), b, a, swap: true);
        /// <summary>Whether a &lt; b, element by element. PyTorch: <c>torch.lt</c>.</summary>
        public static Tensor operator <(Tensor a, Tensor b) => Compare("Less", default(IsGreater), b, a);
        /// <summary>Whether a &lt; b, element by element.</summary>
        public static Tensor operator <(Tensor a, Scalar b) => Compare("Less", default(IsGreater), a, b, swap: true);
        /// <summary>Whether a &lt; b, element by element.</summary>
        public static Tensor operator <(Scalar a, Tensor b) => Compare("Less", default(IsGreater), b, a);
        /// <summary>Whether a &gt;= b, element by element. PyTorch: <c>torch.ge</c>.</summary>
        public static Tensor operator >=(Tensor a, Tensor b) => Compare("GreaterOrEqual", default(IsGreaterOrEqual), a, b);
        /// <summary>Whether a &gt;= b, element by element.</summary>
        public static Tensor operator >=(Tensor a, Scalar b) => Compare("GreaterOrEqual", default(IsGreaterOrEqual), a, b);
        /// <summary>Whether a &gt;= b, element by element.</summary>
        public static Tensor operator >=(Scalar a, Tensor b) => Compare("GreaterOrEqual", default(IsGreaterOrEqual), b, a, swap: true);
        /// <summary>Whether a &lt;= b, element by element. PyTorch: <c>torch.le</c>.</summary>
        public static Tensor operator <=(Tensor a, Tensor b) => Compare("LessOrEqual", default(IsGreaterOrEqual), b, a);
        /// <summary>Whether a &lt;= b, element by element.</summary>
        public static Tensor operator <=(Tensor a, Scalar b) => Compare("LessOrEqual", default(IsGreaterOrEqual), a, b, swap: true);
        /// <summary>Whether a &lt;= b, element by element.</summary>
        public static Tensor operator <=(Scalar a, Tensor b) => Compare("LessOrEqual", default(IsGreaterOrEqual), b, a);
    }
}
