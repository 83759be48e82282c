namespace Cresset;

// The few tensor operations that the engine itself needs; supplied from above, because Autograd names no operator.
interface IGradientArithmetic
{
    // A sum that takes part in the graph where recording is on.
    Tensor Add(Tensor a, Tensor b);

    // A gradient in a broadcast shape or another type, brought to an input's own.
    Tensor Fit(Tensor gradient, Shape shape, DType dtype);

    // A copy that shares no memory with anything.
    Tensor Own(Tensor gradient);
}

// Runs a graph backward: nodes from the last to the first, each once, when all that flows into it has arrived. A queue,
// not recursion, so that depth costs no stack.
sealed class Engine(IGradientArithmetic arithmetic, bool retainGraph, bool createGraph)
{
    readonly PriorityQueue<Node, long> ready = new();
    readonly Dictionary<Node, Tensor?[]> pending = [];
    // Only for Grad: the wanted positions, and the nodes on a path to one of them.
    Dictionary<(Node, int), int>? wanted;
    HashSet<Node>? useful;
    Tensor?[] results = [];

    internal void Seed(Tensor output, Tensor gradient)
    {
        var edge = output.GradientEdge();
        gradient.IsShared = true;
        Deliver(edge.Node!, edge.Index, gradient);
    }

    internal void Backward() => Run();

    internal Tensor?[] Gradients(ReadOnlySpan<Tensor> inputs)
    {
        wanted = [];
        results = new Tensor?[inputs.Length];
        var aliases = new int[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            var edge = inputs[i].GradientEdge();
            if (!wanted.TryAdd((edge.Node!, edge.Index), i)) aliases[i] = wanted[(edge.Node!, edge.Index)];
            else aliases[i] = i;
        }
        useful = FindUseful();
        Run();
        return Array.ConvertAll(aliases, i => results[i]);
    }

    // The nodes from which a wanted position can be reached, by a depth-first walk with a stack of its own.
    HashSet<Node> FindUseful()
    {
        var targets = wanted!.Keys.Select(key => key.Item1).ToHashSet();
        var found = new HashSet<Node>(targets);
        var seen = new HashSet<Node>();
        var stack = new Stack<(Node Node, int Next)>();
        foreach (var start in pending.Keys)
            if (seen.Add(start)) stack.Push((start, 0));
        while (stack.TryPop(out var top))
        {
            var (node, next) = top;
            if (next > 0 && node.Edges[next - 1].Node is { } child && found.Contains(child)) found.Add(node);
            if (next == node.Edges.Length) continue;
            stack.Push((node, next + 1));
            if (node.Edges[next].Node is { } input && seen.Add(input)) stack.Push((input, 0));
        }
        return found;
    }

    void Run()
    {
        using var mode = Autograd.SetEnabled(createGraph);
        while (ready.TryDequeue(out var node, out _))
        {
            pending.Remove(node, out var gradients);
            for (var i = 0; i < gradients!.Length; i++)
            {
                if (gradients[i] is null) continue;
                if (node.HasHooks(i))
                {
                    gradients[i] = node.RunHooks(i, gradients[i]!);
                    // A hook may keep what it has seen or returned.
                    gradients[i]!.IsShared = true;
                }
                if (wanted is null && node.Retained(i) is { } tensor)
                {
                    // The gradient flows on, and others may change it in place: the tensor gets a copy.
                    gradients[i]!.IsShared = true;
                    Accumulate(tensor, gradients[i]!);
                }
                if (wanted is not null && wanted.TryGetValue((node, i), out var result)) results[result] = gradients[i];
            }
            if (wanted is not null && !LeadsOn(node)) continue;
            if (node.Leaf is { } leaf)
            {
                if (wanted is null) Accumulate(leaf, gradients[0]!);
                continue;
            }
            Propagate(node, gradients, node.Backward(gradients));
            if (!retainGraph) node.Release();
        }
    }

    bool LeadsOn(Node node)
    {
        foreach (var edge in node.Edges)
            if (edge.Node is not null && useful!.Contains(edge.Node)) return true;
        return false;
    }

    void Propagate(Node node, Tensor?[] incoming, Tensor?[] gradients)
    {
        var edges = node.Edges;
        if (gradients.Length != edges.Length)
            throw new InvalidOperationException($"backward of {node.Name}: expected {edges.Length} gradients, one for each input, got {gradients.Length}");
        for (var i = 0; i < edges.Length; i++)
        {
            if (edges[i].Node is not { } input || gradients[i] is not { } gradient) continue;
            if (useful is not null && !useful.Contains(input)) continue;
            if (Count(incoming, gradient) > 0 || Count(gradients, gradient) > 1 || node.HasSaved(gradient)) gradient.IsShared = true;
            Deliver(input, edges[i].Index, gradient.Shape == edges[i].Shape && gradient.DType == edges[i].DType
                ? gradient : arithmetic.Fit(gradient, edges[i].Shape, edges[i].DType));
        }
    }

    static int Count(Tensor?[] tensors, Tensor tensor)
    {
        var count = 0;
        foreach (var other in tensors)
            if (ReferenceEquals(other, tensor)) count++;
        return count;
    }

    void Deliver(Node node, int index, Tensor gradient)
    {
        if (!pending.TryGetValue(node, out var gradients))
        {
            pending.Add(node, gradients = new Tensor?[node.OutputShapes.Length]);
            ready.Enqueue(node, -node.Sequence);
        }
        gradients[index] = gradients[index] is { } sum ? arithmetic.Add(sum, gradient) : gradient;
    }

    void Accumulate(Tensor leaf, Tensor gradient)
    {
        if (leaf.Grad is { } sum) leaf.Grad = arithmetic.Add(sum, gradient);
        // With createGraph, the graph of the gradient may have saved it.
        else leaf.Grad = createGraph || gradient.IsView || gradient.IsShared ? arithmetic.Own(gradient) : gradient;
    }
}
