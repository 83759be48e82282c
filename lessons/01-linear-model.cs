// Lesson 1: a linear model, y = w * x.                                  dotnet run lessons/01-linear-model.cs
//
// A student works x hours and gets y points: 1 hour gives 2, 2 hours give 4, 3 hours give 6. What will 4 hours give?
// Machine learning answers in steps that stay the same through the whole course:
//   data    the pairs (x, y) that we have seen
//   model   a formula with numbers in it that we do not know yet; here y = w * x with one unknown number, w
//   loss    how wrong the model is for a given w
//   search  find the w with the smallest loss; in this lesson by trying many
//   test    ask the model for an x that it has not seen
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

double[] xData = [1, 2, 3];
double[] yData = [2, 4, 6];

// The model: what it predicts for x when its weight is w. In C it would be double predict(double x, double w).
static double Predict(double x, double w) => w * x;

// The loss of one sample: the squared difference. Squared, so that errors above and below count alike, large ones more.
static double Loss(double x, double y, double w) => (Predict(x, w) - y) * (Predict(x, w) - y);

// The cost of a weight is the mean of the losses over all samples: the mean squared error (MSE).
double Cost(double w) => xData.Zip(yData, (x, y) => Loss(x, y, w)).Average();

// The search: 41 weights from 0.0 to 4.0. i / 10.0, and not w += 0.1, because 0.1 has no exact binary form and
// forty additions of it would not end at 4.
double[] weights = [.. Enumerable.Range(0, 41).Select(i => i / 10.0)];
double[] costs = [.. weights.Select(Cost)];
Console.WriteLine("  w   predictions for 1, 2, 3    losses                  MSE");
foreach (var w in weights)
{
    var predictions = string.Join(" ", xData.Select(x => $"{Predict(x, w),6:F1}"));
    var losses = string.Join(" ", xData.Zip(yData, (x, y) => $"{Loss(x, y, w),7:F2}"));
    Console.WriteLine($"{w,4:F1}  {predictions}   {losses}   {Cost(w),10:F6}");
}

double best = weights[Array.IndexOf(costs, costs.Min())];
Console.WriteLine($"best w = {best:F1}, MSE = {Cost(best):F6}");
Console.WriteLine($"prediction for 4 = {Predict(4, best):F1}");

// The same with tensors. A tensor is an array with a shape, and its operators work on all elements at once: no loops.
// w is a column [41, 1] and x a row [3]; together they make a table [41, 3], as each row meets each column. That is
// called broadcasting.
var wColumn = Tensor.From(weights).Reshape(41, 1);
var x = Tensor.From(xData);
var y = Tensor.From(yData);
var cost = (wColumn * x - y).Square().Mean(1);
Console.WriteLine($"with tensors: a table of shape {(wColumn * x).Shape}, costs of shape {cost.Shape}, best w = {weights[cost.ArgMin().Item<long>()]:F1}");

// A second unknown number, the bias b: y = w * x + b. Now the cost is a surface over a plane, not a curve over a line.
// Trying 41 x 41 pairs still works; a network with a million weights cannot be searched so. That is what lesson 2 is for.
double CostWithBias(double w, double b) => xData.Zip(yData, (x, y) => (w * x + b - y) * (w * x + b - y)).Average();
var (bestW, bestB) = (
    from w in weights
    from b in weights.Select(v => v - 2)
    orderby CostWithBias(w, b)
    select (w, b)).First();
Console.WriteLine($"with a bias: best w = {bestW:F1}, best b = {bestB:F1} of {41 * 41} pairs");

Charts.Figure("Lesson 1: the cost of every weight",
    new Panel("w", "mean squared error", "y = w x").Line(weights, costs, "cost").Points(weights, costs, "cost").Vertical(best, "best w"),
    new Panel("w", "b", "y = w x + b: lines of equal cost")
        .Contours(CostWithBias, (0, 4), (-2, 2), lines: 8).Points([bestW], [bestB], "best pair"))
    .SavePng(Path.Combine(output, "01-linear-model.png"));
