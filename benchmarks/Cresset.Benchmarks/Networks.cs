using Cresset.Nn;
using Cresset.Text;
using Cresset.Vision;

namespace Cresset.Benchmarks;

/// <summary>A network that is measured.</summary>
/// <param name="Create">The library's own model.</param>
/// <param name="Layers">The same in the order in which the model's parameters stand.</param>
sealed record Network(Func<Module> Create, Layer Layers);

/// <summary>The networks that are measured.</summary>
static class Networks
{
    /// <summary>Indices of letters and of words, with the padding's, and the letters of a word.</summary>
    public const int Letters = 65, Words = 2000, WordLength = 16;

    public static Network LinearRegression => new(() => new Nn.Linear(1, 1), new Linear(1, 1));

    public static Network Rnn => Classifier(new Recurrent(Unit.Plain, 28, 128), new Linear(128, 10));

    public static Network Lstm => Classifier(new Recurrent(Unit.Memory, 28, 128), new Linear(128, 10));

    public static Network Gru => Classifier(new Recurrent(Unit.Gated, 100, 100, Layers: 2, Bidirectional: true), new Linear(200, 10));

    static Network Classifier(Recurrent body, Linear head) =>
        new(() => new Sequential(new LastOutput(body), new Nn.Linear(head.In, head.Out)), new Chain(body, head));

    sealed class LastOutput(Recurrent layer) : Module
    {
        readonly RecurrentLayer network = layer.Unit switch
        {
            Unit.Plain => new Rnn(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional),
            Unit.Gated => new Gru(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional),
            _ => new Lstm(layer.In, layer.Hidden, layer.Layers, batchFirst: true, bidirectional: layer.Bidirectional),
        };

        public override Tensor Forward(Tensor x) => (network switch
        {
            Rnn rnn => rnn.Forward(x).Output,
            Gru gru => gru.Forward(x).Output,
            _ => ((Lstm)network).Forward(x).Output,
        }).Select(1, -1);
    }

    /// <summary>A cell, called in a loop as a user would write it.</summary>
    public static Network Cell(Unit unit) => new(
        () => new Sequential(new CellLoop(unit, 28, 128), new Nn.Linear(128, Works.Classes)),
        new Chain(new StepByStep(unit, 28, 128), new Linear(128, Works.Classes)));

    sealed class CellLoop(Unit unit, int inputs, int hidden) : Module
    {
        readonly RecurrentCell cell = unit switch
        {
            Unit.Plain => new RnnCell(inputs, hidden),
            Unit.Gated => new GruCell(inputs, hidden),
            _ => new LstmCell(inputs, hidden),
        };

        public override Tensor Forward(Tensor x)
        {
            Tensor? state = null, memory = null;
            for (var step = 0; step < x.Size(1); step++)
            {
                var input = x.Select(1, step);
                if (cell is LstmCell lstm) (state, memory) = lstm.Forward(input, state is null ? null : (state, memory!));
                else state = cell is GruCell gru ? gru.Forward(input, state) : ((RnnCell)cell).Forward(input, state);
            }
            return state!;
        }
    }

    public static Network Transformer(int width, int heads, int feedforward)
    {
        var layer = new TransformerLayer(width, heads, feedforward);
        return new(() => new Sequential(
            new TransformerEncoder(() => new TransformerEncoderLayer(width, heads, feedforward, dropout: 0, batchFirst: true, normFirst: true), 2),
            new StepMean(), new Nn.Linear(width, Works.Classes)), new Chain(layer, layer, new MeanOverSteps(), new Linear(width, Works.Classes)));
    }

    /// <summary>One layer of an encoder and one of a decoder that looks at it.</summary>
    public static Network EncoderAndDecoder(int width, int heads, int feedforward) => new(
        () => new Sequential(new Decoded(width, heads, feedforward), new StepMean(), new Nn.Linear(width, Works.Classes)),
        new Chain(new EncoderAndDecoder(width, heads, feedforward), new MeanOverSteps(), new Linear(width, Works.Classes)));

    sealed class Decoded(int width, int heads, int feedforward) : Module
    {
        readonly TransformerEncoderLayer encoder = new(width, heads, feedforward, dropout: 0, batchFirst: true, normFirst: true);
        readonly TransformerDecoderLayer decoder = new(width, heads, feedforward, dropout: 0, batchFirst: true, normFirst: true);

        public override Tensor Forward(Tensor x) => decoder.Forward(x, encoder.Forward(x), isCausal: true);
    }

    /// <summary>Attention with rotary positions.</summary>
    public static Network Rotary(int width, int heads) => new(
        () => new Sequential(new TurnedAttention(width, heads), new StepMean(), new Nn.Linear(width, Works.Classes)),
        new Chain(new RotaryAttention(width, heads), new MeanOverSteps(), new Linear(width, Works.Classes)));

    sealed class TurnedAttention(int width, int heads) : Module
    {
        readonly Nn.Linear input = new(width, 3 * width), output = new(width, width);
        readonly RotaryPositionalEncoding positions = new(width / heads);

        public override Tensor Forward(Tensor x)
        {
            int batch = x.Size(0), steps = x.Size(1);
            var parts = input.Forward(x).Reshape(batch, steps, 3, heads, width / heads).Permute(2, 0, 3, 1, 4);
            var attention = positions.Forward(parts.Select(0, 0)).ScaledDotProductAttention(positions.Forward(parts.Select(0, 1)), parts.Select(0, 2));
            return output.Forward(attention.Transpose(1, 2).Reshape(batch, steps, width));
        }
    }

