using Cresset.Data;
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
        var model = new CharacterRnn(vocabulary.Size, network, 8, 24);
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
        Assert.Contains("a prompt of at least one character", Assert.Throws<ArgumentException>(() => model.Generate("", 3, vocabulary)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.Generate("a", 3, new Vocabulary(["a"])));
    }

    [Fact]
    public void A_character_transformer_goes_on_beyond_its_context_and_sees_nothing_ahead()
    {
        Random.Seed(3);
        const string text = "abcabdabcabdabcabdabcabdabcabdabcabdabcabd";
        var vocabulary = Vocabulary.Count(Vocabulary.Characters(text), padding: null, unknown: null);
        var model = new CharacterTransformer(vocabulary.Size, 12, 16, 2, 1);
        var windows = new TextWindows(vocabulary.EncodeCharacters(text), 12, 1);
        var x = Tensor.Stack([.. Enumerable.Range(0, 12).Select(i => windows[i].Item1)]);
        var y = Tensor.Stack([.. Enumerable.Range(0, 12).Select(i => windows[i].Item2)]);
        var optimizer = new Adam(model.Parameters(), 0.02);
        for (var step = 0; step < 60; step++)
        {
            optimizer.ZeroGrad();
            model.Forward(x).Flatten(0, 1).CrossEntropy(y.Flatten()).Backward();
            optimizer.Step();
        }
        Assert.Equal("abcabdabcabdabcabdabcabd", model.Generate("abcab", 19, vocabulary, new TokenSampler(temperature: 0)));
        // What comes later changes nothing before it.
        var whole = model.Forward(x.Narrow(0, 0, 1)).Detach().ToArray<float>();
        var part = model.Forward(x.Narrow(0, 0, 1).Narrow(1, 0, 5)).Detach().ToArray<float>();
        for (var i = 0; i < part.Length; i++) Assert.Equal(part[i], whole[i], 5);
        Assert.Contains("from 1 to the context length 12", Assert.Throws<ArgumentException>(() => model.Forward(Tensor.Zeros([1, 0], DType.Int64))).Message, StringComparison.Ordinal);
        Assert.Contains("context length 12", Assert.Throws<ArgumentException>(() => model.Forward(Tensor.Zeros([1, 13], DType.Int64))).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new CharacterTransformer(5, width: 10, numHeads: 4));
    }

    [Fact]
    public void A_tagger_tells_the_two_saws_apart_by_their_places()
    {
        Random.Seed(4);
        // Each of the five words is as often a verb as a noun, so that a word alone says nothing.
        var generator = new Generator(5);
        string Draw(params string[] words) => words[generator.NextInt64(words.Length)];
        string Either() => Draw("saw", "watch", "duck", "light", "plant");
        TaggedSentence Sentence() => generator.NextInt64(2) == 0
            ? new([Draw("I", "we", "you"), Either(), Draw("a", "the"), Either()], ["PRON", "VERB", "DET", "NOUN"])
            : new([Draw("the", "a"), Either(), Draw("often", "never"), Either(), Draw("it", "you")], ["DET", "NOUN", "ADV", "VERB", "PRON"]);
        var sentences = Enumerable.Range(0, 200).Select(_ => Sentence()).ToArray();
        var encoding = SentenceEncoding.Of(sentences, minCount: 1);
        var model = new Tagger(encoding, 32, 2, 1, dropout: 0, wordDropout: 0.1);
        var loader = new DataLoader<(Tensor, Tensor)>(encoding.ToDataset(sentences), 20, shuffle: true, collate: encoding.Collate);
        var optimizer = new Adam(model.Parameters(), 0.01);
        for (var epoch = 0; epoch < 15; epoch++)
            foreach (var (x, y) in loader)
            {
                optimizer.ZeroGrad();
                model.Forward(x).Transpose(1, 2).CrossEntropy(y).Backward();
                optimizer.Step();
            }
        Assert.Equal(["PRON", "VERB", "DET", "NOUN"], model.Tag(["I", "saw", "a", "saw"]));
        Assert.Equal(["DET", "NOUN", "ADV", "VERB", "PRON"], model.Tag(["a", "saw", "never", "saw", "you"]));

        // Beside a longer sentence a short one keeps its tags: nobody sees what fills up.
        model.Eval();
        var (batch, targets) = encoding.Collate([.. encoding.ToDataset([sentences.First(s => s.Words.Count == 5), new TaggedSentence(["I", "saw", "it"], ["PRON", "VERB", "PRON"])])]);
        Assert.Equal([SentenceEncoding.IgnoredTarget, SentenceEncoding.IgnoredTarget], targets.Select(0, 1).ToArray<long>().Skip(3));
        var beside = model.Forward(batch).Select(0, 1).Narrow(0, 0, 3).Detach().ToArray<float>();
        var alone = model.Forward(encoding.Encode(["I", "saw", "it"]).Unsqueeze(0)).Detach().ToArray<float>();
        for (var i = 0; i < alone.Length; i++) Assert.Equal(alone[i], beside[i], 4);
    }

    [Fact]
    public void Words_are_encoded_by_index_and_by_their_first_and_last_letters()
    {
        var encoding = new SentenceEncoding(new Vocabulary(["saw"]), new Vocabulary(["a", "b", "c", "d", "S"]), ["N", "V"], 4);
        // Padding 0, unknown 1, then as given; "Saw" is known by its lower case, w is an unknown letter.
        Assert.Equal([2, 6, 2, 1, 0, 1, 2, 3, 5, 2], encoding.Encode(["Saw", "abcda"]).ToArray<long>());
        Assert.Equal(["N", "V"], encoding.Tags);
        Assert.Contains("empty", Assert.Throws<ArgumentException>(() => encoding.Encode(["a", ""])).Message, StringComparison.Ordinal);
        Assert.Contains("got none", Assert.Throws<ArgumentException>(() => encoding.Encode([])).Message, StringComparison.Ordinal);
        Assert.Contains("X is not among the model's 2", Assert.Throws<ArgumentException>(() => encoding.ToDataset([new TaggedSentence(["a"], ["X"])])).Message, StringComparison.Ordinal);
        Assert.Contains("1 words, got 2", Assert.Throws<ArgumentException>(() => encoding.ToDataset([new TaggedSentence(["a"], ["N", "V"])])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new SentenceEncoding(new Vocabulary(["a"], unknown: null), new Vocabulary(["a"]), ["N"]));
        Assert.Throws<ArgumentException>(() => new SentenceEncoding(new Vocabulary(["a"]), new Vocabulary(["a"]), ["N", "N"]));
        Assert.Throws<ArgumentException>(() => new SentenceEncoding(new Vocabulary(["a"]), new Vocabulary(["a"]), ["N"], 5));
        Assert.Throws<ArgumentException>(() => new Tagger(encoding, 30, 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Tagger(encoding, wordDropout: 1));
        Assert.Contains("at least one word, got [1, 0, 5]", Assert.Throws<ArgumentException>(() => new Tagger(encoding).Forward(Tensor.Zeros([1, 0, 5], DType.Int64))).Message, StringComparison.Ordinal);
        // The second sentence is nothing but padding, and nobody could look at anybody.
        var (sentences, _) = encoding.Collate([(encoding.Encode(["a", "Saw"]), Tensor.From([0L, 1]))]);
        var filled = Tensor.Cat([sentences, Tensor.Zeros(sentences.Shape, DType.Int64)]);
        Assert.Contains("sentence 1 is nothing but padding", Assert.Throws<ArgumentException>(() => new Tagger(encoding).Forward(filled)).Message, StringComparison.Ordinal);
        Assert.Contains("[N, T, 5]", Assert.Throws<ArgumentException>(() => new Tagger(encoding).Forward(Tensor.Zeros([1, 2, 4], DType.Int64))).Message, StringComparison.Ordinal);
    }

    // Means and largest values by plain loops over the weights.
    [Fact]
    public void Text_models_compute_what_their_papers_say()
    {
        var x = Tensor.From([2L, 5, 1, 4, 3, 3, 0, 0], [2, 4]);
        var bag = new TextBag(6, 3, embeddingSize: 5);
        var state = bag.StateDict();
        double[] Row(string name, int i) => state[name].Select(0, i).To(DType.Float64).ToArray<double>();
        var logits = bag.Forward(x).To(DType.Float64);
        foreach (var (row, words) in new (int, int[])[] { (0, [2, 5, 1, 4]), (1, [3, 3]) })
        {
            for (var c = 0; c < 3; c++)
            {
                var expected = state["output.bias"].To(DType.Float64).ToArray<double>()[c];
                for (var d = 0; d < 5; d++) expected += Row("output.weight", c)[d] * words.Average(w => Row("embedding.weight", w)[d]);
                Assert.Equal(expected, logits.Select(0, row).Select(0, c).Item<double>(), 1e-6);
            }
        }

        var cnn = new TextCnn(6, 2, embeddingSize: 3, filters: 2, widths: [2, 3]);
        cnn.Eval();
        state = cnn.StateDict();
        logits = cnn.Forward(x).To(DType.Float64);
        foreach (var (row, words) in new (int, int[])[] { (0, [2, 5, 1, 4]), (1, [3, 3]) })
        {
            List<double> features = [];
            foreach (var (layer, width) in new[] { (0, 2), (1, 3) })
            {
                for (var f = 0; f < 2; f++)
                {
                    var filter = state[$"convolutions.{layer}.weight"].Select(0, f).To(DType.Float64).ToArray<double>();
                    var largest = 0.0;
                    for (var start = 1 - width; start < words.Length; start++)
                    {
                        var sum = 0.0;
                        for (var k = 0; k < width; k++)
                            if (start + k >= 0 && start + k < words.Length)
                                for (var d = 0; d < 3; d++) sum += filter[d * width + k] * Row("embedding.weight", words[start + k])[d];
                        largest = Math.Max(largest, sum);
                    }
                    features.Add(largest);
                }
            }
            for (var c = 0; c < 2; c++)
                Assert.Equal(state["output.bias"].To(DType.Float64).ToArray<double>()[c] + features.Zip(Row("output.weight", c), (a, b) => a * b).Sum(), logits.Select(0, row).Select(0, c).Item<double>(), 1e-6);
        }
    }

    [Fact]
    public void What_fills_up_a_text_changes_nothing()
    {
        foreach (var model in new Nn.Module[] { new TextBag(9, 2), new TextCnn(9, 2) })
        {
            model.Eval();
            Tensor few = model.Forward(Tensor.From([3L, 7], [1, 2])), many = model.Forward(Tensor.From([3L, 7, 0, 0, 0, 0, 0, 0, 0, 0], [1, 10]));
            Assert.True(few.AllClose(many, 1e-6, 1e-6));
            Assert.Contains("expected indices [N, T]", Assert.Throws<ArgumentException>(() => model.Forward(Tensor.From([3L, 7]))).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Words_are_split_from_the_marks_around_them()
    {
        Assert.Equal(["\"", "Don't", "pay", "3.50", ",", "\"", "he", "said", ":", "co-op", "!"], Words.Split("\"Don't pay 3.50,\" he  said:\n co-op!"));
        Assert.Empty(Words.Split(" \t"));
    }
}
