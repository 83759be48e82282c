// Lesson 20: self-attention against CNN and RNN.                           dotnet run lessons/20-attention-against-cnn.cs
//
// Eight things are said of the two. Each is tried here with a small experiment: a number and a picture.
//
//   self-attention   1 global dependency       2 parallel computation   3 flexibility                  4 scalability
//   CNN              5 local receptive field   6 parameter sharing      7 computational efficiency     8 fixed structure
using System.Diagnostics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");
Cresset.Random.Seed(20);

// 1. Global dependency. One letter of a sequence is marked, and the answer at the last place is that letter. Three models (the
// RNN is a GRU) train on 32 places; then they are judged by how far the mark is from the end. Who guesses is right in one of eight.
var attention = new MultiheadAttention(32, 1, batchFirst: true);
var convolutions = new ConvLayers(32);
(string Name, Reader Model)[] models = [("attention", new Reader(attention)), ("CNN", new Reader(convolutions)), ("RNN", new Reader(new GruLayer(32)))];
foreach (var (_, model) in models) Train(model, 400, () => Marked(64, 32));
Console.WriteLine("1 accuracy by distance from the mark to the end");
double[] distances = [0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 20, 24, 31];
var global = new Panel("distance from the mark to the end", "accuracy", "1  Global dependency") { YLimits = (0, 1.3) };
Judge(global, distances, distance => Marked(400, 32, (int)distance));

// 2. Parallel computation. How long is the longest chain of operations, each waiting for the one before? It is read off the graph.
double[] lengths = [16, 64, 128, 256, 512, 1024], ofRnn = new double[6], ofAttention = new double[6];
var (cell, rnn, convolution) = (new RnnCell(32, 32), new Rnn(32, 32, batchFirst: true), Convolutions(1, 32));
for (int i = 0; i < 6; i++)
{
    var x = Tensor.Randn([1, (int)lengths[i], 32]);
    x.RequiresGrad = true;
    Tensor state = Tensor.Zeros([1, 32]);
    for (int t = 0; t < x.Size(1); t++) state = cell.Forward(x[.., t], state);
    (ofRnn[i], ofAttention[i]) = (Chain(state), Chain(attention.Forward(x)));
    Console.WriteLine($"2 length {lengths[i],4}: longest chain, RNN {ofRnn[i]}, attention {ofAttention[i]}, convolution {Chain(convolution(x))};"
        + $"   time, RNN {Time(() => rnn.Forward(x).Output):F2} ms, attention {Time(() => attention.Forward(x)):F2} ms");
}

// 3. Flexibility. The same three models, trained on 32 places, on sequences of other lengths.
Console.WriteLine("3 accuracy by length");
double[] others = [8, 16, 32, 64, 128, 256];
var flexible = new Panel("length (trained on 32)", "accuracy", "3  Flexibility") { LogX = true, YLimits = (0, 1.3) };
Judge(flexible, others, length => Marked(400, (int)length));

// 4. Scalability. A CNN has it built in that neighbouring pixels belong together; attention must learn it, and needs more data.
double[] amounts = [100, 300, 1000, 3000];
var scale = new Panel("digits to train on", "test accuracy", "4  Scalability") { LogX = true, YLimits = (0, 1.3) };
var (digits, test) = (Digits(3000, seed: 1), Digits(1000, seed: 2));
foreach (var (name, make) in new (string, Func<Module>)[] { ("CNN", () => new DigitCnn()), ("attention", () => new DigitAttention()) })
{
    var accuracy = new double[4];
    for (int i = 0; i < 4; i++)
    {
        Cresset.Random.Seed(4);
        var model = make();
        Train(model, 600, () =>
        {
            var batch = Tensor.RandInt(0, (int)amounts[i], [32]);
            return (digits.X[batch], digits.Y[batch]);
        });
        accuracy[i] = Accuracy(model, test);
    }
    Console.WriteLine($"4 {name}, {Count(make())} parameters: {string.Join(", ", amounts.Zip(accuracy, (n, a) => $"{n} digits {a:F3}"))}");
    scale.Line(amounts, accuracy, name);
}

