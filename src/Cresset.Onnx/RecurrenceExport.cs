namespace Cresset.Onnx;

/// <summary>Recurrent layers as ONNX's RNN, LSTM and GRU, whose gates stand in another order.</summary>
static class RecurrenceExport
{
    // Cresset's kinds, in their order: tanh, relu, LSTM (gates i f g o), GRU (r z n).
    static readonly (string Op, int[] Gates)[] kinds = [("RNN", [0]), ("RNN", [0]), ("LSTM", [0, 3, 1, 2]), ("GRU", [1, 0, 2])];

    // One direction over steps that all sequences reach. Inputs: rows [T B, D], weights, state, and those of biases and memory that
    // there are. Numbers: kind, T, reverse, whether there is each of these.
    internal static void Recurrence(GraphWriter w, TracedCall c)
    {
        var kind = c.Int(0);
        TracedValue x = c.Inputs[0], state = c.Inputs[3];
        for (var i = 0; i < x.Tensors.Length; i++)
            if (x.Tensors[i].Size(0) % state.Tensors[i].Size(0) != 0)
                throw new NotSupportedException("OnnxExporter: packed sequences have no form in ONNX; give the recurrent layer padded sequences and their lengths as a tensor");
        var next = 4;
        TracedValue? inputBias = c.Flag(3) ? c.Inputs[next++] : null, stateBias = c.Flag(4) ? c.Inputs[next++] : null, memory = c.Flag(5) ? c.Inputs[next] : null;
        var steps = w.Node("Reshape", [w[x], w.Node("Concat", [w.Integers(-1), w.Size(state.Sizes[0]), w.Integers(x.Shape[1])], ("axis", 0))]);
        var units = state.Shape[1];
        string First(TracedValue value) => w.Node("Unsqueeze", [w[value], w.Integers(0)]);
        var outputs = Layer(w, kind, steps, "", [new(c.Inputs[1], c.Inputs[2], inputBias, stateBias)], c.Flag(2) ? "reverse" : "forward", units, First(state), memory is null ? "" : First(memory));
        for (var i = 0; i < c.Outputs.Length; i++) w.Alias(c.Outputs[i], w.Reshape(outputs[i], -1, units));
    }

    // Layers over padded sequences. Inputs: x, lengths, then the parameters of each layer and direction. Numbers: kind, layers,
    // directions, whether the batch comes first, whether there are biases.
    internal static void PaddedRecurrence(GraphWriter w, TracedCall c)
    {
        int kind = c.Int(0), layers = c.Int(1), directions = c.Int(2), each = c.Flag(4) ? 4 : 2;
        var batchFirst = c.Flag(3);
        var x = w[c.Inputs[0]];
        if (batchFirst) x = w.Node("Transpose", [x], ("perm", (int[])[1, 0, 2]));
        var lengths = w.Cast(w[c.Inputs[1]], DType.Int32);
        var units = c.Inputs[3].Shape[1];
        List<string>[] last = [[], []];
        for (var layer = 0; layer < layers; layer++)
        {
            var weights = new Weights[directions];
            for (var direction = 0; direction < directions; direction++)
            {
                var at = 2 + (layer * directions + direction) * each;
                weights[direction] = new(c.Inputs[at], c.Inputs[at + 1], each == 4 ? c.Inputs[at + 2] : null, each == 4 ? c.Inputs[at + 3] : null);
            }
            var outputs = Layer(w, kind, x, lengths, weights, directions == 2 ? "bidirectional" : "forward", units, "", "");
            // [T, directions, B, H] to [T, B, directions H].
            x = w.Reshape(w.Node("Transpose", [outputs[0]], ("perm", (int[])[0, 2, 1, 3])), 0, 0, -1);
            for (var i = 1; i < outputs.Length; i++) last[i - 1].Add(outputs[i]);
        }
        w.Alias(c.Outputs[0], batchFirst ? w.Node("Transpose", [x], ("perm", (int[])[1, 0, 2])) : x);
        for (var i = 1; i < c.Outputs.Length; i++) w.Alias(c.Outputs[i], w.Node("Concat", [.. last[i - 1]], ("axis", 0)));
    }

    readonly record struct Weights(TracedValue Input, TracedValue State, TracedValue? InputBias, TracedValue? StateBias);

    static string[] Layer(GraphWriter w, int kind, string x, string lengths, Weights[] weights, string direction, int units, string state, string memory)
    {
        var (op, gates) = kinds[kind];
        Tensor Ordered(TracedValue value) => Tensor.Cat([.. gates.Select(gate => TracedGraph.Constant(value, op).Detach().Narrow(0, gate * units, units))]);
        Tensor Bias(TracedValue? value, Tensor like) => value is null ? Tensor.Zeros([like.Size(0)], like.DType) : Ordered(value);
        string Stacked(Func<Weights, Tensor> part) => w.Constant(Tensor.Stack([.. weights.Select(part)]));
        foreach (var part in weights)
            if (part.Input.Varies || part.State.Varies) throw new NotSupportedException($"OnnxExporter: {op} has weights that depend on the input, which is not supported");
        using var mode = Autograd.NoGrad();
        string[] inputs =
        [
            x, Stacked(part => Ordered(part.Input)), Stacked(part => Ordered(part.State)),
            weights[0].InputBias is null && weights[0].StateBias is null ? "" : Stacked(part =>
            {
                var rows = Ordered(part.Input);
                return Tensor.Cat([Bias(part.InputBias, rows), Bias(part.StateBias, rows)]);
            }),
            lengths, state, .. op == "LSTM" ? (string[])[memory] : [],
        ];
        var count = inputs.Length;
        while (inputs[count - 1].Length == 0) count--;
        List<(string, object)> attributes = [("hidden_size", units), ("direction", direction)];
        if (op == "GRU") attributes.Add(("linear_before_reset", true));
        if (op == "RNN") attributes.Add(("activations", Enumerable.Repeat(kind == 1 ? "Relu" : "Tanh", weights.Length).ToArray()));
        return w.Node(op, op == "LSTM" ? 3 : 2, inputs.AsSpan(0, count), [.. attributes]);
    }
}
