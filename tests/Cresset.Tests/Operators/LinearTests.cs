using Cresset.Kernels.Cpu;
using Cresset.Nn;
using Cresset.Tests.Kernels;
using Xunit;

namespace Cresset.Tests.Operators;

/// <summary>A linear map with its rectifier in one pass against the two by single operators, along every path that a product takes.</summary>
[Collection(nameof(GlobalSettings))]
public class LinearTests
{
    // One row; few; packed whole or by the tile; transposed; several rounds; one column; nothing.
    public static TheoryData<int, int, int> Shapes() => new()
    {
        { 1, 2100, 300 }, { 3, 20, 50 }, { 64, 512, 784 }, { 300, 500, 700 }, { 64, 300, 2500 }, { 3100, 33, 40 }, { 40, 1, 50 }, { 5, 7, 0 }, { 0, 7, 5 }, { 4, 0, 5 },
    };

    [Theory, MemberData(nameof(Shapes))]
    public void One_pass_gives_what_two_give(int rows, int outputs, int inputs)
    {
        foreach (var width in (int[])[128, 256, 512])
        {
            Gemm.ForcedWidth = width;
            try
            {
                foreach (var (dtype, tolerance) in ((DType, double)[])[(DType.Float32, 2e-5), (DType.Float64, 1e-12)])
                    foreach (var biased in (bool[])[true, false]) Compare(rows, outputs, inputs, dtype, biased, tolerance);
            }
            finally { Gemm.ForcedWidth = 0; }
        }
    }

    static void Compare(int rows, int outputs, int inputs, DType dtype, bool biased, double tolerance)
    {
        var generator = new Generator(9);
        Tensor Numbers(params int[] shape) => Tensor.Randn(shape, DType.Float64, generator: generator).To(dtype);
        Tensor x = Numbers(rows, inputs), weight = Numbers(outputs, inputs), bias = Numbers(outputs), dy = Numbers(rows, outputs);
        (Tensor, Tensor[]) Run(Func<Tensor, Tensor, Tensor?, Tensor> f)
        {
            Tensor[] own = [x.Clone(), weight.Clone(), .. biased ? (Tensor[])[bias.Clone()] : []];
            foreach (var tensor in own) tensor.RequiresGrad = true;
            var y = f(own[0], own[1], biased ? own[2] : null);
            return (y.Detach(), [.. Autograd.Grad([y], own, [dy]).Select(gradient => gradient!)]);
        }
        var (expected, expectedGradients) = Run((a, w, b) => a.Linear(w, b).Relu());
        var (actual, gradients) = Run((a, w, b) => a.Linear(w, b, relu: true));
        Assert.Equal(Values(expected), Values(actual));
        for (var i = 0; i < gradients.Length; i++)
        {
            double[] a = Values(expectedGradients[i]), b = Values(gradients[i]);
            Assert.Equal(a.Length, b.Length);
            for (var j = 0; j < a.Length; j++) Assert.True(Math.Abs(a[j] - b[j]) <= tolerance * (1 + Math.Abs(a[j])), $"gradient {i}, element {j}: expected {a[j]:R}, got {b[j]:R}");
        }
    }

    static double[] Values(Tensor x) => x.To(DType.Float64).ToArray<double>();

    [Fact]
    public void Bits_are_the_same_at_every_number_of_threads() => KernelData.SameAtAnyThreadCount(() =>
    {
        var generator = new Generator(10);
        Tensor x = Tensor.Randn([500, 70], generator: generator), weight = Tensor.Randn([300, 70], generator: generator), bias = Tensor.Randn([300], generator: generator);
        x.RequiresGrad = weight.RequiresGrad = bias.RequiresGrad = true;
        var y = x.Linear(weight, bias, relu: true);
        return Tensor.Cat([y.Detach().Reshape(-1), .. Autograd.Grad([y.Square().Sum()], [x, weight, bias]).Select(gradient => gradient!.Reshape(-1))]);
    });

    [Fact]
    public void NaN_stays_NaN()
    {
        var y = Tensor.From([1f, float.NaN, -2f]).Reshape(3, 1).Linear(Tensor.Ones([40, 1]), relu: true);
        for (var column = 0; column < 40; column++) Assert.Equal([1f, float.NaN, 0f], y.Select(1, column).ToArray<float>());
    }

    [Fact]
    public void Hooks_of_a_layer_are_shown_the_sums()
    {
        var layer = new Linear(3, 4);
        var x = Tensor.Randn([5, 3]);
        var expected = layer.ForwardRelu(x);
        Tensor? seen = null;
        layer.RegisterForwardHook((_, y) => seen = y);
        var actual = layer.ForwardRelu(x);
        Assert.Equal(expected.ToArray<float>(), actual.ToArray<float>());
        Assert.NotNull(seen);
        Assert.Equal(expected.ToArray<float>(), seen.Relu().ToArray<float>());
        Assert.Contains(seen.ToArray<float>(), value => value < 0);
    }
}
