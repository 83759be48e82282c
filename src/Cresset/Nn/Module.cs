using System.Diagnostics.CodeAnalysis;

namespace Cresset.Nn;

/// <summary>A part of a model: what it learns, what it consists of, and how it computes. PyTorch: <c>torch.nn.Module</c>.</summary>
/// <remarks>Nothing is registered: fields (and auto-properties) of type <see cref="Parameter"/> are parameters, fields of
/// type <see cref="Tensor"/> marked [<see cref="BufferAttribute">Buffer</see>] are buffers, fields of type
/// <see cref="Module"/>, and arrays, lists and dictionaries of modules, are children. Their names in snake_case are the keys of
/// the state dictionary, so that PyTorch's checkpoints fit; [<see cref="StateNameAttribute">StateName</see>] gives another one.
/// A module with several inputs declares a <c>Forward</c> of its own beside, or in place of, the one here.</remarks>
[DynamicallyAccessedMembers(ModuleMembers.Needed)]
public abstract partial class Module
{
    List<Action<Module, Tensor>>? forwardHooks;

    /// <summary>True in training, false in evaluation: dropout and batch normalisation behave differently.
    /// PyTorch: <c>training</c>.</summary>
    public bool IsTraining { get; private set; } = true;

    /// <summary>Computes the module's output. PyTorch: <c>forward</c>, called as <c>module(x)</c>.</summary>
    /// <exception cref="NotSupportedException">The module takes other inputs: it has a Forward of its own.</exception>
    public virtual Tensor Forward(Tensor x) =>
        throw new NotSupportedException($"{GetType().Name}: Forward(Tensor) is not overridden; override it, or call the Forward that this module declares with its own inputs");

    /// <summary>The module's own parameters and, with <paramref name="recurse"/>, those of all modules within; a shared one
    /// counts once. PyTorch: <c>parameters()</c>.</summary>
    public IEnumerable<Parameter> Parameters(bool recurse = true) => NamedParameters(recurse).Select(entry => entry.Parameter);

    /// <summary>As <see cref="Parameters"/>, with the keys of the state dictionary. PyTorch: <c>named_parameters()</c>.</summary>
    public IEnumerable<(string Name, Parameter Parameter)> NamedParameters(bool recurse = true) =>
        Members(recurse).Where(entry => entry.Value is Parameter).Select(entry => (entry.Name, (Parameter)entry.Value));

    /// <summary>The buffers, with their keys. PyTorch: <c>named_buffers()</c>.</summary>
    public IEnumerable<(string Name, Tensor Buffer)> NamedBuffers(bool recurse = true) =>
        Members(recurse).Where(entry => entry.Value is not Parameter).Select(entry => (entry.Name, entry.Value));

    // Parameters and buffers, each once.
    IEnumerable<(string Name, Tensor Value)> Members(bool recurse)
    {
        var seen = new HashSet<Tensor>(ReferenceEqualityComparer.Instance);
        foreach (var (prefix, module) in recurse ? NamedModules() : [("", this)])
            foreach (var (name, value, _) in module.OwnTensors())
                if (seen.Add(value)) yield return (Join(prefix, name), value);
    }

    /// <summary>The modules directly within this one. PyTorch: <c>children()</c>.</summary>
    public IEnumerable<Module> Children() => NamedChildren().Select(entry => entry.Module);

    /// <summary>The modules directly within this one, each once, with their names. PyTorch: <c>named_children()</c>.</summary>
    public IEnumerable<(string Name, Module Module)> NamedChildren() => OwnChildren().DistinctBy(entry => entry.Module);

    /// <summary>This module and all modules within, each once, outer before inner. PyTorch: <c>modules()</c>.</summary>
    public IEnumerable<Module> Modules() => NamedModules().Select(entry => entry.Module);

    /// <summary>As <see cref="Modules"/>, with names such as <c>"layer1.conv"</c>; this one's is empty. PyTorch:
    /// <c>named_modules()</c>.</summary>
    public IEnumerable<(string Name, Module Module)> NamedModules()
    {
        var found = new List<(string, Module)>();
        Collect("", this, [], found);
        return found;

        static void Collect(string name, Module module, HashSet<Module> seen, List<(string, Module)> found)
        {
            if (!seen.Add(module)) return;
            found.Add((name, module));
            foreach (var (childName, child) in module.OwnChildren()) Collect(Join(name, childName), child, seen, found);
        }
    }

    static string Join(string prefix, string name) => prefix.Length == 0 ? name : $"{prefix}.{name}";

