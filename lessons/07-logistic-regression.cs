// Lesson 7: logistic regression.                                      dotnet run lessons/07-logistic-regression.cs
//
// Now the question is not how many points, but pass or fail: a class, not a number. A line can give any number, so we send it
// through the sigmoid, s(z) = 1 / (1 + e^-z), which squeezes every number into 0 to 1: a probability.
//
//   model   p = s(w x + b)                               probability of passing after x hours
//   loss    -(y log p + (1 - y) log(1 - p))              binary cross-entropy (BCE): small where p is near the truth y,
//                                                        without bound where the model is sure and wrong
// Despite its name it is classification. The five parts of lesson 6 stay; two lines change, the model and the loss.
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Data: 1 and 2 hours failed (0), 3 hours passed (1).
Cresset.Random.Seed(0);
var xData = Tensor.From(new double[,] { { 1 }, { 2 }, { 3 } });
var yData = Tensor.From(new double[,] { { 0 }, { 0 }, { 1 } });

// 2. and 3. Model, loss and optimizer.
var model = new LogisticModel();
model.To(DType.Float64);
var criterion = new BceLoss(reduction: LossReduction.Sum);
var optimizer = new Sgd(model.Parameters(), lr: 0.01);
Console.WriteLine($"start: w = {model.Linear.Weight.Item():R}, b = {model.Linear.Bias!.Item():R}");

// What the loss says about single predictions when the truth is 1.
foreach (double p in new[] { 0.9, 0.5, 0.1 }) Console.WriteLine($"  truth 1, predicted {p}: loss = {-Math.Log(p):F4}");

// 4. Loop: the same five lines as in lesson 6.
const int epochs = 1000;
var losses = new double[epochs];
for (int epoch = 0; epoch < epochs; epoch++)
{
    var loss = criterion.Forward(model.Forward(xData), yData);
    optimizer.ZeroGrad();
    loss.Backward();
    optimizer.Step();
    losses[epoch] = loss.Item();
    if (epoch % 100 == 99) Console.WriteLine($"epoch {epoch,3}  loss = {losses[epoch]:F6}");
}

// 5. Test. From a probability to a class: above one half is a pass.
double w = model.Linear.Weight.Item(), b = model.Linear.Bias!.Item();
Console.WriteLine($"w = {w:F6}");
Console.WriteLine($"b = {b:F6}");
using var quiet = Autograd.NoGrad();
var right = (model.Forward(xData) > 0.5).Equal(yData > 0.5).To(DType.Float32).Mean().Item();
Console.WriteLine($"accuracy on the data = {right:P0}");
Console.WriteLine($"probability of passing after 4 hours = {model.Forward(Tensor.From(new double[,] { { 4 } })).Item():F6}");

// Where the line crosses zero the probability is one half: w x + b = 0.
Console.WriteLine($"one half is reached after {-b / w:F4} hours");

// The curve over a week: 200 places from 0 to 10 hours in one forward pass.
var hours = Tensor.Linspace(0, 10, 200, DType.Float64);
double[] probabilities = model.Forward(hours.Reshape(200, 1)).ToArray<double>();
double[] z = [.. Enumerable.Range(0, 121).Select(i => -6 + i * 0.1)];
Charts.Figure("Lesson 7: logistic regression",
    new Panel("hours of study", "probability of passing", "What the model learned") { YLimits = (-0.05, 1.05) }
        .Line(hours.ToArray<double>(), probabilities, "model").Points([1, 2, 3], [0, 0, 1], "data").Horizontal(0.5, "one half"),
    new Panel("z", "", "Sigmoid and its slope: where it is flat, little is learned")
        .Line(z, z.Select(v => 1 / (1 + Math.Exp(-v))), "s(z)")
        .Line(z, z.Select(v => Math.Exp(-v) / Math.Pow(1 + Math.Exp(-v), 2)), "s'(z) = s (1 - s)"),
    new Panel("epoch", "loss (sum of BCE)", "Loss").Line(Enumerable.Range(0, epochs).Select(e => (double)e), losses))
    .SavePng(Path.Combine(output, "07-logistic-regression.png"));

sealed class LogisticModel : Module
{
    public Linear Linear { get; } = new(1, 1);

    public override Tensor Forward(Tensor x) => Linear.Forward(x).Sigmoid();
}
