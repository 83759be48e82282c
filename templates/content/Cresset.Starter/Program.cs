using Cresset;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Vision;

Cresset.Random.Seed(1);

// Digits that the library draws itself: pictures 1x28x28 as float32 from 0 to 1, and their classes.
var training = DrawnDigits.Draw(4000, seed: 1).ToDataset();
var test = DrawnDigits.Draw(1000, seed: 2).ToDataset();
var loader = new DataLoader(training, batchSize: 64, shuffle: true);

var model = new Net();
var criterion = new CrossEntropyLoss();
var optimizer = new Adam(model.Parameters(), lr: 1e-3);

for (var epoch = 1; epoch <= 5; epoch++)
{
    model.Train();
    double total = 0;
    foreach (var (images, labels) in loader)
    {
        var loss = criterion.Forward(model.Forward(images), labels);
        optimizer.ZeroGrad();
        loss.Backward();
        optimizer.Step();
        total += loss.Item() * labels.ElementCount;
    }
    Console.WriteLine($"epoch {epoch}  loss {total / training.Count:F4}  test accuracy {Evaluate(model, test):P2}");
}

// Weights go into a safetensors file and come back into a network of the same shape.
model.Save("digits.safetensors");
var saved = new Net();
saved.Load("digits.safetensors");
Console.WriteLine($"loaded again: test accuracy {Evaluate(saved, test):P2}");

static double Evaluate(Module model, Dataset<(Tensor, Tensor)> data)
{
    model.Eval();
    using var scope = Autograd.NoGrad();
    var accuracy = new Accuracy();
    foreach (var (images, labels) in new DataLoader(data, batchSize: 250)) accuracy.Update(model.Forward(images), labels);
    return accuracy.Value;
}

// Parameters and child modules are found from the fields.
sealed class Net : Module
{
    readonly Conv2d conv1 = new(1, 16, 3, padding: 1), conv2 = new(16, 32, 3, padding: 1);
    readonly Linear fc = new(32 * 7 * 7, 10);

    public override Tensor Forward(Tensor x)
    {
        x = conv1.Forward(x).Relu().MaxPool2d((2, 2)); // [N, 16, 14, 14]
        x = conv2.Forward(x).Relu().MaxPool2d((2, 2)); // [N, 32, 7, 7]
        return fc.Forward(x.Flatten(1));
    }
}
