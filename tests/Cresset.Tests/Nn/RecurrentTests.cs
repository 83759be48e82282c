using Cresset.Kernels.Cpu;
using Cresset.Nn;
using Cresset.Operators;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Nn;

[Collection(nameof(GlobalSettings))]
public class RecurrentTests
{
    static Tensor Random(Shape shape, ulong seed, DType dtype = DType.Float64, bool requiresGrad = true)
    {
        var x = Tensor.Randn(shape, dtype, new Generator(seed));
        x.RequiresGrad = requiresGrad;
        return x;
    }

    // Input, weights and states of one direction: x [9, 3] of sequences of lengths 4, 3 and 2.
    static readonly int[] Sizes = [3, 3, 2, 1];

    static Tensor[] Inputs(RecurrentKind kind, int units, DType dtype = DType.Float64, int[]? sizes = null)
    {
        sizes ??= Sizes;
        int all = sizes.Sum(), batch = sizes[0];
        var rows = (kind == RecurrentKind.LongShortTerm ? 4 : kind == RecurrentKind.Gated ? 3 : 1) * units;
        Tensor[] inputs = [Random([all, 3], 1, dtype), Random([rows, 3], 2, dtype), Random([rows, units], 3, dtype), Random([rows], 4, dtype), Random([rows], 5, dtype), Random([batch, units], 6, dtype)];
        return kind == RecurrentKind.LongShortTerm ? [.. inputs, Random([batch, units], 7, dtype)] : inputs;
    }

    static Tensor All(RecurrentKind kind, bool reverse, Tensor[] x, bool composed, int[]? sizes = null)
    {
        var steps = new RecurrentSteps(sizes ?? Sizes, reverse);
        var weights = new RecurrentWeights(x[1], x[2], x[3], x[4]);
        var memory = x.Length > 6 ? x[6] : null;
        var (output, state, last) = composed ? Recurrence.Composed(kind, x[0], steps, weights, x[5], memory) : Recurrence.Apply(kind, x[0], steps, weights, x[5], memory);
        return Tensor.Cat(last is null ? [output, state] : [output, state, last]);
    }

