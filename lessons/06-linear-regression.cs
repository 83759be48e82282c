// Lesson 6: linear regression with modules.                             dotnet run lessons/06-linear-regression.cs
//
// From here on the parts have names that every program of this course, and of PyTorch, repeats:
//   1. data        tensors of inputs and targets, one row a sample
//   2. model       a class that holds its weights as fields and says in Forward how an output comes from an input
//   3. loss        a criterion, and an optimizer that knows the model's parameters
//   4. loop        forward, loss, zero the gradients, backward, step
//   5. test        ask for an input that was not in the data
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Data: three samples of one feature each, so the shape is [3, 1] and not [3]. A batch is always a table.
Cresset.Random.Seed(0);
var xData = Tensor.From(new double[,] { { 1 }, { 2 }, { 3 } });
var yData = Tensor.From(new double[,] { { 2 }, { 4 }, { 6 } });

// 2. Model: declared at the end of the file. Its weights start at random values, in float32 unless told otherwise.
var model = new LinearModel();
model.To(DType.Float64);
Console.WriteLine(model);
foreach (var (name, parameter) in model.NamedParameters()) Console.WriteLine($"  {name}: shape {parameter.Shape}, starts at {parameter.Item():R}");

// 3. Loss: the squared errors, summed and not averaged (the notes' size_average=False, later reduction='sum'). A sum makes
// the gradient three times as large as the mean, so it works like a three times larger rate.
var criterion = new MseLoss(LossReduction.Sum);
var optimizer = new Sgd(model.Parameters(), lr: 0.01);

// 4. Loop.
const int epochs = 1000;
var losses = new double[epochs];
for (int epoch = 0; epoch < epochs; epoch++)
{
    var prediction = model.Forward(xData);
    var loss = criterion.Forward(prediction, yData);
    optimizer.ZeroGrad();
    loss.Backward();
    optimizer.Step();
    losses[epoch] = loss.Item();
    if (epoch < 5 || epoch % 100 == 99) Console.WriteLine($"epoch {epoch,3}  loss = {losses[epoch]:G6}");
}

// 5. Test. No graph is needed here, so none is recorded.
double w = model.Linear.Weight.Item(), b = model.Linear.Bias!.Item();
Console.WriteLine($"w = {w:F6}");
Console.WriteLine($"b = {b:F6}");
using (Autograd.NoGrad())
    Console.WriteLine($"prediction for 4 = {model.Forward(Tensor.From(new double[,] { { 4 } })).Item():F6}");

// The loss falls fast at first and slowly afterwards. Look at the surface of lesson 1: a long narrow valley, steep across and
// almost flat along. The first steps cross it, the others follow its floor, where w and b make good for each other.
double[] line = [0, 5];
Charts.Figure("Lesson 6: linear regression",
    new Panel("x", "y", "The fitted line").Line(line, line.Select(x => w * x + b), "model").Points([1, 2, 3], [2, 4, 6], "data")
        .Points([4], [4 * w + b], "prediction for 4"),
    new Panel("epoch", "loss (sum of squares)", "Fast across the valley, slow along it") { LogX = true, LogY = true }
        .Line(Enumerable.Range(1, epochs).Select(e => (double)e), losses))
    .SavePng(Path.Combine(output, "06-linear-regression.png"));

// A field that is a module is found by itself; Linear(1, 1) holds a weight [1, 1] and a bias [1] and computes x W^T + b.
sealed class LinearModel : Module
{
    public Linear Linear { get; } = new(1, 1);

    public override Tensor Forward(Tensor x) => Linear.Forward(x);
}
