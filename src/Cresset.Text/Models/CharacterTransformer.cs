using Cresset.Nn;

namespace Cresset.Text;

/// <summary>A character language model with causal self-attention, as GPT: embedding, learned positions, encoder layers that
/// normalise first, with GELU, in which each place sees itself and those before, a norm and a linear layer. Radford et al.
/// (2018).</summary>
public sealed class CharacterTransformer : CharacterLanguageModel
{
    readonly Embedding embedding;
    readonly LearnedPositionalEncoding positions;
    readonly TransformerEncoder encoder;
    readonly Linear output;

    /// <summary>A model.</summary>
    /// <param name="vocabularySize">V, the number of characters.</param>
    /// <param name="contextLength">The most characters that it sees at once.</param>
    /// <param name="width">The size of a character's vector, a multiple of <paramref name="numHeads"/>.</param>
    /// <param name="numHeads">Attention heads.</param>
    /// <param name="numLayers">Encoder layers. The hidden units of their feed-forward parts are four times the width.</param>
    /// <param name="dropout">Dropped after the positions and in each layer, in training.</param>
    /// <exception cref="ArgumentException">A size is not positive, the heads do not divide the width, or dropout is no
    /// probability.</exception>
    public CharacterTransformer(int vocabularySize, int contextLength = 128, int width = 128, int numHeads = 4, int numLayers = 4, double dropout = 0)
    {
        embedding = new Embedding(vocabularySize, width);
        // As the positions: larger ones would drown what the layers add at first.
        Init.Normal(embedding.Weight, 0, 0.02);
        positions = new LearnedPositionalEncoding(width, contextLength, dropout);
        encoder = new TransformerEncoder(
            () => new TransformerEncoderLayer(width, numHeads, 4 * width, dropout, TransformerActivation.GELU, batchFirst: true, normFirst: true),
            numLayers, new LayerNorm([width]));
        output = new Linear(width, vocabularySize);
    }

    /// <inheritdoc/>
    public override int VocabularySize => output.Weight.Size(0);

    /// <summary>The most characters that the model sees at once.</summary>
    public int ContextLength => positions.Weight.Size(0);

    /// <summary>Logits [N, T, V] for the character after each of the indices [N, T].</summary>
    /// <exception cref="ArgumentException">The indices are not [N, T], or T is zero or above the context length.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2 || x.Size(1) == 0 || x.Size(1) > ContextLength)
            throw new ArgumentException($"CharacterTransformer: expected indices [N, T] with T from 1 to the context length {ContextLength}, got {x.Shape}");
        return Observe(output.Forward(encoder.Forward(positions.Forward(embedding.Forward(x)), null, isCausal: true)));
    }

    private protected override Func<long[], Tensor> Reader()
    {
        List<long> context = [];
        return next =>
        {
            context.AddRange(next);
            if (context.Count > ContextLength) context.RemoveRange(0, context.Count - ContextLength);
            return Forward(Tensor.From(context.ToArray(), [1, context.Count])).Select(0, 0).Select(0, -1);
        };
    }
}
