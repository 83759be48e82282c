using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Numerics.Tensors;
using Cresset.Kernels;

namespace Cresset;

/// <summary>An n-dimensional array of one element type: a handle to a <see cref="Storage"/>, the <see cref="Layout"/> in
/// which it is seen, and what automatic differentiation knows of it. Operators are extension members, each in a file of
/// its own under Operators/. PyTorch: <c>torch.Tensor</c>.</summary>
/// <remarks>Tensors need no <c>Dispose</c>: their memory returns to <see cref="MemoryPool"/> when nothing can reach it.
/// Reading is safe from many threads at once; changing a tensor in place is not.</remarks>
[DebuggerDisplay("{DebuggerText,nq}")]
[SuppressMessage("Naming", "CA1711", Justification = "Tensor is the field's own term")]
public partial class Tensor
{
    // What a kernel sees. A field, so that it goes to kernels by reference, without a copy; changed by Become alone.
    Operand operand;

    internal Tensor(Storage storage, in Layout layout, DType dtype)
    {
        operand = new Operand(storage, layout, dtype);
    }

    /// <summary>What a backend's primitive takes: storage, layout and type.</summary>
    public ref readonly Operand Operand => ref operand;

    /// <summary>The memory, which views share.</summary>
    public Storage Storage => operand.Storage;

    /// <summary>Shape, strides and offset.</summary>
    public ref readonly Layout Layout => ref operand.Layout;

    /// <summary>The type of the elements. PyTorch: <c>dtype</c>.</summary>
    public DType DType => operand.DType;

    /// <summary>The sizes of the dimensions. PyTorch: <c>shape</c>.</summary>
    public Shape Shape => operand.Layout.Shape;

    /// <summary>The number of dimensions; 0 for a scalar. PyTorch: <c>dim()</c>.</summary>
    public int Rank => operand.Layout.Rank;

    /// <summary>The number of elements. PyTorch: <c>numel()</c>.</summary>
    public int ElementCount => operand.Layout.ElementCount;

    /// <summary>The size of one dimension; negative ones count from the end. PyTorch: <c>size(dim)</c>.</summary>
    public int Size(int dim) => Shape[dim];

    /// <summary>True where the elements lie row-major without gaps. PyTorch: <c>is_contiguous()</c>.</summary>
    public bool IsContiguous => operand.Layout.IsContiguous;

    /// <summary>The backend whose kernels work on this tensor.</summary>
    public Backend Backend => operand.Storage.Backend;

    /// <summary>A new contiguous tensor, uninitialised: what an operator writes its result to.</summary>
    internal static Tensor Allocate(Shape shape, DType dtype, Backend backend) =>
        new(backend.Allocate((long)shape.ElementCount * dtype.Size()), new Layout(shape), dtype);

    /// <summary>Another tensor over the same storage.</summary>
    internal Tensor View(in Layout layout) => new(Storage, layout, DType) { IsView = true };

    /// <summary>True where the tensor was made as a view of another one.</summary>
    internal bool IsView { get; init; }

    /// <summary>The only element, as a double. PyTorch: <c>item()</c>.</summary>
    /// <exception cref="InvalidOperationException">The tensor has not exactly one element.</exception>
    public double Item() => DType switch
    {
        DType.Float32 => Item<float>(),
        DType.Float64 => Item<double>(),
        DType.Int32 => Item<int>(),
        DType.Int64 => Item<long>(),
        DType.UInt8 => Item<byte>(),
        _ => Item<bool>() ? 1 : 0,
    };

    /// <summary>The only element, in its own type.</summary>
    /// <exception cref="InvalidOperationException">The tensor has not exactly one element, or another type.</exception>
    public unsafe T Item<T>() where T : unmanaged
    {
        if (ElementCount != 1)
            throw new InvalidOperationException($"Item: expected a tensor with one element, got the shape {Shape}; reduce it first, as with Sum() or Mean(), or take ToArray()");
        RequireType<T>("Item");
        var value = ((T*)Storage.Pointer)[Layout.Offset];
        GC.KeepAlive(Storage);
        return value;
    }

