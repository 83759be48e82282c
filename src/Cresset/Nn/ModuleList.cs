using System.Collections;

namespace Cresset.Nn;

/// <summary>Modules in a list, with the keys "0", "1", ... A plain list or array of modules in a field is found just as well;
/// this one can itself be an element of a <see cref="Sequential"/> or another list. PyTorch: <c>torch.nn.ModuleList</c>.</summary>
public sealed class ModuleList : Module, IReadOnlyList<Module>
{
    [StateName("")]
    readonly List<Module> modules = [];

    /// <summary>A list of these modules.</summary>
    public ModuleList(params IEnumerable<Module> modules)
    {
        ArgumentNullException.ThrowIfNull(modules);
        foreach (var module in modules) Add(module);
    }

    /// <summary>Appends a module. PyTorch: <c>append</c>.</summary>
    public void Add(Module module)
    {
        ArgumentNullException.ThrowIfNull(module);
        modules.Add(module);
    }

    /// <summary>The number of modules.</summary>
    public int Count => modules.Count;

    /// <summary>The module at a position.</summary>
    public Module this[int index] => modules[index];

    /// <summary>The modules in order.</summary>
    public IEnumerator<Module> GetEnumerator() => modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
