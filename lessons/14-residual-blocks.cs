// Lesson 14: vanishing gradients and residual blocks.                       dotnet run lessons/14-residual-blocks.cs
//
// More layers should do no harm: the extra ones could pass their input on. Yet a deep plain network learns worse, or nothing.
// Back-propagation multiplies the derivatives of all layers, and a product of many numbers below one is nearly zero: the first
// layers hear nothing of the loss. A residual block adds its input to its output,
//   plain  y = relu(F(x))        residual  y = relu(F(x) + x)
// and then dy/dx = dF/dx + 1 (where the ReLU is open): the 1 is a road on which the gradient comes back undiminished.
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. The same thing with one number a layer: 20 sigmoids one in another. The slope of a sigmoid is at most 1/4.
foreach (bool skip in new[] { false, true })
{
    var x0 = Tensor.From([0.0]);
    x0.RequiresGrad = true;
    var h = x0;
    for (int layer = 0; layer < 20; layer++) h = skip ? h + (h.Sigmoid() - 0.5) * 0.1 : h.Sigmoid() - 0.5;
    h.Backward();
    Console.WriteLine(skip ? $"20 steps h + 0.1 s(h):  dh/dx = {x0.Grad!.Item():G6}, by hand 1.025^20 = {Math.Pow(1.025, 20):G6}"
        : $"20 sigmoids in a chain: dh/dx = {x0.Grad!.Item():G6}, by hand 0.25^20 = {Math.Pow(0.25, 20):G6}");
}

// 2. Data as in the lessons before.
var store = new DatasetStore();
bool real = store.MissingFiles(Mnist.Definition).Count == 0;
var train = real ? Mnist.Load(store.FolderOf("mnist"), train: true).Slice(0, 3000) : DrawnDigits.Draw(3000, seed: 1);
var test = real ? Mnist.Load(store.FolderOf("mnist"), train: false).Slice(0, 1000) : DrawnDigits.Draw(1000, seed: 2);
var unit = train.ToTensor().To(DType.Float32) / 255;
var transform = new Compose(new ToTensor(), new Normalize(unit.Mean().Item(), unit.Std().Item()));
var (trainSet, testSet) = (train.ToDataset(transform), test.ToDataset(transform));
Console.WriteLine($"\ndata: {(real ? "MNIST" : "drawn digits")}, {train.Count} to train, {test.Count} to test");

// 3. Twice the same network with the same start values, ten blocks of two convolutions; only the addition differs.
const int blocks = 10;
Cresset.Random.Seed(0);
var plain = new DeepNet(blocks, skip: false);
Cresset.Random.Seed(0);
var residual = new DeepNet(blocks, skip: true);
Console.WriteLine($"parameters: plain = {Count(plain)}, residual = {Count(residual)}: the skip has none\n");

// The gradient at the start, of the loss of one batch, by layer: its length, root of the sum of squares.
var (plainNorms, residualNorms) = (GradientNorms(plain), GradientNorms(residual));
Console.WriteLine("length of the gradient at the start");
Console.WriteLine("layer      plain   residual");
for (int l = 0; l < plainNorms.Length; l++) Console.WriteLine($"{l,5}  {plainNorms[l],9:0.00E+00}  {residualNorms[l],9:0.00E+00}");
Console.WriteLine($"first block against last: plain = {plainNorms[1] / plainNorms[^1]:0.00E+00}, residual = {residualNorms[1] / residualNorms[^1]:0.00E+00}\n");

// 4. What each learns.
var (plainLoss, plainAccuracy) = Run("plain   ", plain);
var (residualLoss, residualAccuracy) = Run("residual", residual);
Console.WriteLine($"a network that has learned nothing: loss = log 10 = {Math.Log(10):F4}, accuracy = 0.1");

double[] layers = [.. Enumerable.Range(0, plainNorms.Length).Select(l => (double)l)], epochAxis = [.. Enumerable.Range(1, plainLoss.Length).Select(e => (double)e)];
Charts.Figure("Lesson 14: vanishing gradients and residual blocks",
    new Panel("layer (0 is nearest to the picture)", "length of the gradient", "Gradient at the start") { LogY = true }
        .Line(layers, plainNorms, "plain").Line(layers, residualNorms, "residual"),
    new Panel("epoch", "training loss", "Loss").Line(epochAxis, plainLoss, "plain").Line(epochAxis, residualLoss, "residual").Horizontal(Math.Log(10), "log 10"),
    new Panel("epoch", "test accuracy", "What each learns") { YLimits = (0, 1.05) }.Line(epochAxis, plainAccuracy, "plain").Line(epochAxis, residualAccuracy, "residual"))
    .SavePng(Path.Combine(output, "14-residual-blocks.png"));

double[] GradientNorms(DeepNet model)
{
    model.Forward(trainSet.Inputs[..64]).CrossEntropy(trainSet.Targets[..64]).Backward();
    double[] norms = [.. model.Modules().OfType<Conv2d>().Select(conv => conv.Weight.Grad!.Norm().Item())];
    model.ZeroGrad();
    return norms;
}

(double[] Loss, double[] Accuracy) Run(string name, Module model)
{
    var loader = new DataLoader(trainSet, batchSize: 64, shuffle: true, seed: 1);
    var criterion = new CrossEntropyLoss();
    var optimizer = new Sgd(model.Parameters(), lr: 0.02, momentum: 0.9);
    const int epochs = 3;
    var (losses, accuracy) = (new double[epochs], new double[epochs]);
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        foreach (var (x, y) in loader)
        {
            var loss = criterion.Forward(model.Forward(x), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            losses[epoch] += loss.Item() / loader.Count;
        }
        using (Autograd.NoGrad())
            accuracy[epoch] = model.Forward(testSet.Inputs).ArgMax(1).Equal(testSet.Targets).To(DType.Float32).Mean().Item();
        Console.WriteLine($"{name} epoch {epoch + 1}  loss = {losses[epoch]:F4}  test accuracy = {accuracy[epoch]:F4}");
    }
    return (losses, accuracy);
}

static int Count(Module model) => model.Parameters().Sum(p => p.ElementCount);

// Two convolutions; padding keeps the size and the channels stay the same, so that input and output can be added.
sealed class Block(int channels, bool skip) : Module
{
    readonly Conv2d conv1 = new(channels, channels, 3, padding: 1), conv2 = new(channels, channels, 3, padding: 1);

    public override Tensor Forward(Tensor x)
    {
        var y = conv2.Forward(conv1.Forward(x).Relu());
        return (skip ? y + x : y).Relu();
    }
}

sealed class DeepNet(int blocks, bool skip) : Module
{
    readonly Conv2d stem = new(1, 16, 5);
    readonly Sequential body = new([.. Enumerable.Range(0, blocks).Select(_ => (Module)new Block(16, skip))]);
    readonly Linear fc = new(16 * 6 * 6, 10);

    public override Tensor Forward(Tensor x)
    {
        x = stem.Forward(x).MaxPool2d(2).Relu();     // [N, 16, 12, 12]
        x = body.Forward(x).MaxPool2d(2);            // [N, 16, 6, 6]
        return fc.Forward(x.Flatten(1));
    }
}
