using Cresset.Nn;
using Xunit;

namespace Cresset.Tests.Nn;

public class LayerTests
{
    static Tensor Values(Shape shape, ulong seed) => Tensor.Randn(shape, DType.Float64, new Generator(seed));

    // Central differences of sum(f(x)² w), for x and every parameter; then the same of the gradient's own sum.
    static void CheckGradients(Module layer, Tensor x)
    {
        layer.To(DType.Float64);
        x.RequiresGrad = true;
        Tensor[] inputs = [x, .. layer.Parameters()];
        Tensor w;
        using (Autograd.NoGrad()) w = Values(layer.Forward(x).Shape, 99);
        var v = inputs.Select((input, i) => Values(input.Shape, 200 + (ulong)i)).ToArray();
        // The square, so that layers that are linear in x have a second derivative too.
        Tensor First() => (layer.Forward(x).Square() * w).Sum();
        Tensor Second()
        {
            var gradients = Autograd.Grad([First()], inputs, createGraph: true);
            return gradients.Select((g, i) => (g! * v[i]).Sum()).Aggregate((a, b) => a + b);
        }
        Compare(First, inputs);
        Compare(Second, inputs);
    }

    static void Compare(Func<Tensor> f, Tensor[] inputs)
    {
        var gradients = Autograd.Grad([f()], inputs, allowUnused: true);
        const double step = 1e-5;
        for (var k = 0; k < inputs.Length; k++)
        {
            var values = inputs[k].Detach().AsSpan<double>();
            var gradient = gradients[k]?.ToArray<double>() ?? new double[inputs[k].ElementCount];
            for (var i = 0; i < gradient.Length; i++)
            {
                values = inputs[k].Detach().AsSpan<double>();
                var before = values[i];
                values[i] = before + step;
                var above = f().Item();
                inputs[k].Detach().AsSpan<double>()[i] = before - step;
                var below = f().Item();
                inputs[k].Detach().AsSpan<double>()[i] = before;
                var expected = (above - below) / (2 * step);
                Assert.True(Math.Abs(expected - gradient[i]) < 1e-5 * Math.Max(1, Math.Abs(expected)), $"input {k}, element {i}: difference {expected}, gradient {gradient[i]}");
            }
        }
    }

    public static TheoryData<string> Layers() => ["linear", "conv", "same", "maxpool", "avgpool", "adaptive", "batchnorm", "batchnorm2d", "layernorm", "elu", "gelu", "silu", "softplus", "softmax"];

    [Theory]
    [MemberData(nameof(Layers))]
    public void Gradients_of_first_and_second_order_are_those_of_differences(string name)
    {
        (Module, Shape) pair = name switch
        {
            "linear" => (new Linear(3, 2), [2, 2, 3]),
            "conv" => (new Conv2d(4, 2, (3, 2), stride: (1, 2), padding: 1, groups: 2), [2, 4, 4, 3]),
            "same" => (new Conv2d(1, 2, (2, 3), padding: "same", dilation: (3, 1)), [1, 1, 4, 4]),
            "maxpool" => (new MaxPool2d(2, stride: 1), [1, 2, 3, 3]),
            "avgpool" => (new AvgPool2d(2, padding: 1), [1, 2, 3, 3]),
            "adaptive" => (new AdaptiveAvgPool2d(2, null), [1, 2, 3, 3]),
            "batchnorm" => (new BatchNorm1d(3), [5, 3]),
            "batchnorm2d" => (new BatchNorm2d(2), [2, 2, 2, 2]),
            "layernorm" => (new LayerNorm([2, 3]), [2, 2, 3]),
            "elu" => (new ELU(), [6]),
            "gelu" => (new GELU(), [6]),
            "silu" => (new SiLU(), [6]),
            "softplus" => (new Softplus(), [6]),
            _ => (new Softmax(0), [4, 2]),
        };
        CheckGradients(pair.Item1, Values(pair.Item2, 7));
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(2, 1)]
    [InlineData(4, 1)]
    [InlineData(2, 3)]
    public void The_padding_same_gives_the_values_of_a_picture_padded_by_hand(int kernel, int dilation)
    {
        var layer = new Conv2d(1, 1, kernel, padding: "same", dilation: dilation, dtype: DType.Float64);
        var x = Values([1, 1, 5, 6], 3);
        var y = layer.Forward(x);
        Assert.Equal(x.Shape, y.Shape);
        double[] pixels = x.ToArray<double>(), weights = layer.Weight.ToArray<double>(), actual = y.ToArray<double>();
        // PyTorch puts the smaller half of the zeros in front.
        var before = dilation * (kernel - 1) / 2;
        for (var h = 0; h < 5; h++)
            for (var w = 0; w < 6; w++)
            {
                var sum = layer.Bias!.Item();
                for (var i = 0; i < kernel; i++)
                    for (var j = 0; j < kernel; j++)
                    {
                        int row = h + i * dilation - before, column = w + j * dilation - before;
                        if (row is >= 0 and < 5 && column is >= 0 and < 6) sum += weights[i * kernel + j] * pixels[row * 6 + column];
                    }
                Assert.Equal(sum, actual[h * 6 + w], 1e-10);
            }
    }

