using Cresset.Nn;
using Cresset.Onnx.Format;
using Cresset.Serialization;
using Google.Protobuf;

namespace Cresset.Onnx;

/// <summary>A model from an ONNX file as a module: it computes with Cresset's operators, and can be trained on, saved and exported
/// again.</summary>
/// <remarks>Floating-point values of the file with more than one element are parameters under the file's names; statistics of batch
/// normalisation are among them, but need no gradient and do not move in training. The weights of recurrent layers are those of
/// <see cref="Lstm"/>, <see cref="Gru"/> and <see cref="Rnn"/> in Cresset's order, below the name of their node.</remarks>
public sealed class OnnxModel : Module
{
    [StateName("")] readonly OrderedDictionary<string, Parameter> parameters = [];
    [StateName("")] readonly OrderedDictionary<string, Module> layers = [];
    readonly Dictionary<string, Tensor> constants = [];
    readonly List<Step> steps = [];
    readonly string[] inputNames, outputNames;
    readonly IReadOnlyList<int?>[] inputSizes;

    // A node, its operator, and the values that nobody needs after it.
    sealed record Step(OnnxNode Node, OnnxOperator Operator, string[] Released);

    OnnxModel(ValueInfoProto[] inputs, string[] outputNames, IReadOnlyDictionary<string, string> metadata)
    {
        inputNames = Array.ConvertAll(inputs, input => input.Name);
        inputSizes = Array.ConvertAll(inputs, input => (IReadOnlyList<int?>)[.. (input.Type?.TensorType?.Shape?.Dim ?? []).Select(dim => dim.DimValue is > 0 and <= int.MaxValue ? (int?)dim.DimValue : null)]);
        this.outputNames = outputNames;
        Metadata = metadata;
    }

    /// <summary>The names of the inputs, in the order of Forward.</summary>
    public IReadOnlyList<string> InputNames => inputNames;

    /// <summary>For each input the sizes of its dimensions, as the file tells them; null for one that is free. Empty where it tells
    /// nothing.</summary>
    public IReadOnlyList<IReadOnlyList<int?>> InputSizes => inputSizes;

    /// <summary>The names of the outputs.</summary>
    public IReadOnlyList<string> OutputNames => outputNames;

    /// <summary>What the file says of itself; ONNX: <c>metadata_props</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Reads a file. Nothing in it is run until Forward.</summary>
    /// <exception cref="FormatException">The file is no ONNX model or contradicts itself, or it uses operators that are not known here;
    /// the message lists them.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OnnxModel Load(string path)
    {
        var model = Parse(path);
        if (model.Graph is not { } graph || graph.Node.Count == 0 || graph.Output.Count == 0)
            throw new FormatException($"{path}: expected an ONNX model, got a file without nodes and outputs");
        return Build(path, model, graph);
    }

