namespace Cresset.Nn;

/// <summary>What the recurrent cells share: one step at a time, parameters <c>weight_ih</c>, <c>weight_hh</c>, <c>bias_ih</c>,
/// <c>bias_hh</c>. PyTorch: <c>torch.nn.RNNCellBase</c>.</summary>
public abstract class RecurrentCell : Module
{
    readonly RecurrentKind kind;

    private protected RecurrentCell(RecurrentKind kind, int inputSize, int hiddenSize, bool bias, DType dtype)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        this.kind = kind;
        var rows = RecurrentParameters.Gates(kind) * hiddenSize;
        WeightIh = new Parameter(Tensor.Empty([rows, inputSize], dtype));
        WeightHh = new Parameter(Tensor.Empty([rows, hiddenSize], dtype));
        if (bias)
        {
            BiasIh = new Parameter(Tensor.Empty([rows], dtype));
            BiasHh = new Parameter(Tensor.Empty([rows], dtype));
        }
        ResetParameters();
    }

    /// <summary>The input's weights, [gates * H, D].</summary>
    public Parameter WeightIh { get; }

    /// <summary>The state's weights, [gates * H, H].</summary>
    public Parameter WeightHh { get; }

    /// <summary>The input's biases, [gates * H]; null where there are none.</summary>
    public Parameter? BiasIh { get; }

    /// <summary>The state's biases, [gates * H]; null where there are none.</summary>
    public Parameter? BiasHh { get; }

    /// <summary>Draws new initial values, uniform in (-1/√H, 1/√H). PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => RecurrentParameters.Reset(Parameters(recurse: false), WeightHh.Size(1), generator);

    private protected (Tensor State, Tensor? Memory) Step(Tensor x, Tensor? state, Tensor? memory)
    {
        ArgumentNullException.ThrowIfNull(x);
        int inputs = WeightIh.Size(1), units = WeightHh.Size(1);
        if (x.Rank is not (1 or 2) || x.Size(-1) != inputs) throw new ArgumentException($"{GetType().Name}: expected an input [B, D] or [D] with D = {inputs}, got {x.Shape}");
        if (x.DType != WeightHh.DType) throw new ArgumentException($"{GetType().Name}: expected an input of the parameters' type {WeightHh.DType.Name()}, got {x.DType.Name()}; convert it or the module with To");
        var shape = x.Shape.With(x.Rank - 1, units);
        Tensor Given(string name, Tensor? given)
        {
            if (given is null) return Tensor.Zeros([x.Rank == 1 ? 1 : x.Size(0), units], x.DType, x.Backend);
            if (given.Shape != shape || given.DType != x.DType) throw new ArgumentException($"{GetType().Name}: expected a {name} of shape {shape} and type {x.DType.Name()}, got {given.Shape} and {given.DType.Name()}");
            return x.Rank == 1 ? given.Unsqueeze(0) : given;
        }
        var rows = x.Rank == 1 ? x.Unsqueeze(0) : x;
        var (_, after, afterMemory) = Recurrence.Apply(kind, rows, new RecurrentSteps([rows.Size(0)], Reverse: false), new(WeightIh, WeightHh, BiasIh, BiasHh),
            Given("state", state), kind == RecurrentKind.LongShortTerm ? Given("cell state", memory) : null);
        return x.Rank == 1 ? (Observe(after.Squeeze(0)), afterMemory?.Squeeze(0)) : (Observe(after), afterMemory);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"{WeightIh.Size(1)}, {WeightHh.Size(1)}, bias: {(BiasIh is null ? "false" : "true")}";
}

/// <summary>One step of <see cref="Rnn"/>: h' = f(W_ih x + b_ih + W_hh h + b_hh). PyTorch: <c>torch.nn.RNNCell</c>.</summary>
/// <param name="inputSize">D.</param>
/// <param name="hiddenSize">H.</param>
/// <param name="bias">Whether the biases are added.</param>
/// <param name="nonlinearity">f.</param>
/// <param name="dtype">The type of the parameters.</param>
public sealed class RnnCell(int inputSize, int hiddenSize, bool bias = true, RnnNonlinearity nonlinearity = RnnNonlinearity.Tanh, DType dtype = DType.Float32)
    : RecurrentCell(RecurrentParameters.Kind(nonlinearity), inputSize, hiddenSize, bias, dtype)
{
    /// <summary>The next state [B, H] (or [H]) from x [B, D] (or [D]) and the state before, zeros unless given.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor? hidden = null) => Step(x, hidden, null).State;
}

/// <summary>One step of <see cref="Gru"/>. PyTorch: <c>torch.nn.GRUCell</c>.</summary>
/// <param name="inputSize">D.</param>
/// <param name="hiddenSize">H.</param>
/// <param name="bias">Whether the biases are added.</param>
/// <param name="dtype">The type of the parameters.</param>
public sealed class GruCell(int inputSize, int hiddenSize, bool bias = true, DType dtype = DType.Float32)
    : RecurrentCell(RecurrentKind.Gated, inputSize, hiddenSize, bias, dtype)
{
    /// <summary>The next state [B, H] (or [H]) from x [B, D] (or [D]) and the state before, zeros unless given.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor? hidden = null) => Step(x, hidden, null).State;
}

/// <summary>One step of <see cref="Lstm"/>. PyTorch: <c>torch.nn.LSTMCell</c>.</summary>
/// <param name="inputSize">D.</param>
/// <param name="hiddenSize">H.</param>
/// <param name="bias">Whether the biases are added.</param>
/// <param name="dtype">The type of the parameters.</param>
public sealed class LstmCell(int inputSize, int hiddenSize, bool bias = true, DType dtype = DType.Float32)
    : RecurrentCell(RecurrentKind.LongShortTerm, inputSize, hiddenSize, bias, dtype)
{
    /// <summary>The next h and c, each [B, H] (or [H]), from x [B, D] (or [D]) and those before, zeros unless given.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public (Tensor Hidden, Tensor Cell) Forward(Tensor x, (Tensor Hidden, Tensor Cell)? state = null)
    {
        var (hidden, cell) = Step(x, state?.Hidden, state?.Cell);
        return (hidden, cell!);
    }
}
