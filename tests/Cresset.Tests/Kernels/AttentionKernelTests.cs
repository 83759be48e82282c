using Cresset.Kernels.Cpu;
using Cresset.Nn;
using Xunit;

namespace Cresset.Tests.Kernels;

/// <summary>Attention as one operator against the same by single operators, in float64: at sizes that fill the microkernels' tiles and
/// leave rests, with every kind of mask, and of heads that lie anywhere in memory.</summary>
[Collection(nameof(GlobalSettings))]
public class AttentionKernelTests
{
    public static TheoryData<int, int, int, int, string, int> Cases()
    {
        var data = new TheoryData<int, int, int, int, string, int>();
        foreach (var (queries, keys, width, valueWidth) in ((int, int, int, int)[])[(65, 65, 16, 16), (64, 64, 32, 32), (5, 7, 3, 9), (40, 300, 20, 33), (70, 12, 64, 40), (1, 1, 1, 1)])
            foreach (var form in (string[])["plain", "causal", "bool", "added", "padding", "causal and added"])
                foreach (var vectors in (int[])[128, 256, 512]) data.Add(queries, keys, width, valueWidth, form, vectors);
        return data;
    }

    static (Tensor Y, Tensor[] Gradients) Run(Func<Tensor[], Tensor> f, Tensor[] inputs, Tensor dy, DType dtype)
    {
        var own = Array.ConvertAll(inputs, input => input.To(dtype).Clone());
        foreach (var input in own) input.RequiresGrad = true;
        var y = f(own);
        return (y, [.. Autograd.Grad([y], own, [dy.To(dtype)]).Select(gradient => gradient!)]);
    }

    static void Close(Tensor expected, Tensor actual, double tolerance)
    {
        Assert.Equal(expected.Shape, actual.Shape);
        double[] a = expected.Detach().To(DType.Float64).ToArray<double>(), b = actual.Detach().To(DType.Float64).ToArray<double>();
        for (var i = 0; i < a.Length; i++) Assert.True(Math.Abs(a[i] - b[i]) <= tolerance * (1 + Math.Abs(a[i])), $"element {i}: expected {a[i]:R}, got {b[i]:R}");
    }

    [Theory, MemberData(nameof(Cases))]
    public void One_operator_gives_what_single_operators_give_at_every_vector_width(int queries, int keys, int width, int valueWidth, string form, int vectors)
    {
        var generator = new Generator(3);
        Tensor Numbers(params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: generator);
        // The heads of two sequences, as a projection leaves them.
        Tensor[] inputs = [Numbers(2, queries, 3, width), Numbers(2, keys, 3, width), Numbers(2, keys, 3, valueWidth)];
        var dy = Numbers(2, 3, queries, valueWidth);
        var allowed = Numbers(queries, keys) > -0.5;
        allowed[.., 0] = Tensor.From(true);
        var padding = Numbers(2, 1, 1, keys) > 0;
        padding[.., .., .., 0] = Tensor.From(true);
        Tensor? Mask(DType dtype) => form switch
        {
            "bool" => allowed,
            "padding" => padding,
            "added" or "causal and added" => (Tensor.Arange(queries * keys).To(DType.Float64).Reshape(queries, keys) * 0.37).Sin().To(dtype),
            _ => null,
        };
        var causal = form.StartsWith("causal", StringComparison.Ordinal);
        Tensor Split(Tensor x) => x.Transpose(1, 2);
        Tensor Composed(Tensor[] x) => AttentionOperator.Weights(Split(x[0]), Split(x[1]), Mask(x[0].DType), causal, -0.7).MatMul(Split(x[2]));
        Tensor Fused(Tensor[] x) => Split(x[0]).ScaledDotProductAttention(Split(x[1]), Split(x[2]), Mask(x[0].DType), isCausal: causal, scale: -0.7);
        var expected = Run(Composed, inputs, dy, DType.Float64);
        Gemm.ForcedWidth = vectors;
        try
        {
            foreach (var (dtype, tolerance) in ((DType, double)[])[(DType.Float64, 1e-12), (DType.Float32, 5e-5)])
            {
                var actual = Run(Fused, inputs, dy, dtype);
                Assert.Equal("ScaledDotProductAttention", actual.Y.GradFn!.Name);
                Close(expected.Y, actual.Y, tolerance);
                for (var i = 0; i < inputs.Length; i++) Close(expected.Gradients[i], actual.Gradients[i], tolerance);
            }
        }
        finally { Gemm.ForcedWidth = 0; }
    }

