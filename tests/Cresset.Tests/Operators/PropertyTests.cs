using Cresset.Kernels;
using Cresset.Kernels.Cpu;
using Cresset.Tests.ReferenceBackend;
using CsCheck;
using Xunit;

namespace Cresset.Tests.Operators;

// Random shapes, views and types: the fast backend against the plain one, or against plain C# arrays.
public class PropertyTests
{
    const int Cases = 300;

    static readonly Gen<int[]> Sizes = Gen.Int[0, 6].Array[0, 4];

    // Some sizes that reach over several vectors.
    static readonly Gen<int[]> LargerSizes = Gen.OneOf(Sizes, Gen.Select(Gen.Int[1, 5], Gen.Int[1, 300], (rows, columns) => new[] { rows, columns }),
        Gen.Select(Gen.Int[1, 2], Gen.Int[1, 150], Gen.Int[1, 40], (planes, rows, columns) => new[] { planes, rows, columns }));

    static readonly Gen<DType> Types = Gen.Enum<DType>();

    static Tensor Values(int[] sizes, DType dtype, int seed)
    {
        var x = Tensor.Rand(new Shape(sizes), DType.Float64, new Generator((ulong)seed));
        return dtype == DType.Bool ? x > 0.5 : dtype.IsFloatingPoint() ? (x * 4 - 2).To(dtype) : (x * 9 + 1).To(dtype);
    }

    // A view with the given shape: of a permuted, a sliced or a spaced tensor, or contiguous.
    static Tensor View(int[] sizes, DType dtype, int seed)
    {
        var rank = sizes.Length;
        switch (seed % 4)
        {
            case 1 when rank > 1:
                var order = Enumerable.Range(0, rank).OrderBy(i => (i * 7 + seed) % 5).ToArray();
                var inverse = Enumerable.Range(0, rank).Select(i => Array.IndexOf(order, i)).ToArray();
                return Values([.. order.Select(i => sizes[i])], dtype, seed).Permute(inverse);
            case 2 when rank > 0:
                return Values([.. sizes.Select(size => size + 2)], dtype, seed)[[.. sizes.Select(size => (TensorIndex)(1..(size + 1)))]];
            case 3 when rank > 0:
                return Values([.. sizes[..^1], sizes[^1] * 2], dtype, seed)[TensorIndex.Ellipsis, TensorIndex.Slice(0, ^0, 2)];
            default:
                return Values(sizes, dtype, seed);
        }
    }

