// Lesson 4: local optimum, saddle, momentum, and the optimizers raced.         dotnet run lessons/04-optimizers.cs
//
// The cost of lessons 1 to 3 was a bowl: whoever walks down arrives. The cost of a network is a landscape with valleys
// of unequal depth, flat passes and narrow gorges. This lesson makes small landscapes of each kind and looks what the walk does.
// Momentum gives the walker mass: it keeps part of its speed, v := mu * v + gradient; w := w - rate * v.
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// Walks down f from a start and returns every place. Optimizers work on tensors that require a gradient: Backward()
// computes it (lesson 5), Step() moves, ZeroGrad() forgets it before the next round.
static (double X, double Y)[] Walk(
    Func<Tensor, Tensor, Tensor> f, double x, double y, int steps, Func<Tensor[], Optimizer> make)
{
    var (px, py) = (Tensor.From(x, DType.Float64), Tensor.From(y, DType.Float64));
    px.RequiresGrad = py.RequiresGrad = true;
    var optimizer = make([px, py]);
    var path = new (double X, double Y)[steps + 1];
    path[0] = (x, y);
    for (int step = 1; step <= steps; step++)
    {
        // Step with a closure, because one optimizer (L-BFGS) looks at several places before it moves.
        optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            var cost = f(px, py);
            cost.Backward();
            return cost;
        });
        path[step] = (px.Item(), py.Item());
    }
    return path;
}

// 1. The rate. On the bowl of lesson 2 each step multiplies the distance to the best w by 1 - rate * 28/3: it shrinks
// while that factor lies between -1 and 1, so for rates below 2 / (28/3) = 0.2143.
static Tensor Bowl(Tensor w, Tensor _) => (w - 2).Square() * (14.0 / 3);
var rates = new Panel("step", "w", "1. Rates: crawl, fit, oscillate, diverge") { YLimits = (-2, 6) };
Console.WriteLine("1. rate    factor    distance to 2 after 20 steps");
foreach (var (rate, name) in new[] { (0.002, "crawls"), (0.08, "fits"), (0.2, "oscillates"), (0.22, "diverges") })
{
    var path = Walk(Bowl, 1, 0, 20, p => new Sgd([p[0]], lr: rate));
    Console.WriteLine($"   {rate,-5}  {1 - rate * 28 / 3,8:F4}    {Math.Abs(path[^1].X - 2):G6}  {name}");
    rates.Line(path.Select((_, i) => (double)i), path.Select(p => p.X), $"{rate}: {name}");
}

// 2. A local optimum. Two valleys; the walk starts above the shallow one, on the right, and the deep one is behind a hill.
static Tensor Valleys(Tensor w, Tensor _) => w.Pow(4) * 0.25 - w.Square() + w * 0.3;
static double Depth(double w) => 0.25 * Math.Pow(w, 4) - w * w + 0.3 * w;
var plain = Walk(Valleys, 2.4, 0, 200, p => new Sgd([p[0]], lr: 0.02));
var heavy = Walk(Valleys, 2.4, 0, 200, p => new Sgd([p[0]], lr: 0.02, momentum: 0.9));
Console.WriteLine($"2. plain descent stays at w = {plain[^1].X:F4}, cost {Depth(plain[^1].X):F4}");
Console.WriteLine($"   momentum arrives at w = {heavy[^1].X:F4}, cost {Depth(heavy[^1].X):F4}");
double[] curve = [.. Enumerable.Range(0, 101).Select(i => -2.4 + i * 0.049)];
var valleys = new Panel("w", "cost", "2. A local optimum") { YLimits = (-2, 4) }
    .Line(curve, curve.Select(Depth), "cost")
    .Path(heavy.Select(p => p.X), heavy.Select(p => Depth(p.X)), "momentum 0.9")
    .Path(plain.Select(p => p.X), plain.Select(p => Depth(p.X)), "plain");

