using Cresset.Kernels;

namespace Cresset;

/// <summary>Convolution in two dimensions, one and transposed. The three operators (the convolution and its gradients by input and by weight) are
/// bilinear, and each one's gradients are the other two: so gradients of any order exist.</summary>
public static class Conv2dOperator
{
    static Tensor Convolve(Tensor x, Tensor weight, ConvolutionShape shape)
    {
        Tensor input = x.Contiguous(), kernel = weight.Contiguous();
        var y = Tensor.Allocate([shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth], x.DType, x.Backend);
        x.Backend.Convolution2d(shape, input.Operand, kernel.Operand, null, null, null, false, y.Operand);
        Operators.OperationLog.Add(x, weight, y, MultiplyAdds(y, weight));
        return Autograd.Records(x, weight)
            ? Autograd.Record("Conv2d", y, [x, weight], [x, weight], (node, gradient) => Gradients(node, gradient, shape), Numbers(shape))
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
                [node.Needs(0) ? Convolve(gradient, node.Saved(1), shape) : null, node.Needs(1) ? WeightGradient(node.Saved(0), gradient, shape) : null], Numbers(shape))
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

    static double[] Numbers(in ConvolutionShape shape) =>
        [shape.StrideHeight, shape.StrideWidth, shape.PaddingHeight, shape.PaddingWidth, shape.DilationHeight, shape.DilationWidth, shape.Groups];

    static long MultiplyAdds(Tensor y, Tensor weight) => (long)y.ElementCount * (weight.ElementCount / weight.Size(0));

    // x by its shape and type: that of a transposed convolution is what it is about to make.
    static ConvolutionShape Check(string name, Shape x, DType dtype, Tensor weight, Tensor? bias, Size2d stride, Size2d padding,
        Size2d dilation, int groups)
    {
        if (x.Rank != 4) throw new ArgumentException($"{name}: expected an input [N, C, H, W], got {x}{(x.Rank == 3 ? "; add the batch dimension with Unsqueeze(0)" : "")}");
        if (weight.Rank != 4) throw new ArgumentException($"{name}: expected a weight [O, C / groups, KH, KW], got {weight.Shape}");
        if (stride.Height < 1 || stride.Width < 1) throw new ArgumentException($"{name}: expected a stride of at least 1, got {stride}");
        if (padding.Height < 0 || padding.Width < 0) throw new ArgumentException($"{name}: expected a padding that is not negative, got {padding}");
        if (dilation.Height < 1 || dilation.Width < 1) throw new ArgumentException($"{name}: expected a dilation of at least 1, got {dilation}");
        if (groups < 1 || weight.Shape[0] % groups != 0) throw new ArgumentException($"{name}: expected groups that divide the {weight.Shape[0]} output channels, got {groups}");
        if (x[1] != weight.Shape[1] * groups)
            throw new ArgumentException($"{name}: expected {weight.Shape[1] * groups} input channels (weight {weight.Shape}, groups {groups}), got the input {x}");
        if (bias is not null && bias.Shape != [weight.Shape[0]]) throw new ArgumentException($"{name}: expected a bias of shape [{weight.Shape[0]}], got {bias.Shape}");
        if (dtype != weight.DType || (bias is not null && bias.DType != dtype) || !dtype.IsFloatingPoint())
            throw new ArgumentException($"{name}: expected input, weight and bias of one floating-point type, got {dtype.Name()}, {weight.DType.Name()} and {bias?.DType.Name() ?? "none"}");
        var shape = new ConvolutionShape(x[0], x[1], x[2], x[3], weight.Shape[0], weight.Shape[2], weight.Shape[3],
            stride.Height, stride.Width, padding.Height, padding.Width, dilation.Height, dilation.Width, groups);
        if (shape.OutHeight < 1 || shape.OutWidth < 1)
            throw new ArgumentException($"{name}: the kernel {shape.KernelHeight} x {shape.KernelWidth} (dilation {dilation}) does not fit into the input {x} with padding {padding}");
        return shape;
    }

    /// <summary>relu(convolution factor + bias + other), channel by channel, in one pass and without gradients.</summary>
    internal static Tensor ConvolveRelu(Tensor x, Tensor weight, Tensor factor, Tensor bias, Tensor? other, Size2d stride, Size2d padding, Size2d dilation, int groups)
    {
        var shape = Check("Conv2d", x.Shape, x.DType, weight, bias, stride, padding, dilation, groups);
        var y = Tensor.Allocate([shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth], x.DType, Operators.Promotion.Backend("Conv2d", x, weight));
        if (other is not null && (other.Shape != y.Shape || other.DType != y.DType))
            throw new ArgumentException($"Conv2d: expected what is added to have the output's shape {y.Shape} and type {y.DType.Name()}, got {other.Shape} and {other.DType.Name()}");
        x.Backend.Convolution2d(shape, x.Contiguous().Operand, weight.Contiguous().Operand, factor.Contiguous().Operand, bias.Contiguous().Operand, other?.Contiguous().Operand, true, y.Operand);
        Operators.OperationLog.Add(x, weight, y, MultiplyAdds(y, weight));
        return y;
    }