    // Parameters, then buffers, as in PyTorch's state dictionaries.
    IEnumerable<(string Name, Tensor Value, bool Persistent)> OwnTensors()
    {
        var members = ModuleMembers.Of(GetType());
        foreach (var member in members)
        {
            if (member.Kind == ModuleMembers.Kind.Parameter && member.Field.GetValue(this) is Parameter parameter) yield return (member.Name, parameter, true);
            if (member.Kind == ModuleMembers.Kind.Collection && member.Field.GetValue(this) is { } collection)
                foreach (var (name, element) in ModuleMembers.Elements(member, collection))
                    if (element is Parameter listed) yield return (name, listed, true);
        }
        foreach (var member in members)
            if (member.Kind == ModuleMembers.Kind.Buffer && member.Field.GetValue(this) is Tensor buffer) yield return (member.Name, buffer, member.Persistent);
    }

    IEnumerable<(string Name, Module Module)> OwnChildren()
    {
        foreach (var member in ModuleMembers.Of(GetType()))
        {
            if (member.Kind == ModuleMembers.Kind.Module && member.Field.GetValue(this) is Module child) yield return (member.Name, child);
            if (member.Kind == ModuleMembers.Kind.Collection && member.Field.GetValue(this) is { } collection)
                foreach (var (name, element) in ModuleMembers.Elements(member, collection))
                    if (element is Module listed) yield return (name, listed);
        }
    }

    /// <summary>Sets <see cref="IsTraining"/> of this module and all within. PyTorch: <c>train()</c>.</summary>
    public void Train(bool mode = true)
    {
        foreach (var module in Modules()) module.IsTraining = mode;
    }

    /// <summary>The same as <c>Train(false)</c>. PyTorch: <c>eval()</c>.</summary>
    public void Eval() => Train(false);

    /// <summary>Converts all floating-point parameters and buffers, in place: an optimizer that holds them goes on.
    /// PyTorch: <c>to(dtype)</c>.</summary>
    /// <exception cref="ArgumentException">The type is not floating point.</exception>
    public void To(DType dtype)
    {
        if (!dtype.IsFloatingPoint()) throw new ArgumentException($"To: a module's type is float32 or float64, got {dtype.Name()}");
        foreach (var (_, value) in Members(recurse: true))
            if (value.DType.IsFloatingPoint() && value.DType != dtype) value.Become(value.Detach().To(dtype));
    }

    /// <summary>Drops the gradients of all parameters. PyTorch: <c>zero_grad()</c>.</summary>
    public void ZeroGrad()
    {
        foreach (var parameter in Parameters()) parameter.Grad = null;
        MemoryPool.StepBoundary();
    }

    /// <summary>Says of all parameters whether they are learned: false freezes them. PyTorch: <c>requires_grad_()</c>.</summary>
    public void RequiresGrad(bool value = true)
    {
        foreach (var parameter in Parameters()) parameter.RequiresGrad = value;
    }

    /// <summary>Calls <paramref name="action"/> with every module within, then with this one. PyTorch: <c>apply</c>.</summary>
    public void Apply(Action<Module> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        foreach (var module in Modules().Reverse()) action(module);
    }

    /// <summary>Calls <paramref name="hook"/> with this module and its output whenever its Forward has run. The library's
    /// modules call hooks; one of yours does if its Forward ends with <c>return Observe(y);</c>. PyTorch:
    /// <c>register_forward_hook</c>, whose hooks may also replace the output.</summary>
    /// <returns>An action that removes the hook.</returns>
    public Action RegisterForwardHook(Action<Module, Tensor> hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        (forwardHooks ??= []).Add(hook);
        return () => forwardHooks.Remove(hook);
    }

    // Whether anyone is shown the output.
    private protected bool IsObserved => forwardHooks is { Count: > 0 };

    /// <summary>Shows an output to the forward hooks, and returns it: the last thing that a Forward does.</summary>
    protected Tensor Observe(Tensor output)
    {
        if (forwardHooks is { Count: > 0 })
            foreach (var hook in forwardHooks.ToArray()) hook(this, output);
        return output;
    }

    /// <summary>What stands in the parentheses after the module's name when it is printed, such as the sizes of a layer.
    /// PyTorch: <c>extra_repr</c>.</summary>
    protected virtual string Describe() => "";

    /// <summary>The tree of modules, a line each, as PyTorch prints it.</summary>
    public override string ToString()
    {
        var children = NamedChildren().ToList();
        if (children.Count == 0) return $"{GetType().Name}({Describe()})";
        var lines = children.Select(child => $"  ({child.Name}): {child.Module.ToString().Replace("\n", "\n  ", StringComparison.Ordinal)}\n");
        return $"{GetType().Name}(\n{string.Concat(lines)})";
    }
}
