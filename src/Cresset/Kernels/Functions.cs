using System.Numerics;

namespace Cresset.Kernels;

/// <summary>A pointwise function of one argument. Its parameters, if any, are its fields.</summary>
public interface IUnaryFunction
{
    /// <summary>f(x).</summary>
    L Value<L>(L x) where L : struct, ILanes<L>;
}

/// <summary>A pointwise function of one argument whose derivative is computed in one pass as well.</summary>
public interface IDifferentiableFunction : IUnaryFunction
{
    /// <summary>f'(x), from x and y = f(x); it may use either or both.</summary>
    L Derivative<L>(L x, L y) where L : struct, ILanes<L>;
}

/// <summary>A pointwise function of two arguments of one type.</summary>
public interface IBinaryFunction
{
    /// <summary>f(a, b).</summary>
    L Value<L>(L a, L b) where L : struct, ILanes<L>;
}

/// <summary>A pointwise question about two numbers; the answer is a bool tensor.</summary>
public interface IPredicate
{
    /// <summary>Whether it holds of a and b.</summary>
    bool Test<T>(T a, T b) where T : unmanaged, INumber<T>;
}

/// <summary>A fold of many elements into one: each is mapped, then all are combined, in an order that depends on the
/// shape alone.</summary>
public interface IReduction
{
    /// <summary>The value that changes nothing when combined, of the element type.</summary>
    T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T>;

    /// <summary>What an element contributes.</summary>
    L Map<L>(L x) where L : struct, ILanes<L>;

    /// <summary>Whether nothing is rounded, so that the result is the same in any order and in any type, as of the largest.</summary>
    static virtual bool IsExact => false;

    /// <summary>Two partial results in one. Associative up to rounding, commutative.</summary>
    L Combine<L>(L a, L b) where L : struct, ILanes<L>;
}

/// <summary>One step of an optimizer for one element: changes the parameter and up to three numbers of state, from the
/// gradient. Hyperparameters are fields.</summary>
public interface IUpdateFunction
{
    /// <summary>The new parameter and state; the kernel stores only as many states as it was given.</summary>
    void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>;
}

/// <summary>What an optimizer's step does to one parameter: the function changes parameter and states in place, from the gradient. All are of one
/// shape and type.</summary>
public interface IUpdateStep<TFunction> where TFunction : unmanaged, IUpdateFunction
{
    /// <summary>What happens to an element, with its hyperparameters.</summary>
    TFunction Function { get; }

    /// <summary>What changes.</summary>
    ref readonly Operand Parameter { get; }

    /// <summary>By what.</summary>
    ref readonly Operand Gradient { get; }

    /// <summary>How many states the function has, at most three.</summary>
    int StateCount { get; }

    /// <summary>What it remembers.</summary>
    ref readonly Operand State(int index);
}