// 5. Local receptive field. For which of 33 inputs has output 16 a gradient?
var fields = new Panel("input place", "gradient, share of the largest", "5  Receptive field of output 16") { YLimits = (0, 1.4) };
foreach (var (name, layer) in new (string, Func<Tensor, Tensor>)[]
    { ("convolution", convolution), ("three convolutions", Convolutions(3, 32)), ("attention", new MultiheadAttention(32, 1, batchFirst: true).Forward) })
{
    var gradient = Gradient(layer, Tensor.Randn([1, 33, 32]), 16);
    Console.WriteLine($"5 {name}: output 16 depends on {gradient.Count(g => g > 0)} of 33 inputs");
    fields.Line(Enumerable.Range(0, 33).Select(i => (double)i), gradient.Select(g => g / gradient.Max()), name);
}

// 6. Parameter sharing: the same weights at each place. Their number does not grow with the length, and what is shifted going in is
// shifted coming out.
double[] sizes = [8, 16, 32, 64];
var (kernel, alone, positions) = (new Conv1d(16, 16, 5, padding: 2), new MultiheadAttention(16, 1, batchFirst: true), new SinusoidalPositionalEncoding(16));
double[] ofLinear = [.. sizes.Select(l => (double)Count(new Linear((int)l * 16, (int)l * 16)))];
Console.WriteLine($"6 parameters at 8, 16, 32, 64 places: linear {string.Join(", ", ofLinear)}; convolution {Count(kernel)}; attention {Count(alone)}");
var all = new Linear(32 * 16, 32 * 16);
foreach (var (name, layer) in new (string, Func<Tensor, Tensor>)[] { ("convolution", x => kernel.Forward(x.T).T), ("attention", alone.Forward),
    ("attention with positions", x => alone.Forward(positions.Forward(x))), ("linear", x => all.Forward(x.Flatten(1)).Reshape(1, 32, 16)) })
{
    // Zeros at both ends, so that nothing falls off.
    var x = Tensor.Randn([1, 16, 16]).Pad([0, 0, 8, 8]);
    Console.WriteLine($"6 shifted by 3 before or after, {name}: differ by {(layer(x.Roll(3, 1)) - layer(x).Roll(3, 1)).Abs().Max().Item():F5}");
}

// 7. Computational efficiency: multiply-adds, counted by Summary, of 64 channels.
double[] longer = [8, 16, 32, 64, 128, 256, 512, 1024];
double[] ofConv = [.. longer.Select(l => (double)new Conv1d(64, 64, 5, padding: 2).Summary([1, 64, (int)l]).MultiplyAdds)];
double[] ofAttend = [.. longer.Select(l => (double)new MultiheadAttention(64, 1, batchFirst: true).Summary([1, (int)l, 64]).MultiplyAdds)];
for (int i = 0; i < longer.Length; i++) Console.WriteLine($"7 length {longer[i],4}: multiply-adds, convolution {ofConv[i]}, attention {ofAttend[i]}");

// 8. Fixed structure. What the last place takes from where by the trained layers of 1, with the mark at place 7 and at 19.
double[] places = [.. Enumerable.Range(0, 32).Select(p => (double)p)];
var taken = new Panel("input place", "share in the last output", "8  Fixed structure") { YLimits = (0, 1.4) };
var (inputs, shares) = (new[] { Marked(1, 32, 24).X, Marked(1, 32, 12).X }, new double[4][]);
for (int i = 0; i < 2; i++)
{
    Tensor forAttention = models[0].Model.Embed(inputs[i]), forConvolution = models[1].Model.Embed(inputs[i]).Detach();
    shares[i] = Numbers(attention.Forward(forAttention, forAttention, forAttention).Weights![0, ^1]);
    var gradient = Gradient(convolutions.First, forConvolution, 31);
    shares[2 + i] = [.. gradient.Select(g => g / gradient.Sum())];
    Console.WriteLine($"8 mark at {7 + 12 * i}: attention takes {shares[i][7]:F3} from place 7 and {shares[i][19]:F3} from 19");
}
taken.Line(places, shares[0], "attention, mark at 7").Line(places, shares[1], "attention, mark at 19")
    .Line(places, shares[2], "convolution, mark at 7").Points(places, shares[3], "convolution, mark at 19");
