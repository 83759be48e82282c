using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// One linear layer over all pixels, which with <see cref="CrossEntropyLoss"/> is softmax regression: x [N, ...] with
/// I numbers a sample, scores [N, classes].
/// </summary>
/// <param name="inputs">I: C*H*W.</param>
/// <param name="classes">The number of classes.</param>
public sealed class LinearClassifier(int inputs = 784, int classes = 10) : Module
{
    private readonly Linear _fc = new(inputs, classes);

    /// <summary>The scores of the classes.</summary>
    public override Tensor Forward(Tensor x) => Observe(_fc.Forward(x.Flatten(1)));
}
