using Cresset.Nn;
using Cresset.Vision;

namespace Cresset.Benchmarks;

/// <summary>A network layer by layer, for libraries that are to build the same as Cresset's.</summary>
abstract record Layer;

sealed record Linear(int In, int Out) : Layer;

/// <summary>A convolution with a square kernel.</summary>
sealed record Conv(int In, int Out, int Kernel, int Stride = 1, int Padding = 0, bool Bias = true) : Layer;

/// <summary>A convolution over [N, C, L].</summary>
sealed record Conv1d(int In, int Out, int Kernel) : Layer;

/// <summary>A transposed convolution with a square kernel.</summary>
sealed record ConvTranspose(int In, int Out, int Kernel, int Stride) : Layer;

sealed record BatchNorm(int Channels) : Layer;

sealed record GroupNorm(int Groups, int Channels) : Layer;

sealed record LayerNorm(int Width) : Layer;

sealed record Relu : Layer;

sealed record Tanh : Layer;

sealed record MaxPool(int Kernel) : Layer;

sealed record MaxPool1d(int Kernel) : Layer;

sealed record AvgPool(int Kernel, int Stride, int Padding) : Layer;

/// <summary>The mean over each picture's rows and columns.</summary>
sealed record GlobalAvgPool : Layer;

sealed record Flatten : Layer;

/// <summary>The last step's outputs of a recurrent network over [N, T, In], batch first; gated where not
/// <paramref name="Memory"/>, which is long short-term memory.</summary>
sealed record Recurrent(bool Memory, int In, int Hidden, int Layers = 1, bool Bidirectional = false) : Layer
{
    /// <summary>The sizes of the parameters, in the order of PyTorch's state dictionary.</summary>
    public IEnumerable<int> ParameterSizes
    {
        get
        {
            int gates = Memory ? 4 : 3, directions = Bidirectional ? 2 : 1;
            for (var layer = 0; layer < Layers; layer++)
                for (var direction = 0; direction < directions; direction++)
                {
                    yield return gates * Hidden * (layer == 0 ? In : directions * Hidden);
                    yield return gates * Hidden * Hidden;
                    yield return gates * Hidden;
                    yield return gates * Hidden;
                }
        }
    }
}

/// <summary>A layer of a transformer's encoder over [N, T, Width], normalised before each branch, with ReLU or GELU and without
/// dropout.</summary>
sealed record TransformerLayer(int Width, int Heads, int Feedforward, bool Gelu = false) : Layer;

/// <summary>What a vision transformer begins with: patches of pictures as vectors, a class token before them, positions added.</summary>
sealed record Patches(int Channels, int Width, int Patch, int Places) : Layer;

/// <summary>The first step of [N, T, D].</summary>
sealed record FirstStep : Layer;

/// <summary>The mean over the steps of [N, T, D].</summary>
sealed record MeanOverSteps : Layer;

sealed record Chain(params Layer[] Layers) : Layer;

/// <summary>relu(main(x) + shortcut(x)), where no shortcut is x itself.</summary>
sealed record Residual(Layer Main, Layer? Shortcut = null) : Layer;

/// <summary>Every second row and column, and so many channels of zeros before and after.</summary>
sealed record Subsample(int Zeros) : Layer;

/// <summary>Several networks of one input, joined over the channels.</summary>
sealed record Branches(params Layer[] Layers) : Layer;

/// <summary>A network that is measured.</summary>
/// <param name="Create">The library's own model.</param>
/// <param name="Layers">The same in the order in which the model's parameters stand.</param>
sealed record Network(Func<Module> Create, Layer Layers);

/// <summary>The networks that are measured.</summary>
static class Networks
{
    public static Network LinearRegression => new(() => new Nn.Linear(1, 1), new Linear(1, 1));

    public static Network Lstm => Classifier(new Recurrent(Memory: true, 28, 128), new Linear(128, 10));

    public static Network Gru => Classifier(new Recurrent(Memory: false, 100, 100, Layers: 2, Bidirectional: true), new Linear(200, 10));

    static Network Classifier(Recurrent body, Linear head) =>
        new(() => new Sequential(new LastOutput(body), new Nn.Linear(head.In, head.Out)), new Chain(body, head));

    public static Network Transformer(int width, int heads, int feedforward)
    {
        var layer = new TransformerLayer(width, heads, feedforward);
        return new(() => new Sequential(
            new TransformerEncoder(() => new TransformerEncoderLayer(width, heads, feedforward, dropout: 0, batchFirst: true, normFirst: true), 2),
            new StepMean(), new Nn.Linear(width, Works.Classes)), new Chain(layer, layer, new MeanOverSteps(), new Linear(width, Works.Classes)));
    }

    sealed class StepMean : Module
    {
        public override Tensor Forward(Tensor x) => x.Mean(1);
    }

    sealed class LastOutput(Recurrent layer) : Module
    {
        readonly Lstm? lstm = layer.Memory ? new Lstm(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional) : null;
        readonly Gru? gru = layer.Memory ? null : new Gru(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional);

        public override Tensor Forward(Tensor x) => (lstm is null ? gru!.Forward(x).Output : lstm.Forward(x).Output).Select(1, -1);
    }

    /// <summary>A convolution network for sequences [N, 24, 128], such as sounds.</summary>
    public static Network Cnn1d => new(() => new Sequential(
        new Nn.Conv1d(24, 64, 5), new ReLU(), new Nn.MaxPool1d(2), new Nn.Conv1d(64, 128, 5), new ReLU(), new Nn.MaxPool1d(2),
        new Nn.Flatten(), new Nn.Linear(128 * 29, Works.Classes)), new Chain(
        new Conv1d(24, 64, 5), new Relu(), new MaxPool1d(2), new Conv1d(64, 128, 5), new Relu(), new MaxPool1d(2),
        new Flatten(), new Linear(128 * 29, Works.Classes)));

