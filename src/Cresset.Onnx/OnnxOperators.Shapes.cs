namespace Cresset.Onnx;

// Shapes, parts, orders and types.
static partial class OnnxOperators
{
    static KeyValuePair<string, OnnxOperator>[] Shapes() =>
    [
        Call("Shape", ShapeOf), One("Size", x => Tensor.From((long)x.ElementCount, DType.Int64)),
        Call("Reshape", Reshape),
        Call("Flatten", call => AsMatrix(call[0], call.Node.Dim("axis", 1))),
        Call("Squeeze", Squeeze), Call("Unsqueeze", Unsqueeze),
        Call("Transpose", call => call[0].Permute(call.Node.Ints("perm") ?? [.. Enumerable.Range(0, call[0].Rank).Reverse()])),
        Call("Concat", call => Tensor.Cat(call.All, call.Node.Dim("axis", 0))),
        new("Split", Split),
        Call("Slice", Slice), Call("Gather", Gather),
        Call("GatherElements", call => FromEnd(call, index => call[0].Gather(call.Node.Dim("axis", 0), index))),
        Call("GatherND", GatherNd),
        Call("ScatterElements", call => FromEnd(call, index => call.Node.Text("reduction", "none") switch
        {
            "none" => call[0].Scatter(call.Node.Dim("axis", 0), index, call[2]),
            "add" => call[0].ScatterAdd(call.Node.Dim("axis", 0), index, call[2]),
            var other => throw new NotSupportedException($"the reduction {other} is not known here"),
        })),
        Call("ScatterND", ScatterNd),
        Call("Expand", call => call[0].Expand(Shape.Broadcast(call[0].Shape, OnnxCall.Read(call[1])))),
        Call("Tile", call => call[0].Repeat(OnnxCall.Read(call[1]))),
        Call("Pad", Pad),
        Call("ConstantOfShape", ConstantOfShape),
        Call("Range", call => Tensor.Arange(NumberOf(call[0]), NumberOf(call[1]), NumberOf(call[2]), call[0].DType)),
        Call("Cast", call => call[0].To(OnnxTypes.Of((int)call.Node.Int("to", 1), call.Node.Op))),
        Two("CastLike", (x, like) => x.To(like.DType)),
        Call("OneHot", OneHot),
        One("NonZero", x => x.NonZero().T),
        Call("Trilu", Trilu),
        Call("DepthToSpace", DepthToSpace), Call("SpaceToDepth", SpaceToDepth),
        Call("Resize", Resize), Call("Upsample", Upsample),
        Call("EyeLike", EyeLike),
    ];

    static Tensor ShapeOf(OnnxCall call)
    {
        var sizes = call[0].Shape.AsSpan();
        int start = At("start", 0), end = At("end", sizes.Length);
        var result = new long[Math.Max(0, end - start)];
        for (var i = 0; i < result.Length; i++) result[i] = sizes[start + i];
        return Tensor.From(result);

        int At(string name, int otherwise)
        {
            var value = call.Node.Int(name, otherwise);
            return (int)Math.Clamp(value < 0 ? value + call[0].Rank : value, 0, call[0].Rank);
        }
    }

    // 0 keeps a size, unless told otherwise.
    static Tensor Reshape(OnnxCall call)
    {
        var x = call[0];
        var sizes = call.Integers("shape", 1) ?? throw new ArgumentException("Reshape: expected a shape");
        if (!call.Node.Flag("allowzero", false))
            for (var i = 0; i < sizes.Length; i++)
                if (sizes[i] == 0) sizes[i] = x.Size(i);
        return x.Reshape(sizes);
    }

    static Tensor Squeeze(OnnxCall call)
    {
        var x = call[0];
        if (call.Integers("axes", 1) is not { } dims) return x.Squeeze();
        foreach (var dim in dims.Select(dim => dim < 0 ? dim + x.Rank : dim).OrderDescending())
        {
            if (dim < 0 || dim >= x.Rank || x.Size(dim) != 1) throw new ArgumentException($"Squeeze: expected size 1 in dimension {dim}, got the shape {x.Shape}");
            x = x.Squeeze(dim);
        }
        return x;
    }

    // Dimensions are those of the result.
    static Tensor Unsqueeze(OnnxCall call)
    {
        var x = call[0];
        var dims = call.Integers("axes", 1) ?? throw new ArgumentException("Unsqueeze: expected axes");
        var rank = x.Rank + dims.Length;
        foreach (var dim in dims.Select(dim => dim < 0 ? dim + rank : dim).Order()) x = x.Unsqueeze(dim);
        return x;
    }

