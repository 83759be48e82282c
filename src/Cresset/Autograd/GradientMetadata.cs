namespace Cresset;

// What differentiation knows of a tensor.
public partial class Tensor
{
    bool requiresGrad;
    Node? node;
    int outputIndex;
    int graphVersion;

    /// <summary>Whether gradients are computed with respect to this tensor: set on a leaf by the user, true on whatever is
    /// computed from one. PyTorch: <c>requires_grad</c>.</summary>
    /// <exception cref="InvalidOperationException">The type has no gradients, or the tensor was computed by an operator.</exception>
    public bool RequiresGrad
    {
        get => requiresGrad || (node is not null && node.Leaf is null);
        set
        {
            if (value && !DType.IsFloatingPoint())
                throw new InvalidOperationException($"RequiresGrad: only float32 and float64 tensors have gradients, this one is {DType.Name()}");
            if (!IsLeaf && !value)
                throw new InvalidOperationException($"RequiresGrad: only a leaf can be told to need no gradient, this tensor was computed by {node!.Name}; use Detach()");
            if (IsLeaf) requiresGrad = value;
        }
    }

    /// <summary>True where no recorded operator computed this tensor. PyTorch: <c>is_leaf</c>.</summary>
    public bool IsLeaf => node is null || node.Leaf is not null;

    /// <summary>The gradient that backward has summed up, or null. PyTorch: <c>grad</c>.</summary>
    public Tensor? Grad { get; set; }

    /// <summary>The recorded call that computed this tensor, or null for a leaf. PyTorch: <c>grad_fn</c>.</summary>
    public Node? GradFn => IsLeaf ? null : node;

    /// <summary>Calls <paramref name="hook"/> with this tensor's gradient whenever backward has computed it; what it
    /// returns, unless null, takes the gradient's place. PyTorch: <c>register_hook</c>.</summary>
    /// <returns>An action that removes the hook.</returns>
    /// <exception cref="InvalidOperationException">The tensor needs no gradient.</exception>
    public Action RegisterHook(Func<Tensor, Tensor?> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        var edge = GradientEdge();
        if (edge.Node is null) throw new InvalidOperationException("RegisterHook: this tensor needs no gradient; set RequiresGrad first");
        return edge.Node.AddHook(edge.Index, hook);
    }

    /// <summary>Lets backward add this tensor's gradient to <see cref="Grad"/> although an operator computed it; nothing new for a
    /// leaf. PyTorch: <c>retain_grad()</c>.</summary>
    /// <exception cref="InvalidOperationException">The tensor needs no gradient.</exception>
    public void RetainGrad()
    {
        var edge = GradientEdge();
        if (edge.Node is null) throw new InvalidOperationException("RetainGrad: this tensor needs no gradient; set RequiresGrad first");
        edge.Node.Retain(edge.Index, this);
    }

    // Of a gradient: somebody else can still reach it. A leaf takes a copy of such a one, and owns the others.
    internal bool IsShared { get; set; }

    // The graph's connection to this tensor, made when an operator is recorded.
    internal Edge GradientEdge()
    {
        if (!RequiresGrad) return new Edge(null, 0, Shape, DType);
        if (node is null)
            // Two threads may record with one parameter at once: both must get the same node.
            Interlocked.CompareExchange(ref node, new Node(this), null);
        else if (IsView && node.Leaf is null && graphVersion != Storage.GraphVersion)
            throw new InvalidOperationException(
                $"this view of shape {Shape}, made by {node.Name}, is older than a change in place of the tensor that it shares memory with; make the view again after the change");
        return new Edge(node, outputIndex, Shape, DType);
    }

    // Other values, in memory and type of their own, under the same identity: how a module changes the type of parameters that
    // an optimizer already holds. The graph's old end belongs to the old values.
    internal void Become(Tensor values)
    {
        operand = values.operand;
        node = null;
        Grad = Grad?.Detach().To(DType);
    }

    internal void SetHistory(Node history, int output)
    {
        node = history;
        outputIndex = output;
        graphVersion = Storage.GraphVersion;
    }
}
