using Cresset.Kernels;

namespace Cresset;

// What all pooling shares: the check of input and options.
static class Pooling
{
    internal static PoolingShape Check(string name, Tensor x, Size2d kernel, Size2d stride,
        Size2d padding, Size2d dilation, bool ceilMode)
    {
        CheckInput(name, x);
        if (kernel.Height < 1 || kernel.Width < 1) throw new ArgumentException($"{name}: expected a window of at least 1 x 1, got {kernel}");
        if (stride.Height < 1 || stride.Width < 1) throw new ArgumentException($"{name}: expected a stride of at least 1, got {stride}");
        if (dilation.Height < 1 || dilation.Width < 1) throw new ArgumentException($"{name}: expected a dilation of at least 1, got {dilation}");
        if (padding.Height < 0 || padding.Width < 0 || padding.Height > kernel.Height / 2 || padding.Width > kernel.Width / 2)
            throw new ArgumentException($"{name}: expected a padding from 0 to half the window {kernel}, got {padding}");
        var shape = new PoolingShape(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], kernel.Height, kernel.Width, stride.Height, stride.Width,
            padding.Height, padding.Width, dilation.Height, dilation.Width, ceilMode);
        if (shape.OutHeight < 1 || shape.OutWidth < 1)
            throw new ArgumentException($"{name}: the window {kernel} does not fit into the input {x.Shape} with padding {padding}");
        return shape;
    }

    internal static double[] Numbers(in PoolingShape shape) =>
        [shape.KernelHeight, shape.KernelWidth, shape.StrideHeight, shape.StrideWidth, shape.PaddingHeight, shape.PaddingWidth, shape.DilationHeight, shape.DilationWidth, shape.CeilMode ? 1 : 0];

    internal static void CheckInput(string name, Tensor x)
    {
        if (x.Rank != 4) throw new ArgumentException($"{name}: expected an input [N, C, H, W], got {x.Shape}{(x.Rank == 3 ? "; add the batch dimension with Unsqueeze(0)" : "")}");
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"{name}: expected a floating-point input, got {x.DType.Name()}; convert it with To(DType.Float32)");
    }
}