    /// <summary>Copies a file with other metadata; what else is in it stays, also what is not known here.</summary>
    /// <param name="path">The file.</param>
    /// <param name="copy">The file to write. It appears whole or not at all.</param>
    /// <param name="metadata">Entries that are added, or take the place of those of the same name.</param>
    /// <exception cref="FormatException">The file is no ONNX model.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void CopyWithMetadata(string path, string copy, IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(copy);
        ArgumentNullException.ThrowIfNull(metadata);
        var model = Parse(path);
        foreach (var old in model.MetadataProps.Where(entry => metadata.ContainsKey(entry.Key)).ToArray()) model.MetadataProps.Remove(old);
        model.MetadataProps.Add(metadata.Select(entry => new StringStringEntryProto { Key = entry.Key, Value = entry.Value }));
        TemporaryFile.Write(copy, model.WriteTo);
    }

    static ModelProto Parse(string path)
    {
        try
        {
            return ModelProto.Parser.ParseFrom(File.ReadAllBytes(path));
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new FormatException($"{path}: this is no ONNX model, or a damaged one: {e.Message}", e);
        }
    }

    // Before the first, shapes were not broadcast but told to be; what comes after the last may mean something else by the same name.
    const int FirstOpset = 7, LastOpset = 23;

    static OnnxModel Build(string path, ModelProto model, GraphProto graph)
    {
        var opset = model.OpsetImport.Where(set => set.Domain is "" or "ai.onnx").Select(set => set.Version).FirstOrDefault(1);
        if (opset is < FirstOpset or > LastOpset)
            throw new FormatException($"{path}: the model is written for version {opset} of ONNX's operators; {FirstOpset} to {LastOpset} are read");
        var missing = graph.Node.Where(node => OnnxOperators.Find(node) is null).Select(node => node.Domain is "" or "ai.onnx" ? node.OpType : $"{node.Domain}.{node.OpType}").Distinct().Order(StringComparer.Ordinal).ToArray();
        if (missing.Length > 0)
            throw new FormatException($"{path}: the model uses {(missing.Length == 1 ? "an operator" : "operators")} that Cresset does not import: {string.Join(", ", missing)}. docs/onnx.md lists those that it does");
        var metadata = new Dictionary<string, string>();
        foreach (var entry in model.MetadataProps) metadata[entry.Key] = entry.Value;
        var initial = graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        // Old files list their constants among the inputs.
        var result = new OnnxModel([.. graph.Input.Where(input => !initial.Contains(input.Name))], [.. graph.Output.Select(output => output.Name)], metadata);
        result.Read(path, graph, opset);
        return result;
    }

    void Read(string path, GraphProto graph, long opset)
    {
        var values = new Dictionary<string, Tensor>();
        foreach (var tensor in graph.Initializer)
            if (!values.TryAdd(tensor.Name, OnnxTypes.Read(tensor, path))) throw new FormatException($"{path}: two tensors are called \"{tensor.Name}\"");
        var defined = new HashSet<string>(values.Keys);
        foreach (var name in inputNames)
            if (!defined.Add(name)) throw new FormatException($"{path}: two inputs are called \"{name}\"");
        var statistics = new HashSet<string>();
        var reading = new List<(OnnxNode Node, OnnxOperator Operator)>();
        for (var i = 0; i < graph.Node.Count; i++)
        {
            var node = new OnnxNode(graph.Node[i], opset, $"{path}: node {i} ({graph.Node[i].OpType} \"{graph.Node[i].Name}\")");
            foreach (var input in node.Inputs)
                if (input.Length > 0 && !defined.Contains(input)) throw new FormatException($"{node.Place} uses \"{input}\", which nothing before it computes");
            foreach (var output in node.Outputs)
                if (output.Length > 0 && !defined.Add(output)) throw new FormatException($"{node.Place} computes \"{output}\", which is there already");
            if (node.Op == "Constant") values[node.Outputs[0]] = node.ConstantValue();
            else if (node.Op is "LSTM" or "GRU" or "RNN") reading.Add((node, Recurrent(node, values)));
            else reading.Add((node, OnnxOperators.Find(graph.Node[i])!));
            if (node.Op == "BatchNormalization") statistics.UnionWith(node.Inputs.Skip(3));
        }
        foreach (var output in outputNames)
            if (!defined.Contains(output)) throw new FormatException($"{path}: nothing computes the output \"{output}\"");
        var used = reading.SelectMany(step => step.Node.Inputs).Concat(outputNames).ToHashSet();
        foreach (var (name, value) in values)
        {
            if (!used.Contains(name)) continue;
            if (value.DType.IsFloatingPoint() && value.ElementCount > 1) parameters.Add(name, new Parameter(value) { RequiresGrad = !statistics.Contains(name) });
            else constants.Add(name, value);
        }
        // What is held as a value may go after its last use.
        var last = new HashSet<string>(outputNames);
        for (var i = reading.Count - 1; i >= 0; i--)
            steps.Add(new(reading[i].Node, reading[i].Operator, [.. reading[i].Node.Inputs.Concat(reading[i].Node.Outputs).Where(name => name.Length > 0 && last.Add(name)).Distinct()]));
        steps.Reverse();
    }

    // Its weights become a layer's; the node then asks for the other inputs only.
    OnnxOperator Recurrent(OnnxNode node, Dictionary<string, Tensor> values)
    {
        var layer = new RecurrentNode(node, name => values.GetValueOrDefault(name));
        var name = node.Name.Length > 0 ? node.Name : node.Outputs.First(output => output.Length > 0);
        if (!layers.TryAdd(name, layer.Layer)) throw new FormatException($"{node.Place}: two recurrent nodes have this name");
        node.ForgetInputs(1, 2, 3);
        return layer.Run;
    }

    /// <summary>The output of a model with one input and one output; of several outputs, the first.</summary>
    /// <exception cref="ArgumentException">The model has several inputs, or a node cannot compute what it is given.</exception>
    public override Tensor Forward(Tensor x) => Observe(Forward([x])[0]);

    /// <summary>The outputs, in the order of <see cref="OutputNames"/>, of inputs in the order of <see cref="InputNames"/>.</summary>
    /// <exception cref="ArgumentException">The number of inputs differs, or a node cannot compute what it is given.</exception>
    public IReadOnlyList<Tensor> Forward(IReadOnlyList<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        if (inputs.Count != inputNames.Length) throw new ArgumentException($"OnnxModel: expected {inputNames.Length} inputs ({string.Join(", ", inputNames)}), got {inputs.Count}");
        var values = new Dictionary<string, Tensor>();
        for (var i = 0; i < inputs.Count; i++) values[inputNames[i]] = inputs[i];
        Tensor? Find(string name) => name.Length == 0 ? null
            : values.TryGetValue(name, out var value) ? value
            : parameters.TryGetValue(name, out var parameter) ? parameter
            : constants.GetValueOrDefault(name);
        foreach (var (node, run, released) in steps)
        {
            Tensor[] outputs;
            try
            {
                outputs = run(new OnnxCall(node, [.. node.Inputs.Select(Find)]));
            }
            catch (FormatException e)
            {
                // It names the place itself.
                throw new ArgumentException(e.Message, e);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException or NotSupportedException or ArithmeticException or IndexOutOfRangeException)
            {
                throw new ArgumentException($"{node.Place}: {e.Message}", e);
            }
            for (var i = 0; i < Math.Min(outputs.Length, node.Outputs.Count); i++) values[node.Outputs[i]] = outputs[i];
            foreach (var name in released) values.Remove(name);
        }
        return [.. outputNames.Select(name => Find(name)!)];
    }
}
