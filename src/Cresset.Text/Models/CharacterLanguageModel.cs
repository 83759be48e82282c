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

/// <summary>A language model that guesses each next character from all before it: an embedding, a recurrent network and a linear
/// layer. Trained with the cross-entropy of its logits and the text moved on by one (<see cref="TextWindows"/>).</summary>
public sealed class CharacterLanguageModel : Module
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
    public CharacterLanguageModel(int vocabularySize, RecurrentNetwork network = RecurrentNetwork.Gru, int embeddingSize = 64, int hiddenSize = 256, int numLayers = 1, double dropout = 0)
    {
        embedding = new Embedding(vocabularySize, embeddingSize);
        if (network == RecurrentNetwork.Gru) gru = new Gru(embeddingSize, hiddenSize, numLayers, batchFirst: true, dropout: dropout);
        else if (network == RecurrentNetwork.Lstm) lstm = new Lstm(embeddingSize, hiddenSize, numLayers, batchFirst: true, dropout: dropout);
        else throw new ArgumentOutOfRangeException(nameof(network), network, "CharacterLanguageModel: expected Gru or Lstm");
        this.dropout = new Dropout(dropout);
        output = new Linear(hiddenSize, vocabularySize);
    }

    /// <summary>V, the number of characters that the model was made for.</summary>
    public int VocabularySize => output.Weight.Size(0);

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
            if (state is { Cell: null }) throw new ArgumentException("CharacterLanguageModel: expected a state with a cell state, as long short-term memory gives it, got one without");
            (outputs, after) = lstm!.Forward(vectors, state is { } given ? (given.Hidden, given.Cell!) : null);
        }
        return (Observe(output.Forward(dropout.Forward(outputs))), after);
    }

    /// <summary>Goes on with a text, character by character.</summary>
    /// <param name="prompt">The beginning, at least one character.</param>
    /// <param name="length">How many characters are added.</param>
    /// <param name="vocabulary">The characters' vocabulary. Its special tokens are never drawn.</param>
    /// <param name="sampler">How characters are drawn; by their probabilities unless given.</param>
    /// <param name="generator">The random numbers; the default generator unless given.</param>
    /// <returns>The prompt and what follows.</returns>
    /// <exception cref="ArgumentException">The prompt is empty or holds an unknown character, or the vocabulary is another one
    /// than the model's.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative.</exception>
    public string Generate(string prompt, int length, Vocabulary vocabulary, TokenSampler? sampler = null, Generator? generator = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(vocabulary);
        vocabulary.RequireSize(VocabularySize);
        sampler ??= new TokenSampler();
        var next = vocabulary.EncodeCharacters(prompt);
        var text = new List<long>(next);
        (Tensor, Tensor?)? state = null;
        var training = IsTraining;
        Eval();
        try
        {
            using var mode = Autograd.NoGrad();
            for (var i = 0; i < length; i++)
            {
                (var logits, state) = Forward(Tensor.From(next, [1, next.Length]), state);
                var last = logits.Select(0, 0).Select(0, -1).Clone();
                foreach (var special in (ReadOnlySpan<int?>)[vocabulary.PaddingIndex, vocabulary.UnknownIndex])
                    if (special is { } index) last[index] = Tensor.Full([], double.NegativeInfinity, last.DType);
                next = [sampler.Sample(last, generator)];
                text.Add(next[0]);
            }
        }
        finally
        {
            Train(training);
        }
        return prompt + string.Concat(vocabulary.Decode(text.Skip(text.Count - length)));
    }
}
