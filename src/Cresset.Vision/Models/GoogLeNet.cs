using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// GoogLeNet with batch normalisation: nine Inception blocks over three convolutions, for pictures [N, C, H, W]; scores
/// [N, classes]; 6,624,904 parameters with 1000 classes. Szegedy et al., "Going deeper with convolutions" (2015).
/// torchvision: <c>models.googlenet</c> without auxiliary classifiers, whose state dictionary fits; one with them loads
/// with <c>strict: false</c>.
/// </summary>
/// <remarks>
/// As in torchvision the branch that the paper has with a 5x5 kernel has a 3x3 one, and pictures are not shifted to
/// another normalisation (<c>transform_input=False</c>).
/// </remarks>
public sealed class GoogLeNet : Module
{
    private readonly int _channels;
    private readonly ConvNormRelu _conv1;
    private readonly MaxPool2d? _maxpool1;
    private readonly ConvNormRelu _conv2 = new(64, 64, 1), _conv3 = new(64, 192, 3, padding: 1);
    private readonly MaxPool2d _maxpool2 = Halve(3);
    private readonly Block _inception3a = new(192, 64, 96, 128, 16, 32, 32), _inception3b = new(256, 128, 128, 192, 32, 96, 64);
    private readonly MaxPool2d _maxpool3 = Halve(3);
    private readonly Block _inception4a = new(480, 192, 96, 208, 16, 48, 64), _inception4b = new(512, 160, 112, 224, 24, 64, 64),
        _inception4c = new(512, 128, 128, 256, 24, 64, 64), _inception4d = new(512, 112, 144, 288, 32, 64, 64),
        _inception4e = new(528, 256, 160, 320, 32, 128, 128);
    private readonly MaxPool2d _maxpool4 = Halve(2);
    private readonly Block _inception5a = new(832, 256, 160, 320, 32, 128, 128), _inception5b = new(832, 384, 192, 384, 48, 128, 128);
    private readonly AdaptiveAvgPool2d _avgpool = new(1);
    private readonly Dropout _dropout;
    private readonly Linear _fc;

    /// <summary>A network whose weights start normal with deviation 0.01, cut off at 2, as torchvision's do.</summary>
    /// <param name="classes">The number of classes.</param>
    /// <param name="channels">C: 1 for grey, 3 for colours.</param>
    /// <param name="cifarStem">
    /// For pictures of about 32x32: the first convolution is 3x3 with stride 1 and no pooling follows. torchvision has
    /// no such option.
    /// </param>
    /// <param name="dropout">The probability with which the last layer's inputs are dropped in training.</param>
    public GoogLeNet(int classes = 1000, int channels = 3, bool cifarStem = false, double dropout = 0.2)
    {
        _channels = channels;
        _conv1 = cifarStem ? new ConvNormRelu(channels, 64, 3, padding: 1) : new ConvNormRelu(channels, 64, 7, stride: 2, padding: 3);
        _maxpool1 = cifarStem ? null : Halve(3);
        _dropout = new Dropout(dropout);
        _fc = new Linear(1024, classes);
        foreach (Module module in Modules())
        {
            if ((module as Conv2d)?.Weight is { } kernels)
                Init.TruncatedNormal(kernels, 0, 0.01);
        }
        Init.TruncatedNormal(_fc.Weight, 0, 0.01);
    }

    private static MaxPool2d Halve(int window) => new(window, stride: 2, ceilMode: true);

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another number of channels.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(GoogLeNet), x, _channels);
        x = _conv1.Forward(x);
        if (_maxpool1 is not null)
            x = _maxpool1.Forward(x);
        x = _maxpool2.Forward(_conv3.Forward(_conv2.Forward(x)));
        x = _maxpool3.Forward(_inception3b.Forward(_inception3a.Forward(x)));
        x = _inception4c.Forward(_inception4b.Forward(_inception4a.Forward(x)));
        x = _maxpool4.Forward(_inception4e.Forward(_inception4d.Forward(x)));
        x = _inception5b.Forward(_inception5a.Forward(x));
        return Observe(_fc.Forward(_dropout.Forward(_avgpool.Forward(x).Flatten(1))));
    }

    private sealed class ConvNormRelu(int from, int to, int kernel, int stride = 1, int padding = 0) : Module
    {
        private readonly Conv2d _conv = new(from, to, kernel, stride, padding, bias: false);
        private readonly BatchNorm2d _bn = new(to, eps: 0.001);

        public override Tensor Forward(Tensor x) => Observe(_bn.ForwardRelu(_conv, x));
    }

    // Channels of: 1x1; 1x1 then 3x3; 1x1 then 3x3 (the paper's 5x5); the 1x1 after the pooling.
    private sealed class Block(int from, int single, int middleReduce, int middle, int largeReduce, int large, int pooled) : Module
    {
        private readonly ConvNormRelu _branch1 = new(from, single, 1);
        private readonly Sequential _branch2 = new(new ConvNormRelu(from, middleReduce, 1), new ConvNormRelu(middleReduce, middle, 3, padding: 1));
        private readonly Sequential _branch3 = new(new ConvNormRelu(from, largeReduce, 1), new ConvNormRelu(largeReduce, large, 3, padding: 1));
        private readonly Sequential _branch4 = new(new MaxPool2d(3, stride: 1, padding: 1, ceilMode: true), new ConvNormRelu(from, pooled, 1));

        public override Tensor Forward(Tensor x) =>
            Observe(Tensor.Cat([_branch1.Forward(x), _branch2.Forward(x), _branch3.Forward(x), _branch4.Forward(x)], 1));
    }
}
