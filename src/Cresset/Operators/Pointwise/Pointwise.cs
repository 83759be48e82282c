using Cresset.Kernels;

namespace Cresset;

/// <summary>What the derivative of a pointwise operator is computed from.</summary>
public enum Saves
{
    /// <summary>The argument x.</summary>
    Input,
    /// <summary>The value y = f(x).</summary>
    Output,
    /// <summary>Neither: the derivative is a constant.</summary>
    Nothing,
}

/// <summary>A pointwise operator of one argument: its value, its derivative, and what the derivative needs. A struct that
/// implements this, in the library or outside it, is run by <see cref="Pointwise.Apply"/>.</summary>
public interface IPointwiseOperator : IDifferentiableFunction
{
    /// <summary>The operator's name, for messages.</summary>
    static abstract string Name { get; }

    /// <summary>What the derivative needs.</summary>
    static abstract Saves Saves { get; }

    /// <summary>True where an integer tensor keeps its type and truth values count as int64; otherwise they are computed in float32.</summary>
    static virtual bool KeepsIntegers => false;

    /// <summary>The numbers that the function works with, for <see cref="Tracing"/>; none unless given.</summary>
    double[] Numbers => [];

    /// <summary>f'(x) with tensor operators, from the tensor that <see cref="Saves"/> names: the form that can itself be
    /// differentiated.</summary>
    Tensor Derivative(Tensor saved);
}

/// <summary>Runs pointwise operators: types, broadcasting, in-place forms and recording, once for all of them.</summary>
public static class Pointwise
{
    /// <summary>y = f(x), element by element.</summary>
    public static Tensor Apply<TOperator>(TOperator f, Tensor x) where TOperator : unmanaged, IPointwiseOperator
    {
        ArgumentNullException.ThrowIfNull(x);
        if (!TOperator.KeepsIntegers) x = x.To(Operators.Promotion.Floating(x.DType));
        else if (x.DType == DType.Bool) x = x.To(DType.Int64);
        var y = Tensor.Allocate(x.Shape, x.DType, x.Backend);
        x.Backend.Unary(f, x.Operand, y.Operand);
        return Autograd.Records(x) ? Record(f, x, y) : y;
    }

    static Tensor Record<TOperator>(TOperator f, Tensor x, Tensor y) where TOperator : unmanaged, IPointwiseOperator =>
        TOperator.Saves == Saves.Nothing
            ? Autograd.Record(TOperator.Name, y, [x], [], (_, gradient) => [Chain(f, gradient, gradient)], f.Numbers)
            : Autograd.Record(TOperator.Name, y, [x], [TOperator.Saves == Saves.Input ? x : y],
                (node, gradient) => [Chain(f, gradient, node.Saved(0))], f.Numbers);

    // dx = dy f'(x): in one pass, or by tensor operators where the gradient will be differentiated again.
    static Tensor Chain<TOperator>(TOperator f, Tensor gradient, Tensor saved) where TOperator : unmanaged, IPointwiseOperator
    {
        if (Autograd.IsEnabled) return gradient * f.Derivative(saved);
        var dx = Tensor.Allocate(gradient.Shape, gradient.DType, gradient.Backend);
        gradient.Backend.UnaryGradient(f, gradient.Operand, saved.Operand, saved.Operand, dx.Operand);
        return dx;
    }

    /// <summary>x = f(x), in x's own memory, where f works with the given number, if with any.</summary>
    internal static Tensor ApplyInPlace<TOperator>(TOperator f, Tensor x, Scalar? operand = null) where TOperator : unmanaged, IPointwiseOperator
    {
        if (!x.DType.IsFloatingPoint() && (!TOperator.KeepsIntegers || x.DType == DType.Bool || operand?.DType == DType.Float64))
            throw new ArgumentException($"{TOperator.Name} in place: the result is {(x.DType == DType.Bool && TOperator.KeepsIntegers ? "a number" : "floating point")} and does not fit into a tensor of {x.DType.Name()}; use the form that makes a new tensor");
        Autograd.CheckInPlace(TOperator.Name, x, recorded: false);
        var recorded = Autograd.Records(x);
        // The old value is overwritten: where the derivative needs it, a copy is kept, in the graph for second derivatives.
        var before = recorded && TOperator.Saves == Saves.Input ? x.Clone() : null;
        x.Backend.Unary(f, x.Operand, x.Operand);
        if (before is not null) Autograd.RecordInPlace(TOperator.Name, x, [x], [before], (node, gradient) => [Chain(f, gradient, node.Saved(0))], f.Numbers);
        else if (TOperator.Saves == Saves.Output) Autograd.RecordInPlace(TOperator.Name, x, [x], [x], (node, gradient) => [Chain(f, gradient, node.Saved(0))], f.Numbers);
        else Autograd.RecordInPlace(TOperator.Name, x, [x], [], (_, gradient) => [Chain(f, gradient, gradient)], f.Numbers);
        return x;
    }

    /// <summary>y = f(a, b) without recording: types promoted, shapes broadcast.</summary>
    internal static Tensor Combine<TFunction>(string name, TFunction f, ref Tensor a, ref Tensor b, DType dtype) where TFunction : unmanaged, IBinaryFunction
    {
        var backend = Operators.Promotion.Backend(name, a, b);
        var shape = Shape.Broadcast(a.Shape, b.Shape, name);
        a = a.To(dtype);
        b = b.To(dtype);
        var y = Tensor.Allocate(shape, dtype, backend);
        if (a.Shape == shape && b.Shape == shape) backend.Binary(f, a.Operand, b.Operand, y.Operand);
        else backend.Binary(f, a.Operand.Expand(shape), b.Operand.Expand(shape), y.Operand);
        return y;
    }

    /// <summary>a = f(a, b) without recording, in a's own memory; b broadcasts to a.</summary>
    internal static void CombineInPlace<TFunction>(string name, TFunction f, Tensor a, Tensor b) where TFunction : unmanaged, IBinaryFunction
    {
        var backend = Operators.Promotion.Backend(name, a, b);
        if (Operators.Promotion.Of(a, b).Category() > a.DType.Category())
            throw new ArgumentException($"{name} in place: the result of {a.DType.Name()} and {b.DType.Name()} does not fit into {a.DType.Name()}; use the form that makes a new tensor");
        if (Shape.Broadcast(a.Shape, b.Shape, name) != a.Shape)
            throw new ArgumentException($"{name} in place: expected a shape that broadcasts to {a.Shape}, got {b.Shape}");
        // Overlapping memory at another layout would be read after it was written.
        if (b.Storage == a.Storage && b != a) b = b.Clone();
        backend.Binary(f, a.Operand, b.To(a.DType).Operand.Expand(a.Shape), a.Operand);
    }
}
