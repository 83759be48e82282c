using Cresset.Nn;
using Cresset.Onnx.Format;
using Cresset.Serialization;
using Google.Protobuf;

namespace Cresset.Onnx;

/// <summary>What is told to <see cref="OnnxExporter"/> beside the model.</summary>
public sealed record OnnxExportOptions
{
    /// <summary>The inputs' names; "input" or "input_0", "input_1", ... unless given. PyTorch: <c>input_names</c>.</summary>
    public IReadOnlyList<string>? InputNames { get; init; }

    /// <summary>The outputs' names; "output" or "output_0", ... unless given. PyTorch: <c>output_names</c>.</summary>
    public IReadOnlyList<string>? OutputNames { get; init; }

    /// <summary>Which dimensions may have any size: for each input by its name, dimensions and what they are called. The same name in
    /// several places means the same size. Unless given, the first dimension of each input is "batch"; an empty dictionary fixes all
    /// sizes. PyTorch: <c>dynamic_axes</c>.</summary>
    public IReadOnlyDictionary<string, IReadOnlyDictionary<int, string>>? DynamicDimensions { get; init; }

    /// <summary>What the file says of itself, such as the names of classes; ONNX: <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>Writes models as ONNX files (https://onnx.ai), opset 17, which other runtimes execute. PyTorch:
/// <c>torch.onnx.export</c>.</summary>
/// <remarks>The model runs in evaluation mode, several times at different sizes, and the operators that it calls are written; decisions that
/// C# takes from sizes or numbers are frozen, and those taken from values of the input are refused. The file's parameters have the
/// names of the state dictionary, except those of recurrent layers, whose gates ONNX orders differently.</remarks>
public static class OnnxExporter
{
    /// <summary>The version of ONNX's operators that files are written for.</summary>
    public const int Opset = 17;

    /// <summary>Writes a module with one input.</summary>
    /// <param name="module">The model, in whichever mode; it is exported as in evaluation.</param>
    /// <param name="example">An input, for its shape and type.</param>
    /// <param name="path">The file. It appears whole or not at all.</param>
    /// <param name="options">Names and free sizes.</param>
    /// <exception cref="NotSupportedException">An operator has no form in ONNX, or the model computes differently at different sizes.</exception>
    /// <exception cref="InvalidOperationException">The model reads values that depend on its input.</exception>
    /// <exception cref="ArgumentException">Names do not fit the inputs.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Export(Module module, Tensor example, string path, OnnxExportOptions? options = null) =>
        Export(module, [example], inputs => [module.Forward(inputs[0])], path, options);

    /// <summary>Writes a module with several inputs or outputs, by what is called of it.</summary>
    /// <param name="module">The module whose parameters are used.</param>
    /// <param name="examples">The inputs, for their shapes and types.</param>
    /// <param name="forward">Computes the outputs from the inputs.</param>
    /// <param name="path">The file. It appears whole or not at all.</param>
    /// <param name="options">Names and free sizes.</param>
    /// <exception cref="NotSupportedException">An operator has no form in ONNX, or the model computes differently at different sizes.</exception>
    /// <exception cref="InvalidOperationException">The model reads values that depend on its input.</exception>
    /// <exception cref="ArgumentException">Names do not fit the inputs.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Export(Module module, IReadOnlyList<Tensor> examples, Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, string path, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(module);
        ArgumentNullException.ThrowIfNull(examples);
        ArgumentNullException.ThrowIfNull(forward);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var model = Build(module, examples, forward, options ?? new());
        TemporaryFile.Write(path, model.WriteTo);
    }

