using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// An Inception block: four ways of looking at the same picture, side by side along the channels: convolution 1x1 (16
/// channels); 1x1 (16) then 5x5 (24); 1x1 (16) then 3x3 (24) then 3x3 (24); 3x3 mean pooling then 1x1 (24). The 1x1
/// convolutions bring the channels down first, which saves most of the work. x [N, C, H, W], y [N, 88, H, W].
/// </summary>
/// <param name="inChannels">C.</param>
public sealed class InceptionBlock(int inChannels) : Module
{
    /// <summary>The channels of the output: 16 + 24 + 24 + 24.</summary>
    public const int OutChannels = 88;

    [StateName("branch1x1")]
    private readonly Conv2d _single = new(inChannels, 16, 1);

    [StateName("branch5x5_1")]
    private readonly Conv2d _largeReduce = new(inChannels, 16, 1);

    [StateName("branch5x5_2")]
    private readonly Conv2d _large = new(16, 24, 5, padding: 2);

    [StateName("branch3x3_1")]
    private readonly Conv2d _doubleReduce = new(inChannels, 16, 1);

    [StateName("branch3x3_2")]
    private readonly Conv2d _doubleFirst = new(16, 24, 3, padding: 1);

    [StateName("branch3x3_3")]
    private readonly Conv2d _doubleSecond = new(24, 24, 3, padding: 1);

    private readonly AvgPool2d _pooling = new(3, stride: 1, padding: 1);

    [StateName("branch_pool")]
    private readonly Conv2d _pooled = new(inChannels, 24, 1);

    /// <summary>The outputs of the four branches, in the order above.</summary>
    /// <exception cref="ArgumentException">The input's shape does not fit.</exception>
    public override Tensor Forward(Tensor x) => Observe(Tensor.Cat(
        [
            _single.Forward(x),
            _large.Forward(_largeReduce.Forward(x)),
            _doubleSecond.Forward(_doubleFirst.Forward(_doubleReduce.Forward(x))),
            _pooled.Forward(_pooling.Forward(x)),
        ], 1));
}

/// <summary>
/// A network with two Inception blocks for grey pictures 28x28: convolution 5x5 to 10 channels, pooling, ReLU, block,
/// convolution 5x5 to 20 channels, pooling, ReLU, block, a linear layer of 1408 inputs; 97,298 parameters with ten
/// classes. x [N, 1, 28, 28], scores [N, classes]. After Szegedy et al., "Going deeper with convolutions" (2015).
/// </summary>
/// <param name="classes">The number of classes.</param>
public sealed class InceptionNet(int classes = 10) : Module
{
    private readonly Conv2d _conv1 = new(1, 10, 5);
    private readonly InceptionBlock _incep1 = new(10);
    private readonly Conv2d _conv2 = new(InceptionBlock.OutChannels, 20, 5);
    private readonly InceptionBlock _incep2 = new(20);
    private readonly MaxPool2d _mp = new(2);
    private readonly Linear _fc = new(InceptionBlock.OutChannels * 16, classes);

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another shape.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(InceptionNet), x, 1, 28, 28);
        x = _mp.Forward(_conv1.Forward(x)).Relu(); // [N, 10, 12, 12]
        x = _incep1.Forward(x); // [N, 88, 12, 12]
        x = _mp.Forward(_conv2.Forward(x)).Relu(); // [N, 20, 4, 4]
        x = _incep2.Forward(x); // [N, 88, 4, 4]
        return Observe(_fc.Forward(x.Flatten(1)));
    }
}
