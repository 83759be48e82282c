using Cresset.Nn;

namespace Cresset.Text;

/// <summary>A language model that guesses each next character from all before it: indices [N, T] to logits [N, T, V]. Trained
/// with the cross-entropy of its logits and the text moved on by one (<see cref="TextWindows"/>).</summary>
public abstract class CharacterLanguageModel : Module
{
    private protected CharacterLanguageModel()
    {
    }

    /// <summary>V, the number of characters that the model was made for.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>A reader of one text: takes the characters that come next, at first those of a prompt, [1, T], and gives the logits
    /// [V] for the one after them.</summary>
    private protected abstract Func<long[], Tensor> Reader();

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
        ArgumentNullException.ThrowIfNull(prompt);
        if (prompt.Length == 0) throw new ArgumentException("Generate: expected a prompt of at least one character, got an empty one", nameof(prompt));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentNullException.ThrowIfNull(vocabulary);
        vocabulary.RequireSize(VocabularySize);
        sampler ??= new TokenSampler();
        var next = vocabulary.EncodeCharacters(prompt);
        var added = new List<long>(length);
        var training = IsTraining;
        Eval();
        try
        {
            using var mode = Autograd.NoGrad();
            var read = Reader();
            for (var i = 0; i < length; i++)
            {
                var last = read(next).Clone();
                foreach (var special in (ReadOnlySpan<int?>)[vocabulary.PaddingIndex, vocabulary.UnknownIndex])
                    if (special is { } index) last[index] = Tensor.Full([], double.NegativeInfinity, last.DType);
                next = [sampler.Sample(last, generator)];
                added.Add(next[0]);
            }
        }
        finally
        {
            Train(training);
        }
        return prompt + string.Concat(vocabulary.Decode(added));
    }
}