    static Tensor[] Split(OnnxCall call)
    {
        var (x, dim) = (call[0], call.Node.Dim("axis", 0));
        if (call.Integers("split", 1) is { } sizes) return x.Split((ReadOnlySpan<int>)sizes, dim);
        var parts = (int)call.Node.Int("num_outputs", call.Node.Outputs.Count);
        return parts < 1 ? throw new ArgumentException($"Split: expected at least one part, got {parts}") : x.Split((x.Size(dim) + parts - 1) / parts, dim);
    }

    static Tensor Slice(OnnxCall call)
    {
        var x = call[0];
        int[] starts = call.Integers("starts", 1) ?? throw new ArgumentException("Slice: expected starts"), ends = call.Integers("ends", 2) ?? throw new ArgumentException("Slice: expected ends");
        var dims = call.Integers("axes", 3) ?? [.. Enumerable.Range(0, starts.Length)];
        var steps = call.Optional(4) is { } given ? OnnxCall.Read(given) : [.. Enumerable.Repeat(1, starts.Length)];
        if (ends.Length != starts.Length || dims.Length != starts.Length || steps.Length != starts.Length)
            throw new ArgumentException($"Slice: expected as many ends, axes and steps as the {starts.Length} starts, got {ends.Length}, {dims.Length} and {steps.Length}");
        for (var i = 0; i < starts.Length; i++)
        {
            var (dim, step) = (dims[i] < 0 ? dims[i] + x.Rank : dims[i], steps[i]);
            var size = x.Size(dim);
            if (step == 0) throw new ArgumentException("Slice: expected a step that is not 0");
            long start = starts[i] < 0 ? (long)starts[i] + size : starts[i], end = ends[i] < 0 ? (long)ends[i] + size : ends[i];
            if (step > 0)
            {
                (start, end) = (Math.Clamp(start, 0, size), Math.Clamp(end, 0, size));
                x = Every(x.Narrow(dim, (int)start, (int)Math.Max(0, end - start)), dim, step);
            }
            else
            {
                // Backwards: the part in between, reversed.
                (start, end) = (Math.Clamp(start, -1, size - 1), Math.Clamp(end, -1, size - 1));
                x = Every(x.Narrow(dim, (int)Math.Min(start, end) + 1, (int)Math.Max(0, start - end)).Flip(dim), dim, -(long)step);
            }
        }
        return x;
    }

    static Tensor Every(Tensor x, int dim, long step)
    {
        if (step == 1) return x;
        var indices = new TensorIndex[dim + 1];
        for (var i = 0; i < dim; i++) indices[i] = System.Range.All;
        indices[dim] = TensorIndex.Slice(0, ^0, (int)Math.Min(step, int.MaxValue));
        return x[indices];
    }

    static Tensor FromEnd(OnnxCall call, Func<Tensor, Tensor> f)
    {
        var size = call[0].Size(call.Node.Dim("axis", 0));
        var index = call[1].To(DType.Int64);
        return f(Tensor.Where(index < 0, index + size, index));
    }

    static Tensor Gather(OnnxCall call) => FromEnd(call, index =>
    {
        var x = call[0];
        var dim = call.Node.Dim("axis", 0);
        if (dim < 0) dim += x.Rank;
        if (index.Rank == 0) return x.IndexSelect(dim, index.Reshape(1)).Squeeze(dim);
        var picked = x.IndexSelect(dim, index.Reshape(-1));
        return picked.Reshape(new Shape([.. x.Shape.AsSpan()[..dim], .. index.Shape.AsSpan(), .. x.Shape.AsSpan()[(dim + 1)..]]));
    });

    // The last dimension of the indices names a place.
    static Tensor GatherNd(OnnxCall call)
    {
        var (x, index, batches) = (call[0], call[1].To(DType.Int64), call.Node.Dim("batch_dims", 0));
        if (batches == 0) return x[Places(index)];
        if (batches < 0 || batches >= Math.Min(x.Rank, index.Rank)) throw new ArgumentException($"GatherND: {batches} batch_dims are too many for the shapes {x.Shape} and {index.Shape}");
        // The batches as one dimension, whose place is added to each index.
        var sizes = index.Shape.AsSpan()[..batches];
        var batch = 1;
        foreach (var size in sizes) batch *= size;
        x = x.Reshape(new Shape([batch, .. x.Shape.AsSpan()[batches..]]));
        var rows = index.Reshape(new Shape([batch, .. index.Shape.AsSpan()[batches..]]));
        int[] ones = [batch, .. Enumerable.Repeat(1, rows.Rank - 2)];
        var picked = x[[Tensor.Arange(batch).Reshape(ones), .. Places(rows)]];
        return picked.Reshape(new Shape([.. sizes, .. picked.Shape.AsSpan()[1..]]));
    }

    static TensorIndex[] Places(Tensor index) => [.. Enumerable.Range(0, index.Size(-1)).Select(i => (TensorIndex)index.Select(-1, i))];

