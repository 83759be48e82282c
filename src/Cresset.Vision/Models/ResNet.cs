using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// A residual network of basic blocks for pictures [N, C, H, W]: convolution 7x7 with stride 2, 3x3 max pooling, four
/// stages of 64, 128, 256 and 512 channels, the mean over each picture, a linear layer; scores [N, classes]. A shortcut
/// that changes its shape has a 1x1 convolution (the paper's option B). He, Zhang, Ren and Sun, "Deep residual learning
/// for image recognition" (2015). torchvision: <c>models.resnet18</c>, <c>models.resnet34</c>, whose state
/// dictionaries fit.
/// </summary>
public sealed class ResNet : Module
{
    private readonly int _channels;
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1 = new(64);
    private readonly MaxPool2d? _maxpool;
    private readonly Sequential _layer1, _layer2, _layer3, _layer4;
    private readonly AdaptiveAvgPool2d _avgpool = new(1);
    private readonly Linear _fc;

    /// <summary>A network of so many blocks a stage, with convolutions that start as He et al. (2015) say.</summary>
    /// <param name="blocks">The number of blocks of each of the four stages.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="channels">C: 1 for grey, 3 for colours.</param>
    /// <param name="cifarStem">
    /// For pictures of about 32x32: the first convolution is 3x3 with stride 1 and no pooling follows. torchvision has
    /// no such option.
    /// </param>
    /// <exception cref="ArgumentException">There are not four stages, or one has no block.</exception>
    public ResNet(IReadOnlyList<int> blocks, int classes = 1000, int channels = 3, bool cifarStem = false)
    {
        ArgumentNullException.ThrowIfNull(blocks);
        if (blocks.Count != 4 || blocks.Any(count => count < 1))
            throw new ArgumentException(
                $"ResNet: expected four stages of at least one block, got ({string.Join(", ", blocks)}).", nameof(blocks));
        _channels = channels;
        _conv1 = cifarStem
            ? new Conv2d(channels, 64, 3, padding: 1, bias: false)
            : new Conv2d(channels, 64, 7, stride: 2, padding: 3, bias: false);
        _maxpool = cifarStem ? null : new MaxPool2d(3, stride: 2, padding: 1);
        _layer1 = Stage(64, 64, blocks[0]);
        _layer2 = Stage(64, 128, blocks[1]);
        _layer3 = Stage(128, 256, blocks[2]);
        _layer4 = Stage(256, 512, blocks[3]);
        _fc = new Linear(512, classes);
        foreach (Module module in Modules())
            if (module is Conv2d conv)
                Init.KaimingNormal(conv.Weight, mode: FanMode.FanOut);
    }

    /// <summary>ResNet-18: 11,689,512 parameters with 1000 classes. torchvision: <c>models.resnet18</c>.</summary>
    /// <inheritdoc cref="ResNet(IReadOnlyList{int}, int, int, bool)"/>
    public static ResNet ResNet18(int classes = 1000, int channels = 3, bool cifarStem = false) =>
        new([2, 2, 2, 2], classes, channels, cifarStem);

    /// <summary>ResNet-34: 21,797,672 parameters with 1000 classes. torchvision: <c>models.resnet34</c>.</summary>
    /// <inheritdoc cref="ResNet(IReadOnlyList{int}, int, int, bool)"/>
    public static ResNet ResNet34(int classes = 1000, int channels = 3, bool cifarStem = false) =>
        new([3, 4, 6, 3], classes, channels, cifarStem);

    private static Sequential Stage(int from, int to, int blocks)
    {
        var stage = new Sequential(new Block(from, to));
        for (int i = 1; i < blocks; i++)
            stage.Add(new Block(to, to));
        return stage;
    }

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another number of channels.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(ResNet), x, _channels);
        x = _bn1.ForwardRelu(_conv1, x);
        if (_maxpool is not null)
            x = _maxpool.Forward(x);
        x = _layer4.Forward(_layer3.Forward(_layer2.Forward(_layer1.Forward(x))));
        return Observe(_fc.Forward(_avgpool.Forward(x).Flatten(1)));
    }

    // relu(shortcut(x) + bn(conv(relu(bn(conv(x)))))); where the channels change, the size is halved.
    private sealed class Block : Module
    {
        // In torchvision's order, which is that of the parameters.
        private readonly Conv2d _conv1;
        private readonly BatchNorm2d _bn1;
        private readonly Conv2d _conv2;
        private readonly BatchNorm2d _bn2;
        private readonly Sequential? _downsample;

        public Block(int from, int to)
        {
            int stride = from == to ? 1 : 2;
            _conv1 = new Conv2d(from, to, 3, stride, padding: 1, bias: false);
            _bn1 = new BatchNorm2d(to);
            _conv2 = new Conv2d(to, to, 3, padding: 1, bias: false);
            _bn2 = new BatchNorm2d(to);
            if (from != to)
                _downsample = new Sequential(new Conv2d(from, to, 1, stride, bias: false), new BatchNorm2d(to));
        }

        public override Tensor Forward(Tensor x)
        {
            Tensor y = _bn1.ForwardRelu(_conv1, x);
            return Observe(_bn2.ForwardRelu(_conv2, y, _downsample is null ? x : _downsample.Forward(x)));
        }
    }
}
