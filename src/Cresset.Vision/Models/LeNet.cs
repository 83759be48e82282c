using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// LeNet-5: two convolutions 5x5 (6 and 16 channels) with tanh and 2x2 mean pooling, then linear layers of 120, 84 and
/// the classes; 61,706 parameters with one channel and ten classes. x [N, C, 32, 32], or [N, C, 28, 28], to which two
/// zeros are added on each side; scores [N, classes].
/// </summary>
/// <remarks>
/// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition" (1998), in today's
/// form: pooling has no weights, every channel sees all channels below, the output layer is linear.
/// </remarks>
/// <param name="classes">The number of classes.</param>
/// <param name="channels">C: 1 for grey, 3 for colours.</param>
public sealed class LeNet(int classes = 10, int channels = 1) : Module
{
    private readonly Conv2d _conv1 = new(channels, 6, 5), _conv2 = new(6, 16, 5);
    private readonly AvgPool2d _pooling = new(2);
    private readonly Linear _fc1 = new(400, 120), _fc2 = new(120, 84), _fc3 = new(84, classes);

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another shape.</exception>
    public override Tensor Forward(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank == 4 && x.Size(2) == 28 && x.Size(3) == 28)
            x = x.Pad([2, 2, 2, 2]);
        Pictures.Require(nameof(LeNet), x, channels, 32, 32);
        x = _pooling.Forward(_conv1.Forward(x).Tanh()); // [N, 6, 14, 14]
        x = _pooling.Forward(_conv2.Forward(x).Tanh()); // [N, 16, 5, 5]
        x = _fc1.Forward(x.Flatten(1)).Tanh();
        x = _fc2.Forward(x).Tanh();
        return Observe(_fc3.Forward(x));
    }
}
