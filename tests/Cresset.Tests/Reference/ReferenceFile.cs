using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Cresset.Tests.Reference;

/// <summary>A file of tests/reference: what PyTorch computed. tests/reference/README.md describes the form.</summary>
public sealed class ReferenceFile
{
    static readonly ConcurrentDictionary<string, ReferenceFile> s_files = new();
    readonly Dictionary<(string, string), ReferenceCase> _byName = [];

    ReferenceFile(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        Cases = [.. document.RootElement.GetProperty("cases").EnumerateArray().Select(c => new ReferenceCase(c))];
        foreach (var c in Cases)
            _byName.Add((c.Operator, c.Name), c);
    }

    /// <summary>Where the build puts the files: beside the tests.</summary>
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "reference");

    /// <summary>The names of all files, without extension.</summary>
    public static IEnumerable<string> Names => Directory.EnumerateFiles(Folder, "*.json")
        .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    public IReadOnlyList<ReferenceCase> Cases { get; }

    /// <summary>A file by its name, such as "operators"; read once.</summary>
    public static ReferenceFile Load(string name) =>
        s_files.GetOrAdd(name, n => new ReferenceFile(Path.Combine(Folder, n + ".json")));

    /// <summary>The cases of one operator. None at all is an error: a test over nothing proves nothing.</summary>
    public IReadOnlyList<ReferenceCase> Of(string @operator)
    {
        var found = Cases.Where(c => c.Operator == @operator).ToList();
        return found.Count > 0 ? found : throw new KeyNotFoundException($"no reference case of {@operator}");
    }

    public ReferenceCase Case(string @operator, string name) => _byName.TryGetValue((@operator, name), out var found)
        ? found
        : throw new KeyNotFoundException($"no reference case {@operator}: {name}");
}

/// <summary>A tensor as written: row-major values, bools as 0 and 1.</summary>
public sealed class ReferenceTensor
{
    internal ReferenceTensor(JsonElement json)
    {
        Shape = [.. json.GetProperty("shape").EnumerateArray().Select(d => d.GetInt32())];
        Dtype = json.GetProperty("dtype").GetString()!;
        Data = [.. json.GetProperty("data").EnumerateArray().Select(ReferenceArguments.Number)];
    }

    public int[] Shape { get; }

    /// <summary>float32, float64, int32, int64, uint8 or bool.</summary>
    public string Dtype { get; }

    public double[] Data { get; }

    /// <summary>The value of a tensor of one element.</summary>
    public double Item =>
        Data.Length == 1 ? Data[0] : throw new InvalidOperationException($"{this} has not one element");

    public override string ToString() => $"{Dtype}[{string.Join(", ", Shape)}]";
}

/// <summary>One call: inputs, arguments and what came.</summary>
public sealed class ReferenceCase
{
    internal ReferenceCase(JsonElement json)
    {
        Operator = json.GetProperty("operator").GetString()!;
        Name = json.GetProperty("name").GetString()!;
        Inputs = Tensors(json, "inputs");
        Arguments = new ReferenceArguments(json.GetProperty("arguments").Clone(), $"{Operator}: {Name}");
        Outputs = Tensors(json, "output");
        GradOutputs = Tensors(json, "gradOutput");
        Gradients = Tensors(json, "gradients");
        Error = json.TryGetProperty("error", out var error) ? error.GetString() : null;
    }

    /// <summary>PyTorch's name of the function or class.</summary>
    public string Operator { get; }

    public string Name { get; }

    /// <summary>In the order in which the operator takes them.</summary>
    public OrderedDictionary<string, ReferenceTensor> Inputs { get; }

    public ReferenceArguments Arguments { get; }

    /// <summary>By name; a single output is named "output". Empty where <see cref="Error"/> is set.</summary>
    public OrderedDictionary<string, ReferenceTensor> Outputs { get; }

    /// <summary>What flows into the outputs that have a gradient; a single one is named "output".</summary>
    public OrderedDictionary<string, ReferenceTensor> GradOutputs { get; }

    /// <summary>By input name. Empty if none is recorded.</summary>
    public OrderedDictionary<string, ReferenceTensor> Gradients { get; }

    /// <summary>PyTorch's message where it refuses the operation.</summary>
    public string? Error { get; }

    public ReferenceTensor Output => Single(Outputs, "output");

    public ReferenceTensor GradOutput => Single(GradOutputs, "gradOutput");

    public override string ToString() => $"{Operator}: {Name}";

    ReferenceTensor Single(OrderedDictionary<string, ReferenceTensor> tensors, string kind) =>
        tensors.Count == 1
            ? tensors.GetAt(0).Value
            : throw new InvalidOperationException($"{this} has no single {kind}");

    /// <summary>Nothing, one tensor, or tensors by name.</summary>
    static OrderedDictionary<string, ReferenceTensor> Tensors(JsonElement json, string property)
    {
        var tensors = new OrderedDictionary<string, ReferenceTensor>();
        if (!json.TryGetProperty(property, out var value))
            return tensors;
        // A tensor's shape is a list; an output that happens to be named "shape" would be an object.
        if (value.TryGetProperty("shape", out var shape) && shape.ValueKind == JsonValueKind.Array)
            tensors.Add("output", new ReferenceTensor(value));
        else
            foreach (var named in value.EnumerateObject())
                tensors.Add(named.Name, new ReferenceTensor(named.Value));
        return tensors;
    }
}

/// <summary>The scalars, strings and lists of a call, by PyTorch's names in camelCase.</summary>
public sealed class ReferenceArguments
{
    readonly JsonElement _json;
    readonly string _case;

    internal ReferenceArguments(JsonElement json, string name) => (_json, _case) = (json, name);

    public IEnumerable<string> Names => _json.EnumerateObject().Select(p => p.Name);

    /// <summary>Whether the argument was given and is not null.</summary>
    public bool Has(string name) => _json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;

    public bool IsList(string name) => Get(name).ValueKind == JsonValueKind.Array;

    public int Int(string name) => Get(name).GetInt32();

    public int Int(string name, int absent) => Has(name) ? Int(name) : absent;

    public double Double(string name) => Number(Get(name));

    public double Double(string name, double absent) => Has(name) ? Double(name) : absent;

    public bool Bool(string name) => Get(name).GetBoolean();

    public bool Bool(string name, bool absent) => Has(name) ? Bool(name) : absent;

    public string String(string name) => Get(name).GetString()!;

    public string String(string name, string absent) => Has(name) ? String(name) : absent;

    /// <summary>A list of whole numbers; a single number is a list of one.</summary>
    public int[] Ints(string name) => [.. Items(name).Select(v => v.GetInt32())];

    /// <summary>As <see cref="Ints"/>, with null where the list says null.</summary>
    public int?[] NullableInts(string name) =>
        [.. Items(name).Select(v => v.ValueKind == JsonValueKind.Null ? (int?)null : v.GetInt32())];

    public double[] Doubles(string name) => [.. Items(name).Select(Number)];

    public string[] Strings(string name) => [.. Items(name).Select(v => v.GetString()!)];

    /// <summary>The argument as written, for values that may be of several kinds.</summary>
    public JsonElement Get(string name) => _json.TryGetProperty(name, out var value)
        ? value
        : throw new KeyNotFoundException($"{_case} has no argument {name}");

    internal static double Number(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, NumberStyles.Float, CultureInfo.InvariantCulture)
        : value.GetDouble();

    JsonElement[] Items(string name) =>
        Get(name) is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [Get(name)];
}
