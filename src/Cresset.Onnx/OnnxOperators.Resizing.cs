namespace Cresset.Onnx;

// Pictures in other sizes.
static partial class OnnxOperators
{
    // What "cubic" means unless the node tells another number.
    const double Cubic = -0.75;

    static Tensor Resize(OnnxCall call)
    {
        var (x, node) = (call[0], call.Node);
        if (node.Flag("antialias", false)) throw new NotSupportedException("Resize with antialias is not known here");
        if (node.Text("keep_aspect_ratio_policy", "stretch") is not "stretch" and var policy) throw new NotSupportedException($"Resize: the keep_aspect_ratio_policy {policy} is not known here");
        // Version 10 has scales only, and no rule to choose.
        var old = node.Opset < 11;
        var scales = call.Optional(old ? 1 : 2) is { ElementCount: > 0 } given ? OnnxCall.ReadNumbers(given) : null;
        var sizes = call.Optional(3) is { ElementCount: > 0 } asked ? OnnxCall.Read(asked) : null;
        var dims = node.Ints("axes") ?? [.. Enumerable.Range(0, x.Rank)];
        if ((scales is null) == (sizes is null) || (scales?.Length ?? sizes!.Length) != dims.Length)
            throw new ArgumentException($"Resize: expected {dims.Length} scales or sizes, one for each dimension, got {scales?.Length ?? sizes?.Length ?? 0}");
        for (var i = 0; i < dims.Length; i++)
            x = Resized(x, dims[i] < 0 ? dims[i] + x.Rank : dims[i], scales?[i], sizes?[i], node.Text("mode", "nearest"),
                node.Text("coordinate_transformation_mode", old ? "asymmetric" : "half_pixel"), node.Text("nearest_mode", old ? "floor" : "round_prefer_floor"), node);
        return x;
    }

    // Resize as it was before version 10.
    static Tensor Upsample(OnnxCall call)
    {
        var (x, node) = (call[0], call.Node);
        if (node.Opset < 9) throw new NotSupportedException("Upsample before version 9 is not known here");
        var scales = OnnxCall.ReadNumbers(call[1]);
        if (scales.Length != x.Rank) throw new ArgumentException($"Upsample: expected {x.Rank} scales, got {scales.Length}");
        for (var dim = 0; dim < scales.Length; dim++) x = Resized(x, dim, scales[dim], null, node.Text("mode", "nearest"), "asymmetric", "floor", node);
        return x;
    }

    // One dimension by the places that its elements come from.
    static Tensor Resized(Tensor x, int dim, double? scaled, int? size, string mode, string rule, string rounding, OnnxNode node)
    {
        var from = x.Size(dim);
        var asked = size ?? Math.Floor(from * scaled!.Value);
        if (!(asked is >= 0 and <= int.MaxValue)) throw new ArgumentException($"{node.Op}: expected a size from 0 to {int.MaxValue}, got {asked}");
        var to = (int)asked;
        var scale = scaled ?? (double)to / from;
        if (to == from && scale == 1) return x;
        if (from == 0 && to > 0) throw new ArgumentException($"{node.Op}: nothing to take {to} elements from in dimension {dim}");
        var shape = x.Shape.AsSpan().ToArray();
        shape[dim] = to;
        // Refused, where there may not be so many, before lists of that length are made.
        var room = Tensor.Empty(new Shape(shape), x.DType);
        if (room.ElementCount == 0) return room;
        var places = new double[to];
        for (var i = 0; i < to; i++)
            places[i] = rule switch
            {
                "half_pixel" => (i + 0.5) / scale - 0.5,
                "pytorch_half_pixel" => to > 1 ? (i + 0.5) / scale - 0.5 : 0,
                "align_corners" => to > 1 ? i * (from - 1.0) / (to - 1) : 0,
                "asymmetric" => i / scale,
                _ => throw new NotSupportedException($"{node.Op}: the coordinates {rule} are not known here"),
            };
        long Inside(double place) => (long)Math.Clamp(place, 0, from - 1);
        Tensor At(Func<double, double> place) => x.IndexSelect(dim, Tensor.From(Array.ConvertAll(places, p => Inside(place(p)))));
        int[] along = [.. Enumerable.Repeat(1, x.Rank)];
        along[dim] = to;
        Tensor Share(Func<double, double> share) => Tensor.From(Array.ConvertAll(places, p => share(p))).To(x.DType).Reshape(along);
        switch (mode)
        {
            case "nearest":
                return At(rounding switch
                {
                    "floor" => Math.Floor,
                    "ceil" => Math.Ceiling,
                    "round_prefer_ceil" => place => Math.Floor(place + 0.5),
                    _ => place => Math.Ceiling(place - 0.5),
                });
            case "linear":
                var below = At(Math.Floor);
                return below + (At(place => Math.Floor(place) + 1) - below) * Share(place => Math.Clamp(place, 0, from - 1) - Inside(Math.Floor(place)));
            case "cubic":
                var (a, exclude) = (node.Float("cubic_coeff_a", Cubic), node.Flag("exclude_outside", false));
                // Keys (1981): of the four nearest, by their distances.
                double Weight(double place, int tap)
                {
                    var at = Math.Floor(place) + tap;
                    if (exclude && (at < 0 || at > from - 1)) return 0;
                    var distance = Math.Abs(place - at);
                    return distance <= 1 ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
                        : ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a;
                }
                double All(double place) => exclude ? Enumerable.Range(-1, 4).Sum(tap => Weight(place, tap)) : 1;
                return Enumerable.Range(-1, 4).Select(tap => At(place => Math.Floor(place) + tap) * Share(place => Weight(place, tap) / All(place))).Aggregate((sum, part) => sum + part);
            default:
                throw new NotSupportedException($"{node.Op}: the mode {mode} is not known here");
        }
    }
}
