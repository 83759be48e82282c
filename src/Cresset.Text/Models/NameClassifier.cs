using Cresset.Nn;

namespace Cresset.Text;

/// <summary>Classifies short sequences, such as names by language: an embedding of the characters, a bidirectional gated
/// recurrent network over the packed sequences, and a linear layer on the last states of both directions.</summary>
public sealed class NameClassifier : Module
{
    readonly Embedding embedding;
    readonly Gru gru;
    readonly Linear output;
    readonly long paddingIndex;

    /// <summary>A classifier.</summary>
    /// <param name="vocabularySize">The number of tokens.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="embeddingSize">The size of a token's vector.</param>
    /// <param name="hiddenSize">The hidden units of each direction.</param>
    /// <param name="numLayers">Recurrent layers.</param>
    /// <param name="paddingIndex">The index that fills up shorter sequences; its vector stays zero.</param>
    /// <param name="dropout">Dropped between recurrent layers in training.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, the padding is no token, or dropout no
    /// probability.</exception>
    public NameClassifier(int vocabularySize, int classes, int embeddingSize = 64, int hiddenSize = 128, int numLayers = 1, int paddingIndex = 0, double dropout = 0)
    {
        embedding = new Embedding(vocabularySize, embeddingSize, paddingIndex);
        gru = new Gru(embeddingSize, hiddenSize, numLayers, batchFirst: true, dropout: dropout, bidirectional: true);
        output = new Linear(2 * hiddenSize, classes);
        this.paddingIndex = paddingIndex;
    }

    /// <summary>The number of tokens that the model was made for.</summary>
    public int VocabularySize => embedding.Weight.Size(0);

    /// <summary>The number of classes.</summary>
    public int Classes => output.Weight.Size(0);

    /// <summary>Logits [N, C] of indices [N, T], filled up at their ends with the padding index.</summary>
    /// <exception cref="ArgumentException">The indices are not [N, T] of int64, or a row is nothing but padding.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank != 2 || x.DType != DType.Int64) throw new ArgumentException($"NameClassifier: expected indices [N, T] of int64, got {x.DType.Name()} {x.Shape}");
        // Up to the last index that is not the padding's; by tensor operators, so that the model can be exported.
        var lengths = (x.NotEqual(paddingIndex).To(DType.Int64) * Tensor.Arange(1, x.Size(1) + 1)).AMax(1);
        return Classify(gru.ForwardPadded(embedding.Forward(x), lengths).Hidden);
    }

    /// <summary>Logits [N, C] of packed indices, in the order in which the sequences were given.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public Tensor Forward(PackedSequence x)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Classify(gru.Forward(x.WithData(embedding.Forward(x.Data))).Hidden);
    }

    // The last layer's two directions come last.
    Tensor Classify(Tensor states) => Observe(output.Forward(Tensor.Cat([states.Select(0, -2), states.Select(0, -1)], 1)));

    /// <summary>The probabilities of all classes, [C], of one text.</summary>
    /// <exception cref="ArgumentException">The text is empty, or the vocabulary is another one than the model's.</exception>
    public Tensor Predict(string text, Vocabulary vocabulary)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        ArgumentNullException.ThrowIfNull(vocabulary);
        vocabulary.RequireSize(VocabularySize);
        var training = IsTraining;
        Eval();
        try
        {
            using var mode = Autograd.NoGrad();
            var indices = vocabulary.EncodeCharacters(text);
            return Forward(PackedSequence.Pack(Tensor.From(indices, [1, indices.Length]), [indices.Length], batchFirst: true)).Softmax(1).Select(0, 0);
        }
        finally
        {
            Train(training);
        }
    }
}