    extension(Tensor x)
    {
        /// <summary>Cross-correlation of pictures with kernels: x [N, C, H, W], weight [O, C / groups, KH, KW], bias [O],
        /// y [N, O, OH, OW] with OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1.
        /// PyTorch: <c>torch.nn.functional.conv2d</c>.</summary>
        /// <remarks>3x3 kernels of many channels are computed by Winograd's minimal filtering (Lavin and Gray, "Fast Algorithms for
        /// Convolutional Neural Networks", 2015), where a NaN or an infinity may reach outputs next to those that meet it.</remarks>
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
            var shape = Check("Conv2d", x.Shape, x.DType, weight, bias, stride ?? (1, 1), padding ?? (0, 0), dilation ?? (1, 1), groups);
            if (bias is null) return Convolve(x, weight, shape);
            Tensor input = x.Contiguous(), kernel = weight.Contiguous();
            var y = Tensor.Allocate([shape.Batch, shape.OutChannels, shape.OutHeight, shape.OutWidth], x.DType, Operators.Promotion.Backend("Conv2d", x, weight));
            x.Backend.Convolution2d(shape, input.Operand, kernel.Operand, null, bias.Contiguous().Operand, null, false, y.Operand);
            Operators.OperationLog.Add(x, weight, y, MultiplyAdds(y, weight));
            return Autograd.Records(x, weight, bias)
                ? Autograd.Record("Conv2d", y, [x, weight, bias], [x, weight], (node, gradient) =>
                    [.. Gradients(node, gradient, shape), node.Needs(2) ? gradient.Sum([0, 2, 3]) : null], Numbers(shape))
                : y;
        }

        /// <summary>The transposed convolution, which spreads each element of x over the places that a convolution would have made it
        /// from (Conv2d's gradient by its input): x [N, C, H, W], weight [C, O / groups, KH, KW], bias [O], y [N, O, OH, OW] with OH =
        /// (H - 1) stride - 2 padding + dilation (KH - 1) + outputPadding + 1. PyTorch: <c>conv_transpose2d</c>, which lets the output
        /// padding reach up to the dilation as well.</summary>
        /// <param name="weight">The kernels.</param>
        /// <param name="bias">Added to each output channel.</param>
        /// <param name="stride">Distance between the places of neighbouring elements; (1, 1) unless given.</param>
        /// <param name="padding">Rows and columns cut off on each side.</param>
        /// <param name="outputPadding">Rows and columns more at the end, fewer than the stride: which of the sizes that a convolution
        /// would map to x's.</param>
        /// <param name="groups">Groups of channels that see only each other.</param>
        /// <param name="dilation">Distance between the kernel's elements; (1, 1) unless given.</param>
        /// <exception cref="ArgumentException">Shapes, types or options do not fit.</exception>
        public Tensor ConvTranspose2d(Tensor weight, Tensor? bias = null, Size2d? stride = null, Size2d? padding = null, Size2d? outputPadding = null, int groups = 1, Size2d? dilation = null)
        {
            ArgumentNullException.ThrowIfNull(weight);
            Size2d s = stride ?? (1, 1), p = padding ?? (0, 0), o = outputPadding ?? (0, 0), d = dilation ?? (1, 1);
            if (x.Rank != 4 || weight.Rank != 4) throw new ArgumentException($"ConvTranspose2d: expected an input [N, C, H, W] and a weight [C, O / groups, KH, KW], got {x.Shape} and {weight.Shape}");
            if (o.Height < 0 || o.Width < 0 || o.Height >= s.Height || o.Width >= s.Width) throw new ArgumentException($"ConvTranspose2d: expected an output padding from 0 to below the stride {s}, got {o}");
            if (groups < 1 || x.Size(1) % groups != 0 || x.Size(1) != weight.Size(0))
                throw new ArgumentException($"ConvTranspose2d: expected {weight.Size(0)} input channels that the groups divide, got the input {x.Shape} and {groups} groups");
            int height = (x.Size(2) - 1) * s.Height - 2 * p.Height + d.Height * (weight.Size(2) - 1) + o.Height + 1;
            int width = (x.Size(3) - 1) * s.Width - 2 * p.Width + d.Width * (weight.Size(3) - 1) + o.Width + 1;
            if (height < 1 || width < 1) throw new ArgumentException($"ConvTranspose2d: the padding {p} leaves nothing of the output, {height} x {width}");
            var channels = weight.Size(1) * groups;
            if (bias is not null && (bias.Shape != [channels] || bias.DType != x.DType)) throw new ArgumentException($"ConvTranspose2d: expected a bias of shape [{channels}] and type {x.DType.Name()}, got {bias.Shape} and {bias.DType.Name()}");
            // The convolution whose input gradient this is: x stands for its result. Its check holds for the rest.
            var shape = Check("ConvTranspose2d", [x.Size(0), channels, height, width], x.DType, weight, null, s, p, d, groups);
            var y = InputGradient(x, weight, shape);
            return bias is null ? y : y + bias.Reshape(1, channels, 1, 1);
        }

        /// <summary>Cross-correlation of sequences with kernels: x [N, C, L], weight [O, C / groups, K], bias [O], y [N, O, OL] with OL =
        /// floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1. PyTorch: <c>conv1d</c>.</summary>
        /// <exception cref="ArgumentException">Shapes, types or options do not fit.</exception>
        public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
        {
            ArgumentNullException.ThrowIfNull(weight);
            if (x.Rank != 3 || weight.Rank != 3) throw new ArgumentException($"Conv1d: expected an input [N, C, L] and a weight [O, C / groups, K], got {x.Shape} and {weight.Shape}");
            return x.Unsqueeze(2).Conv2d(weight.Unsqueeze(2), bias, (1, stride), (0, padding), (1, dilation), groups).Squeeze(2);
        }
    }
}
