using Cresset.Onnx.Format;
using Google.Protobuf;

namespace Cresset.Onnx;

/// <summary>Writes nodes and constants of an ONNX graph, and names everything.</summary>
sealed class GraphWriter
{
    readonly GraphProto graph;
    readonly TracedGraph traced;
    readonly Dictionary<TracedValue, string> names = [];
    readonly Dictionary<string, string> sizes = [];
    readonly Dictionary<Tensor, string> parameters;
    readonly HashSet<string> taken = [];
    readonly Dictionary<string, int> counts = [];

    /// <param name="graph">What is written to.</param>
    /// <param name="traced">The model.</param>
    /// <param name="parameters">The names of parameters and buffers.</param>
    internal GraphWriter(GraphProto graph, TracedGraph traced, Dictionary<Tensor, string> parameters)
    {
        this.graph = graph;
        this.traced = traced;
        this.parameters = parameters;
    }

    internal void Reserve(string name) => taken.Add(name);

    internal void Name(TracedValue value, string name) => names[value] = name;

    /// <summary>A node with one output, whose name is given back.</summary>
    internal string Node(string op, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) => Node(op, 1, inputs, attributes)[0];

    internal string[] Node(string op, int outputs, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var made = new string[outputs];
        for (var i = 0; i < outputs; i++) made[i] = Fresh(op);
        Add(op, inputs, made, attributes);
        return made;
    }

    /// <summary>A node whose output is a value of the model.</summary>
    internal void Node(string op, TracedValue output, ReadOnlySpan<string> inputs, params ReadOnlySpan<(string Name, object Value)> attributes) => names[output] = Node(op, inputs, attributes);

    /// <summary>The value is another name's.</summary>
    internal void Alias(TracedValue value, string name) => names[value] = name;

    void Add(string op, ReadOnlySpan<string> inputs, string[] outputs, ReadOnlySpan<(string Name, object Value)> attributes)
    {
        var node = new NodeProto { OpType = op, Name = outputs[0] };
        foreach (var input in inputs) node.Input.Add(input);
        node.Output.Add(outputs);
        foreach (var (name, value) in attributes)
        {
            var attribute = new AttributeProto { Name = name };
            switch (value)
            {
                case double or float: (attribute.Type, attribute.F) = (AttributeProto.Types.AttributeType.Float, Convert.ToSingle(value)); break;
                case int or long: (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, Convert.ToInt64(value)); break;
                case bool flag: (attribute.Type, attribute.I) = (AttributeProto.Types.AttributeType.Int, flag ? 1 : 0); break;
                case string text: (attribute.Type, attribute.S) = (AttributeProto.Types.AttributeType.String, ByteString.CopyFromUtf8(text)); break;
                case int[] numbers:
                    attribute.Type = AttributeProto.Types.AttributeType.Ints;
                    attribute.Ints.Add(numbers.Select(number => (long)number));
                    break;
                case string[] texts:
                    attribute.Type = AttributeProto.Types.AttributeType.Strings;
                    attribute.Strings.Add(texts.Select(ByteString.CopyFromUtf8));
                    break;
                default: throw new ArgumentException($"attribute {name}: no ONNX type for {value.GetType().Name}");
            }
            node.Attribute.Add(attribute);
        }
        graph.Node.Add(node);
    }

    // Conv_0, Conv_1, ...
    string Fresh(string op)
    {
        string name;
        do
        {
            var count = counts.GetValueOrDefault(op);
            counts[op] = count + 1;
            name = $"{op}_{count}";
        }
        while (!taken.Add(name));
        return name;
    }

    /// <summary>The name of a value: a node's output, an input, or a constant that is written now.</summary>
    internal string this[TracedValue value]
    {
        get
        {
            if (names.TryGetValue(value, out var name)) return name;
            if (value.Varies) throw new InvalidOperationException($"OnnxExporter: a value of shape {value.Shape} is used before it is computed");
            var tensor = TracedGraph.Constant(value, "the model");
            return names[value] = Constant(tensor, parameters.TryGetValue(tensor, out var own) && !taken.Contains(own) ? own : null);
        }
    }

