// Lesson 3: stochastic gradient descent.                      dotnet run lessons/03-stochastic-gradient-descent.cs
//
// Lesson 2 looked at all samples before each step. With a million samples that is a long look for one step. Stochastic
// gradient descent (SGD) steps after every single sample, by the gradient of that sample's loss alone:
//
//   w := w - rate * 2 x (x w - y)            for each (x, y) in turn
//
// Each step is cheap, there are N steps an epoch instead of one, and each is a little wrong: it follows one sample, not
// the mean. In practice one takes the middle way: a step for each small group of samples, a mini-batch (lesson 9).
// When people say SGD they mostly mean that.
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

double[] xData = [1, 2, 3];
double[] yData = [2, 4, 6];
const double rate = 0.01;
const int epochs = 100;

double w = 1;
Console.WriteLine($"prediction for 4 before training: {4 * w:F1}");
var stochastic = new List<double> { w };
for (int epoch = 0; epoch < epochs; epoch++)
{
    double loss = 0;
    for (int i = 0; i < xData.Length; i++)
    {
        var (x, y) = (xData[i], yData[i]);
        double gradient = 2 * x * (x * w - y);
        w -= rate * gradient;
        // The loss of the last sample, after its step: what the notes print as progress.
        loss = (x * w - y) * (x * w - y);
        if (epoch < 2) Console.WriteLine($"    x = {x}, y = {y}: gradient = {gradient:F6}, w = {w:F6}");
    }
    stochastic.Add(w);
    if (epoch < 5 || epoch % 10 == 9) Console.WriteLine($"epoch {epoch,3}  w = {w:F16}  loss = {loss:G6}");
}
Console.WriteLine($"prediction for 4 after training: {4 * w:R}");
Console.WriteLine($"w = {w:R}");

// The walk of lesson 2 beside it, as functions now: one on the mean, one sample by sample. The data is an argument.
static double[] Batch(double[] x, double[] y, double w, double rate, int epochs)
{
    double[] path = new double[epochs + 1];
    path[0] = w;
    for (int e = 1; e <= epochs; e++) path[e] = w -= rate * x.Zip(y, (a, b) => 2 * a * (a * w - b)).Average();
    return path;
}

// With the place after every sample, not after every epoch only.
static double[] Stochastic(double[] x, double[] y, double w, double rate, int epochs)
{
    var path = new List<double> { w };
    for (int e = 0; e < epochs; e++)
        for (int i = 0; i < x.Length; i++) path.Add(w -= rate * 2 * x[i] * (x[i] * w - y[i]));
    return [.. path];
}

double[] batch = Batch(xData, yData, 1, rate, epochs);
Console.WriteLine($"after {epochs} epochs: distance to 2 by the mean {2 - batch[^1]:G4}, sample by sample {2 - stochastic[^1]:G4}");

// Why is it better here? Three steps an epoch instead of one, and all samples agree that w = 2. Real data do not agree.
// With noise in y each sample pulls to a w of its own: the mean settles at the best w, SGD keeps circling around it, in
// wider circles for a larger rate. That is why one lowers the rate towards the end of a training.
double[] noisy = [2.6, 3.4, 6.3];
double bestW = xData.Zip(noisy, (x, y) => x * y).Sum() / xData.Sum(x => x * x);
double[] calm = Batch(xData, noisy, 1, 0.05, 15), restless = Stochastic(xData, noisy, 1, 0.05, 15);
double[] tail = restless[^9..];
Console.WriteLine($"noisy data, best w = {bestW:F4}: the mean ends at {calm[^1]:F4}, SGD swings between {tail.Min():F4} and {tail.Max():F4}");

double[] byEpoch = [.. Enumerable.Range(0, epochs + 1).Select(e => (double)e)];
Charts.Figure("Lesson 3: one step an epoch or one step a sample",
    new Panel("epoch", "distance of w to 2", "Data without noise") { LogY = true }
        .Line(byEpoch, batch.Select(v => 2 - v), "mean of all samples")
        .Line(byEpoch, stochastic.Select(v => 2 - v), "sample by sample"),
    new Panel("epoch", "w", "Noisy data, rate 0.05")
        .Line(byEpoch[..16], calm, "mean of all samples")
        .Line(restless.Select((_, i) => i / 3.0), restless, "sample by sample")
        .Horizontal(bestW, "best w"))
    .SavePng(Path.Combine(output, "03-stochastic-gradient-descent.png"));
