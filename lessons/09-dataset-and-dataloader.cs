// Lesson 9: Dataset and DataLoader.                                dotnet run lessons/09-dataset-and-dataloader.cs
//
// Lesson 8 gave the model all rows in every step; lesson 3 gave it one. In between lies the mini-batch: a few rows at a time.
// A Dataset says how many samples there are and what the n-th is; a DataLoader makes batches of it, shuffled and, if you like,
// prepared by workers while the model computes.
//
//   iteration   one batch: forward, backward, one step of the optimizer
//   epoch       every sample once: as many iterations as there are batches
//   batch size  samples in a batch; iterations of an epoch = samples / batch size, rounded up
using System.Diagnostics;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. The dataset stands at the end of the file: points on two spirals, which of the two is the label.
Cresset.Random.Seed(0);
var points = new Spirals(count: 10, noise: 0);
Console.WriteLine($"{points.Count} samples; sample 3 is the point {Text(points[3].Point)} of class {points[3].Class.Item<long>()}");

// Ten samples in batches of four: 4 + 4 + 2. Shuffled, each epoch has another order, and every sample comes once in each.
// The places are what a sampler hands out; here we look at it directly.
Console.WriteLine("\n10 samples, batch size 4, shuffled: which samples are in which batch");
var sampler = new BatchSampler(new RandomSampler(points.Count, seed: 1), batchSize: 4);
for (int epoch = 0; epoch < 2; epoch++)
{
    int iteration = 0;
    foreach (var indices in sampler.Batches(epoch))
        Console.WriteLine($"  epoch {epoch}, iteration {iteration++}: samples {string.Join(' ', indices)}");
}

// The loader does that and stacks the samples: points become one tensor [B, 2], classes one of [B].
var small = new DataLoader(points, batchSize: 4, shuffle: true, seed: 1);
Console.WriteLine($"\nthe loader has {small.Count} batches an epoch:");
foreach (var (x, y) in small) Console.WriteLine($"  points {x.Shape}, classes {y.Shape} = {string.Join(' ', y.ToArray<long>())}");
Console.WriteLine($"dropLast leaves the small one out: {new DataLoader(points, batchSize: 4, dropLast: true).Count} batches");

// 2. Workers. Where making a sample takes time (reading a file, decoding a picture), workers make the next batches while the
// model is busy with this one. Here every sample waits 2 ms as for a slow disk. Order and content stay the same.
var slow = points.Map(sample => { Thread.Sleep(2); return sample; });
foreach (int workers in new[] { 0, 2 })
{
    var watch = Stopwatch.StartNew();
    double sum = 0;
    foreach (var (x, _) in new DataLoader(slow, batchSize: 2, shuffle: true, seed: 1, workers: workers))
    {
        Thread.Sleep(4); // the model's share
        sum = sum * 3 + x.Sum().Item(); // depends on the order
    }
    Console.WriteLine($"workers = {workers}: {watch.ElapsedMilliseconds} ms, checksum {sum:F4}");
}

// 3. Training with mini-batches: the same five parts as ever, with one loop more. Batch size is a trade: small batches take many
// cheap, uncertain steps; the full batch takes one careful step an epoch.
var train = new Spirals(count: 600, noise: 0.1);
var test = new Spirals(count: 300, noise: 0.1);
Console.WriteLine();
int[] sizes = [1, 32, 600];
const int epochs = 30;
var curves = new double[sizes.Length][];
for (int s = 0; s < sizes.Length; s++)
{
    Cresset.Random.Seed(1); // the same start for each
    var model = new Sequential(new Linear(2, 32), new ReLU(), new Linear(32, 32), new ReLU(), new Linear(32, 2));
    var loader = new DataLoader(train, batchSize: sizes[s], shuffle: true, seed: 1);
    var optimizer = new Sgd(model.Parameters(), lr: 0.05);
    var criterion = new CrossEntropyLoss();
    int iterations = 0;
    curves[s] = new double[epochs];
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        double sum = 0;
        foreach (var (x, y) in loader)
        {
            var loss = criterion.Forward(model.Forward(x), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            sum += loss.Item() * y.ElementCount; // the mean of a batch counts by its size
            iterations++;
        }
        curves[s][epoch] = sum / train.Count;
    }
    Console.WriteLine($"batch size {sizes[s],3}: {loader.Count,3} iterations an epoch, {iterations,5} in all, " +
        $"last loss {curves[s][^1]:F4}, test accuracy = {Accuracy(model, test):F4}");
}

var everything = new DataLoader(train, batchSize: train.Count).First();
double[] px = everything.Inputs[.., 0].To(DType.Float64).ToArray<double>(), py = everything.Inputs[.., 1].To(DType.Float64).ToArray<double>();
long[] label = everything.Targets.ToArray<long>();
var picture = new Panel("x", "y", "The dataset: which spiral is it?");
for (int c = 0; c < 2; c++) picture.Points(px.Where((_, n) => label[n] == c), py.Where((_, n) => label[n] == c), $"class {c}");
var chart = new Panel("epoch", "mean loss", "The same data, model and rate; only the batch size differs");
for (int s = 0; s < sizes.Length; s++) chart.Line(Enumerable.Range(1, epochs).Select(e => (double)e), curves[s], $"batch size {sizes[s]}");
Charts.Figure("Lesson 9: Dataset and DataLoader", picture, chart).SavePng(Path.Combine(output, "09-dataset-and-dataloader.png"));

static string Text(Tensor x) => $"({string.Join(", ", x.ToArray<float>().Select(v => v.ToString("F3")))})";

static double Accuracy(Module model, Spirals data)
{
    using var quiet = Autograd.NoGrad();
    var (x, y) = new DataLoader(data, batchSize: data.Count).First();
    return model.Forward(x).ArgMax(1).Equal(y).To(DType.Float32).Mean().Item();
}

// A dataset of one's own: a length and an indexer, PyTorch's __len__ and __getitem__. A sample is a pair (input, target).
sealed class Spirals(int count, double noise) : Dataset<(Tensor Point, Tensor Class)>
{
    readonly Tensor shaking = Tensor.Randn([count, 2]) * noise;

    public override int Count => count;

    public override (Tensor Point, Tensor Class) this[int index]
    {
        get
        {
            int side = index % 2;
            double t = 0.5 + 2.5 * index / count, angle = 1.5 * t + side * Math.PI;
            return (Tensor.From([(float)(t * Math.Cos(angle)), (float)(t * Math.Sin(angle))]) + shaking[index], Tensor.From(side, DType.Int64));
        }
    }
}
