// Lesson 12: a basic convolutional network.                                      dotnet run lessons/12-basic-cnn.cs
//
// Lesson 10 laid the picture flat: 784 numbers, neighbours forgotten. This network keeps the picture a picture until the end.
//
//   [N, 1, 28, 28]  conv 5x5 -> [N, 10, 24, 24]  pool -> [N, 10, 12, 12]   small strokes
//                   conv 5x5 -> [N, 20, 8, 8]    pool -> [N, 20, 4, 4]     what they make together
//                   flatten  -> [N, 320]       linear -> [N, 10]           which digit
using System.Diagnostics;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Data as in lesson 10: MNIST where it is at hand, else drawn digits; normalised.
var store = new DatasetStore();
bool real = store.MissingFiles(Mnist.Definition).Count == 0;
var train = real ? Mnist.Load(store.FolderOf("mnist"), train: true).Slice(0, 6000) : DrawnDigits.Draw(6000, seed: 1);
var test = real ? Mnist.Load(store.FolderOf("mnist"), train: false).Slice(0, 1000) : DrawnDigits.Draw(1000, seed: 2);
var unit = train.ToTensor().To(DType.Float32) / 255;
var transform = new Compose(new ToTensor(), new Normalize(unit.Mean().Item(), unit.Std().Item()));
var (trainSet, testSet) = (train.ToDataset(transform), test.ToDataset(transform));
Console.WriteLine($"data: {(real ? "MNIST" : "drawn digits")}, {train.Count} to train, {test.Count} to test");

// 2. Where the parameters are. A convolution has out * in * 5 * 5 weights and a bias for each output, however large the picture.
Cresset.Random.Seed(0);
var cnn = new BasicCnn();
Cresset.Random.Seed(0);
var mlp = new Sequential(new Flatten(), new Linear(784, 512), new ReLU(), new Linear(512, 256), new ReLU(),
    new Linear(256, 128), new ReLU(), new Linear(128, 64), new ReLU(), new Linear(64, 10));
foreach (var (name, parameter) in cnn.NamedParameters()) Console.WriteLine($"  {name,-13} {parameter.Shape,-16} {parameter.ElementCount,6}");
Console.WriteLine($"parameters: CNN = {Count(cnn)}, lesson 10's network = {Count(mlp)}");

// 3. Both trained alike.
var cnnAccuracy = Run("CNN      ", cnn);
var mlpAccuracy = Run("lesson 10", mlp);
Console.WriteLine($"test errors in {test.Count}: CNN = {Wrong(cnnAccuracy[^1])}, lesson 10 = {Wrong(mlpAccuracy[^1])}");

// 4. Pictures: the curves, and what the ten kernels of the first layer see in one digit.
double[] axis = [.. Enumerable.Range(1, cnnAccuracy.Length).Select(e => (double)e)];
Charts.Figure("Lesson 12: a basic CNN",
    new Panel("epoch", "test accuracy", "The same data, loss and optimizer").Line(axis, cnnAccuracy, "CNN").Line(axis, mlpAccuracy, "lesson 10's network"),
    new Panel("network", "thousand parameters", "A sixty-eighth of the weights")
        .Bars(["CNN", "lesson 10"], [Count(cnn) / 1e3, Count(mlp) / 1e3], showValues: true))
    .SavePng(Path.Combine(output, "12-basic-cnn.png"));
using var quiet = Autograd.NoGrad();
var map = cnn.Conv1.Forward(testSet.Inputs[..1]).Relu()[0];                 // [10, 24, 24]
Charts.Pictures("Lesson 12: learned kernels (above) and what they see (below)",
    [.. Enumerable.Range(0, 10).Select(k => new Picture(cnn.Conv1.Weight[k].Contiguous().ToArray<float>(), 5, 5, stretch: true)),
     .. Enumerable.Range(0, 10).Select(k => new Picture(map[k].Contiguous().ToArray<float>(), 24, 24, stretch: true))], columns: 10)
    .SavePng(Path.Combine(output, "12-feature-maps.png"));

double[] Run(string name, Module model)
{
    var loader = new DataLoader(trainSet, batchSize: 64, shuffle: true, seed: 1);
    var criterion = new CrossEntropyLoss();
    var optimizer = new Sgd(model.Parameters(), lr: 0.05, momentum: 0.5);
    const int epochs = 5;
    var accuracy = new double[epochs];
    var watch = Stopwatch.StartNew();
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        double sum = 0;
        foreach (var (x, y) in loader)
        {
            var loss = criterion.Forward(model.Forward(x), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
            sum += loss.Item();
        }
        using (Autograd.NoGrad())
            accuracy[epoch] = model.Forward(testSet.Inputs).ArgMax(1).Equal(testSet.Targets).To(DType.Float32).Mean().Item();
        Console.WriteLine($"{name} epoch {epoch + 1}  loss = {sum / loader.Count:F4}  test accuracy = {accuracy[epoch]:F4}");
    }
    Console.WriteLine($"{name} took {watch.Elapsed.TotalSeconds:F1} s");
    return accuracy;
}

static int Count(Module model) => model.Parameters().Sum(p => p.ElementCount);

int Wrong(double accuracy) => (int)Math.Round((1 - accuracy) * test.Count);

sealed class BasicCnn : Module
{
    public Conv2d Conv1 { get; } = new(1, 10, 5);
    readonly Conv2d conv2 = new(10, 20, 5);
    readonly MaxPool2d pooling = new(2);
    readonly Linear fc = new(320, 10);

    public override Tensor Forward(Tensor x)
    {
        x = pooling.Forward(Conv1.Forward(x)).Relu();
        x = pooling.Forward(conv2.Forward(x)).Relu();
        return fc.Forward(x.Flatten(1));
    }
}