    [Fact]
    public void Merging_the_heads_copies_nothing()
    {
        var x = Tensor.Randn([2, 3, 5, 4]);
        var y = x.ScaledDotProductAttention(x, x);
        Assert.Same(y.Storage, y.Transpose(1, 2).Reshape(2, 5, 12).Storage);
    }

    [Fact]
    public void Batches_broadcast()
    {
        var generator = new Generator(4);
        Tensor[] inputs = [Tensor.Randn([2, 1, 4, 3], DType.Float64, generator: generator), Tensor.Randn([5, 6, 3], DType.Float64, generator: generator), Tensor.Randn([6, 2], DType.Float64, generator: generator)];
        var dy = Tensor.Randn([2, 5, 4, 2], DType.Float64, generator: generator);
        var expected = Run(x => AttentionOperator.Weights(x[0], x[1], null, false, null).MatMul(x[2]), inputs, dy, DType.Float64);
        var actual = Run(x => x[0].ScaledDotProductAttention(x[1], x[2]), inputs, dy, DType.Float64);
        Close(expected.Y, actual.Y, 1e-12);
        for (var i = 0; i < inputs.Length; i++) Close(expected.Gradients[i], actual.Gradients[i], 1e-12);
    }

    [Fact]
    public void A_mask_that_is_learned_has_a_gradient()
    {
        Tensor x = Tensor.Randn([2, 3, 4], DType.Float64), mask = Tensor.Randn([3, 3], DType.Float64);
        mask.RequiresGrad = true;
        GradientCheck.Check(inputs => x.ScaledDotProductAttention(x, x, inputs[0]), mask).ThrowIfFailed();
    }

    [Fact]
    public void Bits_are_the_same_at_every_number_of_threads() => KernelData.SameAtAnyThreadCount(() =>
    {
        var generator = new Generator(5);
        var x = Tensor.Randn([3, 70, 3, 4, 16], generator: generator);
        x.RequiresGrad = true;
        var parts = x.Permute(2, 0, 3, 1, 4);
        var y = parts.Select(0, 0).ScaledDotProductAttention(parts.Select(0, 1), parts.Select(0, 2), isCausal: true);
        return Tensor.Cat([y.Detach().Reshape(-1), Autograd.Grad(y.Square().Sum(), x).Reshape(-1)]);
    });

    // What comes from one tensor is projected at once; where the weights are asked for, single operators run.
    [Theory]
    [InlineData("self")]
    [InlineData("one memory")]
    [InlineData("keys and values")]
    [InlineData("other widths")]
    public void A_layer_without_its_weights_computes_what_it_computes_with_them(string form)
    {
        Random.Seed(6);
        var others = form == "other widths";
        var layer = new MultiheadAttention(12, 3, kdim: others ? 5 : null, vdim: others ? 7 : null, batchFirst: true, dtype: DType.Float64);
        Tensor x = Tensor.Randn([2, 9, 12], DType.Float64), memory = Tensor.Randn([2, 11, others ? 5 : 12], DType.Float64);
        Tensor key = form == "self" ? x : memory, value = form is "self" or "one memory" ? key : Tensor.Randn([2, 11, others ? 7 : 12], DType.Float64);
        var padding = Tensor.Zeros([2, key.Size(1)], DType.Bool);
        padding[1, 7..] = Tensor.From(true);
        var added = Tensor.Randn([6, 9, key.Size(1)], DType.Float64);
        (Tensor, Tensor[]) Gradients(bool needWeights)
        {
            layer.ZeroGrad();
            var y = layer.Forward(x, key, value, padding, added, needWeights).Output;
            y.Square().Sum().Backward();
            return (y, [.. layer.Parameters().Select(parameter => parameter.Grad!)]);
        }
        var (expected, expectedGradients) = Gradients(true);
        var (actual, gradients) = Gradients(false);
        Close(expected, actual, 1e-12);
        for (var i = 0; i < gradients.Length; i++) Close(expectedGradients[i], gradients[i], 1e-11);
    }
}
