// Lesson 18: multi-head self-attention and positional encoding.        dotnet run lessons/18-multi-head-attention.cs
//
// "I saw a saw": pronoun, verb, determiner, noun (the notes' N V DET N; the treebank tells pronouns from nouns). The second and the
// fourth word are the same; only their places tell them apart.
// Attention alone knows no places (lesson 17), so each place adds a vector of its own to the word's: the positional encoding.
//
//   words -> Embedding + positional encoding -> attention in several heads -> two linear layers -> a score for each tag
//
// Several heads: the vector is cut into parts, and each part has queries, keys and values of its own. One head may look at the word
// before, another one at the verb.
//
// The sentences are made by a small grammar in the library. Where the data set ud-ewt (2,001 English sentences, tagged by hand) is at
// hand, in the folder that CRESSET_DATA names or where `cresset train --data ud-ewt` has put it, that one is used.
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Text;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");
const int width = 64, heads = 4;

// 1. Data: words and tags as indices. Rare words of the treebank count as unknown, so that the model learns what to do with those.
var store = new DatasetStore();
bool large = store.MissingFiles(Conllu.EnglishWebTreebank).Count == 0;
var sentences = large ? Conllu.Read(Path.Combine(store.FolderOf("ud-ewt"), "en_ewt-ud-dev.conllu")) : GrammarSentences.Create(2000, seed: 18);
int held = sentences.Count / 5;
var train = sentences.Skip(held).ToList();
var test = sentences.Take(held).ToList();
var vocabulary = Vocabulary.Count(train.SelectMany(s => s.Words).Select(w => w.ToLowerInvariant()), minCount: large ? 2 : 1);
string[] tags = [.. sentences.SelectMany(s => s.Tags).Distinct().Order(StringComparer.Ordinal)];
Console.WriteLine($"{train.Count} sentences to train on, {test.Count} to test on, {vocabulary.Size} words, {tags.Length} tags: {string.Join(' ', tags)}");
Console.WriteLine($"width {width} in {heads} heads of {width / heads}");

// What tells a place: sines and cosines of many wavelengths, as the hands of many clocks tell the time.
var encoding = new SinusoidalPositionalEncoding(width).Forward(Tensor.Zeros([1, 32, width]))[0];
Console.WriteLine($"place 0: {encoding[0, 0].Item():F4} {encoding[0, 1].Item():F4} {encoding[0, 2].Item():F4} {encoding[0, 3].Item():F4} ...");
Console.WriteLine($"place 1: {encoding[1, 0].Item():F4} {encoding[1, 1].Item():F4} {encoding[1, 2].Item():F4} {encoding[1, 3].Item():F4} ...");

