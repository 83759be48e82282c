namespace Cresset.Kernels;

// Elements by index. Indices are int64 and within range: the operator has checked them.
public abstract partial class Backend
{
    /// <summary>y[i][j][k] = x[index[i][j][k]][j][k] for dim 0, and so for others; y has the index's shape.</summary>
    public abstract void Gather(in Operand x, int dim, in Operand index, in Operand y);

    /// <summary>y[index[i][j][k]][j][k] += x[i][j][k] for dim 0, and so for others, in row-major order of x, which has the
    /// index's shape.</summary>
    public abstract void ScatterAdd(in Operand x, int dim, in Operand index, in Operand y);

    /// <summary>y[index[i][j][k]][j][k] = x[i][j][k] for dim 0, and so for others, in row-major order of x, which has the
    /// index's shape.</summary>
    public abstract void Scatter(in Operand x, int dim, in Operand index, in Operand y);

    /// <summary>Slice i of y along dim = slice index[i] of x.</summary>
    public abstract void IndexSelect(in Operand x, int dim, in Operand index, in Operand y);

    /// <summary>Slice index[i] of y along dim += slice i of x, in the order of i.</summary>
    public abstract void IndexAdd(in Operand x, int dim, in Operand index, in Operand y);

    /// <summary>y[index[i]] = x[i], in the order of i; all are vectors, contiguous.</summary>
    public abstract void IndexCopy(in Operand x, in Operand index, in Operand y);

    /// <summary>The first position in row-major order of an index outside [0, limit), or -1.</summary>
    public abstract long FindOutOfRange(in Operand index, long limit);
}