    /// <summary>The value in a type.</summary>
    internal string As(TracedValue value, DType dtype) => value.DType == dtype ? this[value] : Cast(this[value], dtype);

    internal string Cast(string name, DType dtype) => Node("Cast", [name], ("to", (int)OnnxTypes.Of(dtype)));

    internal string Constant(Tensor tensor, string? name = null)
    {
        name ??= Fresh("Constant");
        taken.Add(name);
        graph.Initializer.Add(OnnxTypes.Write(name, tensor));
        return name;
    }

    internal string Integers(params ReadOnlySpan<long> values)
    {
        var key = string.Join(",", values.ToArray());
        return sizes.TryGetValue(key, out var name) ? name : sizes[key] = Constant(Tensor.From(values));
    }

    /// <summary>A single number without dimensions.</summary>
    internal string Number(double value, DType dtype)
    {
        var key = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{dtype} {value:R}");
        return sizes.TryGetValue(key, out var name) ? name : sizes[key] = Constant(Tensor.From(value, DType.Float64).To(dtype));
    }

    /// <summary>A number that may depend on the free sizes.</summary>
    internal string Number(SizeExpression value, DType dtype) => value.IsConstant ? Number(value.Constant, dtype)
        : Cast(Node("Squeeze", [Size(value)]), dtype);

    /// <summary>A size as a vector of one integer.</summary>
    internal string Size(SizeExpression size)
    {
        if (size.IsConstant) return Integers((long)size.Constant);
        var key = "size " + string.Join(",", size.Coefficients);
        if (sizes.TryGetValue(key, out var known)) return known;
        string? sum = null;
        for (var m = 0; m < size.Coefficients.Length; m++)
        {
            if (size.Coefficients[m] == 0) continue;
            if (size.Coefficients[m] != Math.Floor(size.Coefficients[m])) throw new NotSupportedException($"OnnxExporter: a size is {size.Coefficients[m]} times another, which is no whole number; leave the sizes fixed (OnnxExportOptions.DynamicDimensions)");
            string? product = null;
            for (var d = 0; d < traced.Free.Count; d++)
                if ((m >> d & 1) != 0) product = product is null ? Free(d) : Node("Mul", [product, Free(d)]);
            var factor = (long)size.Coefficients[m];
            product = product is null ? Integers(factor) : factor == 1 ? product : Node("Mul", [product, Integers(factor)]);
            sum = sum is null ? product : Node("Add", [sum, product]);
        }
        return sizes[key] = sum!;
    }

    string Free(int d)
    {
        var key = $"free {d}";
        var (input, dim) = traced.Free[d].Places[0];
        return sizes.TryGetValue(key, out var name) ? name : sizes[key] = Node("Shape", [names[traced.Inputs[input]]], ("start", dim), ("end", dim + 1));
    }

    /// <summary>A shape as a vector of integers.</summary>
    internal string ShapeOf(IReadOnlyList<SizeExpression> shape)
    {
        if (shape.All(size => size.IsConstant)) return Integers([.. shape.Select(size => (long)size.Constant)]);
        if (shape.Count == 1) return Size(shape[0]);
        return Node("Concat", [.. shape.Select(Size)], ("axis", 0));
    }

    /// <summary>A shape to give to Reshape, where one size may be left open.</summary>
    internal string ReshapeTo(IReadOnlyList<SizeExpression> shape)
    {
        if (shape.Count(size => !size.IsConstant) == 1 && !shape.Any(size => size.IsConstant && size.Constant == 0))
            return Integers([.. shape.Select(size => size.IsConstant ? (long)size.Constant : -1)]);
        return ShapeOf(shape);
    }

    internal string Reshape(string name, params ReadOnlySpan<long> shape) => Node("Reshape", [name, Integers(shape)]);
}
