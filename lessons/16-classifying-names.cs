// Lesson 16: classifying names by language.                              dotnet run lessons/16-classifying-names.cs
//
// A name is a sequence of letters of any length; its language is one class for all of it. Four ideas:
//
//   embedding        a learned vector for each letter
//   packed sequence  names of different lengths in one batch, without computing on the padding
//   GRU              a recurrent layer with gates, which decide what to keep of the state: it forgets less than tanh alone
//   bidirectional    a second one reads from the last letter to the first; endings such as -ov or -ez say much
//
//   letters -> Embedding -> Gru in both directions -> the last state of each, side by side -> Linear -> a score a language
//
// The data is a small list of eight languages in the library. Where the data set names (18 languages, 20,000 names) is at hand, in the
// folder that CRESSET_DATA names or where `cresset train --data names` has put it, that one is used.
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Text;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Data: one third of each language is held out for the test. The vocabulary (letter to index) comes from the training part.
Cresset.Random.Seed(16);
var store = new DatasetStore();
bool large = store.MissingFiles(LabelledNames.Definition).Count == 0;
var names = large ? LabelledNames.Load(store.FolderOf("names")) : CommonNames.Create();
var (train, test) = names.Split(every: 3);
var vocabulary = train.Vocabulary();
Console.WriteLine($"{names.Names.Count} names, {names.Languages.Count} languages, {train.Names.Count} to train on, {test.Names.Count} to test on, {vocabulary.Size} letters");

// How three names become one batch: padded to the longest, then packed. Row by row the packed form holds all first letters, then
// all second ones; where a name has ended it takes no row, so no step is computed for it.
string[] three = ["Ito", "Garcia", "Weber"];
var (padded, lengths) = TokenSequences.Pad([.. three.Select(n => vocabulary.EncodeCharacters(n))], vocabulary.PaddingIndex!.Value);
var packed = PackedSequence.Pack(padded, lengths, batchFirst: true, enforceSorted: false);
Console.WriteLine($"{string.Join(", ", three)}: padded {padded.Shape} = {padded.ElementCount} places, packed {packed.Data.ElementCount} rows");
Console.WriteLine($"   names at each step: {string.Join(' ', packed.BatchSizes)}");
Console.WriteLine($"   {string.Join(' ', vocabulary.Decode(packed.Data.ToArray<long>()))}");

// 2. and 3. Model, loss and optimizer.
var model = new NameModel(vocabulary.Size, names.Languages.Count, large ? 128 : 48, vocabulary.PaddingIndex.Value);
Console.WriteLine($"parameters: {model.Parameters().Sum(p => (long)p.ElementCount)}");
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: large ? 0.002 : 0.005);
var loader = new DataLoader(train.ToDataset(vocabulary), large ? 128 : 32, shuffle: true);

// 4. Loop.
int epochs = large ? 3 : 25;
double[] losses = new double[epochs], trainAccuracy = new double[epochs], testAccuracy = new double[epochs];
for (int epoch = 0; epoch < epochs; epoch++)
{
    model.Train();
    foreach (var (x, y) in loader)
    {
        var loss = criterion.Forward(model.Forward(x), y);
        optimizer.ZeroGrad();
        loss.Backward();
        optimizer.Step();
        losses[epoch] += loss.Item() * x.Size(0) / train.Names.Count;
    }
    (trainAccuracy[epoch], testAccuracy[epoch]) = (Judge(train).Report().Accuracy, Judge(test).Report().Accuracy);
    if (large || epoch % 5 == 4)
        Console.WriteLine($"epoch {epoch + 1,2}  loss = {losses[epoch]:F4}  accuracy: training {trainAccuracy[epoch]:P1}, test {testAccuracy[epoch]:P1}");
}

// 5. Test. Languages differ in size, so accuracy alone flatters a model that knows the large ones; the macro average counts each
// language once. Recall: of the names of a language, how many were found. Precision: of those called so, how many are.
var matrix = Judge(test);
var report = matrix.Report(names.Languages);
Console.WriteLine(report);
Console.WriteLine($"test accuracy = {report.Accuracy:F4}, macro recall = {report.Macro.Recall:F4}, macro F1 = {report.Macro.F1:F4}");
Console.WriteLine($"always the largest language: {test.Labels.CountBy(l => l).Max(l => l.Value) / (double)test.Names.Count:F4}");

// Names typed in. Some are in no list; the model goes by how they look.
foreach (var name in new[] { "Petrovsky", "Rossini", "Yamashiro", "Zhong", "Schumann", "Rodrigo", "Stevenson", "Beaumont" })
{
    var best = Predict(name).OrderByDescending(p => p.Share).Take(3);
    Console.WriteLine($"{name,10}: {string.Join(", ", best.Select(p => $"{p.Language} {p.Share:P0}"))}");
}

// The matrix: a row for each true language, a column for each predicted one, in shares of the row; the diagonal is right.
double[][] shares = [.. Enumerable.Range(0, matrix.Classes).Select(t =>
{
    double[] row = [.. Enumerable.Range(0, matrix.Classes).Select(p => (double)matrix[t, p])];
    return Array.ConvertAll(row, n => Math.Round(n / Math.Max(1, row.Sum()), 2));
})];
double[] time = [.. Enumerable.Range(1, epochs).Select(e => (double)e)];
Charts.Figure("Lesson 16: names by language",
    new Panel("predicted", "true", "Confusion matrix of the test names, shares").HeatMap(shares, names.Languages, names.Languages, showValues: !large),
    new Panel("epoch", "accuracy", "Accuracy") { YLimits = (0, 1.02) }.Line(time, trainAccuracy, "training").Line(time, testAccuracy, "test"))
    .SavePng(Path.Combine(output, "16-classifying-names.png"));

// How often each language was taken for each.
ConfusionMatrix Judge(LabelledNames part)
{
    model.Eval();
    using var quiet = Autograd.NoGrad();
    var counts = new ConfusionMatrix(names.Languages.Count);
    foreach (var (x, y) in new DataLoader(part.ToDataset(vocabulary), 256)) counts.Update(model.Forward(x), y);
    return counts;
}

IEnumerable<(string Language, double Share)> Predict(string name)
{
    model.Eval();
    using var quiet = Autograd.NoGrad();
    var letters = vocabulary.EncodeCharacters(name);
    var shares = model.Forward(Tensor.From(letters, [1, letters.Length])).Softmax(1).To(DType.Float64).ToArray<double>();
    return names.Languages.Zip(shares);
}

/// <summary>Letters [N, T], padded, to a score for each language [N, C]. Cresset.Text has it ready as NameClassifier.</summary>
sealed class NameModel(int letters, int languages, int hiddenSize, int paddingIndex) : Module
{
    readonly Embedding embedding = new(letters, 32, paddingIndex);
    readonly Gru gru = new(32, hiddenSize, batchFirst: true, bidirectional: true);
    readonly Linear linear = new(2 * hiddenSize, languages);

    public override Tensor Forward(Tensor x)
    {
        // Names come in any order of lengths, and their results go out in the same order.
        var packed = PackedSequence.Pack(x, TokenSequences.Lengths(x, paddingIndex), batchFirst: true, enforceSorted: false);
        var (_, states) = gru.Forward(packed.WithData(embedding.Forward(packed.Data)));
        // states: [2, N, H], a row for each direction.
        return linear.Forward(Tensor.Cat([states.Select(0, 0), states.Select(0, 1)], 1));
    }
}
