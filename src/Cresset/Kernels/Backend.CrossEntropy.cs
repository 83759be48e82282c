namespace Cresset.Kernels;

// Softmax and the loss of one class, in one pass. Operands are contiguous; x [N, C], target [N] of int64 within [0, C).
public abstract partial class Backend
{
    /// <summary>logSumExp = log(sum of exp(x)) of each row, loss = logSumExp - x[target].</summary>
    public abstract void CrossEntropy(in Operand x, in Operand target, in Operand loss, in Operand logSumExp);

    /// <summary>dx = (exp(x - logSumExp) - 1 at the target) dy, row by row.</summary>
    public abstract void CrossEntropyGradient(in Operand dy, in Operand x, in Operand target, in Operand logSumExp, in Operand dx);
}
