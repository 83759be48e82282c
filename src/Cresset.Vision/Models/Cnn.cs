using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// A basic convolutional network for grey pictures 28x28: convolution 5x5 to 10 channels, pooling, ReLU, convolution
/// 5x5 to 20 channels, pooling, ReLU, a linear layer of 320 inputs; 8,490 parameters with ten classes. x [N, 1, 28,
/// 28], scores [N, classes].
/// </summary>
/// <param name="classes">The number of classes.</param>
public sealed class Cnn(int classes = 10) : Module
{
    private readonly Conv2d _conv1 = new(1, 10, 5), _conv2 = new(10, 20, 5);
    private readonly MaxPool2d _pooling = new(2);
    private readonly Linear _fc = new(320, classes);

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another shape.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(Cnn), x, 1, 28, 28);
        x = _pooling.Forward(_conv1.Forward(x)).Relu(); // [N, 10, 12, 12]
        x = _pooling.Forward(_conv2.Forward(x)).Relu(); // [N, 20, 4, 4]
        return Observe(_fc.Forward(x.Flatten(1)));
    }
}
