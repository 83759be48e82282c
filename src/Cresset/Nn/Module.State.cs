using Cresset.Serialization;

namespace Cresset.Nn;

// What of a module is saved and loaded.
public abstract partial class Module
{
    /// <summary>All parameters and persistent buffers by name. The tensors share the module's memory and are outside the
    /// graph. A tensor that the module holds twice stands under both names. PyTorch: <c>state_dict()</c>.</summary>
    public OrderedDictionary<string, Tensor> StateDict()
    {
        var state = new OrderedDictionary<string, Tensor>();
        AddState("", state, []);
        return state;
    }

    void AddState(string prefix, OrderedDictionary<string, Tensor> state, HashSet<Module> path)
    {
        if (!path.Add(this))
            throw new InvalidOperationException($"{GetType().Name}: the module at \"{prefix}\" contains itself; a module may not refer to one that it is part of");
        foreach (var (name, value, persistent) in OwnTensors())
            if (persistent && !state.TryAdd(Join(prefix, name), value.Detach()))
                throw new InvalidOperationException($"{GetType().Name}: two tensors are named \"{Join(prefix, name)}\" in the state dictionary; rename a field, or give it [StateName(\"...\")]");
        foreach (var (name, child) in OwnChildren()) child.AddState(Join(prefix, name), state, path);
        path.Remove(this);
    }

    /// <summary>Copies values into the parameters and buffers, converted to their types. On an error nothing has changed.
    /// PyTorch: <c>load_state_dict</c>.</summary>
    /// <param name="state">Tensors by name.</param>
    /// <param name="strict">Whether missing and unexpected names are errors; a wrong shape always is.</param>
    /// <remarks>State dictionaries of PyTorch before 0.4.1 lack <c>num_batches_tracked</c> of batch normalisation: its absence is borne, as
    /// PyTorch bears it, and the module's own stays.</remarks>
    /// <returns>The names that the state lacked, and those that the module does not know; both empty if strict.</returns>
    /// <exception cref="ArgumentException">Names or shapes do not fit; the message lists all of them.</exception>
    public (IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected) LoadStateDict(IReadOnlyDictionary<string, Tensor> state, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(state);
        var own = StateDict();
        var missing = own.Keys.Where(name => !state.ContainsKey(name) && !MayBeMissing(name)).ToList();
        var unexpected = state.Keys.Where(name => !own.ContainsKey(name)).ToList();
        var shapes = own.Where(entry => state.TryGetValue(entry.Key, out var value) && value.Shape != entry.Value.Shape)
            .Select(entry => $"{entry.Key} (expected {entry.Value.Shape}, got {state[entry.Key].Shape})").ToList();
        var problems = new List<string>();
        if (strict && missing.Count > 0) problems.Add($"missing: {string.Join(", ", missing)}");
        if (strict && unexpected.Count > 0) problems.Add($"unexpected: {string.Join(", ", unexpected)}");
        if (shapes.Count > 0) problems.Add($"of another shape: {string.Join(", ", shapes)}");
        if (problems.Count > 0)
            throw new ArgumentException($"{GetType().Name}.LoadStateDict: the state does not fit the module; {string.Join("; ", problems)}{(strict && shapes.Count == 0 ? "; pass strict: false to load what fits" : "")}");
        using (Autograd.NoGrad())
            foreach (var (name, target) in own)
                if (state.TryGetValue(name, out var source)) target.CopyInPlace(source.Detach());
        return (missing, unexpected);
    }

    // What dictionaries of PyTorch before 0.4.1 lack.
    internal static bool MayBeMissing(string name) => name.Split('.')[^1] == "num_batches_tracked";

    /// <summary>Writes the state dictionary to a file in the safetensors format, which PyTorch's users read with
    /// <c>safetensors.torch.load_file</c>.</summary>
    /// <param name="path">The file; an older one is replaced only when the new one is complete.</param>
    /// <param name="metadata">Text to be kept with it.</param>
    public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null) => SafeTensors.Save(path, StateDict(), metadata);

    /// <summary>Loads the state dictionary from a safetensors file, as <see cref="LoadStateDict"/> does.</summary>
    /// <exception cref="FormatException">The file is not a valid safetensors file.</exception>
    /// <exception cref="ArgumentException">Names or shapes do not fit.</exception>
    public void Load(string path, bool strict = true)
    {
        // Straight from the file into the parameters, without a second copy of them in memory.
        var file = SafeTensors.Map(path, out var mapping);
        using (mapping) LoadStateDict(file.Tensors, strict);
    }
}
