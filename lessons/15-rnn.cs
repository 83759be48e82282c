// Lesson 15: a recurrent network learns "hello" to "ohlol".                            dotnet run lessons/15-rnn.cs
//
// A sequence comes in step by step, and a step may depend on those before it: of "hello" we want "ohlol", so the first l
// must give l and the second one o. The letter alone cannot tell; the network needs a memory. That is the hidden state h:
//
//   h' = tanh(W_ih x + b_ih + W_hh h + b_hh)             the same weights at every step, as the body of a for loop
//
// The data is one word. Three models, as in the notes: RnnCell, where the loop is ours; Rnn, where it is the library's; and
// Rnn with an Embedding before it and a Linear behind. The five parts of lesson 6 stay.
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// One cell by hand first: a single input, a single unit, weights typed in. A state of the first step is alive in the third.
var one = new RnnCell(1, 1, dtype: DType.Float64);
using (Autograd.NoGrad())
{
    one.WeightIh.FillInPlace(0.5);
    one.WeightHh.FillInPlace(0.8);
    one.BiasIh!.FillInPlace(0.1);
    one.BiasHh!.FillInPlace(0);
    Tensor state = Tensor.Zeros([1, 1], DType.Float64);
    foreach (double input in new[] { 1.0, 0, 0 })
    {
        var text = $"x = {input}, h = {state.Item():F6}: h' = tanh(0.5 x + 0.1 + 0.8 h) = ";
        state = one.Forward(Tensor.From(new double[,] { { input } }), state);
        Console.WriteLine($"{text}{state.Item():F6}");
    }
}

// 1. Data: letters as indices, and one-hot: the index 2 of 4 is 0 0 1 0.
string[] letters = ["e", "h", "l", "o"];
long[] xData = [1, 0, 2, 2, 3];                                     // hello
long[] yData = [3, 1, 2, 3, 2];                                     // ohlol
var hello = Tensor.From(xData);                                     // [T] = [5]
var ohlol = Tensor.From(yData);
var oneHot = hello.OneHot(letters.Length).To(DType.Float32);        // [T, D] = [5, 4]
Console.WriteLine($"\"{Word(xData)}\" one-hot, shape {oneHot.Shape}:");
for (int t = 0; t < 5; t++) Console.WriteLine($"   {letters[xData[t]]}  {string.Join(' ', oneHot.Select(0, t).ToArray<float>())}");

// 2. Models. The first two have as many hidden units as there are letters, so that the state itself can serve as the scores.
Cresset.Random.Seed(15);
var cell = new RnnCell(4, 4);
Tensor ByCell(bool remember)
{
    var hidden = Tensor.Zeros([1, 4]);                              // [B, H], B = 1
    var states = new List<Tensor>();
    for (int t = 0; t < 5; t++)
    {
        hidden = cell.Forward(oneHot.Narrow(0, t, 1), remember ? hidden : null);
        states.Add(hidden);
    }
    return Tensor.Cat(states);                                      // [T, H]
}

var rnn = new Rnn(4, 4);
Tensor ByRnn() => rnn.Forward(oneHot.Unsqueeze(1)).Output.Squeeze(1);       // [T, B, D] in, [T, B, H] out

// The same weights in both: the loop inside Rnn is the one that we wrote.
Parameter[] from = [.. cell.Parameters()], to = [.. rnn.Parameters()];
using (Autograd.NoGrad())
    for (int i = 0; i < from.Length; i++) to[i].CopyInPlace(from[i]);
Console.WriteLine($"cell and Rnn with the same weights differ by {(ByCell(true) - ByRnn()).Abs().Max().Item():F6}");

var deep = new EmbeddedRnn(letters.Length);
Console.WriteLine($"parameters: cell {Count(cell)}, Rnn {Count(rnn)}, Embedding + Rnn + Linear {Count(deep)}");

