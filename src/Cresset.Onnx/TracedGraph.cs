using System.Runtime.InteropServices;
using Cresset.Nn;

namespace Cresset.Onnx;

/// <summary>A value that flows through a traced model: an input, a constant, or an output of a call.</summary>
/// <param name="Tensors">The tensor in each trace.</param>
/// <param name="Sizes">Its shape, by the free sizes of the inputs.</param>
/// <param name="Varies">Whether it is another one for other inputs or sizes; what does not vary is a constant of the model.</param>
sealed record TracedValue(Tensor[] Tensors, SizeExpression[] Sizes, bool Varies)
{
    internal Tensor Tensor => Tensors[0];

    internal DType DType => Tensor.DType;

    internal Shape Shape => Tensor.Shape;

    public bool Equals(TracedValue? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
}

/// <summary>A call that depends on the inputs or their sizes.</summary>
sealed record TracedCall(string Name, TracedValue[] Inputs, TracedValue[] Outputs, SizeExpression[] Numbers)
{
    internal double Number(int index) => Numbers[index].IsConstant ? Numbers[index].Constant
        : throw new NotSupportedException($"OnnxExporter: option {index} of the operator {Name} depends on the size of an input, which ONNX's form of it cannot say; leave that size fixed (OnnxExportOptions.DynamicDimensions)");

    internal int Int(int index) => checked((int)Number(index));

    internal bool Flag(int index) => Number(index) != 0;

    internal bool NumbersAreConstant => Numbers.All(number => number.IsConstant);
}

/// <summary>A model as the calls of operators that it makes. It is traced at several sizes of those dimensions that stay free, and what
/// differs between the traces is told by these sizes; one more trace checks that the rule found holds there too.</summary>
sealed class TracedGraph
{
    // Models treat some sizes differently: 1 broadcasts, and the largest that they can take may need no cutting. The traces avoid both.
    const int SmallestToReduce = 6;

    readonly List<FreeSize> free = [];
    readonly List<TracedValue> inputs = [], outputs = [];
    readonly List<TracedCall> calls = [];
    int[][] sizes = [];

    internal IReadOnlyList<FreeSize> Free => free;

    internal IReadOnlyList<TracedValue> Inputs => inputs;

    internal IReadOnlyList<TracedValue> Outputs => outputs;

    /// <summary>Those calls that the outputs need, in their order.</summary>
    internal IReadOnlyList<TracedCall> Calls => calls;

    internal TracedGraph(Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, IReadOnlyList<Tensor> examples, IReadOnlyList<FreeSize> freeSizes)
    {
        free.AddRange(freeSizes);
        // One trace for each corner of the free sizes, and one beyond.
        var corners = 1 << free.Count;
        sizes = new int[corners + 1][];
        for (var i = 0; i < sizes.Length; i++)
            sizes[i] = [.. free.Select((size, d) => Candidates(examples[size.Places[0].Input].Size(size.Places[0].Dim))[i == corners ? 2 : i >> d & 1])];
        var runs = sizes.Select(chosen => Run(forward, examples, chosen)).ToArray();
        Connect(runs);
    }

    static int[] Candidates(int size) => size >= SmallestToReduce ? [size - 1, size - 2, size - 4] : [2, 3, 5];

    sealed record TraceRun(Tensor[] Inputs, IReadOnlyList<Tensor> Outputs, IReadOnlyList<OperatorCall> Calls);

    TraceRun Run(Func<IReadOnlyList<Tensor>, IReadOnlyList<Tensor>> forward, IReadOnlyList<Tensor> examples, int[] chosen)
    {
        var given = examples.ToArray();
        using (Autograd.NoGrad())
            for (var d = 0; d < free.Count; d++)
                foreach (var (input, dim) in free[d].Places)
                {
                    var size = given[input].Size(dim);
                    given[input] = given[input].IndexSelect(dim, Tensor.From([.. Enumerable.Range(0, chosen[d]).Select(i => (long)(i % size))]));
                }
        // Inputs of their own: an example may be a constant of the model too.
        for (var i = 0; i < given.Length; i++) given[i] = given[i].Detach();
        IReadOnlyList<Tensor> results = [];
        var calls = Tracing.Trace(given, () => results = forward(given));
        return new(given, results, calls);
    }