    /// <summary>The elements, row-major, as a new array. PyTorch: <c>tolist()</c>, <c>numpy()</c>.</summary>
    /// <typeparam name="T">The element type; <c>To(dtype)</c> converts first.</typeparam>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public T[] ToArray<T>() where T : unmanaged
    {
        RequireType<T>("ToArray");
        var array = new T[ElementCount];
        var target = new Tensor(Storage.Wrap(array, Backend), new Layout(Shape), DType);
        Backend.Copy(operand, target.operand);
        GC.KeepAlive(target);
        return array;
    }

    /// <summary>The elements of a contiguous tensor, without a copy. Valid while the tensor is reachable; a change through
    /// it is not seen by automatic differentiation. Weights that were handed out are packed again in each call of a convolution, since they may
    /// have changed; to read them only, use <see cref="AsReadOnlyTensorSpan"/> or <see cref="ToArray"/>.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another element type or is not contiguous.</exception>
    public unsafe Span<T> AsSpan<T>() where T : unmanaged
    {
        RequireType<T>("AsSpan");
        if (!IsContiguous)
            throw new InvalidOperationException($"AsSpan: expected a contiguous tensor, got the shape {Shape} with strides {Shape.Format(Layout.Strides)}; call Contiguous() first");
        Storage.SharesMemory = true;
        return new Span<T>((T*)Storage.Pointer + Layout.Offset, ElementCount);
    }

    /// <summary>The elements as .NET's own view of several dimensions, without a copy, strides and all: what is written through it the
    /// tensor has, and the other way round. Valid while the tensor is reachable (<c>GC.KeepAlive</c>); a change through it is not seen by
    /// automatic differentiation. A scalar has one dimension of size 1. The way back without a copy is <c>Tensor.Wrap</c> of the array
    /// beneath.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public unsafe TensorSpan<T> AsTensorSpan<T>() where T : unmanaged
    {
        Storage.SharesMemory = true;
        return Elements<T>("AsTensorSpan");
    }

    unsafe TensorSpan<T> Elements<T>(string name) where T : unmanaged
    {
        RequireType<T>(name);
        Span<nint> sizes = stackalloc nint[Math.Max(1, Rank)], strides = stackalloc nint[Math.Max(1, Rank)];
        (sizes[0], strides[0]) = (1, 0);
        nint last = 0;
        for (var i = 0; i < Rank; i++)
        {
            // What is never stepped along has stride 0 there.
            (sizes[i], strides[i]) = (Shape[i], Shape[i] > 1 && ElementCount > 0 ? Layout.Strides[i] : 0);
            last += Math.Max(0, sizes[i] - 1) * strides[i];
        }
        return new TensorSpan<T>((T*)Storage.Pointer + Layout.Offset, ElementCount == 0 ? 0 : last + 1, sizes, strides);
    }

    /// <summary>As <see cref="AsTensorSpan"/>, to read only.</summary>
    /// <exception cref="InvalidOperationException">The tensor has another element type.</exception>
    public ReadOnlyTensorSpan<T> AsReadOnlyTensorSpan<T>() where T : unmanaged => Elements<T>("AsReadOnlyTensorSpan");

    void RequireType<T>(string name) where T : unmanaged
    {
        Tracing.CheckRead(name, this);
        if (DTypes.Of<T>() != DType)
            throw new InvalidOperationException($"{name}: the tensor is {DType.Name()}, asked for {DTypes.Of<T>().Name()}; convert it first, as with To(DType.{DTypes.Of<T>()})");
    }

    /// <summary>Shape, type and values, aligned; large tensors are shortened with an ellipsis.</summary>
    public override string ToString() => TensorPrinter.Format(this);

    string DebuggerText => TensorPrinter.Summary(this);
}
