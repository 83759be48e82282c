using System.Collections;
using System.Globalization;

namespace Cresset.Nn;

/// <summary>Modules that are run one after another, each on the output of the one before. Their names, which are their keys in
/// the state dictionary, are "0", "1", ... unless given. PyTorch: <c>torch.nn.Sequential</c>.</summary>
public sealed class Sequential : Module, IReadOnlyList<Module>
{
    [StateName("")]
    readonly OrderedDictionary<string, Module> modules = [];

    /// <summary>No modules yet.</summary>
    public Sequential()
    {
    }

    /// <summary>The modules in the order in which they are run.</summary>
    public Sequential(params ReadOnlySpan<Module> modules)
    {
        foreach (var module in modules) Add(module);
    }

    /// <summary>Named modules: <c>new Sequential(("conv", conv), ("relu", new ReLU()))</c>. PyTorch: with an
    /// <c>OrderedDict</c>.</summary>
    public Sequential(params ReadOnlySpan<(string Name, Module Module)> modules)
    {
        foreach (var (name, module) in modules) Add(name, module);
    }

    /// <summary>Appends a module, named by its position. PyTorch: <c>append</c>.</summary>
    public void Add(Module module) => Add(Count.ToString(CultureInfo.InvariantCulture), module);

    /// <summary>Appends a named module. PyTorch: <c>add_module</c>.</summary>
    /// <exception cref="ArgumentException">The name is empty, has a dot, or is taken.</exception>
    public void Add(string name, Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
            throw new ArgumentException($"Sequential: expected a name without dots, got \"{name}\"");
        if (!modules.TryAdd(name, module)) throw new ArgumentException($"Sequential: there is already a module named \"{name}\"");
    }

    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;

    /// <summary>The module at a position.</summary>
    public Module this[int index] => modules.GetAt(index).Value;

    /// <summary>The module of a name.</summary>
    public Module this[string name] => modules[name];

    /// <summary>Runs the modules in order.</summary>
    public override Tensor Forward(Tensor x)
    {
        for (var i = 0; i < modules.Count; i++) x = modules.GetAt(i).Value.Forward(x);
        return Observe(x);
    }

    /// <summary>The modules in order.</summary>
    public IEnumerator<Module> GetEnumerator() => modules.Values.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
