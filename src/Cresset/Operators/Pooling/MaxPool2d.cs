using Cresset.Kernels;

namespace Cresset;

/// <summary>The largest value of each window.</summary>
public static class MaxPool2dOperator
{
    // dy goes where the largest stood.
    static Tensor Spread(Tensor dy, Tensor indices, PoolingShape shape)
    {
        var gradient = dy.Contiguous();
        var dx = Tensor.Allocate([shape.Batch, shape.Channels, shape.Height, shape.Width], dy.DType, dy.Backend);
        dy.Backend.MaxPool2dGradient(shape, gradient.Operand, indices.Operand, dx.Operand);
        return Autograd.Records(dy)
            ? Autograd.Record("MaxPool2dGradient", dx, [dy], [], (_, gradient) => [Pick(gradient, indices, shape)])
            : dx;
    }

    // The values at the indices: the gradient of spreading.
    static Tensor Pick(Tensor x, Tensor indices, PoolingShape shape)
    {
        var planes = x.Flatten(0, 1).Flatten(1);
        var picked = planes.Gather(1, indices.Flatten(0, 1).Flatten(1)).Reshape(indices.Shape);
        return picked;
    }

    extension(Tensor x)
    {
        /// <summary>The largest value of each window, and where it stood: x [N, C, H, W], y and indices (h W + w, int64)
        /// [N, C, OH, OW]. NaN wins. PyTorch: <c>max_pool2d_with_indices</c>.</summary>
        /// <exception cref="ArgumentException">Shapes or options do not fit.</exception>
        public (Tensor Values, Tensor Indices) MaxPool2dWithIndices(Size2d kernelSize, Size2d? stride = null,
            Size2d? padding = null, Size2d? dilation = null, bool ceilMode = false)
        {
            var shape = Pooling.Check("MaxPool2d", x, kernelSize, stride ?? kernelSize, padding ?? (0, 0), dilation ?? (1, 1), ceilMode);
            var input = x.Contiguous();
            var y = Tensor.Allocate([shape.Batch, shape.Channels, shape.OutHeight, shape.OutWidth], x.DType, x.Backend);
            var indices = Tensor.Allocate(y.Shape, DType.Int64, x.Backend);
            x.Backend.MaxPool2d(shape, input.Operand, y.Operand, indices.Operand);
            if (Autograd.Records(x)) Autograd.Record("MaxPool2d", y, [x], [indices], (node, gradient) => [Spread(gradient, node.Saved(0), shape)], Pooling.Numbers(shape));
            return (y, indices);
        }

        /// <summary>The largest value of each window: x [N, C, H, W], y [N, C, OH, OW]. PyTorch: <c>max_pool2d</c>.</summary>
        /// <param name="kernelSize">The window.</param>
        /// <param name="stride">Distance between windows; the window's size unless given.</param>
        /// <param name="padding">Minus infinity around the picture, at most half a window.</param>
        /// <param name="dilation">Distance between the window's elements.</param>
        /// <param name="ceilMode">Round the output's size up: windows may reach beyond the end.</param>
        public Tensor MaxPool2d(Size2d kernelSize, Size2d? stride = null, Size2d? padding = null,
            Size2d? dilation = null, bool ceilMode = false) => x.MaxPool2dWithIndices(kernelSize, stride, padding, dilation, ceilMode).Values;
    }
}