    [Fact]
    public void Dropout_drops_the_asked_part_in_training_and_nothing_in_evaluation()
    {
        var layer = new Dropout(0.3, new Generator(5));
        var x = Tensor.Ones([100_000]);
        x.RequiresGrad = true;
        var y = layer.Forward(x);
        var values = y.ToArray<float>();
        Assert.All(values, v => Assert.True(v == 0 || Math.Abs(v - 1 / 0.7f) < 1e-6));
        // Five standard deviations of the binomial distribution.
        Assert.InRange(values.Count(v => v == 0), 30_000 - 725, 30_000 + 725);
        y.Sum().Backward();
        Assert.Equal(values, x.Grad!.ToArray<float>());
        Assert.All(new Dropout(1).Forward(x).ToArray<float>(), v => Assert.Equal(0, v));
        layer.Eval();
        Assert.Same(x, layer.Forward(x));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(1.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new Dropout(double.NaN));
    }

    [Fact]
    public void Embedding_leaves_out_the_paddings_gradient_and_rejects_other_indices()
    {
        var layer = new Embedding(4, 2, paddingIdx: -1);
        Assert.Equal([0f, 0f], layer.Weight.Select(0, 3).ToArray<float>());
        layer.Forward(Tensor.From(new long[,] { { 0, 3 }, { 0, 1 } })).Sum().Backward();
        Assert.Equal([2f, 2, 1, 1, 0, 0, 0, 0], layer.Weight.Grad!.ToArray<float>());
        Assert.Contains("got 4 at position 1", Assert.Throws<ArgumentOutOfRangeException>(() => layer.Forward(Tensor.From(new long[] { 0, 4 }))).Message);
        Assert.Contains("int64", Assert.Throws<ArgumentException>(() => layer.Forward(Tensor.Ones([2]))).Message);
    }

    [Fact]
    public void Unflatten_undoes_flatten()
    {
        var x = Values([2, 3, 4], 1);
        Assert.Equal(x.Shape, new Unflatten(1, [3, 4]).Forward(new Flatten().Forward(x)).Shape);
        Assert.Throws<ArgumentException>(() => new Unflatten(1, [3, 5]).Forward(new Flatten().Forward(x)));
    }

