using Cresset.Kernels;

namespace Cresset;

/// <summary>The mean of each window.</summary>
public static class AvgPool2dOperator
{
    static Tensor Pool(Tensor x, PoolingShape shape, bool countPadding, int divisor)
    {
        var input = x.Contiguous();
        var y = Tensor.Allocate([shape.Batch, shape.Channels, shape.OutHeight, shape.OutWidth], x.DType, x.Backend);
        x.Backend.AveragePool2d(shape, countPadding, divisor, input.Operand, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("AvgPool2d", y, [x], [], (_, gradient) => [Spread(gradient, shape, countPadding, divisor)], [.. Pooling.Numbers(shape), countPadding ? 1 : 0, divisor]) : y;
    }

    static Tensor Spread(Tensor dy, PoolingShape shape, bool countPadding, int divisor)
    {
        var gradient = dy.Contiguous();
        var dx = Tensor.Allocate([shape.Batch, shape.Channels, shape.Height, shape.Width], dy.DType, dy.Backend);
        dy.Backend.AveragePool2dGradient(shape, countPadding, divisor, gradient.Operand, dx.Operand);
        return Autograd.Records(dy) ? Autograd.Record("AvgPool2dGradient", dx, [dy], [], (_, gradient) => [Pool(gradient, shape, countPadding, divisor)]) : dx;
    }

    static Tensor PoolAdaptive(Tensor x, int height, int width)
    {
        var input = x.Contiguous();
        var y = Tensor.Allocate([x.Shape[0], x.Shape[1], height, width], x.DType, x.Backend);
        x.Backend.AdaptiveAveragePool2d(input.Operand, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("AdaptiveAvgPool2d", y, [x], [], static (node, gradient) => [SpreadAdaptive(gradient, node.InputShape(0))]) : y;
    }

    static Tensor SpreadAdaptive(Tensor dy, Shape shape)
    {
        var gradient = dy.Contiguous();
        var dx = Tensor.Allocate(shape, dy.DType, dy.Backend);
        dy.Backend.AdaptiveAveragePool2dGradient(gradient.Operand, dx.Operand);
        return Autograd.Records(dy)
            ? Autograd.Record("AdaptiveAvgPool2dGradient", dx, [dy], [], static (node, gradient) => [PoolAdaptive(gradient, node.InputShape(0)[2], node.InputShape(0)[3])])
            : dx;
    }

    extension(Tensor x)
    {
        /// <summary>The mean of each window: x [N, C, H, W], y [N, C, OH, OW]. PyTorch: <c>avg_pool2d</c>.</summary>
        /// <param name="kernelSize">The window.</param>
        /// <param name="stride">Distance between windows; the window's size unless given.</param>
        /// <param name="padding">Zeros around the picture, at most half a window.</param>
        /// <param name="ceilMode">Round the output's size up: windows may reach beyond the end.</param>
        /// <param name="countIncludePad">Whether the zeros count in the mean.</param>
        /// <param name="divisorOverride">What the sums are divided by instead of the windows' sizes.</param>
        /// <exception cref="ArgumentException">Shapes or options do not fit.</exception>
        public Tensor AvgPool2d(Size2d kernelSize, Size2d? stride = null, Size2d? padding = null,
            bool ceilMode = false, bool countIncludePad = true, int? divisorOverride = null)
        {
            if (divisorOverride == 0) throw new ArgumentException("AvgPool2d: expected a divisorOverride that is not 0");
            var shape = Pooling.Check("AvgPool2d", x, kernelSize, stride ?? kernelSize, padding ?? (0, 0), (1, 1), ceilMode);
            return Pool(x, shape, countIncludePad, divisorOverride ?? 0);
        }

        /// <summary>Means over as many windows as asked, from floor(i H / OH) to ceil((i + 1) H / OH): x [N, C, H, W],
        /// y [N, C, height, width]. PyTorch: <c>adaptive_avg_pool2d</c>.</summary>
        /// <exception cref="ArgumentException">The input is not [N, C, H, W] or empty, or a size is less than 1.</exception>
        public Tensor AdaptiveAvgPool2d(int height, int width)
        {
            Pooling.CheckInput("AdaptiveAvgPool2d", x);
            if (height < 1 || width < 1) throw new ArgumentException($"AdaptiveAvgPool2d: expected an output of at least 1 x 1, got {height} x {width}");
            if (x.Shape[2] == 0 || x.Shape[3] == 0) throw new ArgumentException($"AdaptiveAvgPool2d: expected pictures that are not empty, got {x.Shape}");
            return PoolAdaptive(x, height, width);
        }
    }
}
