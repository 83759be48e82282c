namespace Cresset.Optim;

/// <summary>Changes parameters by their gradients. PyTorch: <c>torch.optim.Optimizer</c>.</summary>
public abstract class Optimizer
{
    // The parameters of all groups.
    readonly HashSet<Tensor> known = new(ReferenceEqualityComparer.Instance);

    private protected Optimizer()
    {
    }

    /// <summary>The optimizer's name, for messages.</summary>
    protected string Name => GetType().Name;

    /// <summary>The groups, in the order in which they were added. PyTorch: <c>param_groups</c>.</summary>
    public IReadOnlyList<ParameterGroup> Groups => UntypedGroups;

    private protected abstract IReadOnlyList<ParameterGroup> UntypedGroups { get; }

    /// <summary>Drops the gradients, or fills them with zeros. PyTorch: <c>zero_grad</c>.</summary>
    /// <param name="setToNull">Drop them, so that backward stores anew instead of adding: cheaper, and a parameter without
    /// a gradient is skipped by <see cref="Step()"/>. PyTorch: <c>set_to_none</c>.</param>
    public void ZeroGrad(bool setToNull = true)
    {
        foreach (var parameter in known)
        {
            if (setToNull || parameter.Grad is null) parameter.Grad = null;
            // A gradient that carries a graph is replaced: filling it in place would change what that graph saved.
            else if (parameter.Grad.RequiresGrad) parameter.Grad = parameter.Grad.ZerosLike();
            else parameter.Grad.FillInPlace(0);
        }
        MemoryPool.StepBoundary();
    }

    /// <summary>One step by the gradients that the parameters have now. PyTorch: <c>step()</c>.</summary>
    public abstract void Step();

    /// <summary>Computes loss and gradients by <paramref name="closure"/>, then steps. PyTorch: <c>step(closure)</c>.</summary>
    /// <param name="closure">Zeroes the gradients, computes the loss, calls backward, returns the loss.</param>
    /// <returns>What the closure returned.</returns>
    public virtual Tensor Step(Func<Tensor> closure)
    {
        ArgumentNullException.ThrowIfNull(closure);
        Tensor loss;
        using (Autograd.EnableGrad()) loss = closure();
        Step();
        return loss;
    }

    /// <summary>A copy of everything that the next step depends on, except the parameters. PyTorch: <c>state_dict()</c>.</summary>
    public OptimizerState StateDict()
    {
        var state = new OptimizerState();
        for (var g = 0; g < Groups.Count; g++)
        {
            state.Numbers[$"group.{g}.parameters"] = Groups[g].Parameters.Count;
            Groups[g].Options.Exchange(new OptionValues(state.Numbers, $"group.{g}.", loading: false));
        }
        Save(state);
        return state;
    }

