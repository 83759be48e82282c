// Lesson 8: several inputs, several layers.                                dotnet run lessons/08-several-inputs.cs
//
// Lesson 7 asked one number (hours). A patient has many: here eight, and the question is ill (1) or not (0). A layer takes all of
// them at once, Linear(8, 6): six weighted sums of eight numbers, y = x W^T + b with W of shape [6, 8]. Between two layers stands
// a function that is not a line (the sigmoid); without it two layers would again be a single one (lesson 10 shows that).
//
//   x [N, 8] -> Linear(8, 6), sigmoid -> Linear(6, 4), sigmoid -> Linear(4, 1), sigmoid -> probability [N, 1]
using System.Globalization;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Data: a table like the well-known one of diabetes patients, but invented, by this rule: every feature is bell-shaped
// around a mean; the risk is a weighted sum of how many deviations each lies from its mean; and a coin with probability
// sigmoid(risk) says who is ill. So nobody can be right always: the coin is not in the table.
string[] names = ["pregnancies", "glucose", "pressure", "skin", "insulin", "bmi", "pedigree", "age"];
double[] mean = [4, 120, 70, 25, 100, 32, 0.5, 35], deviation = [2, 30, 12, 9, 40, 7, 0.2, 10], weight = [0.6, 2.4, -0.4, 0.1, -0.3, 1.6, 0.7, 0.9];
const int patients = 768, trained = 576;
Cresset.Random.Seed(8);
double[] z = Tensor.Randn([patients, 8], DType.Float64).ToArray<double>(), coin = Tensor.Rand([patients], DType.Float64).ToArray<double>();
var lines = new List<string> { string.Join(',', names) + ",ill" };
double bestPossible = 0;
for (int n = 0; n < patients; n++)
{
    double risk = -0.8;
    for (int f = 0; f < 8; f++) risk += weight[f] * z[n * 8 + f];
    double p = 1 / (1 + Math.Exp(-risk));
    if (n >= trained) bestPossible += Math.Max(p, 1 - p) / (patients - trained);
    var fields = Enumerable.Range(0, 8).Select(f => (mean[f] + deviation[f] * z[n * 8 + f]).ToString("F3", CultureInfo.InvariantCulture));
    lines.Add(string.Join(',', fields) + (coin[n] < p ? ",1" : ",0"));
}
Directory.CreateDirectory(output);
var path = Path.Combine(output, "patients.csv");
File.WriteAllLines(path, lines);

// Read it as one reads any CSV file: the last column is the label, all others are features.
var table = CsvDataset.Load(path, new CsvOptions { Label = "ill" });
Console.WriteLine($"{table.Count} patients, {table.FeatureNames.Count} features: {string.Join(", ", table.FeatureNames)}");
Console.WriteLine(lines[1] + "   <- the first patient");

// Glucose is near 120 and pedigree near 0.5. Brought to mean 0 and deviation 1, no feature shouts down the others.
// Mean and deviation come from the training rows only: the test rows must stay unseen.
var (xTrain, xTest) = (table.Inputs[..trained], table.Inputs[trained..]);
var (center, spread) = (xTrain.Mean(0), xTrain.Std(0));
(xTrain, xTest) = ((xTrain - center) / spread, (xTest - center) / spread);
var (yTrain, yTest) = (table.Targets[..trained], table.Targets[trained..]);
var target = yTrain.To(DType.Float32).Reshape(trained, 1);   // BCE wants the type and shape of the prediction

// 2. and 3. Model, loss and optimizer. Sigmoids one after another learn slowly by plain SGD (lesson 14 tells why); Adam copes.
var model = new PatientModel();
Console.WriteLine($"parameters = {model.Parameters().Sum(p => p.ElementCount)}");
var criterion = new BceLoss();
var optimizer = new Adam(model.Parameters(), lr: 0.02);

// 4. Loop: all rows at once in every step. Lesson 9 takes them in portions.
const int epochs = 300;
var losses = new double[epochs];
for (int epoch = 0; epoch < epochs; epoch++)
{
    var loss = criterion.Forward(model.Forward(xTrain), target);
    optimizer.ZeroGrad();
    loss.Backward();
    optimizer.Step();
    losses[epoch] = loss.Item();
    if (epoch % 50 == 49) Console.WriteLine($"epoch {epoch + 1,3}  loss = {losses[epoch]:F4}");
}

// 5. Test. Who has a probability above one half is called ill.
using var quiet = Autograd.NoGrad();
var probability = model.Forward(xTest).Squeeze(1);
var predicted = (probability > 0.5).To(DType.Int64);
var confusion = new ConfusionMatrix(2);
confusion.Update(predicted, yTest);
var (tp, fp, fn, tn) = (confusion[1, 1], confusion[0, 1], confusion[1, 0], confusion[0, 0]);
Console.WriteLine($"test: {tp} ill and found, {fn} ill and missed, {fp} well but called ill, {tn} well");
var report = confusion.Report(["well", "ill"]);
var ill = report.Classes[1];
Console.WriteLine($"accuracy = {report.Accuracy:F4}   of all, how many are right");
Console.WriteLine($"precision = {ill.Precision:F4}   of those called ill, how many are");
Console.WriteLine($"recall = {ill.Recall:F4}   of those ill, how many were found");
Console.WriteLine($"F1 = {ill.F1:F4}   2 precision recall / (precision + recall): high only where both are");
Console.WriteLine($"who calls everybody well: accuracy = {(double)(fp + tn) / yTest.ElementCount:F4}, recall = 0");
Console.WriteLine($"who knows the rule, but not the coin: accuracy = {bestPossible:F4} on average");

// One half is a choice. A lower threshold finds more of the ill and calls more of the well ill.
double[] thresholds = [.. Enumerable.Range(1, 19).Select(i => i * 0.05)];
var scores = thresholds.Select(t =>
{
    var matrix = new ConfusionMatrix(2);
    matrix.Update((probability > t).To(DType.Int64), yTest);
    return matrix.Report().Classes[1];
}).ToArray();
Charts.Figure("Lesson 8: several inputs",
    new Panel("epoch", "loss (mean BCE)", "Training").Line(Enumerable.Range(1, epochs).Select(e => (double)e), losses),
    new Panel("predicted", "actual", "Test rows").HeatMap([[tn, fp], [fn, tp]], ["well", "ill"], ["well", "ill"], showValues: true),
    new Panel("threshold", "", "What the threshold trades") { YLimits = (0, 1.05) }
        .Line(thresholds, scores.Select(s => s.Precision), "precision").Line(thresholds, scores.Select(s => s.Recall), "recall")
        .Line(thresholds, scores.Select(s => s.F1), "F1"))
    .SavePng(Path.Combine(output, "08-several-inputs.png"));

sealed class PatientModel : Module
{
    readonly Linear linear1 = new(8, 6), linear2 = new(6, 4), linear3 = new(4, 1);

    public override Tensor Forward(Tensor x)
    {
        x = linear1.Forward(x).Sigmoid();
        x = linear2.Forward(x).Sigmoid();
        return linear3.Forward(x).Sigmoid();
    }
}
