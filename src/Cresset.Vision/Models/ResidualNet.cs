using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// A residual block without normalisation: y = relu(x + conv(relu(conv(x)))), both convolutions 3x3 with as many
/// channels out as in. x and y [N, C, H, W]. He, Zhang, Ren and Sun, "Deep residual learning for image recognition"
/// (2015).
/// </summary>
/// <param name="channels">C.</param>
public sealed class ResidualBlock(int channels) : Module
{
    private readonly Conv2d _conv1 = new(channels, channels, 3, padding: 1), _conv2 = new(channels, channels, 3, padding: 1);

    /// <summary>The input plus what the convolutions add to it.</summary>
    /// <exception cref="ArgumentException">The input's shape does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe((x + _conv2.Forward(_conv1.Forward(x).Relu())).Relu());
}

/// <summary>
/// A network with two residual blocks for grey pictures 28x28: convolution 5x5 to 16 channels, ReLU, pooling, block,
/// convolution 5x5 to 32 channels, ReLU, pooling, block, a linear layer of 512 inputs; 41,514 parameters with ten
/// classes. x [N, 1, 28, 28], scores [N, classes].
/// </summary>
/// <param name="classes">The number of classes.</param>
public sealed class ResidualNet(int classes = 10) : Module
{
    private readonly Conv2d _conv1 = new(1, 16, 5);
    private readonly ResidualBlock _rblock1 = new(16);
    private readonly Conv2d _conv2 = new(16, 32, 5);
    private readonly ResidualBlock _rblock2 = new(32);
    private readonly MaxPool2d _mp = new(2);
    private readonly Linear _fc = new(512, classes);

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another shape.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(ResidualNet), x, 1, 28, 28);
        x = _mp.Forward(_conv1.Forward(x).Relu()); // [N, 16, 12, 12]
        x = _rblock1.Forward(x);
        x = _mp.Forward(_conv2.Forward(x).Relu()); // [N, 32, 4, 4]
        x = _rblock2.Forward(x);
        return Observe(_fc.Forward(x.Flatten(1)));
    }
}
