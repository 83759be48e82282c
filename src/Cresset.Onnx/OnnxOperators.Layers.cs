namespace Cresset.Onnx;

// Convolution, pooling and normalisation.
static partial class OnnxOperators
{
    static KeyValuePair<string, OnnxOperator>[] Layers() =>
    [
        Call("Conv", Conv), Call("ConvTranspose", ConvTranspose),
        Call("MaxPool", MaxPool), Call("AveragePool", AveragePool),
        Call("GlobalAveragePool", call => call[0].Mean([.. Enumerable.Range(2, call[0].Rank - 2)], keepDim: true)),
        Call("GlobalMaxPool", call => call[0].AMax([.. Enumerable.Range(2, call[0].Rank - 2)], keepDim: true)),
        Call("BatchNormalization", BatchNormalization),
        Call("LayerNormalization", LayerNormalization),
        Call("InstanceNormalization", call => call[0].GroupNorm(call[0].Size(1), call[1], call[2], call.Node.Float("epsilon", 1e-5))),
        Call("GroupNormalization", GroupNormalization),
        // Nothing is dropped: the file holds a model that is used.
        Call("Dropout", call => call[0]),
    ];

    // One dimension is a picture of height 1.
    static Tensor AsPictures(OnnxCall call, Func<Tensor, Window, Tensor> f, int[]? kernel)
    {
        var x = call[0];
        var places = x.Rank - 2;
        if (places is not (1 or 2)) throw new NotSupportedException($"{call.Node.Op} over {places} dimensions is not known here, over one or two it is; got the shape {x.Shape}");
        var window = Window.Of(call.Node, kernel ?? call.Node.Ints("kernel_shape") ?? throw new ArgumentException($"{call.Node.Op}: expected a kernel_shape"), x.Shape.AsSpan()[2..].ToArray());
        return places == 2 ? f(x, window) : f(x.Unsqueeze(2), window).Squeeze(2);
    }

    static Tensor Pictured(Tensor weight) => weight.Rank == 3 ? weight.Unsqueeze(2) : weight;

