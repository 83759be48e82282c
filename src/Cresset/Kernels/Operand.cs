namespace Cresset.Kernels;

/// <summary>A tensor as a kernel sees it: memory, layout and element type, nothing of differentiation.</summary>
public readonly struct Operand(Storage storage, in Layout layout, DType dtype)
{
    /// <summary>Shape, strides and offset.</summary>
    public readonly Layout Layout = layout;

    /// <summary>The memory.</summary>
    public readonly Storage Storage = storage;

    /// <summary>The type of the elements.</summary>
    public readonly DType DType = dtype;

    /// <summary>The address of the first element.</summary>
    public unsafe byte* Pointer => Storage.Pointer + (long)Layout.Offset * DType.Size();

    /// <summary>The same memory seen with a larger shape, repeated by stride 0.</summary>
    public Operand Expand(Shape shape) => new(Storage, Layout.Expand(shape), DType);
}
