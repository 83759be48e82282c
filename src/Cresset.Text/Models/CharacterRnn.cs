using Cresset.Nn;

namespace Cresset.Text;

/// <summary>The recurrent network of a language model.</summary>
public enum RecurrentNetwork
{
    /// <summary>Gated recurrent units.</summary>
    Gru,

    /// <summary>Long short-term memory.</summary>
    Lstm,
}

/// <summary>A character language model with a recurrent network: an embedding, the network, a linear layer.</summary>
public sealed class CharacterRnn : CharacterLanguageModel
{
    readonly Embedding embedding;
    readonly Gru? gru;
    readonly Lstm? lstm;
    readonly Dropout dropout;
    readonly Linear output;

    /// <summary>A model.</summary>
    /// <param name="vocabularySize">V, the number of characters.</param>
    /// <param name="network">The recurrent network.</param>
    /// <param name="embeddingSize">The size of a character's vector.</param>
    /// <param name="hiddenSize">Hidden units.</param>
    /// <param name="numLayers">Recurrent layers.</param>
    /// <param name="dropout">Dropped between layers and before the last one, in training.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or dropout no probability.</exception>
    public CharacterRnn(int vocabularySize, RecurrentNetwork network = RecurrentNetwork.Gru, int embeddingSize = 64, int hiddenSize = 256, int numLayers = 1, double dropout = 0)
    {
        embedding = new Embedding(vocabularySize, embeddingSize);
        if (network == RecurrentNetwork.Gru) gru = new Gru(embeddingSize, hiddenSize, numLayers, batchFirst: true, dropout: dropout);
        else if (network == RecurrentNetwork.Lstm) lstm = new Lstm(embeddingSize, hiddenSize, numLayers, batchFirst: true, dropout: dropout);
        else throw new ArgumentOutOfRangeException(nameof(network), network, "CharacterRnn: expected Gru or Lstm");
        this.dropout = new Dropout(dropout);
        output = new Linear(hiddenSize, vocabularySize);
    }

    /// <inheritdoc/>
    public override int VocabularySize => output.Weight.Size(0);

    /// <summary>Logits [N, T, V] for the character after each of the indices [N, T].</summary>
    /// <exception cref="ArgumentOutOfRangeException">An index is beyond the vocabulary.</exception>
    public override Tensor Forward(Tensor x) => Forward(x, null).Logits;

    /// <summary>The same from where an earlier call stopped: its states, null at a text's start.</summary>
    /// <returns>Logits [N, T, V] and the states after the last character.</returns>
    /// <exception cref="ArgumentException">The states do not fit the input.</exception>
    public (Tensor Logits, (Tensor Hidden, Tensor? Cell) State) Forward(Tensor x, (Tensor Hidden, Tensor? Cell)? state)
    {
        ArgumentNullException.ThrowIfNull(x);
        var vectors = embedding.Forward(x);
        Tensor outputs;
        (Tensor, Tensor?) after;
        if (gru is not null)
        {
            (outputs, var hidden) = gru.Forward(vectors, state?.Hidden);
            after = (hidden, null);
        }
        else
        {
            if (state is { Cell: null }) throw new ArgumentException("CharacterRnn: expected a state with a cell state, as long short-term memory gives it, got one without");
            (outputs, after) = lstm!.Forward(vectors, state is { } given ? (given.Hidden, given.Cell!) : null);
        }
        return (Observe(output.Forward(dropout.Forward(outputs))), after);
    }

    private protected override Func<long[], Tensor> Reader()
    {
        (Tensor, Tensor?)? state = null;
        return next =>
        {
            (var logits, state) = Forward(Tensor.From(next, [1, next.Length]), state);
            return logits.Select(0, 0).Select(0, -1);
        };
    }
}