    sealed class StepMean : Module
    {
        public override Tensor Forward(Tensor x) => x.Mean(1);
    }

    /// <summary>The classifier of names, with its usual sizes.</summary>
    public static Network Names => new(() => new NameClassifier(Letters, Works.Classes), new Chain(
        new PackedNames(new Embedding(Letters, 64, Padded: true), new Recurrent(Unit.Gated, 64, 128, Bidirectional: true)), new Linear(256, Works.Classes)));

    /// <summary>The tagger of words, with its usual sizes, without dropout.</summary>
    public static Network Tagger
    {
        get
        {
            static Vocabulary Tokens(int count) => new(Enumerable.Range(2, count - 2).Select(index => $"{index}"));
            return new(() => new Tagger(new SentenceEncoding(Tokens(Words), Tokens(Letters), [.. Enumerable.Range(0, Works.Classes).Select(tag => $"{tag}")], WordLength), dropout: 0, wordDropout: 0),
                new Chain(new TaggedWords(new Embedding(Words, 64, Padded: true), new Embedding(Letters, 32, Padded: true), 128, 4, 2), new Linear(128, Works.Classes)));
        }
    }

    /// <summary>The recurrent language model of characters, with its usual sizes.</summary>
    public static Network CharacterRnn(RecurrentNetwork network) => new(() => new CharacterRnn(Letters, network), new Chain(
        new Embedding(Letters, 64), new Recurrent(network == RecurrentNetwork.Gru ? Unit.Gated : Unit.Memory, 64, 256, EachStep: true), new Linear(256, Letters)));

    /// <summary>The language model of characters with self-attention, with its usual sizes.</summary>
    public static Network CharacterTransformer => new(() => new CharacterTransformer(Letters), new Chain([
        new Embedding(Letters, 128), new LearnedPositions(128, 128), .. Enumerable.Repeat(new TransformerLayer(128, 4, 512, Gelu: true, Causal: true), 4),
        new LayerNorm(128), new Linear(128, Letters)]));

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

    public static Network ResNet18 => ResNet([2, 2, 2, 2]);

    public static Network ResNet34 => ResNet([3, 4, 6, 3]);

    /// <summary>With the first layer for pictures of 32 x 32.</summary>
    static Network ResNet(int[] blocks)
    {
        var layers = new List<Layer> { Conv3(3, 64), new BatchNorm(64), new Relu() };
        var channels = 64;
        foreach (var (count, wide) in blocks.Zip((int[])[64, 128, 256, 512]))
            for (var block = 0; block < count; block++)
            {
                var stride = channels == wide ? 1 : 2;
                layers.Add(new Residual(
                    new Chain(Conv3(channels, wide, stride), new BatchNorm(wide), new Relu(), Conv3(wide, wide), new BatchNorm(wide)),
                    channels == wide ? null : new Chain(new Conv(channels, wide, 1, stride, Bias: false), new BatchNorm(wide))));
                channels = wide;
            }
        return new Network(() => new ResNet(blocks, Works.Classes, 3, cifarStem: true), new Chain([.. layers, new GlobalAvgPool(), new Flatten(), new Linear(512, Works.Classes)]));
    }

    /// <summary>With the first layer for pictures of 32 x 32, without dropout.</summary>
    public static Network GoogLeNet
    {
        get
        {
            static Chain Step(int from, int to, int kernel = 1) => new(new Conv(from, to, kernel, Padding: kernel / 2, Bias: false), new BatchNorm(to, 1e-3), new Relu());
            // Channels of: 1x1; 1x1 then 3x3; again; the 1x1 after the pooling.
            static Branches Block(int from, int single, int middleReduce, int middle, int largeReduce, int large, int pooled) => new(
                Step(from, single), new Chain(Step(from, middleReduce), Step(middleReduce, middle, 3)), new Chain(Step(from, largeReduce), Step(largeReduce, large, 3)),
                new Chain(new MaxPool(3, Stride: 1, Padding: 1), Step(from, pooled)));
            return new(() => new GoogLeNet(Works.Classes, 3, cifarStem: true, dropout: 0), new Chain(
                Step(3, 64, 3), Step(64, 64), Step(64, 192, 3), new MaxPool(3, Stride: 2),
                Block(192, 64, 96, 128, 16, 32, 32), Block(256, 128, 128, 192, 32, 96, 64), new MaxPool(3, Stride: 2),
                Block(480, 192, 96, 208, 16, 48, 64), Block(512, 160, 112, 224, 24, 64, 64), Block(512, 128, 128, 256, 24, 64, 64),
                Block(512, 112, 144, 288, 32, 64, 64), Block(528, 256, 160, 320, 32, 128, 128), new MaxPool(2),
                Block(832, 256, 160, 320, 32, 128, 128), Block(832, 384, 192, 384, 48, 128, 128),
                new GlobalAvgPool(), new Flatten(), new Linear(1024, Works.Classes)));
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

    /// <summary>The residual network of so many layers for pictures of 32 x 32 (He et al. 2015, section 4.2).</summary>
    public static Network CifarResNet(int depth)
    {
        var layers = new List<Layer> { Conv3(3, 16), new BatchNorm(16), new Relu() };
        var channels = 16;
        foreach (var wide in (int[])[16, 32, 64])
            for (var block = 0; block < (depth - 2) / 6; block++)
            {
                layers.Add(Basic(channels, wide));
                channels = wide;
            }
        return new Network(() => new CifarResNet(depth), new Chain([.. layers, new GlobalAvgPool(), new Flatten(), new Linear(64, 10)]));
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
