namespace Cresset.Kernels;

// Running sums and order along one dimension.
public abstract partial class Backend
{
    /// <summary>Element i of y along dim = the sum of x's elements up to i, or from i on.</summary>
    public abstract void CumulativeSum(in Operand x, int dim, bool fromEnd, in Operand y);

    /// <summary>The elements of x along dim in order, equals in their old order, NaN as the largest; and the old places (int64).</summary>
    public abstract void Sort(in Operand x, int dim, bool descending, in Operand values, in Operand indices);
}
