using System.Diagnostics.CodeAnalysis;

namespace Cresset.Nn;

/// <summary>Sequences of different lengths without padding: the rows of all first steps, then those of all second steps, and so
/// on, the longest sequence first in each. Recurrent layers take and return it. PyTorch:
/// <c>torch.nn.utils.rnn.PackedSequence</c>.</summary>
[SuppressMessage("Naming", "CA1711", Justification = "PackedSequence is PyTorch's term")]
public sealed class PackedSequence
{
    readonly Tensor data;
    readonly int[] batchSizes;
    readonly int[] sorted;

    PackedSequence(Tensor data, int[] batchSizes, int[] sorted)
    {
        this.data = data;
        this.batchSizes = batchSizes;
        this.sorted = sorted;
    }

    /// <summary>The rows, [N, ...] where N is the sum of the lengths. PyTorch: <c>data</c>.</summary>
    public Tensor Data => data;

    /// <summary>How many sequences reach each step; it never grows. PyTorch: <c>batch_sizes</c>, a tensor there.</summary>
    public IReadOnlyList<int> BatchSizes => batchSizes;

    /// <summary>The place, among the sequences as they were given, of the longest, the second longest, ... PyTorch:
    /// <c>sorted_indices</c>, a tensor there, and null where the order was not asked for.</summary>
    public IReadOnlyList<int> SortedIndices => sorted;

    internal int[] Steps => batchSizes;

