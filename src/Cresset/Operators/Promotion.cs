namespace Cresset.Operators;

// The type of a result, as PyTorch chooses it: tensors with dimensions decide; a 0-d tensor or a number counts only where
// its kind (bool, integer, floating point) is the higher one. Numbers bring float32 or int64.
static class Promotion
{
    internal static DType Of(Tensor a, Tensor b)
    {
        if (a.DType == b.DType) return a.DType;
        if (a.Rank == 0 == (b.Rank == 0)) return DTypes.Promote(a.DType, b.DType);
        var (dimensioned, single) = a.Rank > 0 ? (a.DType, b.DType) : (b.DType, a.DType);
        return single.Category() > dimensioned.Category() ? single : dimensioned;
    }

    internal static DType Of(Tensor a, Scalar b)
    {
        if (b.DType.Category() <= a.DType.Category()) return a.DType;
        return b.DType == DType.Float64 ? DType.Float32 : b.DType;
    }

    // The type itself, unless both operands were truth values, with which the operator can do nothing.
    internal static DType Numeric(string name, DType dtype) => dtype != DType.Bool ? dtype
        : throw new ArgumentException($"{name}: expected numbers, got truth values; convert one with To(DType.Int64)");

    // What a function of real numbers computes in: integers become float32.
    internal static DType Floating(DType dtype) => dtype.IsFloatingPoint() ? dtype : DType.Float32;

    // One backend for all operands, or an error that names the operator.
    internal static Kernels.Backend Backend(string name, Tensor a, Tensor b)
    {
        if (a.Backend != b.Backend)
            throw new ArgumentException($"{name}: the operands live on different backends, {a.Backend.Name} and {b.Backend.Name}; copy one to the other's");
        return a.Backend;
    }
}