    internal static ModelProto Build(Module module, IReadOnlyList<Tensor> examples, Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, OnnxExportOptions options)
    {
        var inputNames = Names("InputNames", options.InputNames, examples.Count, "input");
        var free = FreeSizes(examples, inputNames, options.DynamicDimensions);
        var training = module.IsTraining;
        module.Eval();
        TracedGraph traced;
        try
        {
            traced = new TracedGraph(forward, examples, free);
        }
        finally
        {
            module.Train(training);
        }
        if (traced.Calls.Select(call => call.Name).Distinct().Where(name => !OperatorExport.Knows(name)).ToArray() is { Length: > 0 } unknown)
            throw new NotSupportedException($"OnnxExporter: no form in ONNX for {string.Join(", ", unknown)}; replace {(unknown.Length == 1 ? "it" : "them")} in Forward by other operators");
        var outputNames = Names("OutputNames", options.OutputNames, traced.Outputs.Count, "output");
        var model = new ModelProto { IrVersion = 8, ProducerName = "Cresset", ProducerVersion = typeof(Tensor).Assembly.GetName().Version?.ToString(3) ?? "", Graph = new GraphProto { Name = module.GetType().Name } };
        model.OpsetImport.Add(new OperatorSetIdProto { Version = Opset });
        foreach (var (key, value) in options.Metadata ?? new Dictionary<string, string>()) model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });
        Write(model.Graph, module, traced, inputNames, outputNames);
        return model;
    }

    static void Write(GraphProto graph, Module module, TracedGraph traced, string[] inputNames, string[] outputNames)
    {
        var parameters = new Dictionary<Tensor, string>(ReferenceEqualityComparer.Instance);
        foreach (var (name, parameter) in module.NamedParameters()) parameters.TryAdd(parameter, name);
        foreach (var (name, buffer) in module.NamedBuffers()) parameters.TryAdd(buffer, name);
        var writer = new GraphWriter(graph, traced, parameters);
        foreach (var name in (string[])[.. inputNames, .. outputNames]) writer.Reserve(name);
        for (var i = 0; i < inputNames.Length; i++)
        {
            writer.Name(traced.Inputs[i], inputNames[i]);
            graph.Input.Add(Described(inputNames[i], traced.Inputs[i], traced));
        }
        foreach (var call in traced.Calls) OperatorExport.Write(writer, call);
        for (var i = 0; i < outputNames.Length; i++)
        {
            var node = new NodeProto { OpType = "Identity", Name = $"{outputNames[i]}_identity" };
            node.Input.Add(writer[traced.Outputs[i]]);
            node.Output.Add(outputNames[i]);
            graph.Node.Add(node);
            graph.Output.Add(Described(outputNames[i], traced.Outputs[i], traced));
        }
        var used = graph.Node.SelectMany(node => node.Input).ToHashSet();
        foreach (var unused in graph.Initializer.Where(constant => !used.Contains(constant.Name)).ToArray()) graph.Initializer.Remove(unused);
    }

    static ValueInfoProto Described(string name, TracedValue value, TracedGraph traced)
    {
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)OnnxTypes.Of(value.DType), Shape = new TensorShapeProto() };
        for (var dim = 0; dim < value.Sizes.Length; dim++)
        {
            var size = value.Sizes[dim];
            var described = new TensorShapeProto.Types.Dimension();
            if (size.IsConstant) described.DimValue = (long)size.Constant;
            else
            {
                var single = Enumerable.Range(0, traced.Free.Count).Where(d => size.Coefficients[1 << d] == 1 && size.Coefficients.Count(c => c != 0) == 1);
                described.DimParam = single.Select(d => traced.Free[d].Name).FirstOrDefault($"{name}_dim_{dim}");
            }
            tensor.Shape.Dim.Add(described);
        }
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    static string[] Names(string option, IReadOnlyList<string>? given, int count, string usual)
    {
        if (given is null) return count == 1 ? [usual] : [.. Enumerable.Range(0, count).Select(i => $"{usual}_{i}")];
        if (given.Count != count || given.Distinct().Count() != count || given.Any(string.IsNullOrEmpty))
            throw new ArgumentException($"OnnxExporter: expected {count} different {option}, got {string.Join(", ", given.Select(name => $"\"{name}\""))}");
        return [.. given];
    }

    static List<FreeSize> FreeSizes(IReadOnlyList<Tensor> examples, string[] names, IReadOnlyDictionary<string, IReadOnlyDictionary<int, string>>? given)
    {
        var places = new OrderedDictionary<string, List<(int, int)>>();
        void Add(int input, int dim, string name)
        {
            if (!places.TryGetValue(name, out var list)) places.Add(name, list = []);
            list.Add((input, dim));
        }
        if (given is null)
        {
            for (var i = 0; i < examples.Count; i++)
                if (examples[i].Rank > 0) Add(i, 0, "batch");
        }
        else
        {
            foreach (var (name, dimensions) in given)
            {
                var input = Array.IndexOf(names, name);
                if (input < 0) throw new ArgumentException($"OnnxExporter: DynamicDimensions name the input \"{name}\", the inputs are {string.Join(", ", names)}");
                foreach (var (dim, size) in dimensions)
                {
                    if (dim < 0 || dim >= examples[input].Rank) throw new ArgumentException($"OnnxExporter: the input \"{name}\" has the shape {examples[input].Shape} and no dimension {dim}, which DynamicDimensions name");
                    Add(input, dim, size);
                }
            }
        }
        foreach (var (name, list) in places)
        {
            var found = list.Select(place => examples[place.Item1].Size(place.Item2)).Distinct().ToArray();
            if (found.Length > 1 || found[0] == 0)
                throw new ArgumentException($"OnnxExporter: expected examples with one size, at least 1, for all dimensions called \"{name}\", got {string.Join(", ", found)}");
        }
        if (places.Count > 4) throw new ArgumentException($"OnnxExporter: expected at most 4 free sizes, got {places.Count}");
        return [.. places.Select(entry => new FreeSize(entry.Key, entry.Value))];
    }
}