    public static TheoryData<int, bool> Kinds
    {
        get
        {
            var data = new TheoryData<int, bool>();
            foreach (var kind in Enum.GetValues<RecurrentKind>())
            {
                data.Add((int)kind, false);
                data.Add((int)kind, true);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gradients_agree_with_finite_differences(int kind, bool reverse) =>
        GradientCheck.Check(x => All((RecurrentKind)kind, reverse, x, composed: false), Inputs((RecurrentKind)kind, 2)).ThrowIfFailed();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Second_derivatives_agree_with_finite_differences(int kind, bool reverse) =>
        GradientCheck.CheckSecondOrder(x => All((RecurrentKind)kind, reverse, x, composed: false), Inputs((RecurrentKind)kind, 2)).ThrowIfFailed();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_fused_form_is_the_composed_one(int kind, bool reverse)
    {
        foreach (var dtype in new[] { DType.Float64, DType.Float32 })
        {
            // Wider than two vectors of any kind, and no multiple of one.
            Tensor[] a = Inputs((RecurrentKind)kind, 37, dtype), b = Inputs((RecurrentKind)kind, 37, dtype);
            Tensor fused = All((RecurrentKind)kind, reverse, a, composed: false), plain = All((RecurrentKind)kind, reverse, b, composed: true);
            var tolerance = dtype == DType.Float64 ? 1e-12 : 1e-4;
            AreClose(plain, fused, tolerance);
            var weights = Random(fused.Shape, 9, dtype, requiresGrad: false);
            fused.Backward(weights, retainGraph: true);
            plain.Backward(weights);
            for (var i = 0; i < a.Length; i++) AreClose(b[i].Grad!, a[i].Grad!, tolerance);
            // The kept gates are not used up.
            fused.Backward(weights);
            for (var i = 0; i < a.Length; i++) AreClose(b[i].Grad! * 2, a[i].Grad!, tolerance);
        }
    }

    public static TheoryData<int, bool, int> KindsAndWidths
    {
        get
        {
            var data = new TheoryData<int, bool, int>();
            foreach (var width in new[] { 128, 256, 512 })
                foreach (var (kind, reverse) in Kinds.Select(row => row.Data)) data.Add(kind, reverse, width);
            return data;
        }
    }

    // Several parts of the batch, the last of another size; sequences that end within a part, alone and with all others of it; input
    // shares of one step and of many at once; blocks of the products that are not full.
    [Theory]
    [MemberData(nameof(KindsAndWidths))]
    public void Many_sequences_of_different_lengths_give_what_the_composed_form_gives(int kind, bool reverse, int width)
    {
        Gemm.ForcedWidth = width;
        try
        {
            foreach (var sizes in new int[][] { [41, 41, 39, 32, 17, 16, 3, 1, 1], [3, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [21, 5], [1] })
                foreach (var dtype in new[] { DType.Float64, DType.Float32 })
                {
                    Tensor[] a = Inputs((RecurrentKind)kind, 21, dtype, sizes), b = Inputs((RecurrentKind)kind, 21, dtype, sizes);
                    // Weights so small that roundings do not grow from step to step.
                    using (Autograd.NoGrad())
                        foreach (var weight in new[] { a[2], b[2] }) weight.MulInPlace(0.2);
                    Tensor fused = All((RecurrentKind)kind, reverse, a, composed: false, sizes), plain = All((RecurrentKind)kind, reverse, b, composed: true, sizes);
                    var tolerance = dtype == DType.Float64 ? 1e-12 : 1e-4;
                    AreClose(plain, fused, tolerance);
                    var weights = Random(fused.Shape, 9, dtype, requiresGrad: false);
                    fused.Backward(weights);
                    plain.Backward(weights);
                    for (var i = 0; i < a.Length; i++) AreClose(b[i].Grad!, a[i].Grad!, tolerance);
                }
        }
        finally
        {
            Gemm.ForcedWidth = 0;
        }
    }

    static void AreClose(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        var scale = Math.Max(1, expected.Detach().Abs().Max().Item());
        Assert.InRange((expected.Detach() - actual.Detach()).Abs().Max().Item(), 0, tolerance * scale);
    }

    [Fact]
    public void The_same_bits_come_at_any_number_of_threads()
    {
        var before = Threads.Count;
        try
        {
            float[][] Run(int threads)
            {
                Threads.Count = threads;
                var lstm = new Lstm(20, 70, 2, bidirectional: true);
                lstm.ResetParameters(new Generator(5));
                var (y, _) = lstm.Forward(Random([6, 90, 20], 3, DType.Float32));
                y.Square().Sum().Backward();
                return [y.Detach().ToArray<float>(), .. lstm.Parameters().Select(parameter => parameter.Grad!.ToArray<float>())];
            }
            var alone = Run(1);
            foreach (var threads in new[] { 2, 3, 8 })
            {
                var together = Run(threads);
                for (var i = 0; i < alone.Length; i++) Assert.Equal(alone[i], together[i]);
            }
        }
        finally
        {
            Threads.Count = before;
        }
    }

    [Fact]
    public void A_packed_sequence_gives_what_each_sequence_gives_alone()
    {
        var gru = new Gru(4, 6, 2, bidirectional: true);
        Tensor[] sequences = [Random([2, 4], 1, DType.Float32), Random([5, 4], 2, DType.Float32), Random([1, 4], 3, DType.Float32)];
        var (output, states) = gru.Forward(PackedSequence.PackSequence(sequences, enforceSorted: false));
        var found = output.Unpack();
        for (var i = 0; i < sequences.Length; i++)
        {
            var (y, last) = gru.Forward(sequences[i]);
            AreClose(y, found[i], 1e-6);
            AreClose(last, states.Select(1, i), 1e-6);
        }
    }

    [Fact]
    public void Parameters_start_uniform_within_one_by_the_root_of_the_units()
    {
        var lstm = new Lstm(3, 100);
        var values = lstm.Parameters().SelectMany(parameter => parameter.Detach().ToArray<float>()).ToArray();
        Assert.InRange(values.Max(), 0.0999, 0.1);
        Assert.InRange(values.Min(), -0.1, -0.0999);
        // The standard deviation of a uniform number in (-a, a) is a / √3.
        Assert.Equal(0.1 / Math.Sqrt(3), Math.Sqrt(values.Average(v => (double)v * v)), 3);
    }

    [Fact]
    public void Dropout_falls_between_layers_in_training_alone()
    {
        var gru = new Gru(3, 8, 2, dropout: 0.5);
        var x = Random([4, 5, 3], 2, DType.Float32);
        Assert.NotEqual(gru.Forward(x).Output.Detach().ToArray<float>(), gru.Forward(x).Output.Detach().ToArray<float>());
        // All of the first layer's outputs dropped: the second sees zeros, and its outputs are the same for every sequence.
        var none = new Gru(3, 8, 2, dropout: 1).Forward(x).Output;
        AreClose(none.Select(1, 0), none.Select(1, 4), 1e-6);
        Assert.NotEqual(0, none.Abs().Sum().Item());
        gru.Eval();
        var plain = new Gru(3, 8, 2);
        plain.LoadStateDict(gru.StateDict());
        Assert.Equal(plain.Forward(x).Output.Detach().ToArray<float>(), gru.Forward(x).Output.Detach().ToArray<float>());
    }

    [Fact]
    public void The_products_of_all_steps_are_counted()
    {
        var log = new List<OperationLog.Entry>();
        OperationLog.Record(log, () => new Gru(3, 5).Forward(Tensor.Zeros([4, 2, 3])));
        Assert.Equal(4 * 2 * (3 * 5) * (3 + 5), log.Sum(entry => entry.MultiplyAdds));
    }

    [Fact]
    public void Inference_gives_what_training_gives()
    {
        var lstm = new Lstm(3, 5, bidirectional: true);
        var x = Random([4, 2, 3], 1, DType.Float32);
        var recorded = lstm.Forward(x).Output.Detach().ToArray<float>();
        using (Autograd.NoGrad()) Assert.Equal(recorded, lstm.Forward(x).Output.ToArray<float>());
    }

    [Fact]
    public void Says_what_was_wrong_with_the_input()
    {
        Tensor Zeros(params int[] shape) => Tensor.Zeros(shape);
        var gru = new Gru(3, 5, 2);
        Assert.Equal("Gru: expected an input [T, B, D] or [T, D] with D = 3, got [2, 4, 7]", Assert.Throws<ArgumentException>(() => gru.Forward(Zeros(2, 4, 7))).Message);
        Assert.Contains("[B, T, D]", Assert.Throws<ArgumentException>(() => new Lstm(3, 5, batchFirst: true).Forward(Zeros(2, 4, 7))).Message, StringComparison.Ordinal);
        Assert.Contains("initial state of shape [2, 4, 5]", Assert.Throws<ArgumentException>(() => gru.Forward(Zeros(2, 4, 3), Zeros(1, 4, 5))).Message, StringComparison.Ordinal);
        Assert.Contains("initial cell state of shape [1, 4, 5]", Assert.Throws<ArgumentException>(() => new Lstm(3, 5).Forward(Zeros(2, 4, 3), (Zeros(1, 4, 5), Zeros(1, 3, 5)))).Message, StringComparison.Ordinal);
        Assert.Contains("float64", Assert.Throws<ArgumentException>(() => gru.Forward(Tensor.Zeros([2, 4, 3], DType.Float64))).Message, StringComparison.Ordinal);
        Assert.Contains("at least one step", Assert.Throws<ArgumentException>(() => gru.Forward(Zeros(0, 4, 3))).Message, StringComparison.Ordinal);
        Assert.Contains("D = 3", Assert.Throws<ArgumentException>(() => gru.Forward(PackedSequence.Pack(Zeros(2, 1, 4), [2]))).Message, StringComparison.Ordinal);
        Assert.Contains("[B, D] or [D] with D = 3", Assert.Throws<ArgumentException>(() => new LstmCell(3, 5).Forward(Zeros(2, 4))).Message, StringComparison.Ordinal);
        Assert.Contains("state of shape [2, 5]", Assert.Throws<ArgumentException>(() => new GruCell(3, 5).Forward(Zeros(2, 3), Zeros(1, 5))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rnn(3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Rnn(3, 2, dropout: 1.5));
    }

    [Fact]
    public void Refuses_lengths_that_do_not_fit()
    {
        var x = Tensor.Zeros([4, 2, 3]);
        string Message(params int[] lengths) => Assert.Throws<ArgumentException>(() => PackedSequence.Pack(x, lengths)).Message;
        Assert.Contains("got 0 for sequence 1", Message(4, 0), StringComparison.Ordinal);
        Assert.Contains("at most 4, the number of steps, got 5 for sequence 0", Message(5, 1), StringComparison.Ordinal);
        Assert.Contains("got 1 and then 2 for sequence 1; pass enforceSorted: false", Message(1, 2), StringComparison.Ordinal);
        Assert.Contains("a length for each of the 2 sequences", Message(4), StringComparison.Ordinal);
        Assert.Contains("empty", Assert.Throws<ArgumentException>(() => PackedSequence.PackSequence([Tensor.Zeros([0, 3])])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => PackedSequence.PadSequence([]));
        Assert.Throws<ArgumentException>(() => PackedSequence.PadSequence([Tensor.Zeros([1, 3]), Tensor.Zeros([1, 2])]));
        var packed = PackedSequence.Pack(x, [3, 1]);
        Assert.Throws<ArgumentException>(() => packed.WithData(Tensor.Zeros([5, 3])));
        Assert.Throws<ArgumentOutOfRangeException>(() => packed.Pad(totalLength: 2));
    }
}
