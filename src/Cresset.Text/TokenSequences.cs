using Cresset.Data;

namespace Cresset.Text;

/// <summary>Sequences of indices as tensors.</summary>
public static class TokenSequences
{
    /// <summary>Sequences of different lengths in one tensor [N, T] of int64, filled up at their ends, and their lengths. T is the
    /// longest length, or <paramref name="length"/>, to which longer ones are cut. PyTorch: <c>pad_sequence</c>.</summary>
    /// <exception cref="ArgumentException">There is no sequence, or one is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is not positive.</exception>
    public static (Tensor Padded, int[] Lengths) Pad(IReadOnlyList<long[]> sequences, long paddingIndex, int? length = null)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        if (sequences.Count == 0) throw new ArgumentException("TokenSequences.Pad: expected at least one sequence, got none");
        if (length is { } given) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(given, nameof(length));
        for (var i = 0; i < sequences.Count; i++)
            if (sequences[i].Length == 0) throw new ArgumentException($"TokenSequences.Pad: expected sequences of at least one token, got an empty one at place {i}; leave it out");
        var steps = length ?? sequences.Max(sequence => sequence.Length);
        var values = new long[checked(sequences.Count * steps)];
        Array.Fill(values, paddingIndex);
        var lengths = new int[sequences.Count];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = Math.Min(steps, sequences[i].Length);
            Array.Copy(sequences[i], 0, values, i * steps, lengths[i]);
        }
        return (Tensor.From(values, [lengths.Length, steps]), lengths);
    }

    /// <summary>What a loss and metrics of single tokens compare: of logits [N, T, C] and targets [N, T] the rows [M, C] and the targets
    /// [M] that are not <paramref name="ignored"/>. For the <c>pairs</c> of a trainer. PyTorch: <c>view(-1, C)</c> with
    /// <c>ignore_index</c>.</summary>
    /// <exception cref="ArgumentException">The shapes do not fit.</exception>
    public static (Tensor Logits, Tensor Targets) Pairs(Tensor logits, Tensor targets, long ignored = SentenceEncoding.IgnoredTarget)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(targets);
        if (logits.Rank != 3 || targets.Rank != 2 || logits.Size(0) != targets.Size(0) || logits.Size(1) != targets.Size(1))
            throw new ArgumentException($"TokenSequences.Pairs: expected logits [N, T, C] and targets [N, T], got {logits.Shape} and {targets.Shape}");
        var (rows, flat) = (logits.Flatten(0, 1), targets.Flatten());
        var values = flat.ToArray<long>();
        if (!values.Contains(ignored)) return (rows, flat);
        var kept = Tensor.From(Enumerable.Range(0, values.Length).Where(i => values[i] != ignored).Select(i => (long)i).ToArray());
        return (rows.IndexSelect(0, kept), flat.IndexSelect(0, kept));
    }

    /// <summary>The lengths of padded sequences [N, T]: up to the last index that is not the padding's.</summary>
    /// <exception cref="ArgumentException">The tensor is not [N, T] of int64, or a row is all padding.</exception>
    public static int[] Lengths(Tensor padded, long paddingIndex)
    {
        ArgumentNullException.ThrowIfNull(padded);
        if (padded.Rank != 2 || padded.DType != DType.Int64) throw new ArgumentException($"TokenSequences.Lengths: expected indices [N, T] of int64, got {padded.DType.Name()} {padded.Shape}");
        var values = padded.ToArray<long>();
        var steps = padded.Size(1);
        var lengths = new int[padded.Size(0)];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = values.AsSpan(i * steps, steps).LastIndexOfAnyExcept(paddingIndex) + 1;
            if (lengths[i] == 0) throw new ArgumentException($"TokenSequences.Lengths: row {i} is nothing but padding: a sequence of length zero; leave it out");
        }
        return lengths;
    }
}

/// <summary>Windows of a long text for a language model: sample i is (tokens, the same moved on by one), each [length], from
/// place i * stride on.</summary>
public sealed class TextWindows : Dataset<(Tensor, Tensor)>
{
    readonly Tensor tokens;
    readonly int length, stride;

    /// <summary>Windows of these tokens.</summary>
    /// <param name="tokens">The text's indices.</param>
    /// <param name="length">The length of a window.</param>
    /// <param name="stride">How far windows are apart; <paramref name="length"/> unless given, so that they do not overlap.</param>
    /// <exception cref="ArgumentException">The text is shorter than one window and its next token.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length or the stride is not positive.</exception>
    public TextWindows(long[] tokens, int length, int? stride = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        this.stride = stride ?? length;
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(this.stride, nameof(stride));
        if (tokens.Length <= length) throw new ArgumentException($"TextWindows: expected more than {length} tokens, a window and the token after it, got {tokens.Length}; use a shorter window");
        this.tokens = Tensor.From(tokens);
        this.length = length;
    }

    /// <inheritdoc/>
    public override int Count => (tokens.Size(0) - 1 - length) / stride + 1;

    /// <inheritdoc/>
    public override (Tensor, Tensor) this[int index]
    {
        get
        {
            if (index < 0 || index >= Count) throw new ArgumentOutOfRangeException(nameof(index), index, $"TextWindows: expected an index from 0 to {Count - 1}");
            return (tokens.Narrow(0, index * stride, length), tokens.Narrow(0, index * stride + 1, length));
        }
    }
}
