namespace Cresset;

/// <summary>Computes the gradients of an operator's inputs from that of its output; null where an input needs none.
/// Written with tensor operators, so that it can itself be differentiated.</summary>
/// <param name="node">The recorded call: its saved tensors, and which inputs need a gradient.</param>
/// <param name="gradient">The gradient of the output, in its shape.</param>
public delegate Tensor?[] GradientFunction(Node node, Tensor gradient);

/// <summary>As <see cref="GradientFunction"/>, for an operator with several outputs; a gradient is null where that output
/// took no part in the result.</summary>
public delegate Tensor?[] MultipleGradientFunction(Node node, Tensor?[] gradients);

/// <summary>One recorded call of an operator: where its inputs came from, what it saved, and how its gradient is computed.
/// PyTorch: <c>grad_fn</c>.</summary>
public sealed class Node
{
    static long lastSequence;

    readonly Edge[] edges;
    readonly Delegate gradient;
    SavedTensor[]? saved;
    List<Func<Tensor, Tensor?>>?[]? hooks;
    Tensor?[]? retained;

    internal Node(string name, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, Shape[] outputShapes, DType outputType, Delegate gradient)
    {
        Name = name;
        OutputShapes = outputShapes;
        OutputType = outputType;
        this.gradient = gradient;
        this.saved = saved.Length == 0 ? [] : new SavedTensor[saved.Length];
        for (var i = 0; i < saved.Length; i++) this.saved[i] = new(saved[i], saved[i].Storage.Version);
        edges = new Edge[inputs.Length];
        for (var i = 0; i < inputs.Length; i++) edges[i] = inputs[i].GradientEdge();
        Sequence = Interlocked.Increment(ref lastSequence);
    }

    // The end of a path: adds to the gradient of a leaf.
    internal Node(Tensor leaf)
    {
        Name = "leaf";
        Leaf = leaf;
        OutputShapes = [leaf.Shape];
        OutputType = leaf.DType;
        edges = [];
        saved = [];
        gradient = static (Node _, Tensor _) => Array.Empty<Tensor?>();
    }

    /// <summary>The operator's name.</summary>
    public string Name { get; }

    /// <summary>The number of inputs.</summary>
    public int InputCount => edges.Length;

    /// <summary>The shapes of the inputs.</summary>
    public Shape InputShape(int input) => edges[input].Shape;

    /// <summary>Whether an input needs a gradient: one that does not need not be computed.</summary>
    public bool Needs(int input) => edges[input].Node is not null;

    /// <summary>The node that an input came from; null where the input needs no gradient. Following inputs walks the graph
    /// from a result to its leaves. PyTorch: <c>grad_fn.next_functions</c>.</summary>
    public Node? Input(int input) => edges[input].Node;

    /// <summary>The leaf to whose gradient this node adds; null for a recorded call. PyTorch: the <c>variable</c> of
    /// <c>AccumulateGrad</c>.</summary>
    public Tensor? Leaf { get; }

    /// <summary>A tensor that was saved for backward.</summary>
    /// <exception cref="InvalidOperationException">The graph was released by an earlier backward, or the tensor was
    /// changed in place since.</exception>
    public Tensor Saved(int index)
    {
        if (saved is null) throw Released();
        var (tensor, version) = saved[index];
        if (tensor.Storage.Version != version)
            throw new InvalidOperationException(
                $"backward of {Name}: a tensor of shape {tensor.Shape} that it saved was changed in place after the forward pass (version {tensor.Storage.Version}, saved at {version}); use the operator that makes a new tensor, or change a Clone()");
        return tensor;
    }

    // Larger for later nodes, so that the order of numbers is an order of the graph. Leaves have 0.
    internal long Sequence { get; }

    internal Shape[] OutputShapes { get; }

    internal DType OutputType { get; }

    internal ReadOnlySpan<Edge> Edges => edges;

    internal bool IsReleased => saved is null;

    internal bool HasSaved(Tensor tensor)
    {
        foreach (var entry in saved ?? [])
            if (ReferenceEquals(entry.Tensor, tensor)) return true;
        return false;
    }

    internal void Release() => saved = null;

    internal InvalidOperationException Released() => new(
        $"backward of {Name}: its graph was released by an earlier backward; pass retainGraph: true to the first one, or compute the output again");

    internal Tensor?[] Backward(Tensor?[] gradients)
    {
        if (saved is null) throw Released();
        return gradient is GradientFunction single ? single(this, gradients[0]!) : ((MultipleGradientFunction)gradient)(this, gradients);
    }

    internal Action AddHook(int output, Func<Tensor, Tensor?> hook)
    {
        hooks ??= new List<Func<Tensor, Tensor?>>?[OutputShapes.Length];
        var list = hooks[output] ??= [];
        list.Add(hook);
        return () => list.Remove(hook);
    }

    internal bool HasHooks(int output) => hooks?[output] is { Count: > 0 };

    internal Tensor RunHooks(int output, Tensor gradient)
    {
        foreach (var hook in hooks![output]!.ToArray())
        {
            if (hook(gradient) is not { } replaced) continue;
            if (replaced.Shape != gradient.Shape || replaced.DType != gradient.DType)
                throw new InvalidOperationException($"a hook on a gradient of {Name}: expected a gradient of shape {gradient.Shape} and type {gradient.DType.Name()}, got {replaced.Shape} and {replaced.DType.Name()}");
            gradient = replaced;
        }
        return gradient;
    }

    // A leaf's gradient is kept anyway.
    internal void Retain(int output, Tensor tensor)
    {
        if (Leaf is null) (retained ??= new Tensor?[OutputShapes.Length])[output] = tensor;
    }

    internal Tensor? Retained(int output) => retained?[output];
}

// Where an input came from: output number Index of Node; Node is null where the input needs no gradient.
readonly record struct Edge(Node? Node, int Index, Shape Shape, DType DType);

// A tensor that backward needs, with the version that its memory had.
readonly record struct SavedTensor(Tensor Tensor, int Version);
