// Lesson 13: inception.                                                          dotnet run lessons/13-inception.cs
//
// Which kernel size is best, 1x1, 3x3 or 5x5? The inception block does not choose: it takes all of them side by side, lays
// their channels together, and lets training find out. What makes that affordable is the 1x1 convolution: it mixes the channels
// of each pixel, and so it can turn 192 channels into 16 before the expensive 5x5 comes.
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Plotting;
using Cresset.Vision;

// Pictures go to lessons/output, wherever this program is started from.
var output = Path.Combine((string)AppContext.GetData("EntryPointFileDirectoryPath")!, "output");

// 1. Counting multiplications. A convolution makes C' * H' * W' numbers, each of C * KH * KW products. A hook sees what every
// layer puts out, so the counter needs no formula for sizes.
static long Multiplications(Module model, Shape input, Action<string, long>? report = null)
{
    long total = 0;
    var undo = new List<Action>();
    foreach (var (name, module) in model.NamedModules())
    {
        if (module is not (Conv2d or Linear)) continue;
        undo.Add(module.RegisterForwardHook((layer, result) =>
        {
            var weight = layer is Conv2d conv ? conv.Weight : ((Linear)layer).Weight;
            long products = (long)result.ElementCount * (weight.ElementCount / weight.Shape[0]);
            report?.Invoke(name, products);
            total += products;
        }));
    }
    using (Autograd.NoGrad()) model.Forward(Tensor.Zeros(input));
    foreach (var remove in undo) remove();
    return total;
}

var direct = new Conv2d(192, 32, 5, padding: 2);
var through = new Sequential(new Conv2d(192, 16, 1), new Conv2d(16, 32, 5, padding: 2));
var parts = new List<long>();
long manyProducts = Multiplications(direct, [1, 192, 28, 28]), fewProducts = Multiplications(through, [1, 192, 28, 28], (_, n) => parts.Add(n));
Console.WriteLine("192 channels of 28 x 28 become 32 by a 5x5 convolution:");
Console.WriteLine($"  directly             5*5 * 28*28 * 192*32 = {manyProducts:N0}");
Console.WriteLine($"  1x1 to 16 channels   1*1 * 28*28 * 192*16 = {parts[0]:N0}");
Console.WriteLine($"  then the 5x5         5*5 * 28*28 *  16*32 = {parts[1]:N0}");
Console.WriteLine($"  together                                    {fewProducts:N0}, {(double)manyProducts / fewProducts:F1} times fewer");
Console.WriteLine("  (notes that say 12,433,648 have swapped a digit: add the two lines above)\n");

// 2. The block and the network stand at the end of the file. Shapes, layer by layer:
Cresset.Random.Seed(0);
var net = new InceptionNet();
var block = new InceptionBlock(10);
Console.WriteLine($"block: [1, 10, 12, 12] -> {block.Forward(Tensor.Zeros([1, 10, 12, 12])).Shape}: 16 + 24 + 24 + 24 channels, height and width unchanged");
Console.WriteLine("multiplications of the network for one digit:");
long all = Multiplications(net, [1, 1, 28, 28], (name, n) => Console.WriteLine($"  {name,-20} {n,9:N0}"));
Console.WriteLine($"  all                  {all,9:N0}");
Console.WriteLine($"parameters = {net.Parameters().Sum(p => p.ElementCount)}\n");

// 3. Data and training as in lesson 12.
var store = new DatasetStore();
bool real = store.MissingFiles(Mnist.Definition).Count == 0;
var train = real ? Mnist.Load(store.FolderOf("mnist"), train: true).Slice(0, 6000) : DrawnDigits.Draw(6000, seed: 1);
var test = real ? Mnist.Load(store.FolderOf("mnist"), train: false).Slice(0, 1000) : DrawnDigits.Draw(1000, seed: 2);
var unit = train.ToTensor().To(DType.Float32) / 255;
var transform = new Compose(new ToTensor(), new Normalize(unit.Mean().Item(), unit.Std().Item()));
var testSet = test.ToDataset(transform);
Console.WriteLine($"data: {(real ? "MNIST" : "drawn digits")}, {train.Count} to train, {test.Count} to test");
var loader = new DataLoader(train.ToDataset(transform), batchSize: 64, shuffle: true, seed: 1);
var criterion = new CrossEntropyLoss();
var optimizer = new Sgd(net.Parameters(), lr: 0.05, momentum: 0.5);
const int epochs = 3;
var (losses, accuracy) = (new double[epochs], new double[epochs]);
for (int epoch = 0; epoch < epochs; epoch++)
{
    foreach (var (x, y) in loader)
    {
        var loss = criterion.Forward(net.Forward(x), y);
        optimizer.ZeroGrad();
        loss.Backward();
        optimizer.Step();
        losses[epoch] += loss.Item() / loader.Count;
    }
    using (Autograd.NoGrad())
        accuracy[epoch] = net.Forward(testSet.Inputs).ArgMax(1).Equal(testSet.Targets).To(DType.Float32).Mean().Item();
    Console.WriteLine($"epoch {epoch + 1}  loss = {losses[epoch]:F4}  test accuracy = {accuracy[epoch]:F4}");
}

double[] axis = [1, 2, 3];
Charts.Figure("Lesson 13: inception",
    new Panel("", "million multiplications", "192 channels to 32 by 5x5, on 28 x 28")
        .Bars(["5x5 directly", "1x1, then 5x5"], [manyProducts / 1e6, fewProducts / 1e6], showValues: true),
    new Panel("epoch", "training loss", "The network learns").Line(axis, losses),
    new Panel("epoch", "test accuracy", "Accuracy") { YLimits = (0.8, 1.01) }.Line(axis, accuracy))
    .SavePng(Path.Combine(output, "13-inception.png"));

// Four ways from the same input. Padding keeps height and width, so that the results lie side by side as channels.
sealed class InceptionBlock(int inChannels) : Module
{
    readonly Conv2d one = new(inChannels, 16, 1);
    readonly Conv2d five1 = new(inChannels, 16, 1), five2 = new(16, 24, 5, padding: 2);
    readonly Conv2d three1 = new(inChannels, 16, 1), three2 = new(16, 24, 3, padding: 1), three3 = new(24, 24, 3, padding: 1);
    readonly Conv2d pooled = new(inChannels, 24, 1);

    public override Tensor Forward(Tensor x) => Tensor.Cat(
    [
        one.Forward(x),
        five2.Forward(five1.Forward(x)),
        three3.Forward(three2.Forward(three1.Forward(x))),
        pooled.Forward(x.AvgPool2d(3, stride: 1, padding: 1)),
    ], 1);
}

sealed class InceptionNet : Module
{
    readonly Conv2d conv1 = new(1, 10, 5), conv2 = new(88, 20, 5);
    readonly InceptionBlock block1 = new(10), block2 = new(20);
    readonly Linear fc = new(88 * 4 * 4, 10);

    public override Tensor Forward(Tensor x)
    {
        x = conv1.Forward(x).MaxPool2d(2).Relu();   // [N, 10, 12, 12]
        x = block1.Forward(x);                      // [N, 88, 12, 12]
        x = conv2.Forward(x).MaxPool2d(2).Relu();   // [N, 20, 4, 4]
        x = block2.Forward(x);                      // [N, 88, 4, 4]
        return fc.Forward(x.Flatten(1));
    }
}