Console.WriteLine($"8 largest difference between the two: attention {Largest(shares[0], shares[1]):F5}, convolution {Largest(shares[2], shares[3]):F5}");

Charts.Figure("Lesson 20: what is said of self-attention", 2, global,
    new Panel("length", "operations one after another", "2  Parallel computation") { LogX = true, LogY = true }
        .Line(lengths, ofRnn, "RNN").Line(lengths, ofAttention, "attention"), flexible, scale)
    .SavePng(Path.Combine(output, "20-attention.png"));
Charts.Figure("Lesson 20: what is said of CNNs", 2, fields,
    new Panel("places", "parameters", "6  Parameter sharing") { LogX = true, LogY = true }.Line(sizes, ofLinear, "linear, all to all")
        .Line(sizes, sizes.Select(_ => (double)Count(kernel)), "convolution").Line(sizes, sizes.Select(_ => (double)Count(alone)), "attention"),
    new Panel("length", "multiply-adds", "7  Computational efficiency") { LogX = true, LogY = true }
        .Line(longer, ofConv, "convolution").Line(longer, ofAttend, "attention"), taken)
    .SavePng(Path.Combine(output, "20-cnn.png"));

// A row of accuracies for each model of 1, printed and drawn.
void Judge(Panel panel, double[] places, Func<double, (Tensor, Tensor)> data)
{
    Console.WriteLine($"  {"",-9}" + string.Concat(places.Select(p => $"{p,6}")));
    foreach (var (name, model) in models)
    {
        double[] accuracy = [.. places.Select(p => Accuracy(model, data(p)))];
        Console.WriteLine($"  {name,-9}" + string.Concat(accuracy.Select(a => $"{a,6:F2}")));
        // Points where one line would hide the other.
        if (name == "attention") panel.Points(places, accuracy, name);
        else panel.Line(places, accuracy, name);
    }
}

// Sequences of one-hot letters [N, L, 9]; the ninth number marks a place. The targets are the marked letters.
static (Tensor X, Tensor Y) Marked(int count, int length, int? distance = null)
{
    var letters = Tensor.RandInt(0, 8, [count, length]);
    var place = distance is { } far ? Tensor.Full([count, 1], length - 1 - far, DType.Int64) : Tensor.RandInt(0, length, [count, 1]);
    var mark = Tensor.Arange(length).Equal(place).Unsqueeze(2);
    return (Tensor.Cat([letters.OneHot(8).To(DType.Float32), mark.To(DType.Float32)], 2), letters.Gather(1, place).Squeeze(1));
}

static (Tensor X, Tensor Y) Digits(int count, ulong seed)
{
    var images = DrawnDigits.Draw(count, seed);
    return (images.ToTensor().To(DType.Float32) / 255, images.ToDataset().Targets);
}

static void Train(Module model, int steps, Func<(Tensor X, Tensor Y)> batch)
{
    var optimizer = new Adam(model.Parameters(), lr: 0.004);
    for (int step = 0; step < steps; step++)
    {
        var (x, y) = batch();
        var loss = model.Forward(x).CrossEntropy(y);
        optimizer.ZeroGrad();
        loss.Backward();
        optimizer.Step();
    }
}

static double Accuracy(Module model, (Tensor X, Tensor Y) data)
{
    using var quiet = Autograd.NoGrad();
    return model.Forward(data.X).ArgMax(1).Equal(data.Y).To(DType.Float32).Mean().Item();
}

