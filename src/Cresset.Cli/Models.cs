using Cresset.Nn;

namespace Cresset.Cli;

/// <summary>A network by name, for grey pictures [N, 1, 28, 28].</summary>
/// <param name="Name">The name.</param>
/// <param name="Create">Makes it for this many classes, with fresh weights.</param>
sealed record ModelChoice(string Name, Func<int, Module> Create);

/// <summary>The networks that `--model` knows.</summary>
static class Models
{
    public static readonly IReadOnlyList<ModelChoice> All =
    [
        new("mlp", classes => new Mlp(classes)),
        new("cnn", classes => new Cnn(classes)),
    ];

    public static string Names => string.Join(", ", All.Select(m => m.Name));
}

/// <summary>784-512-256-128-64-classes, with ReLU between.</summary>
sealed class Mlp(int classes) : Module
{
    readonly Linear fc1 = new(784, 512), fc2 = new(512, 256), fc3 = new(256, 128), fc4 = new(128, 64), fc5 = new(64, classes);

    public override Tensor Forward(Tensor x)
    {
        x = fc1.Forward(x.Flatten(1)).Relu();
        x = fc2.Forward(x).Relu();
        x = fc3.Forward(x).Relu();
        x = fc4.Forward(x).Relu();
        return fc5.Forward(x);
    }
}

/// <summary>Two convolutions 5x5 (10 and 20 channels), each with 2x2 pooling and ReLU, then a linear layer.</summary>
sealed class Cnn(int classes) : Module
{
    readonly Conv2d conv1 = new(1, 10, 5), conv2 = new(10, 20, 5);
    readonly Linear fc = new(320, classes);

    public override Tensor Forward(Tensor x)
    {
        x = conv1.Forward(x).MaxPool2d((2, 2)).Relu(); // [N, 10, 12, 12]
        x = conv2.Forward(x).MaxPool2d((2, 2)).Relu(); // [N, 20, 4, 4]
        return fc.Forward(x.Flatten(1));
    }
}