// 2. to 5. The same model with positions and without.
string[] saw = ["I", "saw", "a", "saw"];
Tensor? weights = null;
foreach (bool positions in new[] { true, false })
{
    Cresset.Random.Seed(18);
    var model = new TaggingModel(vocabulary.Size, tags.Length, width, heads, positions);
    var criterion = new CrossEntropyLoss(ignoreIndex: -100);
    var optimizer = new Adam(model.Parameters(), lr: 0.003);
    var shuffle = new System.Random(18);
    Console.WriteLine($"\n{(positions ? "with" : "without")} positions, {model.Parameters().Sum(p => (long)p.ElementCount)} parameters");
    for (int epoch = 1; epoch <= 20; epoch++)
    {
        double total = 0;
        model.Train();
        foreach (var batch in train.OrderBy(_ => shuffle.Next()).Chunk(25))
        {
            var (x, y) = Encode(batch);
            // One word in five is hidden, so that its neighbours have to tell its tag.
            x = x.MaskedFill((Tensor.Rand(x.Shape) < 0.2) & (x > 0), vocabulary.UnknownIndex!.Value);
            // The loss wants the classes in dimension 1: [N, T, C] to [N, C, T]. Places that fill up have the target -100, which it leaves out.
            var loss = criterion.Forward(model.Forward(x).Transpose(1, 2), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            total += loss.Item() * batch.Length / train.Count;
        }
        if (epoch % 5 == 0) Console.WriteLine($"epoch {epoch}  loss = {total:F4}  test words right = {Right(model):F4}");
    }
    var (scores, seen) = Look(model, saw);
    Console.WriteLine($"{string.Join(' ', saw.Zip(Tags(scores), (w, t) => $"{w}/{t}"))}");
    Console.WriteLine($"the scores of the two saw differ by {(scores[1] - scores[3]).Abs().Max().Item():F6}");
    weights ??= seen;
}

// The heads of the model with positions: a row for each word that asks, a column for each word that it looks at.
string[] numbered = [.. saw.Select((w, i) => $"{i + 1} {w}")];
var panels = Enumerable.Range(0, heads).Select(h => new Panel("key", h == 0 ? "query" : "", $"Head {h + 1}")
    .HeatMap([.. Enumerable.Range(0, 4).Select(i => Array.ConvertAll(weights![h][i].To(DType.Float64).ToArray<double>(), x => Math.Round(x, 2)))], numbered, numbered, showValues: true));
Charts.Figure("Lesson 18: four heads read \"I saw a saw\"", [.. panels]).SavePng(Path.Combine(output, "18-multi-head-attention.png"));
Charts.Figure("Lesson 18: sinusoidal positional encoding",
    new Panel("dimension", "place", "A row for each place")
        .HeatMap([.. Enumerable.Range(0, 32).Select(p => encoding[p].To(DType.Float64).ToArray<double>())], [.. Enumerable.Range(0, 32).Select(p => p % 4 == 0 ? $"{p}" : "")], [.. Enumerable.Range(0, width).Select(d => d % 8 == 0 ? $"{d}" : "")]))
    .SavePng(Path.Combine(output, "18-positions.png"));

// Sentences side by side, filled up to the longest.
(Tensor X, Tensor Y) Encode(IReadOnlyList<TaggedSentence> batch)
{
    var (x, _) = TokenSequences.Pad([.. batch.Select(s => vocabulary.Encode(s.Words.Select(w => w.ToLowerInvariant())))], vocabulary.PaddingIndex!.Value);
    var (y, _) = TokenSequences.Pad([.. batch.Select(s => s.Tags.Select(t => (long)Array.IndexOf(tags, t)).ToArray())], -100);
    return (x, y);
}

// The share of test words with the right tag.
double Right(TaggingModel model)
{
    model.Eval();
    using var quiet = Autograd.NoGrad();
    double right = 0, count = 0;
    foreach (var batch in test.Chunk(100))
    {
        var (x, y) = Encode(batch);
        right += model.Forward(x).ArgMax(2).Equal(y).To(DType.Float32).Sum().Item();
        count += batch.Sum(s => s.Words.Count);
    }
    return right / count;
}

// Scores [T, C] of one sentence, and what each head looks at, [heads, T, T].
(Tensor Scores, Tensor Weights) Look(TaggingModel model, string[] sentence)
{
    model.Eval();
    using var quiet = Autograd.NoGrad();
    var (scores, seen) = model.Look(Tensor.From(vocabulary.Encode(sentence.Select(w => w.ToLowerInvariant())), [1, sentence.Length]));
    return (scores[0], seen[0]);
}

IEnumerable<string> Tags(Tensor scores) => scores.ArgMax(1).ToArray<long>().Select(t => tags[(int)t]);

/// <summary>Words [N, T] to a score for each tag [N, T, C]: one layer of a transformer's encoder, written out. Cresset.Nn has it as
/// TransformerEncoderLayer, Cresset.Text a larger model of this kind as Tagger.</summary>
sealed class TaggingModel(int words, int tags, int width, int heads, bool positions) : Module
{
    readonly Embedding embedding = new(words, width, paddingIdx: 0);
    readonly SinusoidalPositionalEncoding encoding = new(width);
    readonly LayerNorm norm1 = new(width), norm2 = new(width);
    readonly MultiheadAttention attention = new(width, heads, batchFirst: true);
    readonly Linear wide = new(width, 2 * width), narrow = new(2 * width, width), output = new(width, tags);

    public override Tensor Forward(Tensor x) => Look(x).Scores;

    public (Tensor Scores, Tensor Weights) Look(Tensor x)
    {
        // The places that fill up are nobody's keys.
        var padding = x.Equal(0);
        var h = embedding.Forward(x);
        if (positions) h = encoding.Forward(h);
        var y = norm1.Forward(h);
        var (found, weights) = attention.Forward(y, y, y, keyPaddingMask: padding, averageWeights: false);
        h = h + found;
        h = h + narrow.Forward(wide.Forward(norm2.Forward(h)).Relu());
        return (output.Forward(h), weights!);
    }
}
