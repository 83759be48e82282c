using System.Runtime.InteropServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>New tensors from numbers, arrays and rules.</summary>
public static class CreationOperators
{
    // 2- to 4-D arrays are row-major as a tensor is: their memory is copied as it lies.
    static unsafe Tensor FromArray<T>(Array values, ReadOnlySpan<int> sizes) where T : unmanaged
    {
        var result = Tensor.Empty(new Shape(sizes), DTypes.Of<T>());
        fixed (byte* source = &MemoryMarshal.GetArrayDataReference(values))
            Buffer.MemoryCopy(source, result.Storage.Pointer, result.Storage.ByteLength, (long)values.Length * sizeof(T));
        GC.KeepAlive(result);
        return result;
    }

    extension(Tensor)
    {
        /// <summary>Uninitialised memory. PyTorch: <c>torch.empty</c>.</summary>
        public static Tensor Empty(Shape shape, DType dtype = DType.Float32, Backend? backend = null) =>
            Tensor.Allocate(shape, dtype, backend ?? Backend.Default);

        /// <summary>The same number everywhere. PyTorch: <c>torch.full</c>, which takes the type from the number; here float32
        /// unless told otherwise.</summary>
        public static Tensor Full(Shape shape, Scalar value, DType dtype = DType.Float32, Backend? backend = null)
        {
            var result = Tensor.Empty(shape, dtype, backend);
            result.Backend.Fill(value, result.Operand);
            return Tracing.Tell("Full", result, [], [value.ToDouble()]);
        }

        /// <summary>Zeros. PyTorch: <c>torch.zeros</c>.</summary>
        public static Tensor Zeros(Shape shape, DType dtype = DType.Float32, Backend? backend = null) => Tensor.Full(shape, 0, dtype, backend);

        /// <summary>Ones. PyTorch: <c>torch.ones</c>.</summary>
        public static Tensor Ones(Shape shape, DType dtype = DType.Float32, Backend? backend = null) => Tensor.Full(shape, 1, dtype, backend);

        /// <summary>A copy of these values as a vector. PyTorch: <c>torch.tensor</c>.</summary>
        public static Tensor From<T>(ReadOnlySpan<T> values) where T : unmanaged => Tensor.From(values, [values.Length]);

        /// <summary>A copy of these values, row-major, under a shape. PyTorch: <c>torch.tensor(...).reshape(...)</c>.</summary>
        /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
        public static unsafe Tensor From<T>(ReadOnlySpan<T> values, Shape shape) where T : unmanaged
        {
            if (shape.ElementCount != values.Length)
                throw new ArgumentException($"From: the shape {shape} has {shape.ElementCount} elements, got {values.Length} values");
            var result = Tensor.Empty(shape, DTypes.Of<T>());
            values.CopyTo(new Span<T>(result.Storage.Pointer, values.Length));
            GC.KeepAlive(result);
            return result;
        }

        /// <summary>A copy of these values as a vector. PyTorch: <c>torch.tensor</c>.</summary>
        public static Tensor From<T>(T[] values) where T : unmanaged => Tensor.From((ReadOnlySpan<T>)values);

        /// <summary>A copy of these values, row-major, under a shape.</summary>
        public static Tensor From<T>(T[] values, Shape shape) where T : unmanaged => Tensor.From((ReadOnlySpan<T>)values, shape);

        /// <summary>A copy of a matrix. PyTorch: <c>torch.tensor</c>.</summary>
        public static Tensor From<T>(T[,] values) where T : unmanaged => FromArray<T>(values, [values.GetLength(0), values.GetLength(1)]);

        /// <summary>A copy of a 3-D array. PyTorch: <c>torch.tensor</c>.</summary>
        public static Tensor From<T>(T[,,] values) where T : unmanaged =>
            FromArray<T>(values, [values.GetLength(0), values.GetLength(1), values.GetLength(2)]);

        /// <summary>A copy of a 4-D array. PyTorch: <c>torch.tensor</c>.</summary>
        public static Tensor From<T>(T[,,,] values) where T : unmanaged =>
            FromArray<T>(values, [values.GetLength(0), values.GetLength(1), values.GetLength(2), values.GetLength(3)]);

        /// <summary>A scalar: one number, no dimensions; float32 unless told otherwise. PyTorch: <c>torch.tensor(3.0)</c>.</summary>
        public static Tensor From(Scalar value, DType dtype = DType.Float32) => Tensor.Full([], value, dtype);

        /// <summary>The array's own memory as a tensor, without a copy: both see each other's changes. PyTorch: <c>torch.from_numpy</c>.</summary>
        /// <exception cref="ArgumentException">The shape has another number of elements.</exception>
        public static Tensor Wrap<T>(T[] values, Shape shape) where T : unmanaged
        {
            ArgumentNullException.ThrowIfNull(values);
            if (shape.ElementCount != values.Length)
                throw new ArgumentException($"Wrap: the shape {shape} has {shape.ElementCount} elements, got {values.Length} values");
            return new Tensor(Storage.Wrap(values, Backend.Default), new Layout(shape), DTypes.Of<T>());
        }
    }

    extension(Tensor x)
    {
        /// <summary>Zeros of x's shape and type. PyTorch: <c>torch.zeros_like</c>.</summary>
        public Tensor ZerosLike() => x.FullLike(0);

        /// <summary>Ones of x's shape and type. PyTorch: <c>torch.ones_like</c>.</summary>
        public Tensor OnesLike() => x.FullLike(1);

        /// <summary>One number everywhere, in x's shape and type. PyTorch: <c>torch.full_like</c>.</summary>
        public Tensor FullLike(Scalar value) => Tensor.Full(x.Shape, value, x.DType, x.Backend);

        /// <summary>Uninitialised memory of x's shape and type. PyTorch: <c>torch.empty_like</c>.</summary>
        public Tensor EmptyLike() => Tensor.Empty(x.Shape, x.DType, x.Backend);
    }
}