// Nodes on the longest way from a result back to its inputs.
static int Chain(Tensor result)
{
    var known = new Dictionary<Node, int>();
    int From(Node node) => known.TryGetValue(node, out int length) ? length
        : known[node] = 1 + Enumerable.Range(0, node.InputCount).Select(i => node.Input(i) is { } before ? From(before) : 0).DefaultIfEmpty().Max();
    return From(result.GradFn!);
}

static double Time(Func<Tensor> compute)
{
    double best = double.MaxValue;
    using var quiet = Autograd.NoGrad();
    for (int run = 0; run < 50; run++)
    {
        var watch = Stopwatch.StartNew();
        compute();
        best = Math.Min(best, watch.Elapsed.TotalMilliseconds);
    }
    return best;
}

// How much one output place moves with each input place.
static double[] Gradient(Func<Tensor, Tensor> layer, Tensor x, int place)
{
    x.RequiresGrad = true;
    return Numbers(Autograd.Grad(layer(x)[.., place].Sum(), x)[0].Norm(2, 1));
}

// Convolutions of five places. Conv1d wants the channels before the places, the other layers after them.
static Func<Tensor, Tensor> Convolutions(int count, int channels)
{
    Conv1d[] layers = [.. Enumerable.Range(0, count).Select(_ => new Conv1d(channels, channels, 5, padding: 2))];
    return x => layers.Aggregate(x.T, (y, layer) => layer.Forward(y)).T;
}

static double[] Numbers(Tensor x) => x.To(DType.Float64).ToArray<double>();

static long Count(Module model) => model.Parameters().Sum(p => (long)p.ElementCount);

static double Largest(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

// Two convolutions of five places: together nine places, of which the last place has four before it.
sealed class ConvLayers(int width) : Module
{
    readonly Conv1d conv1 = new(width, width, 5, padding: 2), conv2 = new(width, width, 5, padding: 2);

    public Tensor First(Tensor x) => conv1.Forward(x.T).T;

    public override Tensor Forward(Tensor x) => conv2.Forward(conv1.Forward(x.T).Relu()).T;
}

sealed class GruLayer(int width) : Module
{
    readonly Gru gru = new(width, width, batchFirst: true);

    public override Tensor Forward(Tensor x) => gru.Forward(x).Output;
}

// Letters [N, L, 9] in, a layer over the places, and from the last place a score for each letter.
sealed class Reader(Module layer) : Module
{
    readonly Linear first = new(9, 32), last = new(32, 8);
    readonly Module layer = layer;

    public Tensor Embed(Tensor x) => first.Forward(x);

    public override Tensor Forward(Tensor x) => last.Forward(layer.Forward(Embed(x))[.., ^1].Relu());
}

sealed class DigitCnn : Module
{
    readonly Conv2d conv1 = new(1, 8, 5, stride: 2), conv2 = new(8, 16, 5, stride: 2);
    readonly Linear last = new(16 * 4 * 4, 10);

    public override Tensor Forward(Tensor x) => last.Forward(conv2.Forward(conv1.Forward(x).Relu()).Relu().Flatten(1));
}

// A picture as a sequence of 16 squares of 7 x 7 pixels.
sealed class DigitAttention : Module
{
    readonly Linear first = new(49, 32), last = new(32, 10);
    readonly LearnedPositionalEncoding positions = new(32, 16);
    readonly TransformerEncoder encoder = new(() => new TransformerEncoderLayer(32, 4, 64, dropout: 0, batchFirst: true), 2);

    public override Tensor Forward(Tensor x)
    {
        x = x.Reshape(-1, 4, 7, 4, 7).Permute(0, 1, 3, 2, 4).Reshape(-1, 16, 49);
        return last.Forward(encoder.Forward(positions.Forward(first.Forward(x))).Mean(1));
    }
}
