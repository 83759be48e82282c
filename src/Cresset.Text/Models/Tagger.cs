using Cresset.Nn;

namespace Cresset.Text;

/// <summary>Tags the words of sentences, such as with their parts of speech. A word is described by its index and by its letters,
/// which a convolution and a maximum over the places make features of, so that a word that was never seen has its ending (Ma
/// and Hovy, 2016); a transformer encoder with sinusoidal positions sets it among its neighbours.</summary>
public sealed class Tagger : Module
{
    const int CharacterSize = 32, Kernel = 3;

    readonly Embedding words, characters;
    readonly Conv1d letters;
    readonly Dropout drop;
    readonly SinusoidalPositionalEncoding positions;
    readonly TransformerEncoder encoder;
    readonly Linear output;
    readonly double wordDropout;
    readonly int unknown;

    /// <summary>A tagger for sentences encoded in this way.</summary>
    /// <param name="encoding">The vocabularies and tags.</param>
    /// <param name="width">The size of a word's vector, half of it by its index and half by its letters; a multiple of twice
    /// <paramref name="numHeads"/>.</param>
    /// <param name="numHeads">Attention heads.</param>
    /// <param name="numLayers">Encoder layers. The hidden units of their feed-forward parts are twice the width.</param>
    /// <param name="dropout">Dropped of a word's vector and in each layer, in training.</param>
    /// <param name="wordDropout">The probability with which, in training, a word's index is that of the unknown word, so that its
    /// letters and neighbours have to tell.</param>
    /// <exception cref="ArgumentException">A size is not positive, the width does not fit, or a dropout is no probability.</exception>
    public Tagger(SentenceEncoding encoding, int width = 128, int numHeads = 4, int numLayers = 2, double dropout = 0.2, double wordDropout = 0.2)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        if (width <= 0 || width % (2 * numHeads) != 0) throw new ArgumentException($"Tagger: expected a width that is a multiple of twice the {numHeads} heads, got {width}", nameof(width));
        if (!(wordDropout >= 0 && wordDropout < 1)) throw new ArgumentOutOfRangeException(nameof(wordDropout), wordDropout, "Tagger: expected a probability below 1");
        Encoding = encoding;
        words = new Embedding(encoding.Words.Size, width / 2, encoding.Words.PaddingIndex);
        characters = new Embedding(encoding.Characters.Size, CharacterSize, encoding.Characters.PaddingIndex);
        letters = new Conv1d(CharacterSize, width / 2, Kernel, padding: Kernel / 2);
        drop = new Dropout(dropout);
        positions = new SinusoidalPositionalEncoding(width);
        encoder = new TransformerEncoder(
            () => new TransformerEncoderLayer(width, numHeads, 2 * width, dropout, TransformerActivation.GELU, batchFirst: true, normFirst: true),
            numLayers, new LayerNorm([width]));
        output = new Linear(width, encoding.Tags.Count);
        this.wordDropout = wordDropout;
        unknown = encoding.Words.UnknownIndex!.Value;
    }

    /// <summary>How sentences become its input.</summary>
    public SentenceEncoding Encoding { get; }

    /// <summary>Logits [N, T, tags] of encoded sentences [N, T, 1 + L] (<see cref="SentenceEncoding"/>). Places that fill up have
    /// logits without a meaning, and no other place sees them.</summary>
    /// <exception cref="ArgumentException">The indices are not [N, T, 1 + L] of int64, there are no places, or, in training, a sentence is
    /// nothing but padding.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond its vocabulary.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 3 || x.Size(2) != 1 + Encoding.WordLength || x.DType != DType.Int64)
            throw new ArgumentException($"Tagger: expected sentences [N, T, {1 + Encoding.WordLength}] of int64 as SentenceEncoding makes them, got {x.DType.Name()} {x.Shape}");
        int sentences = x.Size(0), length = x.Size(1);
        if (length == 0) throw new ArgumentException($"Tagger: expected sentences of at least one word, got {x.Shape}; leave empty ones out");
        var index = x.Select(2, 0);
        if (IsTraining) RequireWords(index.ToArray<long>(), length);
        var padding = index.Equal((double)Encoding.Words.PaddingIndex!.Value);
        if (IsTraining && wordDropout > 0) index = index.MaskedFill(Drawn() & !padding, unknown);
        var spelled = characters.Forward(x.Narrow(2, 1, Encoding.WordLength).Reshape(sentences * length, Encoding.WordLength));
        var features = letters.Forward(spelled.Transpose(1, 2)).Relu().AMax(2).Reshape(sentences, length, -1);
        if (IsTraining && wordDropout > 0) features = features.MaskedFill(Drawn().Unsqueeze(2), 0);
        var vectors = drop.Forward(Tensor.Cat([words.Forward(index), features], 2));
        return Observe(output.Forward(encoder.Forward(positions.Forward(vectors), null, padding)));

        Tensor Drawn() => Tensor.Empty([sentences, length]).BernoulliInPlace(wordDropout).To(DType.Bool);
    }

    // Where all keys are padding, attention has nothing to choose from and gives not-a-numbers, which a step would spread over all weights.
    void RequireWords(long[] indices, int length)
    {
        for (var start = 0; start < indices.Length; start += length)
            if (!indices.AsSpan(start, length).ContainsAnyExcept((long)Encoding.Words.PaddingIndex!.Value))
                throw new ArgumentException($"Tagger: sentence {start / length} is nothing but padding; leave it out");
    }

    /// <summary>The tags of one sentence's words.</summary>
    /// <exception cref="ArgumentException">There is no word, or one is empty.</exception>
    public IReadOnlyList<string> Tag(IReadOnlyList<string> sentence)
    {
        var input = Encoding.Encode(sentence).Unsqueeze(0);
        var training = IsTraining;
        Eval();
        try
        {
            using var mode = Autograd.NoGrad();
            return [.. Forward(input).Select(0, 0).ArgMax(1).ToArray<long>().Select(tag => Encoding.Tags[(int)tag])];
        }
        finally
        {
            Train(training);
        }
    }
}