    /// <summary>Pictures made smaller and larger again, with group normalisation, and classified.</summary>
    public static Network Hourglass => new(() => new Sequential(
        new Conv2d(1, 32, 3, 2, 1), new Nn.GroupNorm(8, 32), new ReLU(), new ConvTranspose2d(32, 16, 2, 2), new ReLU(),
        new Nn.Flatten(), new Nn.Linear(16 * 784, Works.Classes)), new Chain(
        new Conv(1, 32, 3, 2, 1), new GroupNorm(8, 32), new Relu(), new ConvTranspose(32, 16, 2, 2), new Relu(),
        new Flatten(), new Linear(16 * 784, Works.Classes)));

    public static Network LeNet => new(() => new LeNet(), new Chain(
        new Conv(1, 6, 5), new Tanh(), new AvgPool(2, Stride: 2, Padding: 0), new Conv(6, 16, 5), new Tanh(), new AvgPool(2, Stride: 2, Padding: 0),
        new Flatten(), new Linear(400, 120), new Tanh(), new Linear(120, 84), new Tanh(), new Linear(84, Works.Classes)));

    public static Network VisionTransformer
    {
        get
        {
            const int width = 64, depth = 6;
            return new(() => new VisionTransformer((32, 32), dropout: 0), new Chain([
                new Patches(3, width, 4, 1 + 8 * 8), .. Enumerable.Repeat(new TransformerLayer(width, 4, 128, Gelu: true), depth),
                new LayerNorm(width), new FirstStep(), new Linear(width, Works.Classes)]));
        }
    }

    /// <summary>ResNet-18 with the first layer for pictures of 32 x 32.</summary>
    public static Network ResNet18
    {
        get
        {
            var layers = new List<Layer> { Conv3(3, 64), new BatchNorm(64), new Relu() };
            var channels = 64;
            foreach (var wide in (int[])[64, 128, 256, 512])
                for (var block = 0; block < 2; block++)
                {
                    var stride = channels == wide ? 1 : 2;
                    layers.Add(new Residual(
                        new Chain(Conv3(channels, wide, stride), new BatchNorm(wide), new Relu(), Conv3(wide, wide), new BatchNorm(wide)),
                        channels == wide ? null : new Chain(new Conv(channels, wide, 1, stride, Bias: false), new BatchNorm(wide))));
                    channels = wide;
                }
            return new Network(() => ResNet.ResNet18(Works.Classes, 3, cifarStem: true), new Chain([.. layers, new GlobalAvgPool(), new Flatten(), new Linear(512, Works.Classes)]));
        }
    }

    public static Network Mlp => new(() => new Mlp(), new Chain(
        new Linear(784, 512), new Relu(), new Linear(512, 256), new Relu(), new Linear(256, 128), new Relu(),
        new Linear(128, 64), new Relu(), new Linear(64, 10)));

    public static Network Cnn => new(() => new Cnn(), new Chain(
        new Conv(1, 10, 5), new MaxPool(2), new Relu(), new Conv(10, 20, 5), new MaxPool(2), new Relu(),
        new Flatten(), new Linear(320, 10)));

    public static Network Inception => new(() => new InceptionNet(), new Chain(
        new Conv(1, 10, 5), new MaxPool(2), new Relu(), InceptionBlock(10),
        new Conv(88, 20, 5), new MaxPool(2), new Relu(), InceptionBlock(20), new Flatten(), new Linear(88 * 16, 10)));

    static Branches InceptionBlock(int channels) => new(
        new Conv(channels, 16, 1),
        new Chain(new Conv(channels, 16, 1), new Conv(16, 24, 5, Padding: 2)),
        new Chain(new Conv(channels, 16, 1), new Conv(16, 24, 3, Padding: 1), new Conv(24, 24, 3, Padding: 1)),
        new Chain(new AvgPool(3, Stride: 1, Padding: 1), new Conv(channels, 24, 1)));

    public static Network ResidualNet => new(() => new ResidualNet(), new Chain(
        new Conv(1, 16, 5), new Relu(), new MaxPool(2), ResidualBlock(16),
        new Conv(16, 32, 5), new Relu(), new MaxPool(2), ResidualBlock(32), new Flatten(), new Linear(512, 10)));

    static Residual ResidualBlock(int channels) => new(new Chain(
        new Conv(channels, channels, 3, Padding: 1), new Relu(), new Conv(channels, channels, 3, Padding: 1)));

    /// <summary>ResNet-20 for pictures of 32 x 32 (He et al. 2015, section 4.2).</summary>
    public static Network ResNet20
    {
        get
        {
            var layers = new List<Layer> { Conv3(3, 16), new BatchNorm(16), new Relu() };
            var channels = 16;
            foreach (var wide in (int[])[16, 32, 64])
                for (var block = 0; block < 3; block++)
                {
                    layers.Add(Basic(channels, wide));
                    channels = wide;
                }
            return new Network(() => new CifarResNet(20), new Chain([.. layers, new GlobalAvgPool(), new Flatten(), new Linear(64, 10)]));
        }
    }

    static Residual Basic(int from, int to)
    {
        var stride = from == to ? 1 : 2;
        return new Residual(
            new Chain(Conv3(from, to, stride), new BatchNorm(to), new Relu(), Conv3(to, to), new BatchNorm(to)),
            from == to ? null : new Subsample((to - from) / 2));
    }

    static Conv Conv3(int from, int to, int stride = 1) => new(from, to, 3, stride, Padding: 1, Bias: false);
}
