using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// The fully connected network I-512-256-128-64-classes with ReLU between: x [N, ...] with I numbers a sample, scores
/// [N, classes].
/// </summary>
/// <param name="inputs">I: C*H*W; 784 for pictures 28x28.</param>
/// <param name="classes">The number of classes.</param>
public sealed class Mlp(int inputs = 784, int classes = 10) : Module
{
    private readonly Linear _fc1 = new(inputs, 512), _fc2 = new(512, 256), _fc3 = new(256, 128), _fc4 = new(128, 64),
        _fc5 = new(64, classes);

    /// <summary>The scores of the classes.</summary>
    public override Tensor Forward(Tensor x)
    {
        x = _fc1.ForwardRelu(x.Flatten(1));
        x = _fc2.ForwardRelu(x);
        x = _fc3.ForwardRelu(x);
        x = _fc4.ForwardRelu(x);
        return Observe(_fc5.Forward(x));
    }
}
