using Cresset.Kernels;

namespace Cresset;

enum RecurrentKind
{
    Tanh,
    Relu,
    LongShortTerm,
    Gated,
}

// The weights of one direction of a layer, G gates: [G H, D], [G H, H], [G H], [G H].
readonly record struct RecurrentWeights(Tensor Input, Tensor State, Tensor? InputBias, Tensor? StateBias);

// Which rows belong to which step: those of a step stand together, the longest sequence first in each.
sealed record RecurrentSteps(int[] BatchSizes, bool Reverse)
{
    internal int Batch => BatchSizes[0];

    // First row and number of rows of each step, in the order in which they are computed.
    internal IEnumerable<(int Start, int Count)> InOrder()
    {
        var steps = new (int, int)[BatchSizes.Length];
        for (int t = 0, start = 0; t < steps.Length; start += BatchSizes[t++]) steps[t] = (start, BatchSizes[t]);
        return Reverse ? steps.Reverse() : steps;
    }
}

// One direction of a recurrent layer over all steps, as one operator: one kernel goes through the steps, forward and backward; the weights'
// gradients are one product over all steps at the end.
static class Recurrence
{
    /// <summary>x [N, D], the rows of all steps; state and memory [B, H] before the first step. Gives the states of all steps
    /// [N, H] and, for each sequence, the last state and memory.</summary>
    internal static (Tensor Output, Tensor State, Tensor? Memory) Apply(RecurrentKind kind, Tensor x, RecurrentSteps steps, RecurrentWeights weights, Tensor state, Tensor? memory) => kind switch
    {
        RecurrentKind.Tanh => Apply<TanhCell>(kind, x, steps, weights, state, memory),
        RecurrentKind.Relu => Apply<ReluCell>(kind, x, steps, weights, state, memory),
        RecurrentKind.LongShortTerm => Apply<LongShortTermCell>(kind, x, steps, weights, state, memory),
        _ => Apply<GatedCell>(kind, x, steps, weights, state, memory),
    };

    static (Tensor Output, Tensor State, Tensor? Memory) Apply<TCell>(RecurrentKind kind, Tensor x, RecurrentSteps steps, RecurrentWeights weights, Tensor firstState, Tensor? firstMemory)
        where TCell : unmanaged, IRecurrentCell
    {
        Tensor?[] optional = [weights.InputBias, weights.StateBias, firstMemory];
        Tensor[] inputs = [x, weights.Input, weights.State, firstState, .. optional.OfType<Tensor>()];
        var records = Autograd.Records(inputs);
        var backend = x.Backend;
        int units = weights.State.Size(1), rows = x.Size(0);
        var state = Copy(firstState);
        var memory = firstMemory is null ? null : Copy(firstMemory);
        Tensor y = Tensor.Allocate([rows, units], x.DType, backend), source = x.Layout.Strides[1] == 1 ? x : x.Contiguous();
        var gates = records ? Tensor.Allocate([rows, TCell.Gates * units], x.DType, backend) : null;
        var previous = records ? y.EmptyLike() : null;
        var kept = records && kind is RecurrentKind.LongShortTerm or RecurrentKind.Gated ? y.EmptyLike() : null;
        backend.Recurrence(default(TCell), steps.BatchSizes, steps.Reverse, source.Operand, weights.Input.Operand, weights.InputBias?.Contiguous().Operand, weights.State.Operand,
            weights.StateBias?.Contiguous().Operand, state.Operand, memory?.Operand, y.Operand, gates?.Operand, previous?.Operand, kept?.Operand);
        Operators.OperationLog.Add(x, weights.Input, y, (long)y.ElementCount * TCell.Gates * x.Size(1));
        Operators.OperationLog.Add(y, weights.State, y, (long)y.ElementCount * TCell.Gates * units);
        if (records) Record<TCell>(kind, steps, inputs, Array.ConvertAll(optional, tensor => tensor is not null), memory is null ? [y, state] : [y, state, memory], [gates!, previous!, .. kept is null ? (Tensor[])[] : [kept]]);
        return (y, state, memory);
    }

    static void Record<TCell>(RecurrentKind kind, RecurrentSteps steps, Tensor[] inputs, bool[] present, Tensor[] outputs, Tensor[] computed) where TCell : unmanaged, IRecurrentCell
    {
        var count = inputs.Length;
        Autograd.Record("Recurrence", outputs, inputs, [.. inputs, .. computed], (node, gradients) =>
        {
            var saved = new Tensor[count];
            for (var i = 0; i < count; i++) saved[i] = node.Saved(i);
            return Autograd.IsEnabled
                ? ComposedGradient.Of(node, saved, gradients, standIns =>
                {
                    var next = 4;
                    Tensor? inputBias = present[0] ? standIns[next++] : null, stateBias = present[1] ? standIns[next++] : null, memory = present[2] ? standIns[next] : null;
                    var (output, state, last) = Composed(kind, standIns[0], steps, new(standIns[1], standIns[2], inputBias, stateBias), standIns[3], memory);
                    return [output, state, last];
                })
                : Gradients<TCell>(steps, node, saved, present, gradients, node.Saved(count), node.Saved(count + 1), computed.Length > 2 ? node.Saved(count + 2) : null);
        }, [(double)kind, steps.BatchSizes.Length, steps.Reverse ? 1 : 0, .. present.Select(given => given ? 1.0 : 0)]);
    }

