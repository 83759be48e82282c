// Lesson 5: back-propagation.                                           dotnet run lessons/05-back-propagation.cs
//
// In lessons 2 and 3 we derived the gradient on paper. A network has millions of weights, so the library does it. While
// you compute with tensors it writes down which operator made which result: a graph. Backward() then walks that graph from
// the loss back to the weights and multiplies the derivative of every operator on the way. That is the chain rule of
// partial derivatives, dl/dw = dl/dr * dr/dp * dp/dw. (Some notes guess that it integrates. It does not: nothing is
// summed up over an interval, it only differentiates, and the derivatives of single operators are known formulas.)
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. A tensor that requires a gradient, and the graph of l = (x w - y)^2.
var w = Tensor.From([1.0]);
w.RequiresGrad = true;
double x = 2, y = 4;
var prediction = w * x;
var residual = prediction - y;
var loss = residual.Square();
Console.WriteLine($"1. loss = {loss.Item()}, made by {loss.GradFn!.Name}; the graph from the loss back to the weight:");
Print(loss.GradFn, "   ");

// Each operator's node knows where its inputs came from. Those that need no gradient (the numbers x and y) are not in it.
static void Print(Node node, string indent)
{
    Console.WriteLine(node.Leaf is { } leaf ? $"{indent}leaf, a tensor of shape {leaf.Shape}" : indent + node.Name);
    for (int i = 0; i < node.InputCount; i++)
        if (node.Input(i) is { } input) Print(input, indent + "   ");
}

// 2. The gradient, and the same by hand: r = x w - y, l = r^2, so dl/dw = dl/dr * dr/dw = 2 r * x.
loss.Backward();
Console.WriteLine($"2. w.Grad = {w.Grad!.Item()}, by hand 2 x (x w - y) = {2 * x * (x * 1 - y)}");

// Two weights and a bias: y = w1 x^2 + w2 x + b. One Backward() gives all three partial derivatives.
Tensor w1 = Tensor.From(1.0, DType.Float64), w2 = Tensor.From(2.0, DType.Float64), b = Tensor.From(0.5, DType.Float64);
w1.RequiresGrad = w2.RequiresGrad = b.RequiresGrad = true;
(w1 * (x * x) + w2 * x + b - y).Square().Backward();
double r = 1 * x * x + 2 * x + 0.5 - y;
Console.WriteLine($"   dl/dw1 = {w1.Grad!.Item()} (by hand 2 r x^2 = {2 * r * x * x}), dl/dw2 = {w2.Grad!.Item()} (2 r x = {2 * r * x}), dl/db = {b.Grad!.Item()} (2 r = {2 * r})");

// 3. Gradients add up: a second Backward() adds to w.Grad. That is wanted where a weight is used in several places, but
// between two steps one must zero it, or old gradients push on.
(w * x - y).Square().Backward();
Console.WriteLine($"3. after a second Backward without zeroing: w.Grad = {w.Grad.Item()}");
w.Grad = null;
(w * x - y).Square().Backward();
Console.WriteLine($"   zeroed first: w.Grad = {w.Grad!.Item()}");

// 4. Item() takes the number out; Detach() gives a tensor of the same memory that is in no graph. Summing losses as
// tensors would keep every graph of the epoch alive, so sum numbers.
Console.WriteLine($"4. Item(): {loss.Item()} is a double; Detach(): RequiresGrad is {prediction.RequiresGrad} before and {prediction.Detach().RequiresGrad} after");

// 5. The training loop of lesson 3, with Backward() in place of our formula. The walk is the same to the last digit.
double[] xData = [1, 2, 3];
double[] yData = [2, 4, 6];
w.Grad = null;
Console.WriteLine($"5. prediction for 4 before training: {w.Item() * 4}");
for (int epoch = 0; epoch < 100; epoch++)
{
    double progress = 0;
    for (int i = 0; i < xData.Length; i++)
    {
        var l = (w * xData[i] - yData[i]).Square();
        l.Backward();
        if (epoch == 0) Console.WriteLine($"      x = {xData[i]}, y = {yData[i]}: gradient = {w.Grad!.Item():F6}");
        // The step itself is no part of the model, so it is not recorded.
        using (Autograd.NoGrad()) w.SubInPlace(w.Grad! * 0.01);
        w.Grad = null;
        progress = l.Item();
    }
    if (epoch % 20 == 19) Console.WriteLine($"   epoch {epoch,2}: loss = {progress:G6}");
}
Console.WriteLine($"   w = {w.Item():R}");
Console.WriteLine($"   prediction for 4 after training: {w.Item() * 4:R}");

// 6. The picture: a gradient is the slope of the tangent. The curve is the loss; each tangent's slope came from Backward().
double Loss(double v) => (v * x - y) * (v * x - y);
double[] places = [.. Enumerable.Range(0, 61).Select(i => 0.5 + i * 0.05)];
var panel = new Panel("w", "loss of (x, y) = (2, 4)") { YLimits = (-2, 10) }.Line(places, places.Select(Loss), "loss");
foreach (double at in new[] { 1.0, 1.6, 2.0, 3.0 })
{
    var v = Tensor.From(at, DType.Float64);
    v.RequiresGrad = true;
    (v * x - y).Square().Backward();
    double slope = v.Grad!.Item();
    var name = $"w = {at:F1}: gradient {slope:F1}";
    panel.Line([at - 0.4, at + 0.4], [Loss(at) - 0.4 * slope, Loss(at) + 0.4 * slope], name).Points([at], [Loss(at)], name);
}
Charts.Figure("Lesson 5: a gradient is the slope of the tangent", panel).SavePng(Path.Combine(output, "05-back-propagation.png"));
