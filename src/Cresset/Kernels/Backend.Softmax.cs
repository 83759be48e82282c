namespace Cresset.Kernels;

// Softmax over the last dimension of contiguous operands.
public abstract partial class Backend
{
    /// <summary>y = exp(x) / the sum of exp(x) over the last dimension, or its logarithm.</summary>
    public abstract void Softmax(bool logarithm, in Operand x, in Operand y);

    /// <summary>dx = y (dy - the sum of dy y), or dy - exp(y) times the sum of dy for the logarithm.</summary>
    public abstract void SoftmaxGradient(bool logarithm, in Operand dy, in Operand y, in Operand dx);
}
