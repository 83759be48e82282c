namespace Cresset;

// What the engine needs of tensors: sums, and gradients in their targets' shapes.
sealed class GradientArithmetic : IGradientArithmetic
{
    internal static readonly GradientArithmetic Instance = new();

    public Tensor Add(Tensor a, Tensor b) => a + b;

    public Tensor Own(Tensor gradient) => gradient.Clone();

    // The one place where gradients are summed over the dimensions in which an input was broadcast.
    public Tensor Fit(Tensor gradient, Shape shape, DType dtype)
    {
        if (gradient.Shape != shape)
        {
            Span<int> dims = stackalloc int[Shape.MaxRank];
            var count = 0;
            var added = gradient.Rank - shape.Rank;
            for (var i = 0; i < gradient.Rank; i++)
                if (i < added || (shape[i - added] == 1 && gradient.Shape[i] != 1)) dims[count++] = i;
            // A gradient may also be smaller than its target, where it is the same for all: the other way round.
            gradient = count == 0 ? gradient.Expand(shape) : gradient.Sum(dims[..count], keepDim: true).Reshape(shape);
        }
        return gradient.To(dtype);
    }
}

public static partial class Autograd
{
    /// <summary>The gradients of outputs with respect to inputs, without touching <see cref="Tensor.Grad"/>.
    /// PyTorch: <c>torch.autograd.grad</c>.</summary>
    /// <param name="outputs">What is differentiated; scalars, unless their gradients are given.</param>
    /// <param name="inputs">With respect to what: leaves, or tensors computed on the way.</param>
    /// <param name="outputGradients">The gradients of the outputs; ones where missing.</param>
    /// <param name="retainGraph">Keep the graph for another backward; as <paramref name="createGraph"/> unless given.</param>
    /// <param name="createGraph">Record the computation of the gradients, so that they can be differentiated.</param>
    /// <param name="allowUnused">Give null for an input that no output depends on, instead of an error.</param>
    /// <exception cref="InvalidOperationException">An output or input needs no gradient; an input was not used.</exception>
    public static Tensor?[] Grad(ReadOnlySpan<Tensor> outputs, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor?> outputGradients = default,
        bool? retainGraph = null, bool createGraph = false, bool allowUnused = false)
    {
        if (!outputGradients.IsEmpty && outputGradients.Length != outputs.Length)
            throw new ArgumentException($"Grad: expected a gradient for each of the {outputs.Length} outputs, got {outputGradients.Length}");
        foreach (var input in inputs)
            if (!input.RequiresGrad)
                throw new InvalidOperationException($"Grad: an input of shape {input.Shape} needs no gradient; set RequiresGrad before it is used");
        var engine = new Engine(GradientArithmetic.Instance, retainGraph ?? createGraph, createGraph);
        for (var i = 0; i < outputs.Length; i++)
            engine.Seed(outputs[i], Seed("Grad", outputs[i], outputGradients.IsEmpty ? null : outputGradients[i]));
        var gradients = engine.Gradients(inputs);
        for (var i = 0; i < gradients.Length; i++)
            if (gradients[i] is null && !allowUnused)
                throw new InvalidOperationException($"Grad: input {i}, of shape {inputs[i].Shape}, took no part in computing the outputs; pass allowUnused: true to get null for it");
        return gradients;
    }

    /// <summary>The gradient of one output with respect to one input: the short form of the other <c>Grad</c>.</summary>
    public static Tensor Grad(Tensor output, Tensor input, Tensor? outputGradient = null, bool? retainGraph = null, bool createGraph = false) =>
        Grad([output], [input], outputGradient is null ? default : [outputGradient], retainGraph, createGraph)[0]!;

    internal static Tensor Seed(string name, Tensor output, Tensor? gradient)
    {
        if (!output.RequiresGrad)
            throw new InvalidOperationException($"{name}: the output of shape {output.Shape} needs no gradient: nothing that it was computed from has RequiresGrad set, or it was computed inside Autograd.NoGrad()");
        if (gradient is null)
            return output.ElementCount == 1 ? output.OnesLike()
                : throw new InvalidOperationException($"{name}: expected an output with one element, got the shape {output.Shape}; reduce it, as with Sum(), or pass its gradient");
        if (gradient.Shape != output.Shape)
            throw new ArgumentException($"{name}: expected a gradient of the output's shape {output.Shape}, got {gradient.Shape}");
        return gradient.To(output.DType);
    }
}

/// <summary>The start of differentiation.</summary>
public static class BackwardOperator
{
    extension(Tensor output)
    {
        /// <summary>Computes the gradient of this tensor with respect to every leaf that it was computed from, and adds it to
        /// the leaf's <see cref="Tensor.Grad"/>. PyTorch: <c>backward</c>.</summary>
        /// <param name="gradient">The gradient of this tensor; 1 for a scalar.</param>
        /// <param name="retainGraph">Keep the graph for another backward; as <paramref name="createGraph"/> unless given.</param>
        /// <param name="createGraph">Record the computation of the gradients, so that they can be differentiated.</param>
        /// <exception cref="InvalidOperationException">The tensor needs no gradient, is not a scalar, its graph was released, or
        /// a saved tensor was changed in place.</exception>
        public void Backward(Tensor? gradient = null, bool? retainGraph = null, bool createGraph = false)
        {
            var engine = new Engine(GradientArithmetic.Instance, retainGraph ?? createGraph, createGraph);
            engine.Seed(output, Autograd.Seed("Backward", output, gradient));
            engine.Backward();
            MemoryPool.StepBoundary();
        }
    }
}