    static Tensor ScatterNd(OnnxCall call)
    {
        if (call.Node.Text("reduction", "none") != "none") throw new NotSupportedException($"the reduction {call.Node.Text("reduction", "")} is not known here");
        var result = call[0].Clone();
        result[Places(call[1].To(DType.Int64))] = call[2];
        return result;
    }

    static Tensor Pad(OnnxCall call)
    {
        var x = call[0];
        var pads = call.Integers("pads", 1) ?? throw new ArgumentException("Pad: expected pads");
        var dims = call.Optional(3) is { } given ? OnnxCall.Read(given) : [.. Enumerable.Range(0, x.Rank)];
        if (pads.Length != 2 * dims.Length) throw new ArgumentException($"Pad: expected two pads for each of {dims.Length} dimensions, got {pads.Length}");
        var mode = call.Node.Text("mode", "constant") switch
        {
            "constant" => PadMode.Constant,
            "reflect" => PadMode.Reflect,
            "edge" => PadMode.Replicate,
            "wrap" => PadMode.Circular,
            var other => throw new NotSupportedException($"the mode {other} is not known here"),
        };
        var value = call.Node.Opset < 11 ? call.Node.Float("value", 0) : call.Optional(2) is { } number ? NumberOf(number).ToDouble() : 0;
        // Ours go from the last dimension to the first.
        var pairs = new int[2 * x.Rank];
        for (var i = 0; i < dims.Length; i++)
        {
            var dim = dims[i] < 0 ? dims[i] + x.Rank : dims[i];
            (pairs[2 * (x.Rank - 1 - dim)], pairs[2 * (x.Rank - 1 - dim) + 1]) = (pads[i], pads[dims.Length + i]);
        }
        return x.Pad(pairs, mode, x.DType.IsFloatingPoint() ? value : (long)value);
    }

    static Tensor ConstantOfShape(OnnxCall call)
    {
        var value = call.Node.Value("value") ?? Tensor.From(0f);
        return value.Reshape(-1).Select(0, 0).Expand(new Shape(OnnxCall.Read(call[0]))).Clone();
    }

    static Scalar NumberOf(Tensor x) => x.DType.IsFloatingPoint() ? x.Reshape(-1).Select(0, 0).Item() : x.To(DType.Int64).Reshape(-1).Select(0, 0).Item<long>();

    static Tensor OneHot(OnnxCall call)
    {
        var count = OnnxCall.Read(call[1])[0];
        var axis = call.Node.Dim("axis", -1);
        var index = call[0].To(DType.Int64);
        index = Tensor.Where(index < 0, index + count, index);
        if (axis < 0) axis += index.Rank + 1;
        // Indices out of range are all off.
        int[] sizes = [.. Enumerable.Repeat(1, index.Rank + 1)];
        sizes[axis] = count;
        var on = index.Unsqueeze(axis).Equal(Tensor.Arange(count).Reshape(sizes));
        return Tensor.Where(on, call[2].Select(0, 1), call[2].Select(0, 0));
    }

    static Tensor Trilu(OnnxCall call)
    {
        var diagonal = call.Optional(1) is { } k ? OnnxCall.Read(k)[0] : 0;
        return call.Node.Flag("upper", true) ? call[0].Triu(diagonal) : call[0].Tril(diagonal);
    }

    static Tensor DepthToSpace(OnnxCall call)
    {
        var (x, block) = (call[0], (int)call.Node.Int("blocksize", 1));
        int batch = x.Size(0), channels = x.Size(1) / (block * block), height = x.Size(2), width = x.Size(3);
        var parts = call.Node.Text("mode", "DCR") == "DCR"
            ? x.Reshape(batch, block, block, channels, height, width).Permute(0, 3, 4, 1, 5, 2)
            : x.Reshape(batch, channels, block, block, height, width).Permute(0, 1, 4, 2, 5, 3);
        return parts.Reshape(batch, channels, height * block, width * block);
    }

    static Tensor SpaceToDepth(OnnxCall call)
    {
        var (x, block) = (call[0], (int)call.Node.Int("blocksize", 1));
        int batch = x.Size(0), channels = x.Size(1), height = x.Size(2) / block, width = x.Size(3) / block;
        return x.Reshape(batch, channels, height, block, width, block).Permute(0, 3, 5, 1, 2, 4).Reshape(batch, channels * block * block, height, width);
    }

    // Ones on the diagonal from column k on.
    static Tensor EyeLike(OnnxCall call)
    {
        var x = call[0];
        var type = call.Node.Has("dtype") ? OnnxTypes.Of((int)call.Node.Int("dtype", 1), call.Node.Op) : x.DType;
        return (Tensor.Arange(x.Size(0)).Unsqueeze(1) + call.Node.Int("k", 0)).Equal(Tensor.Arange(x.Size(1))).To(type);
    }
}
