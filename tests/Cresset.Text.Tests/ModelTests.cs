using Cresset.Optim;
using Xunit;

namespace Cresset.Text.Tests;

public class ModelTests
{
    static Tensor Logits => Tensor.From(new[] { 1.0, 3.0, 2.0, 0.0 });

    // exp(1), exp(3), exp(2), exp(0) over their sum.
    static readonly double[] Softmax = [0.08714431874203257, 0.6439142598879722, 0.23688281808991013, 0.03205860328008499];

    static void AreClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 12);
    }

    [Fact]
    public void Sampling_limits_the_tokens_and_bends_their_probabilities()
    {
        AreClose(Softmax, new TokenSampler().Probabilities(Logits));
        AreClose([0, 1, 0, 0], new TokenSampler(temperature: 0).Probabilities(Logits));
        AreClose([0, 1, 0, 0], new TokenSampler(topK: 1).Probabilities(Logits));
        AreClose([0, 1 / (1 + Math.Exp(-1)), 1 / (1 + Math.Exp(1)), 0], new TokenSampler(topK: 2).Probabilities(Logits));
        // 0.64 is enough for 0.6; 0.65 needs the second too, 0.9 the third.
        AreClose([0, 1, 0, 0], new TokenSampler(topP: 0.6).Probabilities(Logits));
        AreClose([0, 1 / (1 + Math.Exp(-1)), 1 / (1 + Math.Exp(1)), 0], new TokenSampler(topP: 0.65).Probabilities(Logits));
        Assert.Equal(3, new TokenSampler(topP: 0.9).Probabilities(Logits).Count(p => p > 0));
        AreClose(Softmax, new TokenSampler(topP: 1).Probabilities(Logits));
        // Temperature 2 halves the logits.
        AreClose(new TokenSampler().Probabilities(Logits / 2), new TokenSampler(temperature: 2).Probabilities(Logits));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSampler(temperature: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSampler(topK: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new TokenSampler(topP: 0));
        Assert.Throws<ArgumentException>(() => new TokenSampler().Probabilities(Tensor.From(new[] { 1, double.NaN })));
    }

    [Fact]
    public void Drawn_tokens_come_as_often_as_their_probabilities_say()
    {
        const int draws = 20000;
        var generator = new Generator(4);
        var counts = new int[4];
        for (var i = 0; i < draws; i++) counts[new TokenSampler().Sample(Logits, generator)]++;
        // Five standard deviations.
        for (var i = 0; i < 4; i++) Assert.InRange(counts[i], draws * Softmax[i] - 5 * Math.Sqrt(draws * Softmax[i] * (1 - Softmax[i])), draws * Softmax[i] + 5 * Math.Sqrt(draws * Softmax[i] * (1 - Softmax[i])));
    }

    [Fact]
    public void A_name_classifier_sees_no_padding_and_learns_the_built_in_names()
    {
        Random.Seed(1);
        var names = CommonNames.Create();
        var vocabulary = names.Vocabulary();
        var model = new NameClassifier(vocabulary.Size, names.Languages.Count, 16, 24);
        var (x, y) = (names.ToDataset(vocabulary).Inputs, names.ToDataset(vocabulary).Targets);
        var optimizer = new Adam(model.Parameters(), 0.02);
        for (var step = 0; step < 25; step++)
        {
            optimizer.ZeroGrad();
            model.Forward(x).CrossEntropy(y).Backward();
            optimizer.Step();
        }
        // By chance 1 in 8; some names stand in two lists.
        Assert.InRange(model.Forward(x).ArgMax(1).Equal(y).To(DType.Float64).Mean().Item(), 0.7, 1);
        // The same name beside longer ones and alone.
        var alone = model.Predict(names.Names[0], vocabulary).ToArray<float>();
        var beside = model.Forward(x).Softmax(1).Select(0, 0).Detach().ToArray<float>();
        for (var i = 0; i < alone.Length; i++) Assert.Equal(beside[i], alone[i], 5);
        Assert.True(model.IsTraining);
        Assert.Contains("made for", Assert.Throws<ArgumentException>(() => model.Predict("Abe", new Vocabulary(["a"]))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Predict("", vocabulary));
        Assert.Contains("length zero", Assert.Throws<ArgumentException>(() => model.Forward(Tensor.Zeros([1, 3], DType.Int64))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RecurrentNetwork.Gru)]
    [InlineData(RecurrentNetwork.Lstm)]
    public void A_language_model_learns_a_text_by_heart_and_goes_on_with_it(RecurrentNetwork network)
    {
        Random.Seed(2);
        const string text = "abcabdabcabdabcabdabcabdabcabdabcabdabcabd";
        var vocabulary = Vocabulary.Count(Vocabulary.Characters(text));
        var model = new CharacterLanguageModel(vocabulary.Size, network, 8, 24);
        var (x, y) = new TextWindows(vocabulary.EncodeCharacters(text), 36)[0];
        var optimizer = new Adam(model.Parameters(), 0.02);
        for (var step = 0; step < 60; step++)
        {
            optimizer.ZeroGrad();
            model.Forward(x.Unsqueeze(0)).Flatten(0, 1).CrossEntropy(y).Backward();
            optimizer.Step();
        }
        // Whether c or d follows ab depends on the state alone.
        Assert.Equal("abcabdabcabdabcabd", model.Generate("abcab", 13, vocabulary, new TokenSampler(temperature: 0)));
        // In two parts with the state between, as in one.
        var whole = model.Forward(x.Unsqueeze(0)).Detach().ToArray<float>();
        var (_, state) = model.Forward(x.Unsqueeze(0).Narrow(1, 0, 20), null);
        var (rest, _) = model.Forward(x.Unsqueeze(0).Narrow(1, 20, 16), state);
        var second = rest.Detach().ToArray<float>();
        for (var i = 0; i < second.Length; i++) Assert.Equal(whole[20 * vocabulary.Size + i], second[i], 4);
        Assert.Equal(model.Generate("a", 20, vocabulary, new TokenSampler(2), new Generator(5)), model.Generate("a", 20, vocabulary, new TokenSampler(2), new Generator(5)));
        // Special tokens are never drawn, however even the probabilities.
        Assert.DoesNotContain("<", model.Generate("a", 200, vocabulary, new TokenSampler(100), new Generator(6)), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Generate("", 3, vocabulary));
        Assert.Throws<ArgumentException>(() => model.Generate("a", 3, new Vocabulary(["a"])));
    }
}
