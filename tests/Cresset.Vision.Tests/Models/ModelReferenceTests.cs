using Cresset.Nn;
using Cresset.Tests;
using Xunit;

namespace Cresset.Vision.Tests.Models;

/// <summary>Against vision/models.json: see <see cref="ModelReference"/>.</summary>
public class ModelReferenceTests
{
    private static readonly Dictionary<string, Func<Module>> Models = new()
    {
        ["linear"] = () => new LinearClassifier(),
        ["mlp"] = () => new Mlp(),
        ["cnn"] = () => new Cnn(),
        ["lenet"] = () => new LeNet(),
        ["lenet colour"] = () => new LeNet(channels: 3),
        ["inception"] = () => new InceptionNet(),
        ["residual"] = () => new ResidualNet(),
        ["resnet18"] = () => ResNet.ResNet18(),
        ["resnet34"] = () => ResNet.ResNet34(),
        ["resnet18 cifar"] = () => ResNet.ResNet18(10, 1, cifarStem: true),
        ["resnet20"] = () => new CifarResNet(20),
        ["resnet56"] = () => new CifarResNet(56),
        ["googlenet"] = () => new GoogLeNet(dropout: 0),
        ["googlenet cifar"] = () => new GoogLeNet(10, 1, cifarStem: true, dropout: 0),
        ["vit"] = () => new VisionTransformer((28, 28), channels: 1, dropout: 0),
        ["vit colour"] = () => new VisionTransformer((16, 24), 8, 5, 3, width: 32, depth: 2, heads: 2, feedforward: 48, dropout: 0),
    };

    public static TheoryData<string> Names => [.. Models.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Parameters_outputs_and_gradients_are_PyTorchs(string name) => ModelReference.Check(name, Models[name]());
}