    /// <summary>How a kernel is laid over a picture: two numbers each, and padding at the start and at the end.</summary>
    sealed record Window(int[] Kernel, int[] Strides, int[] Dilations, int[] Before, int[] After)
    {
        internal static Window Of(OnnxNode node, int[] kernel, int[] sizes)
        {
            var count = sizes.Length;
            int[] Given(string name, int length, int otherwise) => node.Ints(name) is not { } values ? [.. Enumerable.Repeat(otherwise, length)]
                : values.Length == length ? values : throw new ArgumentException($"{node.Op}: expected {length} numbers for {name}, got {values.Length}");
            if (kernel.Length != count) throw new ArgumentException($"{node.Op}: expected a kernel of {count} dimensions, got {kernel.Length}");
            int[] strides = Given("strides", count, 1), dilations = Given("dilations", count, 1), pads = Given("pads", 2 * count, 0);
            int[] before = pads[..count], after = pads[count..];
            if (strides.Any(stride => stride < 1)) throw new ArgumentException($"{node.Op}: expected strides of at least 1");
            switch (node.Text("auto_pad", "NOTSET"))
            {
                case "NOTSET": break;
                case "VALID":
                    (before, after) = (new int[count], new int[count]);
                    break;
                case "SAME_UPPER" or "SAME_LOWER":
                    if (node.Op == "ConvTranspose") throw new NotSupportedException("ConvTranspose with auto_pad is not known here; write pads");
                    for (var i = 0; i < count; i++)
                    {
                        var total = Math.Max(0, ((sizes[i] + strides[i] - 1) / strides[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1 - sizes[i]);
                        var smaller = total / 2;
                        (before[i], after[i]) = node.Text("auto_pad", "") == "SAME_UPPER" ? (smaller, total - smaller) : (total - smaller, smaller);
                    }
                    break;
                case var other: throw new NotSupportedException($"auto_pad {other} is not known here");
            }
            return count == 2 ? new(kernel, strides, dilations, before, after)
                : new([1, .. kernel], [1, .. strides], [1, .. dilations], [0, .. before], [0, .. after]);
        }

        internal bool Even => Before.SequenceEqual(After);

        internal Size2d Size => (Kernel[0], Kernel[1]);

        internal Size2d Stride => (Strides[0], Strides[1]);

        internal Size2d Dilation => (Dilations[0], Dilations[1]);

        internal Size2d Padding => (Before[0], Before[1]);

        internal Tensor Padded(Tensor x, double value) => x.Pad([Before[1], After[1], Before[0], After[0]], value: value);
    }

    static Tensor Conv(OnnxCall call)
    {
        var weight = Pictured(call[1]);
        return AsPictures(call, (x, window) => window.Even
            ? x.Conv2d(weight, call.Optional(2), window.Stride, window.Padding, window.Dilation, (int)call.Node.Int("group", 1))
            : window.Padded(x, 0).Conv2d(weight, call.Optional(2), window.Stride, (0, 0), window.Dilation, (int)call.Node.Int("group", 1)), call[1].Shape.AsSpan()[2..].ToArray());
    }

    static Tensor ConvTranspose(OnnxCall call)
    {
        if (call.Node.Has("output_shape")) throw new NotSupportedException("ConvTranspose with output_shape is not known here; write pads and output_padding");
        var weight = Pictured(call[1]);
        return AsPictures(call, (x, window) =>
        {
            var more = call.Node.Ints("output_padding") is { } given ? (given.Length == 1 ? [0, .. given] : given) : [0, 0];
            if (window.Even) return x.ConvTranspose2d(weight, call.Optional(2), window.Stride, window.Padding, (more[0], more[1]), (int)call.Node.Int("group", 1), window.Dilation);
            // The whole, and then what the pads cut off.
            var whole = x.ConvTranspose2d(weight, call.Optional(2), window.Stride, (0, 0), (more[0], more[1]), (int)call.Node.Int("group", 1), window.Dilation);
            return whole.Pad([-window.Before[1], -window.After[1], -window.Before[0], -window.After[0]]);
        }, call[1].Shape.AsSpan()[2..].ToArray());
    }

    // Cresset pads by at most half the window, and on both sides alike; other paddings are made before.
    static bool Fits(Window window) => window.Even && window.Before[0] <= window.Kernel[0] / 2 && window.Before[1] <= window.Kernel[1] / 2;

    static Tensor MaxPool(OnnxCall call)
    {
        if (call.Node.Outputs.Count > 1) throw new NotSupportedException("MaxPool with indices is not known here");
        return AsPictures(call, (x, window) => Fits(window)
            ? x.MaxPool2d(window.Size, window.Stride, window.Padding, window.Dilation, call.Node.Flag("ceil_mode", false))
            : window.Padded(x, double.NegativeInfinity).MaxPool2d(window.Size, window.Stride, (0, 0), window.Dilation, call.Node.Flag("ceil_mode", false)), null);
    }

    static Tensor AveragePool(OnnxCall call)
    {
        if (call.Node.Ints("dilations") is { } dilations && dilations.Any(d => d != 1)) throw new NotSupportedException("AveragePool with dilations is not known here");
        var (ceil, countPadding) = (call.Node.Flag("ceil_mode", false), call.Node.Flag("count_include_pad", false));
        return AsPictures(call, (x, window) =>
        {
            if (Fits(window)) return x.AvgPool2d(window.Size, window.Stride, window.Padding, ceil, countPadding);
            var sums = window.Padded(x, 0).AvgPool2d(window.Size, window.Stride, (0, 0), ceil);
            return countPadding ? sums : sums / window.Padded(x.OnesLike(), 0).AvgPool2d(window.Size, window.Stride, (0, 0), ceil);
        }, null);
    }

    static Tensor BatchNormalization(OnnxCall call)
    {
        if (call.Node.Flag("training_mode", false)) throw new NotSupportedException("BatchNormalization in training mode is not known here; export the model in evaluation mode");
        return call[0].BatchNorm(call[3], call[4], call[1], call[2], call.Node.Float("epsilon", 1e-5));
    }

    static Tensor LayerNormalization(OnnxCall call)
    {
        var x = call[0];
        var axis = call.Node.Dim("axis", -1);
        if (axis < 0) axis += x.Rank;
        Shape rows = [.. x.Shape.AsSpan()[axis..]];
        return x.LayerNorm(rows, call[1].Expand(rows), call.Optional(2)?.Expand(rows), call.Node.Float("epsilon", 1e-5));
    }

    static Tensor GroupNormalization(OnnxCall call)
    {
        var x = call[0];
        var groups = (int)call.Node.Int("num_groups", 1);
        // Scale and bias belong to groups before version 21, to channels since.
        Tensor Channels(Tensor values) => values.Size(0) == x.Size(1) ? values : values.RepeatInterleave(x.Size(1) / values.Size(0));
        return x.GroupNorm(groups, Channels(call[1]), Channels(call[2]), call.Node.Float("epsilon", 1e-5));
    }
}
