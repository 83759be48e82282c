using Cresset.Kernels;

namespace Cresset;

/// <summary>Two-dimensional convolution. The three operators (the convolution and its gradients by input and by weight) are
/// bilinear, and each one's gradients are the other two: so gradients of any order exist.</summary>
public static class Conv2dOperator
{
    static Tensor Convolve(Tensor x, Tensor weight, ConvolutionShape shape)
    {
        Tensor input = x.Contiguous(), kernel = weight.Contiguous();
        var y = Tensor.Allocate([shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth], x.DType, x.Backend);
        x.Backend.Convolution2d(shape, input.Operand, kernel.Operand, null, y.Operand);
        Operators.OperationLog.Add(x, weight, y, MultiplyAdds(y, weight));
        return Autograd.Records(x, weight)
            ? Autograd.Record("Conv2d", y, [x, weight], [x, weight], (node, gradient) => Gradients(node, gradient, shape))
            : y;
    }

    static Tensor?[] Gradients(Node node, Tensor gradient, ConvolutionShape shape) =>
        [node.Needs(0) ? InputGradient(gradient, node.Saved(1), shape) : null, node.Needs(1) ? WeightGradient(gradient, node.Saved(0), shape) : null];

    static Tensor InputGradient(Tensor dy, Tensor weight, ConvolutionShape shape)
    {
        Tensor gradient = dy.Contiguous(), kernel = weight.Contiguous();
        var dx = Tensor.Allocate([shape.Batch, shape.Channels, shape.Height, shape.Width], dy.DType, dy.Backend);
        dy.Backend.Convolution2dInputGradient(shape, gradient.Operand, kernel.Operand, dx.Operand);
        // The forward pass of a transposed convolution.
        Operators.OperationLog.Add(dy, weight, dx, MultiplyAdds(dy, weight));
        return Autograd.Records(dy, weight)
            ? Autograd.Record("Conv2dInputGradient", dx, [dy, weight], [dy, weight], (node, gradient) =>
                [node.Needs(0) ? Convolve(gradient, node.Saved(1), shape) : null, node.Needs(1) ? WeightGradient(node.Saved(0), gradient, shape) : null])
            : dx;
    }

    static Tensor WeightGradient(Tensor dy, Tensor x, ConvolutionShape shape)
    {
        Tensor gradient = dy.Contiguous(), input = x.Contiguous();
        var dweight = Tensor.Allocate([shape.OutChannels, shape.Channels / shape.Groups, shape.KernelHeight, shape.KernelWidth], dy.DType, dy.Backend);
        dy.Backend.Convolution2dWeightGradient(shape, gradient.Operand, input.Operand, dweight.Operand);
        return Autograd.Records(dy, x)
            ? Autograd.Record("Conv2dWeightGradient", dweight, [dy, x], [dy, x], (node, gradient) =>
                [node.Needs(0) ? Convolve(node.Saved(1), gradient, shape) : null, node.Needs(1) ? InputGradient(node.Saved(0), gradient, shape) : null])
            : dweight;
    }

    static long MultiplyAdds(Tensor y, Tensor weight) => (long)y.ElementCount * (weight.ElementCount / weight.Size(0));

    static ConvolutionShape Check(Tensor x, Tensor weight, Tensor? bias, Size2d stride, Size2d padding,
        Size2d dilation, int groups)
    {
        if (x.Rank != 4) throw new ArgumentException($"Conv2d: expected an input [N, C, H, W], got {x.Shape}{(x.Rank == 3 ? "; add the batch dimension with Unsqueeze(0)" : "")}");
        if (weight.Rank != 4) throw new ArgumentException($"Conv2d: expected a weight [O, C / groups, KH, KW], got {weight.Shape}");
        if (stride.Height < 1 || stride.Width < 1) throw new ArgumentException($"Conv2d: expected a stride of at least 1, got {stride}");
        if (padding.Height < 0 || padding.Width < 0) throw new ArgumentException($"Conv2d: expected a padding that is not negative, got {padding}");
        if (dilation.Height < 1 || dilation.Width < 1) throw new ArgumentException($"Conv2d: expected a dilation of at least 1, got {dilation}");
        if (groups < 1 || weight.Shape[0] % groups != 0) throw new ArgumentException($"Conv2d: expected groups that divide the {weight.Shape[0]} output channels, got {groups}");
        if (x.Shape[1] != weight.Shape[1] * groups)
            throw new ArgumentException($"Conv2d: expected {weight.Shape[1] * groups} input channels (weight {weight.Shape}, groups {groups}), got the input {x.Shape}");
        if (bias is not null && bias.Shape != [weight.Shape[0]]) throw new ArgumentException($"Conv2d: expected a bias of shape [{weight.Shape[0]}], got {bias.Shape}");
        if (x.DType != weight.DType || (bias is not null && bias.DType != x.DType) || !x.DType.IsFloatingPoint())
            throw new ArgumentException($"Conv2d: expected input, weight and bias of one floating-point type, got {x.DType.Name()}, {weight.DType.Name()} and {bias?.DType.Name() ?? "none"}");
        var shape = new ConvolutionShape(x.Shape[0], x.Shape[1], x.Shape[2], x.Shape[3], weight.Shape[0], weight.Shape[2], weight.Shape[3],
            stride.Height, stride.Width, padding.Height, padding.Width, dilation.Height, dilation.Width, groups);
        if (shape.OutHeight < 1 || shape.OutWidth < 1)
            throw new ArgumentException($"Conv2d: the kernel {shape.KernelHeight} x {shape.KernelWidth} (dilation {dilation}) does not fit into the input {x.Shape} with padding {padding}");
        return shape;
    }

    extension(Tensor x)
    {
        /// <summary>Cross-correlation of pictures with kernels: x [N, C, H, W], weight [O, C / groups, KH, KW], bias [O],
        /// y [N, O, OH, OW] with OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.
        /// PyTorch: <c>torch.nn.functional.conv2d</c>.</summary>
        /// <param name="weight">The kernels.</param>
        /// <param name="bias">Added to each output channel.</param>
        /// <param name="stride">Distance between places of the kernel; (1, 1) unless given.</param>
        /// <param name="padding">Zeros around the picture, on each side.</param>
        /// <param name="dilation">Distance between the kernel's elements; (1, 1) unless given.</param>
        /// <param name="groups">Groups of channels that see only each other.</param>
        /// <exception cref="ArgumentException">Shapes, types or options do not fit.</exception>
        public Tensor Conv2d(Tensor weight, Tensor? bias = null, Size2d? stride = null, Size2d? padding = null,
            Size2d? dilation = null, int groups = 1)
        {
            ArgumentNullException.ThrowIfNull(weight);
            var shape = Check(x, weight, bias, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups);
            if (bias is null) return Convolve(x, weight, shape);
            Tensor input = x.Contiguous(), kernel = weight.Contiguous();
            var y = Tensor.Allocate([shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth], x.DType, Operators.Promotion.Backend("Conv2d", x, weight));
            x.Backend.Convolution2d(shape, input.Operand, kernel.Operand, bias.Contiguous().Operand, y.Operand);
            Operators.OperationLog.Add(x, weight, y, MultiplyAdds(y, weight));
            return Autograd.Records(x, weight, bias)
                ? Autograd.Record("Conv2d", y, [x, weight, bias], [x, weight], (node, gradient) =>
                    [.. Gradients(node, gradient, shape), node.Needs(2) ? gradient.Sum([0, 2, 3]) : null])
                : y;
        }
    }
}