// 3. Loss: cross-entropy, for every step chooses one letter of four. Optimizer: Adam, in Train. 4. The loop.
var criterion = new CrossEntropyLoss();
double[] Train(string name, Func<Tensor> scores, Module model, double lr, int epochs = 60)
{
    Console.WriteLine($"{name}:");
    var optimizer = new Adam(model.Parameters(), lr: lr);
    var losses = new double[epochs];
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        var y = scores();
        var loss = criterion.Forward(y, ohlol);
        optimizer.ZeroGrad();
        loss.Backward();
        optimizer.Step();
        losses[epoch] = loss.Item();
        if (epoch < 3 || epoch % 15 == 14) Console.WriteLine($"   epoch {epoch + 1,2}  \"{Word(y.ArgMax(1).ToArray<long>())}\"  loss = {losses[epoch]:F4}");
    }
    // 5. Test.
    Console.WriteLine($"{name} predicts \"{Word(scores().ArgMax(1).ToArray<long>())}\", loss = {losses[^1]:F4}");
    return losses;
}

Tensor ByDeep() => deep.Forward(hello.Unsqueeze(0)).Squeeze(0);     // [B, T] indices in, [B, T, C] scores out
var cellLosses = Train("RnnCell", () => ByCell(true), cell, 0.1);
var rnnLosses = Train("Rnn", ByRnn, rnn, 0.05);
var deepLosses = Train("Embedding", ByDeep, deep, 0.05);

// Scores that are states lie between -1 and 1, because of tanh. Even 1 for the right letter and -1 for the three others leaves:
Console.WriteLine($"least loss that states can reach: {Math.Log(1 + 3 * Math.Exp(-2)):F4}");

// Without memory: the state is thrown away after every step. Both l look the same, so one of the five letters must be wrong.
cell.ResetParameters();
var forgetful = Train("Without memory", () => ByCell(false), cell, 0.1);
using var quiet = Autograd.NoGrad();
var apart = ByCell(false);
Console.WriteLine($"without memory the scores of the two l differ by {(apart.Select(0, 2) - apart.Select(0, 3)).Abs().Max().Item()}");

double[] epochs = [.. Enumerable.Range(1, cellLosses.Length).Select(e => (double)e)];
string[] steps = [.. xData.Select(i => letters[i])];
Charts.Figure("Lesson 15: \"hello\" to \"ohlol\"",
    new Panel("epoch", "cross-entropy", "Loss") { YLimits = (0, 1.6) }
        .Line(epochs, cellLosses, "RnnCell").Line(epochs, rnnLosses, "Rnn").Line(epochs, deepLosses, "Embedding, Rnn, Linear")
        .Line(epochs, forgetful, "without memory"),
    new Panel("letter out", "letter in", "Probabilities, Embedding").HeatMap(Rows(ByDeep()), steps, letters),
    new Panel("letter out", "letter in", "Probabilities, without memory").HeatMap(Rows(apart), steps, letters))
    .SavePng(Path.Combine(output, "15-rnn.png"));

string Word(long[] indices) => string.Concat(indices.Select(i => letters[i]));

static long Count(Module model) => model.Parameters().Sum(p => (long)p.ElementCount);

static double[][] Rows(Tensor scores) =>
    [.. Enumerable.Range(0, scores.Size(0)).Select(t => scores.Softmax(1).Select(0, t).To(DType.Float64).ToArray<double>())];

/// <summary>Indices [B, T] to scores [B, T, C]. An embedding is a table of a vector for each letter, learned like any weight: the same
/// as one-hot times a matrix, without the zeros.</summary>
sealed class EmbeddedRnn(int classes) : Module
{
    readonly Embedding embedding = new(classes, 10);
    readonly Rnn rnn = new(10, 8, numLayers: 2, batchFirst: true);
    readonly Linear linear = new(8, classes);

    public override Tensor Forward(Tensor x) => linear.Forward(rnn.Forward(embedding.Forward(x)).Output);
}
