using Cresset.Nn;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

public class InitTests
{
    public static TheoryData<string, string> Cases() => new(ReferenceFile.Load("initialization").Cases
        .Where(c => c.Operator != "calculate_gain").Select(c => (c.Operator, c.Name)));

    static Nonlinearity Function(string name) => name switch
    {
        "linear" or "conv1d" or "conv2d" or "conv3d" => Nonlinearity.Linear,
        "sigmoid" => Nonlinearity.Sigmoid,
        "tanh" => Nonlinearity.Tanh,
        "relu" => Nonlinearity.ReLU,
        "leaky_relu" => Nonlinearity.LeakyReLU,
        "selu" => Nonlinearity.SELU,
        _ => throw new InvalidOperationException(name),
    };

    static Dictionary<string, Tensor> Draw(ReferenceCase c, Generator generator)
    {
        var a = c.Arguments;
        if (a.Has("shape"))
        {
            var tensor = Tensor.Empty((Shape)a.Ints("shape"), DType.Float64);
            FanMode Mode() => a.String("mode") == "fanIn" ? FanMode.FanIn : FanMode.FanOut;
            return new()
            {
                ["tensor"] = c.Operator switch
                {
                    "xavier_uniform" => Init.XavierUniform(tensor, a.Double("gain"), generator),
                    "xavier_normal" => Init.XavierNormal(tensor, a.Double("gain"), generator),
                    "kaiming_uniform" => Init.KaimingUniform(tensor, a.Double("a"), Mode(), Function(a.String("nonlinearity")), generator),
                    "kaiming_normal" => Init.KaimingNormal(tensor, a.Double("a"), Mode(), Function(a.String("nonlinearity")), generator),
                    "uniform" => Init.Uniform(tensor, a.Double("a"), a.Double("b"), generator),
                    "normal" => Init.Normal(tensor, a.Double("mean"), a.Double("std"), generator),
                    "trunc_normal" => Init.TruncatedNormal(tensor, a.Double("mean"), a.Double("std"), a.Double("a"), a.Double("b"), generator),
                    "orthogonal" => Init.Orthogonal(tensor, a.Double("gain"), generator),
                    _ => throw new InvalidOperationException(c.Operator),
                },
            };
        }
        Module layer = c.Operator switch
        {
            "Linear" => new Linear(a.Int("inFeatures"), a.Int("outFeatures")),
            "Conv2d" => new Conv2d(a.Int("inChannels"), a.Int("outChannels"), a.Int("kernelSize"), groups: a.Int("groups", 1)),
            "Embedding" => new Embedding(a.Int("numEmbeddings"), a.Int("embeddingDim")),
            "BatchNorm1d" => new BatchNorm1d(a.Int("numFeatures")),
            "BatchNorm2d" => new BatchNorm2d(a.Int("numFeatures")),
            "LayerNorm" => new LayerNorm((Shape)a.Ints("normalizedShape")),
            _ => throw new InvalidOperationException(c.Operator),
        };
        layer.To(DType.Float64);
        if (layer is Linear linear) linear.ResetParameters(generator);
        if (layer is Conv2d convolution) convolution.ResetParameters(generator);
        if (layer is Embedding embedding) embedding.ResetParameters(generator);
        return layer.NamedParameters().ToDictionary(p => p.Name, p => p.Parameter.Detach());
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_follow_the_law_of_PyTorchs(string function, string name)
    {
        var c = ReferenceFile.Load("initialization").Case(function, name);
        // Many draws make one sample, of small tensors too.
        var generator = new Generator(20);
        var samples = new Dictionary<string, List<double>>();
        for (var draw = 0; draw < 40; draw++)
            foreach (var (key, tensor) in Draw(c, generator))
            {
                if (!samples.TryGetValue(key, out var list)) samples[key] = list = [];
                list.AddRange(tensor.ToArray<double>());
            }
        foreach (var (key, values) in samples)
        {
            double mean = c.Outputs[$"{key}.mean"].Item, std = c.Outputs[$"{key}.std"].Item;
            var average = values.Average();
            var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
            // Five standard errors; of these laws none has a larger kurtosis than the normal one.
            var error = 5 / Math.Sqrt(values.Count);
            Assert.True(Math.Abs(average - mean) <= std * error + 1e-12, $"{key}: mean {average}, expected {mean}");
            Assert.True(Math.Abs(deviation - std) <= std * error + 1e-12, $"{key}: deviation {deviation}, expected {std}");
            if (!c.Outputs.TryGetValue($"{key}.low", out var low)) continue;
            double bottom = low.Item, top = c.Outputs[$"{key}.high"].Item;
            Assert.True(values.Min() >= bottom - 1e-12 && values.Max() <= top + 1e-12, $"{key}: {values.Min()} to {values.Max()}, expected {bottom} to {top}");
        }
        Assert.NotEmpty(samples);
    }

    [Fact]
    public void Gains_are_PyTorchs()
    {
        foreach (var c in ReferenceFile.Load("initialization").Of("calculate_gain"))
        {
            var function = Function(c.Arguments.String("nonlinearity"));
            var gain = c.Arguments.Has("param") ? Init.CalculateGain(function, c.Arguments.Double("param")) : Init.CalculateGain(function);
            Assert.Equal(c.Output.Item, gain, 1e-12);
        }
    }

    [Theory]
    [InlineData(30, 30, 1.0)]
    [InlineData(20, 50, 2.0)]
    [InlineData(50, 20, 0.5)]
    public void Orthogonal_rows_or_columns_have_length_gain_and_right_angles(int rows, int columns, double gain)
    {
        var matrix = Init.Orthogonal(Tensor.Empty([rows, columns], DType.Float64), gain, new Generator(1));
        var product = (rows <= columns ? matrix.MatMul(matrix.T) : matrix.T.MatMul(matrix)).ToArray<double>();
        var size = Math.Min(rows, columns);
        for (var i = 0; i < size * size; i++) Assert.Equal(i % (size + 1) == 0 ? gain * gain : 0, product[i], 1e-12);
    }

    // statistics.NormalDist().inv_cdf(p)
    [Theory]
    [InlineData(0.5, 0.0)]
    [InlineData(0.975, 1.9599639845400538)]
    [InlineData(0.01, -2.3263478740408408)]
    [InlineData(1e-10, -6.361340902404056)]
    [InlineData(1e-20, -9.262340089798409)]
    public void Quantiles_are_those_of_the_normal_distribution(double p, double expected) =>
        Assert.Equal(expected, NormalDistribution.Quantile(p), 1e-12);

    [Fact]
    public void A_vector_has_no_fan() =>
        Assert.Contains("two dimensions", Assert.Throws<ArgumentException>(() => Init.XavierUniform(Tensor.Zeros([3]))).Message);
}