    void Connect(TraceRun[] runs)
    {
        var known = new Dictionary<Tensor, TracedValue>(ReferenceEqualityComparer.Instance);
        // Memory that calls have used: whoever changes it in place later would change what they used.
        var used = new HashSet<Storage>(ReferenceEqualityComparer.Instance);
        for (var i = 0; i < runs[0].Inputs.Length; i++)
        {
            var tensors = Array.ConvertAll(runs, run => run.Inputs[i]);
            inputs.Add(known[tensors[0]] = new(tensors, Sizes("an input", tensors), Varies: true));
        }
        var all = new List<TracedCall>();
        for (var k = 0; k < runs[0].Calls.Count; k++)
        {
            var traced = Array.ConvertAll(runs, run => k < run.Calls.Count ? run.Calls[k] : null);
            var call = traced[0]!;
            foreach (var other in traced)
                if (other is null || other.Name != call.Name || other.Inputs.Count != call.Inputs.Count || other.Numbers.Count != call.Numbers.Count)
                    throw Different($"call {k}, {call.Name}, is {other?.Name ?? "missing"} at another size");
            var from = new TracedValue[call.Inputs.Count];
            for (var i = 0; i < from.Length; i++) from[i] = Known(known, Array.ConvertAll(traced, one => one!.Inputs[i]), call.Name);
            var numbers = new SizeExpression[call.Numbers.Count];
            for (var i = 0; i < numbers.Length; i++) numbers[i] = Fit($"an option of {call.Name}", Array.ConvertAll(traced, one => one!.Numbers[i]));
            var shapes = call.Outputs.Select((_, o) => Sizes(call.Name, Array.ConvertAll(traced, one => one!.Outputs[o]))).ToArray();
            var varies = from.Any(value => value.Varies) || numbers.Any(number => !number.IsConstant) || shapes.Any(shape => shape.Any(size => !size.IsConstant));
            if (call.Inputs.Count > 0 && ReferenceEquals(call.Outputs[0], call.Inputs[0]) && used.Contains(call.Inputs[0].Storage))
                throw new NotSupportedException($"OnnxExporter: {call.Name} changes a tensor of shape {call.Inputs[0].Shape} in place that was used or viewed before, which ONNX cannot say; use the operator that makes a new tensor");
            var made = new TracedValue[call.Outputs.Count];
            for (var o = 0; o < made.Length; o++)
                made[o] = known[call.Outputs[o]] = new(Array.ConvertAll(traced, one => one!.Outputs[o]), shapes[o], varies);
            if (!varies) continue;
            foreach (var input in call.Inputs) used.Add(input.Storage);
            all.Add(new(call.Name, from, made, numbers));
        }
        for (var i = 0; i < runs[0].Outputs.Count; i++) outputs.Add(Known(known, Array.ConvertAll(runs, run => run.Outputs[i]), "the output"));
        // Only what the outputs need.
        var needed = outputs.ToHashSet();
        foreach (var call in Enumerable.Reverse(all))
        {
            if (!call.Outputs.Any(needed.Contains)) continue;
            needed.UnionWith(call.Inputs);
            calls.Add(call);
        }
        calls.Reverse();
    }

    TracedValue Known(Dictionary<Tensor, TracedValue> known, Tensor[] tensors, string user)
    {
        if (known.TryGetValue(tensors[0], out var value)) return value;
        // Never told of: a constant, if it is the same at all sizes. Those that only a piece of an operator asks for are not looked at.
        return known[tensors[0]] = new(tensors, Sizes(user, tensors), Varies: false);
    }

    /// <summary>The values of a constant, which have to be the same in all traces.</summary>
    internal static Tensor Constant(TracedValue value, string user)
    {
        var first = value.Tensor;
        foreach (var other in value.Tensors)
            if (!ReferenceEquals(first, other) && (other.Shape != first.Shape || other.DType != first.DType || !Bytes(other).SequenceEqual(Bytes(first))))
                throw Different($"{user} uses a tensor of shape {first.Shape} that is made from values outside of tensors, and is another one at another size");
        return first;
    }

    internal static byte[] Bytes(Tensor x)
    {
        x = x.Contiguous();
        return x.DType switch
        {
            DType.Float32 => MemoryMarshal.AsBytes(x.AsSpan<float>()).ToArray(),
            DType.Float64 => MemoryMarshal.AsBytes(x.AsSpan<double>()).ToArray(),
            DType.Int64 => MemoryMarshal.AsBytes(x.AsSpan<long>()).ToArray(),
            DType.Int32 => MemoryMarshal.AsBytes(x.AsSpan<int>()).ToArray(),
            DType.UInt8 => x.AsSpan<byte>().ToArray(),
            _ => MemoryMarshal.AsBytes(x.AsSpan<bool>()).ToArray(),
        };
    }

    SizeExpression[] Sizes(string user, Tensor[] tensors)
    {
        foreach (var other in tensors)
            if (other.Rank != tensors[0].Rank) throw Different($"{user} has {tensors[0].Rank} and {other.Rank} dimensions");
        return [.. Enumerable.Range(0, tensors[0].Rank).Select(dim => Fit($"dimension {dim} of {user}", Array.ConvertAll(tensors, tensor => (double)tensor.Size(dim))))];
    }

    SizeExpression Fit(string what, double[] values) =>
        SizeExpression.Fit(values, sizes, () => Different($"{what} is {string.Join(", ", values)} at the sizes {string.Join("; ", sizes.Select(chosen => string.Join(", ", chosen)))}, which is no sum of products of them"));

    static NotSupportedException Different(string how) => new(
        $"OnnxExporter: the model computes differently at different sizes of its inputs: {how}. Leave these sizes fixed (OnnxExportOptions.DynamicDimensions), or write the model so that only shapes follow the sizes");
}
