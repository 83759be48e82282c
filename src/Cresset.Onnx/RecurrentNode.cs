using Cresset.Nn;

namespace Cresset.Onnx;

/// <summary>A node LSTM, GRU or RNN: a layer of Cresset with the node's weights, in Cresset's order of gates.</summary>
sealed class RecurrentNode
{
    readonly OnnxNode node;
    readonly bool reverse;

    internal RecurrentNode(OnnxNode node, Func<string, Tensor?> value)
    {
        this.node = node;
        Tensor Weight(int input) => node.Inputs.Count > input && value(node.Inputs[input]) is { Rank: 3 } found && found.DType.IsFloatingPoint() ? found
            : throw Refused($"expected input {input}, its weights, to be a constant of three dimensions in the file");
        Tensor inputs = Weight(1), states = Weight(2);
        Tensor? bias = node.Inputs.Count > 3 && node.Inputs[3].Length > 0
            ? value(node.Inputs[3]) is { Rank: 2 } given ? given : throw Refused("expected its bias to be a constant of two dimensions in the file") : null;
        int directions = inputs.Size(0), units = states.Size(2), gates = node.Op == "LSTM" ? 4 : node.Op == "GRU" ? 3 : 1;
        var direction = node.Text("direction", "forward");
        reverse = direction == "reverse";
        if (directions != (direction == "bidirectional" ? 2 : 1) || units < 1 || inputs.Size(2) < 1 || inputs.Size(1) != gates * units || states.Shape != [directions, gates * units, units]
            || (bias is not null && bias.Shape != [directions, 2 * gates * units]))
            throw Refused($"its weights {inputs.Shape}, {states.Shape} and biases {bias?.Shape.ToString() ?? "(none)"} do not fit one another and the direction {direction}");
        if (node.Has("clip") || node.Int("layout", 0) != 0 || node.Int("input_forget", 0) != 0 || (node.Inputs.Count > 7 && node.Inputs[7].Length > 0))
            throw Refused("clip, layout, input_forget and peepholes are not known here");
        var activations = node.Texts("activations");
        var usual = node.Op switch { "LSTM" => "Sigmoid Tanh Tanh", "GRU" => "Sigmoid Tanh", _ => activations is ["Relu", ..] ? "Relu" : "Tanh" };
        if (activations is not null && string.Join(' ', activations) != string.Join(' ', Enumerable.Repeat(usual, directions)))
            throw Refused($"the activations {string.Join(", ", activations)} are not known here, {usual} are");
        // The state's bias inside of the reset gate, as in PyTorch; the other form is Cho's first.
        if (node.Op == "GRU" && !node.Flag("linear_before_reset", false)) throw Refused("a GRU with linear_before_reset = 0 is not known here, with 1, as PyTorch writes it, it is");
        var type = inputs.DType;
        Layer = node.Op switch
        {
            "LSTM" => new Lstm(inputs.Size(2), units, bias: bias is not null, bidirectional: directions == 2, dtype: type),
            "GRU" => new Gru(inputs.Size(2), units, bias: bias is not null, bidirectional: directions == 2, dtype: type),
            _ => new Rnn(inputs.Size(2), units, nonlinearity: usual == "Relu" ? RnnNonlinearity.ReLU : RnnNonlinearity.Tanh, bias: bias is not null, bidirectional: directions == 2, dtype: type),
        };
        // ONNX: i o f c; z r h. Cresset: i f g o; r z n.
        int[] order = node.Op == "LSTM" ? [0, 2, 3, 1] : node.Op == "GRU" ? [1, 0, 2] : [0];
        Tensor Ordered(Tensor rows) => Tensor.Cat([.. order.Select(gate => rows.Narrow(0, gate * units, units))]);
        var state = new Dictionary<string, Tensor>();
        for (var d = 0; d < directions; d++)
        {
            var end = d == 1 ? "_reverse" : "";
            state[$"weight_ih_l0{end}"] = Ordered(inputs.Select(0, d));
            state[$"weight_hh_l0{end}"] = Ordered(states.Select(0, d));
            if (bias is null) continue;
            state[$"bias_ih_l0{end}"] = Ordered(bias.Select(0, d).Narrow(0, 0, gates * units));
            state[$"bias_hh_l0{end}"] = Ordered(bias.Select(0, d).Narrow(0, gates * units, gates * units));
        }
        Layer.LoadStateDict(state);
    }

    internal RecurrentLayer Layer { get; }

    FormatException Refused(string why) => new($"{node.Place}: {why}");

    // Y [T, directions, B, H], and the last states [directions, B, H].
    internal Tensor[] Run(OnnxCall call)
    {
        var x = call[0];
        Tensor? lengths = call.Optional(4), hidden = call.Optional(5), cell = call.Optional(6);
        var (steps, batch, units) = (x.Size(0), x.Size(1), Layer.HiddenSize);
        if (reverse && lengths is not null) throw new NotSupportedException($"{node.Op} in reverse with sequence_lens is not known here");
        if (lengths is not null && (hidden is not null || cell is not null)) throw new NotSupportedException($"{node.Op} with sequence_lens and initial states is not known here");
        if (reverse) x = x.Flip(0);
        Tensor output, last;
        Tensor? memory = null;
        if (lengths is not null) (output, last, memory) = Layer.ForwardPadded(x, lengths.To(DType.Int64));
        else if (Layer is Lstm lstm)
        {
            if ((hidden is null) != (cell is null)) throw new NotSupportedException("LSTM: expected both initial states or none");
            (output, (last, memory)) = lstm.Forward(x, hidden is null ? null : (hidden, cell!));
        }
        else if (Layer is Gru gru) (output, last) = gru.Forward(x, hidden);
        else (output, last) = ((Rnn)Layer).Forward(x, hidden);
        if (reverse) output = output.Flip(0);
        output = output.Reshape(steps, batch, -1, units).Transpose(1, 2);
        return memory is null ? [output, last] : [output, last, memory];
    }
}
