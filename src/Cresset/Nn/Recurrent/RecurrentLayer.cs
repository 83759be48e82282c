using System.Globalization;

namespace Cresset.Nn;

/// <summary>What the recurrent layers share: stacked layers of one or two directions and their parameters, named as in PyTorch:
/// <c>weight_ih_l0</c>, <c>weight_hh_l0</c>, <c>bias_ih_l0</c>, <c>bias_hh_l0</c>, then those ending in <c>_reverse</c> where
/// there are two directions, then <c>_l1</c> and so on. PyTorch: <c>torch.nn.RNNBase</c> (its <c>proj_size</c> is missing).</summary>
public abstract class RecurrentLayer : Module
{
    [StateName("")] readonly OrderedDictionary<string, Parameter> parameters = [];
    readonly RecurrentKind kind;
    readonly double dropout;

    private protected RecurrentLayer(RecurrentKind kind, int inputSize, int hiddenSize, int numLayers, bool bias, bool batchFirst, double dropout, bool bidirectional, DType dtype)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inputSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(hiddenSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numLayers);
        if (!(dropout >= 0 && dropout <= 1)) throw new ArgumentOutOfRangeException(nameof(dropout), dropout, $"{GetType().Name}: expected a probability from 0 to 1");
        (this.kind, InputSize, HiddenSize, NumLayers, BatchFirst, this.dropout, Bidirectional) = (kind, inputSize, hiddenSize, numLayers, batchFirst, dropout, bidirectional);
        for (var layer = 0; layer < numLayers; layer++)
            for (var direction = 0; direction < Directions; direction++)
            {
                var rows = RecurrentParameters.Gates(kind) * hiddenSize;
                void Add(string name, Shape shape) => parameters.Add(Key(name, layer, direction), new Parameter(Tensor.Empty(shape, dtype)));
                Add("weight_ih", [rows, layer == 0 ? inputSize : Directions * hiddenSize]);
                Add("weight_hh", [rows, hiddenSize]);
                if (!bias) continue;
                Add("bias_ih", [rows]);
                Add("bias_hh", [rows]);
            }
        ResetParameters();
    }

    /// <summary>D, the size of an input row.</summary>
    public int InputSize { get; }

    /// <summary>H, the number of hidden units of each layer and direction.</summary>
    public int HiddenSize { get; }

    /// <summary>The number of layers, each on the outputs of the one before.</summary>
    public int NumLayers { get; }

    /// <summary>Whether padded inputs and outputs are [B, T, ...] and not [T, B, ...]; states are not concerned.</summary>
    public bool BatchFirst { get; }

    /// <summary>Whether a second direction goes from the last step to the first.</summary>
    public bool Bidirectional { get; }

    int Directions => Bidirectional ? 2 : 1;

    /// <summary>Draws new initial values, uniform in (-1/√H, 1/√H). PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => RecurrentParameters.Reset(parameters.Values, HiddenSize, generator);

    static string Key(string name, int layer, int direction) => string.Create(CultureInfo.InvariantCulture, $"{name}_l{layer}{(direction == 1 ? "_reverse" : "")}");

    // A padded input, of a batch or of a single sequence [T, D]; the results in the same form.
    private protected (Tensor Output, Tensor State, Tensor? Memory) Run(Tensor x, Tensor? state, Tensor? memory)
    {
        ArgumentNullException.ThrowIfNull(x);
        var single = x.Rank == 2;
        if (x.Rank is not (2 or 3) || x.Size(-1) != InputSize)
            throw new ArgumentException($"{GetType().Name}: expected an input {(BatchFirst ? "[B, T, D]" : "[T, B, D]")} or [T, D] with D = {InputSize}, got {x.Shape}");
        if (single) x = x.Unsqueeze(1);
        else if (BatchFirst) x = x.Transpose(0, 1);
        int steps = x.Size(0), batch = x.Size(1);
        if (steps == 0 || batch == 0) throw new ArgumentException($"{GetType().Name}: expected at least one step and one sequence, got {steps} and {batch}");
        var sizes = new int[steps];
        Array.Fill(sizes, batch);
        var (output, last, lastMemory) = Run(x.Reshape(steps * batch, InputSize), sizes, Given("state", state, batch, single), Given("cell state", memory, batch, single));
        output = output.Reshape(steps, batch, Directions * HiddenSize);
        if (single) return (output.Squeeze(1), last.Squeeze(1), lastMemory?.Squeeze(1));
        return (BatchFirst ? output.Transpose(0, 1) : output, last, lastMemory);
    }

    private protected (PackedSequence Output, Tensor State, Tensor? Memory) Run(PackedSequence x, Tensor? state, Tensor? memory)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Data.Rank != 2 || x.Data.Size(1) != InputSize)
            throw new ArgumentException($"{GetType().Name}: expected packed rows [N, D] with D = {InputSize}, got {x.Data.Shape}");
        var batch = x.Steps[0];
        Tensor? Sorted(string name, Tensor? given) => Given(name, given, batch, single: false) is { } states ? x.Sort(states) : null;
        var (output, last, lastMemory) = Run(x.Data, x.Steps, Sorted("state", state), Sorted("cell state", memory));
        return (x.WithData(output), x.Unsort(last), lastMemory is null ? null : x.Unsort(lastMemory));
    }

    /// <summary>Padded sequences of different lengths: what packing them, the layer and padding give, for models that are traced, since the
    /// lengths are a tensor.</summary>
    /// <param name="x">[T, B, D], or [B, T, D] with batchFirst.</param>
    /// <param name="lengths">The length of each sequence, [B] of int64, from 1 to T.</param>
    /// <returns>Output [T, B, directions * H] in the input's form, 0 behind the ends; states [layers * directions, B, H], and of an
    /// <see cref="Lstm"/> the cell states.</returns>
    /// <exception cref="ArgumentException">A shape or type does not fit, or a length is not from 1 to T.</exception>
    public (Tensor Output, Tensor Hidden, Tensor? Cell) ForwardPadded(Tensor x, Tensor lengths)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(lengths);
        if (x.Rank != 3 || x.Size(2) != InputSize || lengths.Rank != 1 || lengths.DType != DType.Int64)
            throw new ArgumentException($"{GetType().Name}: expected an input {(BatchFirst ? "[B, T, D]" : "[T, B, D]")} with D = {InputSize} and lengths [B] of int64, got {x.Shape} and {lengths.DType.Name()} {lengths.Shape}");
        var (output, hidden, cell) = Tracing.Within(() =>
        {
            var packed = PackedSequence.Pack(x, Array.ConvertAll(lengths.ToArray<long>(), length => checked((int)length)), BatchFirst, enforceSorted: false);
            var (rows, state, memory) = Run(packed, null, null);
            return (rows.Pad(BatchFirst, totalLength: x.Size(BatchFirst ? 1 : 0)).Padded, state, memory);
        });
        Tracing.TellAll("PaddedRecurrence", cell is null ? [output, hidden] : [output, hidden, cell], [x, lengths, .. parameters.Values],
            [(double)kind, NumLayers, Directions, BatchFirst ? 1 : 0, parameters.ContainsKey("bias_ih_l0") ? 1 : 0]);
        return (Observe(output), hidden, cell);
    }

    // Rows of all steps and states [layers * directions, B, H].
    (Tensor Output, Tensor State, Tensor? Memory) Run(Tensor x, int[] sizes, Tensor? state, Tensor? memory)
    {
        var weight = parameters["weight_hh_l0"];
        if (x.DType != weight.DType) throw new ArgumentException($"{GetType().Name}: expected an input of the parameters' type {weight.DType.Name()}, got {x.DType.Name()}; convert it or the module with To");
        Tensor? zeros = null;
        Tensor First(Tensor? states, int index) => states is null ? zeros ??= Tensor.Zeros([sizes[0], HiddenSize], x.DType, x.Backend) : states.Select(0, index);
        List<Tensor> last = [], lastMemory = [];
        for (var layer = 0; layer < NumLayers; layer++)
        {
            if (layer > 0 && dropout > 0 && IsTraining) x = Drop(x);
            var outputs = new Tensor[Directions];
            for (var direction = 0; direction < outputs.Length; direction++)
            {
                var index = layer * Directions + direction;
                Parameter? Find(string name) => parameters.GetValueOrDefault(Key(name, layer, direction));
                var weights = new RecurrentWeights(Find("weight_ih")!, Find("weight_hh")!, Find("bias_ih"), Find("bias_hh"));
                (outputs[direction], var after, var afterMemory) = Recurrence.Apply(kind, x, new RecurrentSteps(sizes, direction == 1), weights,
                    First(state, index), kind == RecurrentKind.LongShortTerm ? First(memory, index) : null);
                last.Add(after);
                if (afterMemory is not null) lastMemory.Add(afterMemory);
            }
            x = outputs.Length == 1 ? outputs[0] : Tensor.Cat(outputs, 1);
        }
        return (x, Tensor.Stack(last), lastMemory.Count == 0 ? null : Tensor.Stack(lastMemory));
    }

    Tensor Drop(Tensor x)
    {
        var mask = x.EmptyLike().BernoulliInPlace(1 - dropout);
        return x * (dropout < 1 ? mask.MulInPlace(1 / (1 - dropout)) : mask);
    }

    Tensor? Given(string name, Tensor? states, int batch, bool single)
    {
        if (states is null) return null;
        var layers = NumLayers * Directions;
        Shape expected = single ? [layers, HiddenSize] : [layers, batch, HiddenSize];
        if (states.Shape != expected)
            throw new ArgumentException($"{GetType().Name}: expected an initial {name} of shape {expected} (layers times directions, {(single ? "" : "batch, ")}hidden units), got {states.Shape}");
        if (states.DType != parameters["weight_hh_l0"].DType)
            throw new ArgumentException($"{GetType().Name}: expected an initial {name} of type {parameters["weight_hh_l0"].DType.Name()}, got {states.DType.Name()}; convert it with To");
        return single ? states.Unsqueeze(1) : states;
    }

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture,
        $"{InputSize}, {HiddenSize}, numLayers: {NumLayers}, bias: {(parameters.ContainsKey("bias_ih_l0") ? "true" : "false")}, batchFirst: {(BatchFirst ? "true" : "false")}, dropout: {dropout}, bidirectional: {(Bidirectional ? "true" : "false")}");
}

// What layers and cells know of their parameters.
static class RecurrentParameters
{
    internal static int Gates(RecurrentKind kind) => kind == RecurrentKind.LongShortTerm ? 4 : kind == RecurrentKind.Gated ? 3 : 1;

    internal static RecurrentKind Kind(RnnNonlinearity nonlinearity) => nonlinearity switch
    {
        RnnNonlinearity.Tanh => RecurrentKind.Tanh,
        RnnNonlinearity.ReLU => RecurrentKind.Relu,
        _ => throw new ArgumentOutOfRangeException(nameof(nonlinearity), nonlinearity, "Rnn: expected Tanh or ReLU"),
    };

    internal static void Reset(IEnumerable<Parameter> parameters, int hiddenSize, Generator? generator)
    {
        var bound = 1 / Math.Sqrt(hiddenSize);
        foreach (var parameter in parameters) Init.Uniform(parameter, -bound, bound, generator);
    }
}