    static void Same(Tensor expected, Tensor actual, double tolerance = 0)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        Assert.Equal(expected.DType, actual.DType);
        double[] e = NaiveBackend.Move(expected, CpuBackend.Instance).To(DType.Float64).ToArray<double>(), a = actual.To(DType.Float64).ToArray<double>();
        for (var i = 0; i < e.Length; i++)
            Assert.True(e[i].Equals(a[i]) || Math.Abs(e[i] - a[i]) <= tolerance * (1 + Math.Abs(e[i])), $"element {i}: expected {e[i]:R}, got {a[i]:R}");
    }

    // f on both backends.
    static void Agree(Func<Tensor[], Tensor> f, double tolerance, params Tensor[] inputs)
    {
        Tensor expected;
        using (Backend.Use(NaiveBackend.Instance)) expected = f(Array.ConvertAll(inputs, x => NaiveBackend.Move(x, NaiveBackend.Instance)));
        Same(expected, f(inputs), tolerance);
    }

    // Two shapes that broadcast: sizes of the common shape, of which each side replaces some by 1 and drops some in front.
    static readonly Gen<(int[] A, int[] B)> Broadcasting =
        Gen.Select(LargerSizes, Gen.Int[0, 15], Gen.Int[0, 15], Gen.Int[0, 4], Gen.Int[0, 4], (sizes, onesA, onesB, dropA, dropB) =>
            (Side(sizes, onesA, dropA), Side(sizes, onesB & ~onesA, dropA == 0 ? dropB : 0)));

    static int[] Side(int[] sizes, int ones, int drop) => [.. sizes.Select((size, i) => (ones >> i & 1) == 1 ? 1 : size).Skip(Math.Min(drop, sizes.Length))];

    [Fact]
    public void Binary_operators_agree_on_any_types_shapes_and_views() =>
        Gen.Select(Broadcasting, Types, Types, Gen.Int[0, 1000], Gen.Int[0, 3]).Sample((shapes, left, right, seed, which) =>
        {
            Tensor a = View(shapes.A, left, seed), b = View(shapes.B, right, seed / 4);
            Func<Tensor[], Tensor> f = which switch
            {
                0 => x => x[0] + x[1],
                1 => x => x[0] * x[1],
                2 => x => x[0] / x[1],
                _ => x => x[0].Maximum(x[1]),
            };
            Agree(f, 1e-6, a, b);
            Agree(x => x[0] < x[1], 0, a, b);
            Agree(x => x[0].Equal(x[1]), 0, a, b);
        }, iter: Cases);

    [Fact]
    public void Reductions_agree_over_any_dimensions_of_any_view() =>
        Gen.Select(LargerSizes, Types, Gen.Int[0, 15], Gen.Bool, Gen.Int[0, 1000]).Sample((sizes, dtype, flags, keepDim, seed) =>
        {
            var x = View(sizes, dtype, seed);
            int[] dims = [.. Enumerable.Range(0, sizes.Length).Where(i => (flags >> i & 1) == 1)];
            // Where most of what is added cancels, the rounding is still that of its size.
            Agree(v => v[0].Sum(dims, keepDim), 1e-5 + 1e-7 * x.To(DType.Float64).Abs().Sum().Item(), x);
            Agree(v => v[0].Any(dims, keepDim), 0, x);
            Agree(v => v[0].All(dims, keepDim), 0, x);
            if (x.ElementCount > 0) Agree(v => v[0].AMax(dims, keepDim), 0, x);
            if (x.ElementCount > 0 && sizes.Length > 0)
            {
                var dim = seed % sizes.Length;
                Agree(v => v[0].ArgMin(dim, keepDim), 0, x);
                Agree(v => v[0].Max(dim, keepDim).Indices, 0, x);
                Agree(v => v[0].Sort(dim, descending: keepDim).Indices, 0, x);
                if (dtype.IsFloatingPoint()) Agree(v => v[0].Softmax(dim), 1e-6, x);
            }
        }, iter: Cases);

    [Fact]
    public void Copies_and_conversions_agree_on_any_view() =>
        Gen.Select(LargerSizes, Types, Types, Gen.Int[0, 1000]).Sample((sizes, from, to, seed) =>
        {
            var x = View(sizes, from, seed);
            // Negative numbers have no unsigned form that is the same on every machine.
            if (to == DType.UInt8 && from.IsFloatingPoint()) x = x.Abs();
            Agree(v => v[0].To(to), 0, x);
            Agree(v => v[0].Contiguous(), 0, x);
            Agree(v => Tensor.Cat([v[0].Reshape(-1), v[0].Flatten()]), 0, x);
        }, iter: Cases);

    [Fact]
    public void Products_agree_for_any_batches_and_views() =>
        Gen.Select(Gen.Int[1, 40], Gen.Int[0, 70], Gen.Int[1, 40], Broadcasting, Gen.Bool, Gen.Int[0, 1000]).Sample((m, k, n, batches, wide, seed) =>
        {
            var dtype = wide ? DType.Float64 : DType.Float32;
            Agree(x => x[0].MatMul(x[1]), wide ? 1e-12 : 1e-4, View([.. batches.A.Take(2).Select(s => s % 4), m, k], dtype, seed),
                View([.. batches.A.Take(2).Select(s => s % 4), k, n], dtype, seed / 4));
        }, iter: Cases / 3);

    [Fact]
    public void Convolutions_agree_for_any_geometry() =>
        Gen.Select(Gen.Int[1, 3].Array[4], Gen.Int[1, 3].Array[4], Gen.Int[0, 2].Array[2], Gen.Int[5, 11].Array[2], Gen.Int[0, 1000]).Sample((counts, kernel, padding, size, seed) =>
        {
            int groups = counts[3], channels = counts[1] * groups, outChannels = counts[2] * groups;
            Tensor x = View([counts[0], channels, size[0], size[1]], DType.Float32, seed), weight = View([outChannels, counts[1], kernel[0], kernel[1]], DType.Float32, seed / 4),
                bias = Values([outChannels], DType.Float32, seed);
            (int, int) stride = (kernel[2], kernel[3]), pad = (padding[0], padding[1]), dilation = (1 + seed % 2, 1);
            Agree(v => v[0].Conv2d(v[1], v[2], stride, pad, dilation, groups), 1e-5, x, weight, bias);
            Agree(v =>
            {
                using var enabled = Autograd.EnableGrad();
                var leaves = Array.ConvertAll(v, t => t.Contiguous().Detach());
                foreach (var leaf in leaves) leaf.RequiresGrad = true;
                var y = leaves[0].Conv2d(leaves[1], leaves[2], stride, pad, dilation, groups);
                var gradients = Autograd.Grad([(y * y).Sum()], leaves);
                return Tensor.Cat([.. gradients.Select(gradient => gradient!.Reshape(-1))]);
            }, 1e-4, x, weight, bias);
        }, iter: Cases / 3);

    // The element at a place of a plain row-major array.
    static double At(double[] values, int[] sizes, int[] place)
    {
        var at = 0;
        for (var i = 0; i < sizes.Length; i++) at = at * sizes[i] + place[i];
        return values[at];
    }

    static IEnumerable<int[]> Places(int[] sizes)
    {
        for (var i = 0; i < sizes.Aggregate(1, (a, b) => a * b); i++)
        {
            var place = new int[sizes.Length];
            for (int d = sizes.Length - 1, rest = i; d >= 0; rest /= sizes[d--]) place[d] = rest % sizes[d];
            yield return place;
        }
    }

    [Fact]
    public void Slices_take_the_places_that_the_ranges_say() =>
        Gen.Select(Gen.Int[1, 6].Array[1, 3], Gen.Int[0, 5].Array[3], Gen.Int[1, 3].Array[3], Gen.Int[0, 1000]).Sample((sizes, starts, steps, seed) =>
        {
            var x = View(sizes, DType.Float64, seed);
            var values = x.ToArray<double>();
            int[] start = [.. sizes.Select((size, i) => starts[i] % size)];
            var y = x[[.. sizes.Select((_, i) => TensorIndex.Slice(start[i], ^0, steps[i]))]];
            int[] shape = [.. sizes.Select((size, i) => (size - start[i] + steps[i] - 1) / steps[i])];
            Assert.Equal(new Shape(shape), y.Shape);
            Assert.Equal(Places(shape).Select(place => At(values, sizes, [.. place.Select((at, i) => start[i] + at * steps[i])])), y.ToArray<double>());
        }, iter: Cases);

    [Fact]
    public void Permutations_move_every_element_to_its_place() =>
        Gen.Select(Sizes, Gen.Int[0, 1000]).Sample((sizes, seed) =>
        {
            var x = View(sizes, DType.Float64, seed);
            var values = x.ToArray<double>();
            var order = Enumerable.Range(0, sizes.Length).OrderBy(i => (i * 13 + seed) % 7).ToArray();
            var y = x.Permute(order);
            int[] shape = [.. order.Select(i => sizes[i])];
            Assert.Equal(Places(shape).Select(place => At(values, sizes, [.. Enumerable.Range(0, sizes.Length).Select(d => place[Array.IndexOf(order, d)])])), y.ToArray<double>());
        }, iter: Cases);
}