    /// <summary>The same sequences with other rows, such as their embedding or a layer of each row.</summary>
    /// <exception cref="ArgumentException">The number of rows differs.</exception>
    public PackedSequence WithData(Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Rank == 0 || rows.Size(0) != data.Size(0))
            throw new ArgumentException($"PackedSequence.WithData: expected {data.Size(0)} rows, one for each step of each sequence, got the shape {rows.Shape}");
        return new PackedSequence(rows, batchSizes, sorted);
    }

    /// <summary>Takes the padding out. PyTorch: <c>pack_padded_sequence</c>.</summary>
    /// <param name="x">Padded sequences [T, B, ...], or [B, T, ...] with <paramref name="batchFirst"/>.</param>
    /// <param name="lengths">The length of each of the B sequences, from 1 to T.</param>
    /// <param name="batchFirst">Whether the batch is the first dimension.</param>
    /// <param name="enforceSorted">Whether lengths that are not in descending order are an error. With false any order goes, and
    /// results come back in the order given.</param>
    /// <exception cref="ArgumentException">A length is zero or beyond T, there is not one for each sequence, or they are not in
    /// descending order where they must be.</exception>
    public static PackedSequence Pack(Tensor x, IReadOnlyList<int> lengths, bool batchFirst = false, bool enforceSorted = true)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(lengths);
        if (x.Rank < 2) throw new ArgumentException($"PackedSequence.Pack: expected padded sequences {(batchFirst ? "[B, T, ...]" : "[T, B, ...]")}, got the shape {x.Shape}");
        int steps = x.Size(batchFirst ? 1 : 0), batch = x.Size(batchFirst ? 0 : 1);
        if (lengths.Count != batch || batch == 0)
            throw new ArgumentException($"PackedSequence.Pack: expected a length for each of the {batch} sequences of the shape {x.Shape} (batchFirst: {(batchFirst ? "true" : "false")}), at least one, got {lengths.Count}");
        CheckLengths("PackedSequence.Pack", lengths, steps, enforceSorted);
        var (sizes, sorted) = Order(lengths);
        var places = new List<long>();
        for (var t = 0; t < sizes.Length; t++)
            for (var i = 0; i < sizes[t]; i++) places.Add(batchFirst ? (long)sorted[i] * steps + t : (long)t * batch + sorted[i]);
        var rows = x.Flatten(0, 1).IndexSelect(0, Tensor.From(places.ToArray()));
        return new PackedSequence(rows, sizes, sorted);
    }

    /// <summary>Packs sequences of their own lengths, each [length, ...]. PyTorch: <c>pack_sequence</c>.</summary>
    /// <exception cref="ArgumentException">There is none, one is empty, their other dimensions differ, or they are not in
    /// descending order of length where they must be.</exception>
    public static PackedSequence PackSequence(IReadOnlyList<Tensor> sequences, bool enforceSorted = true)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        return Pack(PadSequence(sequences), [.. sequences.Select(sequence => sequence.Size(0))], enforceSorted: enforceSorted);
    }

    /// <summary>Sequences [length, ...] side by side, [T, B, ...] or [B, T, ...], with <paramref name="paddingValue"/> behind the
    /// shorter ones. PyTorch: <c>pad_sequence</c>.</summary>
    /// <exception cref="ArgumentException">There is none, or they differ in type or in other dimensions than the first.</exception>
    public static Tensor PadSequence(IReadOnlyList<Tensor> sequences, bool batchFirst = false, double paddingValue = 0)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (sequences.Count == 0) throw new ArgumentException("PackedSequence.PadSequence: expected at least one sequence, got none");
        var first = sequences[0];
        foreach (var sequence in sequences)
            if (sequence.Rank == 0 || first.Rank == 0 || sequence.Shape.Without(0) != first.Shape.Without(0) || sequence.DType != first.DType)
                throw new ArgumentException($"PackedSequence.PadSequence: expected sequences of one type and of one shape but for the length, got {first.DType.Name()} {first.Shape} and {sequence.DType.Name()} {sequence.Shape}");
        var longest = sequences.Max(sequence => sequence.Size(0));
        var padded = new Tensor[sequences.Count];
        for (var i = 0; i < padded.Length; i++)
        {
            var missing = longest - sequences[i].Size(0);
            padded[i] = missing == 0 ? sequences[i] : Tensor.Cat([sequences[i], Tensor.Full(first.Shape.With(0, missing), paddingValue, first.DType, first.Backend)]);
        }
        return Tensor.Stack(padded, batchFirst ? 0 : 1);
    }

    /// <summary>The padded sequences in the order in which they were given, and their lengths. PyTorch:
    /// <c>pad_packed_sequence</c>, whose lengths are a tensor.</summary>
    /// <param name="batchFirst">Whether the result is [B, T, ...] and not [T, B, ...].</param>
    /// <param name="paddingValue">What stands behind the shorter sequences.</param>
    /// <param name="totalLength">T; the longest length unless given.</param>
    /// <exception cref="ArgumentOutOfRangeException">The total length is below the longest sequence's.</exception>
    public (Tensor Padded, int[] Lengths) Pad(bool batchFirst = false, double paddingValue = 0, int? totalLength = null)
    {
        int steps = totalLength ?? batchSizes.Length, batch = sorted.Length, rows = data.Size(0);
        if (steps < batchSizes.Length)
            throw new ArgumentOutOfRangeException(nameof(totalLength), steps, $"PackedSequence.Pad: expected at least {batchSizes.Length}, the length of the longest sequence");
        // Every place takes a row; the one behind the last is the padding.
        var places = new long[(long)steps * batch];
        Array.Fill(places, rows);
        var lengths = new int[batch];
        for (int t = 0, row = 0; t < batchSizes.Length; t++)
            for (var i = 0; i < batchSizes[t]; i++, row++)
            {
                places[batchFirst ? (long)sorted[i] * steps + t : (long)t * batch + sorted[i]] = row;
                lengths[sorted[i]] = t + 1;
            }
        var source = places.Length == rows ? data : Tensor.Cat([data, Tensor.Full(data.Shape.With(0, 1), paddingValue, data.DType, data.Backend)]);
        var padded = source.IndexSelect(0, Tensor.From(places));
        return (padded.Reshape(new Shape([.. batchFirst ? (int[])[batch, steps] : [steps, batch], .. data.Shape.AsSpan()[1..]])), lengths);
    }

    /// <summary>The sequences one by one, [length, ...], in the order in which they were given. PyTorch:
    /// <c>unpack_sequence</c>.</summary>
    public Tensor[] Unpack()
    {
        var (padded, lengths) = Pad(batchFirst: true);
        var sequences = new Tensor[lengths.Length];
        for (var i = 0; i < sequences.Length; i++) sequences[i] = padded.Select(0, i).Narrow(0, 0, lengths[i]);
        return sequences;
    }

    // Rows of a tensor, one for each sequence along dimension 1, from the order given to that of the lengths, or back.
    internal Tensor Sort(Tensor states) => Reorder(states, sorted);

    internal Tensor Unsort(Tensor states)
    {
        var places = new int[sorted.Length];
        for (var i = 0; i < places.Length; i++) places[sorted[i]] = i;
        return Reorder(states, places);
    }

    static Tensor Reorder(Tensor states, int[] places)
    {
        for (var i = 0; i < places.Length; i++)
            if (places[i] != i) return states.IndexSelect(1, Tensor.From(Array.ConvertAll(places, place => (long)place)));
        return states;
    }

    static void CheckLengths(string name, IReadOnlyList<int> lengths, int steps, bool enforceSorted)
    {
        for (var i = 0; i < lengths.Count; i++)
        {
            if (lengths[i] < 1)
                throw new ArgumentException($"{name}: expected lengths of at least 1, got {lengths[i]} for sequence {i}{(lengths[i] == 0 ? ", which has length zero" : "")}; leave empty sequences out, or give them one step of padding", nameof(lengths));
            if (lengths[i] > steps)
                throw new ArgumentException($"{name}: expected lengths of at most {steps}, the number of steps, got {lengths[i]} for sequence {i}", nameof(lengths));
            if (enforceSorted && i > 0 && lengths[i] > lengths[i - 1])
                throw new ArgumentException($"{name}: expected lengths in descending order, got {lengths[i - 1]} and then {lengths[i]} for sequence {i}; pass enforceSorted: false to take any order", nameof(lengths));
        }
    }

    static (int[] Sizes, int[] Sorted) Order(IReadOnlyList<int> lengths)
    {
        // OrderBy is stable: equal lengths keep their order.
        int[] sorted = [.. Enumerable.Range(0, lengths.Count).OrderByDescending(i => lengths[i])];
        var sizes = new int[lengths[sorted[0]]];
        foreach (var length in lengths)
            for (var t = 0; t < length; t++) sizes[t]++;
        return (sizes, sorted);
    }
}