    /// <summary>Takes over a state that <see cref="StateDict"/> gave. On an error nothing has changed.
    /// PyTorch: <c>load_state_dict</c>.</summary>
    /// <exception cref="ArgumentException">The state is of another optimizer, other groups or parameters of other shapes.</exception>
    public void LoadStateDict(OptimizerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Numbers.ContainsKey($"group.{Groups.Count}.parameters"))
            throw new ArgumentException($"{Name}.LoadStateDict: the state has more groups than the optimizer's {Groups.Count}; add the groups first");
        var known = new HashSet<string>();
        var options = new OptimizerOptions[Groups.Count];
        for (var g = 0; g < options.Length; g++)
        {
            var count = new OptionValues(state.Numbers, $"group.{g}.", loading: true).Count("parameters", 0);
            if (count != Groups[g].Parameters.Count)
                throw new ArgumentException($"{Name}.LoadStateDict: group {g} has {Groups[g].Parameters.Count} parameters, in the state {count}");
            var copy = Groups[g].Options with { };
            copy.Exchange(new OptionValues(state.Numbers, $"group.{g}.", loading: true));
            // A scheduler may have brought the rate to 0.
            (copy with { Lr = copy.Lr == 0 ? 1 : copy.Lr }).Check($"{Name}.LoadStateDict");
            options[g] = copy;
            // What this optimizer itself would save names what the state may hold.
            var own = new Dictionary<string, double>();
            copy.Exchange(new OptionValues(own, $"group.{g}.", loading: false));
            known.UnionWith(own.Keys);
            known.Add($"group.{g}.parameters");
        }
        foreach (var name in state.Numbers.Keys)
            if (!name.StartsWith("state.", StringComparison.Ordinal) && !known.Contains(name))
                throw new ArgumentException($"{Name}.LoadStateDict: the number {name} is not one of {Name}'s; is the state of another optimizer?");
        Load(state);
        for (var g = 0; g < options.Length; g++)
            Groups[g].Options.Exchange(new OptionValues(Numbers(options[g]), "", loading: true));
    }

    static Dictionary<string, double> Numbers(OptimizerOptions options)
    {
        var numbers = new Dictionary<string, double>();
        options.Exchange(new OptionValues(numbers, "", loading: false));
        return numbers;
    }

    private protected abstract void Save(OptimizerState state);

    private protected abstract void Load(OptimizerState state);

    // Checks a group before it becomes part of the optimizer.
    private protected void Admit(ParameterGroup group)
    {
        group.Options.Check(Name);
        if (group.Parameters.Count == 0)
            throw new ArgumentException($"{Name}: expected at least one parameter in the group, got none; were the module's parameters passed before it was built?");
        var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < group.Parameters.Count; i++)
        {
            var parameter = group.Parameters[i] ?? throw new ArgumentException($"{Name}: parameter {i} is null");
            if (!parameter.IsLeaf)
                throw new ArgumentException($"{Name}: expected parameters that are leaves, parameter {i} of shape {parameter.Shape} was computed by {parameter.GradFn!.Name}; use Detach() and set RequiresGrad");
            if (!parameter.RequiresGrad)
                throw new ArgumentException($"{Name}: parameter {i} of shape {parameter.Shape} does not require gradients; set RequiresGrad, or leave frozen parameters out");
            var strides = parameter.Layout.Strides;
            for (var k = 0; k < strides.Length; k++)
                if (strides[k] == 0 && parameter.Shape[k] > 1)
                    throw new ArgumentException($"{Name}: parameter {i} of shape {parameter.Shape} is expanded: its elements share memory; call Clone() first");
            if (known.Contains(parameter) || !seen.Add(parameter))
                throw new ArgumentException($"{Name}: parameter {i} of shape {parameter.Shape} is given twice; each parameter belongs to one group, once");
        }
        known.UnionWith(seen);
    }

    // The gradient that a step uses, or null for a parameter that has none.
    private protected Tensor? Gradient(Tensor parameter)
    {
        var gradient = parameter.Grad;
        if (gradient is null) return null;
        if (gradient.Shape != parameter.Shape || gradient.DType != parameter.DType || gradient.Backend != parameter.Backend)
            throw new InvalidOperationException($"{Name}: expected a gradient like its parameter, {parameter.DType.Name()} {parameter.Shape} on {parameter.Backend.Name}, got {gradient.DType.Name()} {gradient.Shape} on {gradient.Backend.Name}");
        return gradient;
    }
}

/// <summary>An optimizer whose groups have options of one kind.</summary>
public abstract class Optimizer<TOptions> : Optimizer where TOptions : OptimizerOptions
{
    readonly List<ParameterGroup<TOptions>> groups = [];

    /// <summary>An optimizer of these groups.</summary>
    /// <exception cref="ArgumentException">No group, no parameters, one that is not a leaf, needs no gradient or is given
    /// twice; an option out of range.</exception>
    private protected Optimizer(IEnumerable<ParameterGroup<TOptions>> groups)
    {
        ArgumentNullException.ThrowIfNull(groups);
        foreach (var group in groups) AddParameterGroup(group);
        if (this.groups.Count == 0) throw new ArgumentException($"{Name}: expected at least one group of parameters, got none");
    }

    /// <summary>The groups, in the order in which they were added. PyTorch: <c>param_groups</c>.</summary>
    public new IReadOnlyList<ParameterGroup<TOptions>> Groups => groups;

    // As a list, not by way of an interface: a step over small parameters is short.
    private protected List<ParameterGroup<TOptions>> OwnGroups => groups;

    private protected override IReadOnlyList<ParameterGroup> UntypedGroups => groups;

    /// <summary>Adds parameters with options of their own, as when layers are thawed. PyTorch: <c>add_param_group</c>.</summary>
    public virtual void AddParameterGroup(ParameterGroup<TOptions> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        Admit(group);
        groups.Add(group);
    }
}