    // The plain layers one after another are the oracle of the form in one pass.
    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public void Batch_norm_with_a_rectifier_is_that_of_the_layers_one_after_another(bool training, bool added)
    {
        BatchNorm2d plain = new(3), fused = new(3);
        foreach (var layer in (BatchNorm2d[])[plain, fused])
        {
            Tensor.From([0.5f, -1, 2]).AsSpan<float>().CopyTo(layer.Weight!.AsSpan<float>());
            Tensor.From([0.1f, 0.2f, -0.3f]).AsSpan<float>().CopyTo(layer.Bias!.AsSpan<float>());
            layer.Train(training);
        }
        // A width that leaves a part of a vector, and more pixels than one.
        Tensor x = Tensor.Randn([4, 3, 5, 7], DType.Float32, new Generator(3)), other = Tensor.Randn([4, 3, 5, 7], DType.Float32, new Generator(4)), w = Tensor.Randn([4, 3, 5, 7], DType.Float32, new Generator(5));
        Tensor[] Run(BatchNorm2d layer, Func<Tensor, Tensor, Tensor> forward)
        {
            Tensor a = x.Clone(), b = other.Clone();
            a.RequiresGrad = b.RequiresGrad = true;
            var y = forward(a, b);
            (y * w).Sum().Backward();
            return [y, a.Grad!, .. added ? (Tensor[])[b.Grad!] : [], layer.Weight!.Grad!, layer.Bias!.Grad!, layer.RunningMean!, layer.RunningVar!];
        }
        var expected = Run(plain, (a, b) => (added ? plain.Forward(a) + b : plain.Forward(a)).Relu());
        var results = Run(fused, (a, b) => fused.ForwardRelu(a, added ? b : null));
        for (var i = 0; i < expected.Length; i++)
            Assert.All(expected[i].ToArray<float>().Zip(results[i].ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        using (Autograd.NoGrad())
            Assert.All(expected[0].ToArray<float>().Zip(fused.ForwardRelu(x, added ? other : null).ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    // In evaluation all of it is the convolution's own pass.
    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public void A_convolution_with_a_batch_norm_and_a_rectifier_is_that_of_the_layers_one_after_another(bool bias, bool added)
    {
        var convolution = new Conv2d(4, 6, 3, stride: 2, padding: 1, bias: bias);
        var norm = new BatchNorm2d(6);
        Tensor x = Tensor.Randn([3, 4, 9, 8], DType.Float32, new Generator(3)), other = Tensor.Randn([3, 6, 5, 4], DType.Float32, new Generator(4));
        // Statistics, factors and addends of its own.
        for (var i = 0; i < 3; i++) norm.Forward(convolution.Forward(x + i));
        Tensor.Randn([6], DType.Float32, new Generator(5)).AsSpan<float>().CopyTo(norm.Weight!.AsSpan<float>());
        Tensor.Randn([6], DType.Float32, new Generator(6)).AsSpan<float>().CopyTo(norm.Bias!.AsSpan<float>());
        foreach (var training in (bool[])[true, false])
            using (training ? Autograd.EnableGrad() : Autograd.NoGrad())
            {
                norm.Train(training);
                var y = norm.Forward(convolution.Forward(x));
                var expected = (added ? y + other : y).Relu();
                var results = norm.ForwardRelu(convolution, x, added ? other : null);
                Assert.Equal(training, results.RequiresGrad);
                Assert.All(expected.ToArray<float>().Zip(results.ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
            }
    }

    [Fact]
    public void What_a_batch_norm_adds_has_the_input_s_shape() =>
        Assert.Contains("to have the input's shape [2, 3, 2, 2]", Assert.Throws<ArgumentException>(() => new BatchNorm2d(3).ForwardRelu(Tensor.Zeros([2, 3, 2, 2]), Tensor.Zeros([2, 3, 1, 1]))).Message, StringComparison.Ordinal);

    [Fact]
    public void Hooks_of_a_batch_norm_are_shown_what_it_normalises()
    {
        var layer = new BatchNorm2d(2);
        Tensor? seen = null;
        layer.RegisterForwardHook((_, y) => seen = y);
        layer.ForwardRelu(Tensor.Randn([3, 2, 2, 2], DType.Float32, new Generator(1)));
        Assert.True(seen!.ToArray<float>().Min() < 0);
    }

    [Fact]
    public void Errors_name_the_layer_what_was_expected_and_what_came()
    {
        static string Message<T>(Func<object> f) where T : Exception => Assert.ThrowsAny<T>(f).Message;
        Assert.Contains("Linear: expected last dimension 128, got [32, 64]", Message<ArgumentException>(() => new Linear(128, 10).Forward(Tensor.Zeros([32, 64]))));
        Assert.Contains("one floating-point type", Message<ArgumentException>(() => new Linear(2, 1).Forward(Tensor.Zeros([1, 2], DType.Float64))));
        Assert.Contains("[N, C, H, W]", Message<ArgumentException>(() => new Conv2d(1, 1, 3).Forward(Tensor.Zeros([3, 3]))));
        Assert.Contains("groups", Message<ArgumentException>(() => new Conv2d(3, 4, 3, groups: 2)));
        Assert.Contains("stride 1", Message<ArgumentException>(() => new Conv2d(3, 4, 3, stride: 2, padding: "same")));
        Assert.Contains("\"full\"", Message<ArgumentException>(() => new Conv2d(3, 4, 3, padding: "full")));
        Assert.Contains("more than one value", Message<ArgumentException>(() => new BatchNorm1d(3).Forward(Tensor.Zeros([1, 3]))));
        Assert.Contains("C = 3", Message<ArgumentException>(() => new BatchNorm2d(3).Forward(Tensor.Zeros([1, 4, 2, 2]))));
        Assert.Contains("expected last dimensions [4]", Message<ArgumentException>(() => new LayerNorm(4).Forward(Tensor.Zeros([2, 3]))));
    }

    [Fact]
    public void Layers_of_sequences_groups_and_transposed_convolutions_refuse_what_does_not_fit()
    {
        static void Fails(string expected, Func<object> action) => Assert.Contains(expected, Assert.ThrowsAny<ArgumentException>(action).Message, StringComparison.Ordinal);
        Fails("expected an input [N, C, L] or [C, L], got [1, 2, 3, 4]", () => new Conv1d(2, 3, 2).Forward(Tensor.Zeros([1, 2, 3, 4])));
        Fails("does not fit into the input", () => new Conv1d(2, 3, 5).Forward(Tensor.Zeros([1, 2, 4])));
        Fails("groups that divide the 6 channels, got 4", () => new GroupNorm(4, 6));
        Fails("expected an input [N, 6, ...], got [2, 4]", () => new GroupNorm(3, 6).Forward(Tensor.Zeros([2, 4])));
        Fails("expected an output padding below the stride", () => new ConvTranspose2d(2, 3, 3, stride: 2, outputPadding: 2));
        Fails("expected 2 input channels", () => new ConvTranspose2d(2, 3, 3).Forward(Tensor.Zeros([1, 4, 5, 5])));
    }

    [Fact]
    public void A_transposed_convolution_has_gradients_of_any_order()
    {
        Random.Seed(8);
        Tensor x = Tensor.Randn([1, 2, 3, 3], DType.Float64), w = Tensor.Randn([2, 1, 2, 2], DType.Float64), b = Tensor.Randn([2], DType.Float64);
        x.RequiresGrad = w.RequiresGrad = b.RequiresGrad = true;
        GradientCheck.Check(v => v[0].ConvTranspose2d(v[1], v[2], 2, 1, 1, 2), x, w, b).ThrowIfFailed();
        GradientCheck.CheckSecondOrder(v => v[0].ConvTranspose2d(v[1], v[2], 2, 1, 1, 2), x, w, b).ThrowIfFailed();
        GradientCheck.CheckSecondOrder(v => v[0].Transpose(0, 1).GroupNorm(1), x).ThrowIfFailed();
    }
}
