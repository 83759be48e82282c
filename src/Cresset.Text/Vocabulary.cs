using System.Text.Json;

namespace Cresset.Text;

/// <summary>Tokens (words, characters, tags) and their indices: what stands between text and a model. Two tokens may be special:
/// one that fills up shorter sequences, and one that stands for every unknown token. PyTorch: torchtext's <c>Vocab</c>.</summary>
public sealed class Vocabulary
{
    /// <summary>The usual padding token.</summary>
    public const string DefaultPadding = "<pad>";

    /// <summary>The usual token for what is unknown.</summary>
    public const string DefaultUnknown = "<unk>";

    const string Format = "cresset-vocabulary-1";
    const long LargestFile = 1 << 28;

    readonly string[] tokens;
    readonly Dictionary<string, int> indices = new(StringComparer.Ordinal);

    /// <summary>A vocabulary of these tokens; the special ones come first, padding before unknown, unless they are among
    /// them.</summary>
    /// <param name="tokens">The tokens in the order of their indices, each once.</param>
    /// <param name="padding">The token that fills up; null for none.</param>
    /// <param name="unknown">The token for all others; null for none, and then an unknown token is an error.</param>
    /// <exception cref="ArgumentException">A token occurs twice or is empty, there is none, or both special ones are the
    /// same.</exception>
    public Vocabulary(IEnumerable<string> tokens, string? padding = DefaultPadding, string? unknown = DefaultUnknown)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        if (padding is not null && padding == unknown) throw new ArgumentException($"Vocabulary: expected different tokens for padding and unknown, got \"{padding}\" for both");
        List<string> all = [.. tokens];
        if (unknown is not null && !all.Contains(unknown)) all.Insert(0, unknown);
        if (padding is not null && !all.Contains(padding)) all.Insert(0, padding);
        if (all.Count == 0) throw new ArgumentException("Vocabulary: expected at least one token, got none");
        this.tokens = [.. all];
        for (var i = 0; i < this.tokens.Length; i++)
        {
            if (string.IsNullOrEmpty(this.tokens[i])) throw new ArgumentException($"Vocabulary: expected tokens of at least one character, got an empty one at place {i}");
            if (!indices.TryAdd(this.tokens[i], i)) throw new ArgumentException($"Vocabulary: expected each token once, got \"{this.tokens[i]}\" at the places {indices[this.tokens[i]]} and {i}");
        }
        PaddingIndex = padding is null ? null : indices[padding];
        UnknownIndex = unknown is null ? null : indices[unknown];
    }

    /// <summary>A vocabulary of the tokens of a text, the most frequent first, equally frequent ones in ordinal order.</summary>
    /// <param name="tokens">The text's tokens, as often as they occur.</param>
    /// <param name="minCount">Tokens that occur less often are left out, and so unknown.</param>
    /// <param name="maxSize">At most so many tokens beside the special ones; null for no limit.</param>
    /// <param name="padding">As in the constructor.</param>
    /// <param name="unknown">As in the constructor.</param>
    /// <exception cref="ArgumentOutOfRangeException">minCount or maxSize is not positive.</exception>
    public static Vocabulary Count(IEnumerable<string> tokens, int minCount = 1, int? maxSize = null, string? padding = DefaultPadding, string? unknown = DefaultUnknown)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var token in tokens) counts[token] = counts.GetValueOrDefault(token) + 1;
        return FromCounts(counts, minCount, maxSize, padding, unknown);
    }

    /// <summary>As <see cref="Count"/>, from counts. PyTorch: torchtext's <c>vocab(counter, min_freq)</c>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">minCount or maxSize is not positive.</exception>
    public static Vocabulary FromCounts(IReadOnlyDictionary<string, long> counts, int minCount = 1, int? maxSize = null, string? padding = DefaultPadding, string? unknown = DefaultUnknown)
    {
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(minCount);
        if (maxSize is { } limit) ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limit, nameof(maxSize));
        var kept = counts.Where(entry => entry.Value >= minCount && entry.Key != padding && entry.Key != unknown)
            .OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => entry.Key);
        return new Vocabulary(kept.Take(maxSize ?? int.MaxValue), padding, unknown);
    }

    /// <summary>The tokens, in the order of their indices.</summary>
    public IReadOnlyList<string> Tokens => tokens;

    /// <summary>The number of tokens, the special ones among them: what an embedding or an output layer is as large as.</summary>
    public int Size => tokens.Length;

    /// <summary>The index of the padding token; null where there is none.</summary>
    public int? PaddingIndex { get; }

    /// <summary>The index of the token for all unknown ones; null where there is none.</summary>
    public int? UnknownIndex { get; }

    /// <summary>Whether a token has an index of its own.</summary>
    public bool Contains(string token) => indices.ContainsKey(token);

    /// <summary>The index of a token, or of the unknown one.</summary>
    /// <exception cref="ArgumentException">The token is not in the vocabulary, which has none for unknown ones.</exception>
    public int IndexOf(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        if (indices.TryGetValue(token, out var index)) return index;
        return UnknownIndex ?? throw new ArgumentException($"Vocabulary: \"{token}\" is not among its {tokens.Length} tokens, and none stands for unknown ones; add it, or build the vocabulary with an unknown token");
    }

    /// <summary>The token at an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such index: the model is larger than the vocabulary.</exception>
    public string TokenAt(long index) => index >= 0 && index < tokens.Length ? tokens[index]
        : throw new ArgumentOutOfRangeException(nameof(index), index, $"Vocabulary: expected an index from 0 to {tokens.Length - 1}; does the vocabulary belong to this model?");

    /// <summary>The indices of tokens.</summary>
    /// <exception cref="ArgumentException">As for <see cref="IndexOf"/>.</exception>
    public long[] Encode(IEnumerable<string> sequence) => [.. sequence.Select(token => (long)IndexOf(token))];

    /// <summary>The indices of a text's characters (Unicode scalar values).</summary>
    /// <exception cref="ArgumentException">As for <see cref="IndexOf"/>.</exception>
    public long[] EncodeCharacters(string text) => Encode(Characters(text));

    /// <summary>The tokens at these indices.</summary>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="TokenAt"/>.</exception>
    public string[] Decode(IEnumerable<long> sequence) => [.. sequence.Select(TokenAt)];

    /// <summary>A text's characters (Unicode scalar values), each as a token.</summary>
    public static IEnumerable<string> Characters(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        foreach (var rune in text.EnumerateRunes()) yield return rune.ToString();
    }

    /// <summary>Checks that a model was made for so many tokens.</summary>
    /// <exception cref="ArgumentException">It was not.</exception>
    public void RequireSize(int modelSize)
    {
        if (modelSize != tokens.Length)
            throw new ArgumentException($"Vocabulary: the model was made for {modelSize} tokens, the vocabulary has {tokens.Length}; load the vocabulary that was saved beside the model");
    }

    /// <summary>Writes the vocabulary as JSON.</summary>
    public void Save(string path)
    {
        using var file = File.Create(path);
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteString("padding", PaddingIndex is { } padding ? tokens[padding] : null);
        json.WriteString("unknown", UnknownIndex is { } unknown ? tokens[unknown] : null);
        json.WriteStartArray("tokens");
        foreach (var token in tokens) json.WriteStringValue(token);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>Reads what <see cref="Save"/> wrote.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">The file is no vocabulary, or a damaged one.</exception>
    public static Vocabulary Load(string path)
    {
        var length = new FileInfo(path).Length;
        if (length > LargestFile) throw new InvalidDataException($"{path}: expected a vocabulary of at most {LargestFile} bytes, got {length}");
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            if (root.GetProperty("format").GetString() is var format && format != Format) throw new InvalidDataException($"{path}: expected the format \"{Format}\", got \"{format}\"");
            var read = root.GetProperty("tokens").EnumerateArray().Select(token => token.GetString() ?? "").ToArray();
            string? Special(string name) => root.GetProperty(name).GetString() is not { } special ? null
                : read.Contains(special) ? special : throw new InvalidDataException($"{path}: the {name} token \"{special}\" is not among the tokens");
            return new Vocabulary(read, Special("padding"), Special("unknown"));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or ArgumentException)
        {
            throw new InvalidDataException($"{path}: not a vocabulary: {e.Message}", e);
        }
    }
}
