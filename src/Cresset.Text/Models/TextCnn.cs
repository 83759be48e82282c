using Cresset.Nn;

namespace Cresset.Text;

/// <summary>Classifies texts by groups of neighbouring words: convolutions of several widths over the words' vectors, the largest value
/// of each filter anywhere in the text, and a linear layer. Kim (2014), "Convolutional neural networks for sentence classification",
/// with convolutions that have no bias, so that what fills up a text changes nothing.</summary>
public sealed class TextCnn : Module
{
    readonly Embedding embedding;
    readonly Conv1d[] convolutions;
    readonly Dropout dropout;
    readonly Linear output;

    /// <summary>A classifier.</summary>
    /// <param name="vocabularySize">The number of words.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="embeddingSize">The size of a word's vector.</param>
    /// <param name="filters">The filters of each width.</param>
    /// <param name="widths">How many neighbouring words a filter sees; 3, 4 and 5 if null.</param>
    /// <param name="paddingIndex">The index that fills up shorter texts; its vector stays zero.</param>
    /// <param name="dropout">Dropped before the linear layer in training.</param>
    /// <exception cref="ArgumentException">There is no width.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, the padding is no word, or dropout no
    /// probability.</exception>
    public TextCnn(int vocabularySize, int classes, int embeddingSize = 64, int filters = 64, IReadOnlyList<int>? widths = null, int paddingIndex = 0, double dropout = 0.5)
    {
        widths ??= [3, 4, 5];
        if (widths.Count == 0) throw new ArgumentException("TextCnn: expected at least one width, got none", nameof(widths));
        embedding = new Embedding(vocabularySize, embeddingSize, paddingIndex);
        convolutions = [.. widths.Select(width => new Conv1d(embeddingSize, filters, width, padding: width - 1, bias: false))];
        this.dropout = new Dropout(dropout);
        output = new Linear(widths.Count * filters, classes);
    }

    /// <summary>Logits [N, C] of indices [N, T], filled up with the padding index.</summary>
    /// <exception cref="ArgumentException">The indices are not [N, T] of int64.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2) throw new ArgumentException($"TextCnn: expected indices [N, T], got {x.Shape}");
        var words = embedding.Forward(x).Transpose(1, 2);
        // Filters over nothing but filling give 0, which rectified values never fall below.
        var features = convolutions.Select(convolution => convolution.Forward(words).Relu().AMax(2));
        return Observe(output.Forward(dropout.Forward(Tensor.Cat([.. features], 1))));
    }
}
