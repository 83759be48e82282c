// Lesson 2: gradient descent on the mean cost, by hand.                 dotnet run lessons/02-gradient-descent.cs
//
// Lesson 1 tried 41 weights and took the best. With many weights nobody can try them all, so we walk instead: stand at
// some w, feel which way the ground falls, take a small step that way, repeat. "Which way, and how steeply" is the
// derivative of the cost, called the gradient:
//
//   cost(w)  = 1/N sum (x w - y)^2
//   d cost   = 1/N sum 2 x (x w - y)         chain rule: outer derivative 2 (...), inner derivative x
//   w       := w - rate * gradient           against the gradient, because it points uphill
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

double[] xData = [1, 2, 3];
double[] yData = [2, 4, 6];
const double rate = 0.01;
const int epochs = 100;

double Cost(double w)
{
    double sum = 0;
    for (int i = 0; i < xData.Length; i++) sum += (xData[i] * w - yData[i]) * (xData[i] * w - yData[i]);
    return sum / xData.Length;
}

double Gradient(double w)
{
    double sum = 0;
    for (int i = 0; i < xData.Length; i++) sum += 2 * xData[i] * (xData[i] * w - yData[i]);
    return sum / xData.Length;
}

// Is the formula of the gradient right? Compare with what a derivative is: the change of the cost for a tiny change of w.
const double step = 1e-6;
Console.WriteLine($"gradient at w = 1: by formula {Gradient(1):F6}, by difference {(Cost(1 + step) - Cost(1 - step)) / (2 * step):F6}");

double w = 1;
Console.WriteLine($"prediction for 4 before training: {4 * w:F1}");
var path = new List<double> { w };
var costs = new List<double>();
for (int epoch = 0; epoch < epochs; epoch++)
{
    // An epoch is one pass over all data. Here it makes one step, from the mean over all samples.
    double cost = Cost(w), gradient = Gradient(w);
    w -= rate * gradient;
    path.Add(w);
    costs.Add(cost);
    Console.WriteLine($"epoch {epoch,3}  w = {w:F14}  cost = {cost:G6}");
}
Console.WriteLine($"prediction for 4 after training: {4 * w:F14}");
Console.WriteLine($"w = {w:F14}");

// For this cost one can say where the walk stands after n steps. The gradient is 28/3 (w - 2), so each step multiplies
// the distance to 2 by 1 - rate * 28/3 = 0.90667: w_n = 2 - 0.90667^n.
Console.WriteLine($"by the formula w = {2 - Math.Pow(1 - rate * 28 / 3, epochs):F14}");

double[] curve = [.. Enumerable.Range(0, 61).Select(i => 0.6 + i * 0.04)];
double[] every = [.. path.Where((_, i) => i % 4 == 0)];
Charts.Figure("Lesson 2: gradient descent",
    new Panel("w", "cost", "Every fourth step of the walk").Line(curve, curve.Select(Cost), "cost").Path(every, every.Select(Cost), "walk"),
    new Panel("epoch", "cost", "Each epoch divides the cost by 1.2165") { LogY = true }
        .Line(Enumerable.Range(0, epochs).Select(e => (double)e), costs))
    .SavePng(Path.Combine(output, "02-gradient-descent.png"));
