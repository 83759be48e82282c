using Cresset.Nn;

namespace Cresset.Text;

/// <summary>Classifies texts by their words alone, in whatever order: the mean of the words' vectors, and a linear layer. Joulin,
/// Grave, Bojanowski and Mikolov (2016), "Bag of tricks for efficient text classification"; fastText's network without its n-grams.
/// PyTorch: <c>EmbeddingBag</c> of mode mean and <c>Linear</c>.</summary>
public sealed class TextBag : Module
{
    readonly Embedding embedding;
    readonly Linear output;
    readonly long paddingIndex;

    /// <summary>A classifier.</summary>
    /// <param name="vocabularySize">The number of words.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="embeddingSize">The size of a word's vector.</param>
    /// <param name="paddingIndex">The index that fills up shorter texts and counts for nothing.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or the padding is no word.</exception>
    public TextBag(int vocabularySize, int classes, int embeddingSize = 64, int paddingIndex = 0)
    {
        embedding = new Embedding(vocabularySize, embeddingSize, paddingIndex);
        output = new Linear(embeddingSize, classes);
        this.paddingIndex = paddingIndex;
    }

    /// <summary>Logits [N, C] of indices [N, T], filled up with the padding index; a text of nothing else has the bias alone.</summary>
    /// <exception cref="ArgumentException">The indices are not [N, T] of int64.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2) throw new ArgumentException($"TextBag: expected indices [N, T], got {x.Shape}");
        // The padding's vector is zero, so that the sum is of the words.
        var words = x.NotEqual(paddingIndex).To(embedding.Weight.DType).Sum(1, keepDim: true).ClampMin(1);
        return Observe(output.Forward(embedding.Forward(x).Sum(1) / words));
    }
}
