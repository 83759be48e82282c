// Lesson 10: a softmax classifier for digits.                            dotnet run lessons/10-softmax-classifier.cs
//
// Ten classes need ten outputs. The network gives ten numbers z, the logits; softmax turns them into probabilities,
//   p_k = e^z_k / sum_j e^z_j
// all positive, summing to one. The loss asks for the probability of the true class: -log p_true.
//   NLL(log-softmax(z))  is  cross-entropy(z): so the model gives logits, and the loss does the softmax itself.
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Softmax and its loss in numbers.
var z = Tensor.From(new double[,] { { 0.2, 0.1, -0.1 } });
var one = Tensor.From([0L]); // the true class
Console.WriteLine($"logits      0.2 0.1 -0.1");
Console.WriteLine($"softmax     {Row(z.Softmax(1))}   sum = {z.Softmax(1).Sum().Item():F4}");
Console.WriteLine($"log-softmax {Row(z.LogSoftmax(1))}");
Console.WriteLine($"by hand, -log p_true          = {-Math.Log(Math.Exp(0.2) / (Math.Exp(0.2) + Math.Exp(0.1) + Math.Exp(-0.1))):R}");
Console.WriteLine($"NLL of the log-softmax        = {new NllLoss().Forward(z.LogSoftmax(1), one).Item():R}");
Console.WriteLine($"cross-entropy of the logits   = {new CrossEntropyLoss().Forward(z, one).Item():R}");

// Two predictions for the classes 2, 0, 1: the first leans the right way, the second does not.
var truth = Tensor.From([2L, 0L, 1L]);
var good = Tensor.From(new double[,] { { 0.1, 0.2, 0.9 }, { 1.1, 0.1, 0.2 }, { 0.2, 2.1, 0.1 } });
var bad = Tensor.From(new double[,] { { 0.8, 0.2, 0.3 }, { 0.2, 0.3, 0.5 }, { 0.2, 0.2, 0.5 } });
Console.WriteLine($"loss of a good prediction = {good.CrossEntropy(truth).Item():F4}, of a bad one = {bad.CrossEntropy(truth).Item():F4}\n");

// 2. Data: MNIST where it is at hand (the folder that CRESSET_DATA names), else digits that the library draws itself.
var store = new DatasetStore();
bool real = store.MissingFiles(Mnist.Definition).Count == 0;
var train = real ? Mnist.Load(store.FolderOf("mnist"), train: true).Slice(0, 6000) : DrawnDigits.Draw(6000, seed: 1);
var test = real ? Mnist.Load(store.FolderOf("mnist"), train: false).Slice(0, 1000) : DrawnDigits.Draw(1000, seed: 2);

// A pixel is a byte, 0 to 255. Divided by 255 it is 0 to 1; (pixel - mean) / deviation centres it at 0 with deviation 1, where
// the start values of the layers fit.
var unit = train.ToTensor().To(DType.Float32) / 255;
double mean = unit.Mean().Item(), deviation = unit.Std().Item();
var transform = new Compose(new ToTensor(), new Normalize(mean, deviation));
var normal = transform.Apply(train.ToTensor());
Console.WriteLine($"data: {(real ? "MNIST" : "drawn digits")}, {train.Count} to train, {test.Count} to test, pictures {unit.Shape}");
Console.WriteLine($"pixels: mean {mean:F4}, deviation {deviation:F4}; normalised: mean {normal.Mean().Item():F4}, deviation {normal.Std().Item():F4}");
Console.WriteLine($"an empty pixel, (0 - {mean:F4}) / {deviation:F4} = {normal.Min().Item():F4}\n");

// 3. Twice the same network: with ReLU between the layers, and without. Without, five matrices in a row are one matrix,
// W5 W4 W3 W2 W1: the network can draw straight lines between classes and no more.
Cresset.Random.Seed(0);
var withRelu = Run("with ReLU   ", new DigitNet(activation: true));
Cresset.Random.Seed(0);
var without = Run("without ReLU", new DigitNet(activation: false));
Console.WriteLine($"parameters = {new DigitNet(true).Parameters().Sum(p => p.ElementCount)}");

(double[] Loss, double[] Accuracy, Module Model) Run(string name, Module model)
{
    var loader = new DataLoader(train.ToDataset(transform), batchSize: 64, shuffle: true, seed: 1);
    var testSet = test.ToDataset(transform);
    var criterion = new CrossEntropyLoss();
    var optimizer = new Sgd(model.Parameters(), lr: 0.05, momentum: 0.5);
    const int epochs = 6;
    var (losses, accuracies) = (new double[epochs], new double[epochs]);
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
            accuracies[epoch] = model.Forward(testSet.Inputs).ArgMax(1).Equal(testSet.Targets).To(DType.Float32).Mean().Item();
        Console.WriteLine($"{name} epoch {epoch + 1}  loss = {losses[epoch]:F4}  test accuracy = {accuracies[epoch]:F4}");
    }
    return (losses, accuracies, model);
}

// 4. The pictures: curves of both, and the first test digits with what the network says.
double[] axis = [.. Enumerable.Range(1, withRelu.Loss.Length).Select(e => (double)e)];
Charts.Figure("Lesson 10: a softmax classifier",
    new Panel("epoch", "loss", "Cross-entropy on the training set").Line(axis, withRelu.Loss, "with ReLU").Line(axis, without.Loss, "without"),
    new Panel("epoch", "accuracy", "Test accuracy").Line(axis, withRelu.Accuracy, "with ReLU").Line(axis, without.Accuracy, "without"))
    .SavePng(Path.Combine(output, "10-softmax-classifier.png"));
using var quiet = Autograd.NoGrad();
var shown = test.ToDataset(transform).Inputs[..16];
var (sure, says) = withRelu.Model.Forward(shown).Softmax(1).Max(1);
Charts.Pictures("Lesson 10: what the network says of test digits, and how sure it is",
    [.. Enumerable.Range(0, 16).Select(n => new Picture(shown[n].Contiguous().ToArray<float>(), 28, 28, stretch: true))],
    [.. Enumerable.Range(0, 16).Select(n => $"{says[n].Item()} ({sure[n].Item():P0})" + (says[n].Item() == test.Labels[n] ? "" : $", is {test.Labels[n]}"))], columns: 8)
    .SavePng(Path.Combine(output, "10-softmax-digits.png"));

static string Row(Tensor x) => string.Join(' ', x.ToArray<double>().Select(v => v.ToString("F4")));

// A picture [1, 28, 28] becomes a row of 784 numbers: this network does not know which pixels are neighbours. Lesson 12 changes that.
sealed class DigitNet(bool activation) : Module
{
    readonly Linear l1 = new(784, 512), l2 = new(512, 256), l3 = new(256, 128), l4 = new(128, 64), l5 = new(64, 10);

    public override Tensor Forward(Tensor x)
    {
        x = x.Flatten(1);
        foreach (var layer in new[] { l1, l2, l3, l4 })
        {
            x = layer.Forward(x);
            if (activation) x = x.Relu();
        }
        return l5.Forward(x); // logits; the loss does the softmax
    }
}