// 3. A saddle: downhill in y, uphill in x, and flat in the middle. Who comes along the ridge hardly feels the slope in y.
static Tensor Saddle(Tensor x, Tensor y) => x.Square() - y.Square() + y.Pow(4) * 0.25;
var slow = Walk(Saddle, 1.5, 1e-3, 200, p => new Sgd(p, lr: 0.02));
var fast = Walk(Saddle, 1.5, 1e-3, 200, p => new Sgd(p, lr: 0.02, momentum: 0.9));
var stuck = Walk(Saddle, 1.5, 0, 200, p => new Sgd(p, lr: 0.02, momentum: 0.9));
static int Escape((double X, double Y)[] path) => Array.FindIndex(path, p => Math.Abs(p.Y) > 1);
Console.WriteLine($"3. steps until the saddle is left: plain {Escape(slow)}, momentum {Escape(fast)}; exactly on the ridge: {(Escape(stuck) < 0 ? "never" : "left")}");
var saddle = new Panel("x", "y", "3. A saddle, begun at y = 0.001")
    .Contours((x, y) => x * x - y * y + 0.25 * Math.Pow(y, 4), (-1.8, 1.8), (-0.6, 2.2), lines: 12)
    .Path(fast.Select(p => p.X), fast.Select(p => p.Y), "momentum 0.9")
    .Path(slow.Select(p => p.X), slow.Select(p => p.Y), "plain");

Charts.Figure("Lesson 4: what a walk downhill meets", 3, rates, valleys, saddle).SavePng(Path.Combine(output, "04-optimizers.png"));

// 4. The race: every optimizer of the library on Rosenbrock's valley, a curved gorge with its lowest point at (1, 1).
// Going down into the gorge is easy, following its floor is hard: steep across, nearly flat along.
static Tensor Gorge(Tensor x, Tensor y) => (1 - x).Square() + (y - x.Square()).Square() * 10;
(string Name, Func<Tensor[], Optimizer> Make)[] racers =
[
    ("SGD", p => new Sgd(p, lr: 0.01)),
    ("SGD, momentum", p => new Sgd(p, lr: 0.01, momentum: 0.9)),
    ("Nesterov", p => new Sgd(p, lr: 0.01, momentum: 0.9, nesterov: true)),
    ("ASGD", p => new Asgd(p, lr: 0.01)),
    ("Adagrad", p => new Adagrad(p, lr: 0.4)),
    ("RMSprop", p => new RmsProp(p, lr: 0.02)),
    ("Rprop", p => new Rprop(p, lr: 0.02)),
    ("Adam", p => new Adam(p, lr: 0.1)),
    ("AdamW", p => new AdamW(p, lr: 0.1, weightDecay: 0.01)),
    ("Adamax", p => new Adamax(p, lr: 0.2)),
    ("L-BFGS", p => new Lbfgs(p, maxIter: 1, strongWolfe: true)),
];
static double Height(double x, double y) => (1 - x) * (1 - x) + 10 * (y - x * x) * (y - x * x);
Panel Surface(string title) => new Panel("x", "y", title).Contours(Height, (-1.8, 1.8), (-1, 2.5), lines: 12);
Panel[] surfaces = [Surface("By gradient and speed"), Surface("A rate for each weight"), Surface("By slope's sign, and by curvature")];
Console.WriteLine("4. optimizer        cost after 100 steps   steps until the cost is below 0.01");
foreach (var (name, make) in racers)
{
    var path = Walk(Gorge, -1.5, 1.8, 100, make);
    int arrived = Array.FindIndex(path, p => Height(p.X, p.Y) < 0.01);
    Console.WriteLine($"   {name,-15}  {Height(path[^1].X, path[^1].Y),12:G6}           {(arrived < 0 ? "-" : arrived)}");
    var surface = name is "Rprop" or "L-BFGS" ? surfaces[2] : name.StartsWith('A') && name != "ASGD" || name == "RMSprop" ? surfaces[1] : surfaces[0];
    surface.Path(path.Select(p => p.X), path.Select(p => p.Y), name);
}
Charts.Figure("Lesson 4: the optimizers race 100 steps down a curved gorge to (1, 1)", 3, surfaces)
    .SavePng(Path.Combine(output, "04-optimizers-race.png"));