    static Tensor?[] Gradients<TCell>(RecurrentSteps steps, Node node, Tensor[] inputs, bool[] present, Tensor?[] gradients, Tensor gates, Tensor previous, Tensor? kept)
        where TCell : unmanaged, IRecurrentCell
    {
        Tensor x = inputs[0], weight = inputs[2], first = inputs[3];
        var backend = x.Backend;
        var dy = gradients[0] is { } all ? (all.Layout.Strides[1] == 1 ? all : all.Contiguous()) : null;
        var dstate = gradients[1] is { } last ? Copy(last) : Tensor.Zeros(first.Shape, x.DType, backend);
        var carry = gradients.Length > 2 && gradients[2] is { } lastMemory ? Copy(lastMemory) : Tensor.Zeros(first.Shape, x.DType, backend);
        var dgates = gates.EmptyLike();
        var dshares = TCell.GatesAreSums ? dgates : gates.EmptyLike();
        // Before the first step, only a given state asks for a gradient.
        backend.RecurrenceGradient(default(TCell), steps.BatchSizes, steps.Reverse, dy?.Operand, dstate.Operand, carry.Operand, gates.Operand, weight.Operand, previous.Operand,
            kept?.Operand, dgates.Operand, TCell.GatesAreSums ? null : dshares.Operand, node.Needs(3));
        var result = new Tensor?[inputs.Length];
        if (node.Needs(0)) result[0] = dgates.MatMul(inputs[1]);
        if (node.Needs(1)) result[1] = dgates.T.MatMul(x);
        if (node.Needs(2)) result[2] = dshares.T.MatMul(previous);
        // The state of a cell without a memory gets the direct share too.
        if (node.Needs(3)) result[3] = TCell.HasMemory || TCell.GatesAreSums ? dstate : dstate + carry;
        var next = 4;
        var dbias = present[0] ? result[next++] = dgates.Sum(0) : null;
        if (present[1]) result[next++] = TCell.GatesAreSums && dbias is not null ? dbias : dshares.Sum(0);
        if (present[2]) result[next] = carry;
        return result;
    }

    /// <summary>The same by tensor operators, step by step.</summary>
    internal static (Tensor Output, Tensor State, Tensor? Memory) Composed(RecurrentKind kind, Tensor x, RecurrentSteps steps, RecurrentWeights weights, Tensor state, Tensor? memory)
    {
        var units = weights.State.Size(1);
        var outputs = new Dictionary<int, Tensor>();
        foreach (var (start, count) in steps.InOrder())
        {
            Tensor before = state.Narrow(0, 0, count), gates = x.Narrow(0, start, count).Linear(weights.Input, weights.InputBias), shares = before.Linear(weights.State, weights.StateBias), after;
            Tensor Gate(int index) => gates.Narrow(1, index * units, units) + shares.Narrow(1, index * units, units);
            if (kind == RecurrentKind.LongShortTerm)
            {
                var cell = Gate(1).Sigmoid() * memory!.Narrow(0, 0, count) + Gate(0).Sigmoid() * Gate(2).Tanh();
                after = Gate(3).Sigmoid() * cell.Tanh();
                memory = Replace(memory!, cell);
            }
            else if (kind == RecurrentKind.Gated)
            {
                Tensor update = Gate(1).Sigmoid(), candidate = (gates.Narrow(1, 2 * units, units) + Gate(0).Sigmoid() * shares.Narrow(1, 2 * units, units)).Tanh();
                after = (1 - update) * candidate + update * before;
            }
            else after = kind == RecurrentKind.Tanh ? Gate(0).Tanh() : Gate(0).Relu();
            state = Replace(state, after);
            outputs.Add(start, after);
        }
        return (Tensor.Cat([.. outputs.OrderBy(entry => entry.Key).Select(entry => entry.Value)]), state, memory);
    }

    // The first rows new, the others as they were.
    static Tensor Replace(Tensor old, Tensor first) => first.Size(0) == old.Size(0) ? first : Tensor.Cat([first, old.Narrow(0, first.Size(0), old.Size(0) - first.Size(0))]);

    static Tensor Copy(Tensor x)
    {
        var copy = Tensor.Allocate(x.Shape, x.DType, x.Backend);
        x.Backend.Copy(x.Operand, copy.Operand);
        return copy;
    }
}
