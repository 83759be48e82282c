using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// The residual networks for CIFAR-10 of depth 6n + 2: convolution 3x3 to 16 channels, then three stages of n blocks
/// with 16, 32 and 64 channels, the second and third of which halve the size, the mean over each picture, a linear
/// layer. x [N, C, H, W], scores [N, classes]. ResNet-20 has 269,722 parameters, ResNet-56 853,018. He, Zhang, Ren and
/// Sun, "Deep residual learning for image recognition" (2015), section 4.2.
/// </summary>
/// <remarks>
/// A shortcut that changes its shape has no weights (the paper's option A): it takes every second row and column and
/// adds channels of zeros, half of them before and half after. State dictionaries are those of
/// <c>akamaster/pytorch_resnet_cifar10</c>, without the prefix "module." that its files have.
/// </remarks>
public sealed class CifarResNet : Module
{
    private readonly int _channels;
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1 = new(16);
    private readonly Sequential _layer1, _layer2, _layer3;
    private readonly AdaptiveAvgPool2d _avgpool = new(1);
    private readonly Linear _linear;

    /// <summary>A network of this depth, whose weights start as He et al. (2015) say.</summary>
    /// <param name="depth">6n + 2: 20, 32, 44, 56, 110, ...</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="channels">C: 1 for grey, 3 for colours.</param>
    /// <exception cref="ArgumentException">The depth is not 6n + 2 with n at least 1.</exception>
    public CifarResNet(int depth = 20, int classes = 10, int channels = 3)
    {
        if (depth < 8 || (depth - 2) % 6 != 0)
            throw new ArgumentException($"CifarResNet: expected a depth of 6n + 2, such as 20 or 56, got {depth}.", nameof(depth));
        int blocks = (depth - 2) / 6;
        _channels = channels;
        _conv1 = new Conv2d(channels, 16, 3, padding: 1, bias: false);
        _layer1 = Stage(16, 16, blocks);
        _layer2 = Stage(16, 32, blocks);
        _layer3 = Stage(32, 64, blocks);
        _linear = new Linear(64, classes);
        Init.KaimingNormal(_linear.Weight);
        foreach (Module module in Modules())
            if (module is Conv2d conv)
                Init.KaimingNormal(conv.Weight);
    }

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
        Pictures.Require(nameof(CifarResNet), x, _channels);
        x = _bn1.ForwardRelu(_conv1, x);
        x = _layer3.Forward(_layer2.Forward(_layer1.Forward(x)));
        return Observe(_linear.Forward(_avgpool.Forward(x).Flatten(1)));
    }

    private sealed class Block(int from, int to) : Module
    {
        private readonly Conv2d _conv1 = new(from, to, 3, from == to ? 1 : 2, padding: 1, bias: false);
        private readonly BatchNorm2d _bn1 = new(to);
        private readonly Conv2d _conv2 = new(to, to, 3, padding: 1, bias: false);
        private readonly BatchNorm2d _bn2 = new(to);

        public override Tensor Forward(Tensor x)
        {
            Tensor y = _bn1.ForwardRelu(_conv1, x);
            return Observe(_bn2.ForwardRelu(_conv2, y, Shortcut(x)));
        }

        private Tensor Shortcut(Tensor x)
        {
            if (from == to)
                return x;
            var second = TensorIndex.Slice(0, ^0, 2);
            int zeros = (to - from) / 2;
            return x[.., .., second, second].Pad([0, 0, 0, 0, zeros, zeros]);
        }
    }
}
