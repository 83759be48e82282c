using Cresset.Text;

namespace Cresset.Benchmarks;

/// <summary>One thing that is measured: each library prepares it from this description and the same numbers.</summary>
/// <param name="Group">matmul, operators, training or inference.</param>
/// <param name="Name">Names it in the tables.</param>
/// <param name="Tolerance">How far a result may be from float64's in any case, as a part of the result's norm.</param>
abstract record Work(string Group, string Name, double Tolerance);

enum Operation
{
    MatMul,
    Add,
    Exp,
    Softmax,
    Sum,
    TransposeCopy,

    /// <summary>Pictures at twice their size, bilinear.</summary>
    Resize,

    /// <summary>Pictures with left and right swapped.</summary>
    Flip,

    /// <summary>Pictures enlarged about their centre by an affine map, bilinear.</summary>
    Affine,
}

/// <summary>One operator on tensors of these shapes, without gradients.</summary>
sealed record OperatorWork(string Group, string Name, Operation Operation, params int[][] Shapes) : Work(Group, Name, 1e-5);

enum LossKind
{
    CrossEntropy,
    SquaredErrorSum,
}

/// <summary>What a batch holds.</summary>
enum Batch
{
    /// <summary>Numbers, such as pictures, and a class for each sample.</summary>
    Numbers,

    /// <summary>Indices of letters [N, T], and for each the letter that is to come next.</summary>
    Text,

    /// <summary>Indices of letters [N, T] in rows of different lengths, filled up with 0, and a class for each row.</summary>
    Names,

    /// <summary>Words [N, T, 1 + L], each its index and those of its letters, in rows of different lengths, filled up with 0, and a class
    /// for each word.</summary>
    Sentences,
}

/// <summary>Forward, loss, gradients and a step of an optimizer, always on the same batch: stochastic gradient descent, or
/// <paramref name="Adam"/> with its usual settings.</summary>
sealed record TrainingWork(string Name, Network Network, int[] Input, double LearningRate, double Momentum = 0,
    LossKind Loss = LossKind.CrossEntropy, double Tolerance = 1e-5, bool Adam = false, Batch Batch = Batch.Numbers) : Work("training", Name, Tolerance);

/// <summary>Forward in evaluation mode, without gradients.</summary>
sealed record InferenceWork(string Name, Network Network, int[] Input) : Work("inference", Name, 1e-5);

static class Works
{
    public const int Classes = 10;

    /// <summary>By how much the affine map enlarges.</summary>
    public const double Enlargement = 1.2;

    public static IReadOnlyList<Work> All { get; } =
    [
        MatMul(64, 64, 64), MatMul(512, 512, 512), MatMul(1024, 1024, 1024), MatMul(2048, 2048, 2048),
        MatMul(64, 784, 512), MatMul(4096, 576, 64), MatMul(32, 2048, 2048),
        new OperatorWork("operators", "add 64x64", Operation.Add, [64, 64], [64, 64]),
        new OperatorWork("operators", "exp of 16M", Operation.Exp, [16 << 20]),
        new OperatorWork("operators", "softmax 4096x4096", Operation.Softmax, [4096, 4096]),
        new OperatorWork("operators", "sum of 16M", Operation.Sum, [16 << 20]),
        new OperatorWork("operators", "transpose copy 4096x4096", Operation.TransposeCopy, [4096, 4096]),
        new OperatorWork("operators", "resize 128 pictures of 32x32 to 64x64", Operation.Resize, [128, 3, 32, 32]),
        new OperatorWork("operators", "flip 128 pictures of 32x32", Operation.Flip, [128, 3, 32, 32]),
        new OperatorWork("operators", "affine map of 128 pictures of 32x32", Operation.Affine, [128, 3, 32, 32]),
        new TrainingWork("training step, linear regression", Networks.LinearRegression, [3, 1], 0.01, 0, LossKind.SquaredErrorSum),
        new TrainingWork("training step, MLP, batch 64", Networks.Mlp, [64, 784], 0.01, 0.5),
        new TrainingWork("training step, CNN, batch 64", Networks.Cnn, [64, 1, 28, 28], 0.01, 0.5),
        new TrainingWork("training step, Inception, batch 64", Networks.Inception, [64, 1, 28, 28], 0.01, 0.5),
        new TrainingWork("training step, residual net, batch 64", Networks.ResidualNet, [64, 1, 28, 28], 0.01, 0.5),
        new TrainingWork("training step, ResNet-20, batch 128", Networks.CifarResNet(20), [128, 3, 32, 32], 0.01, 0.9,
            // Among its millions of values before a ReLU some are 0 but for rounding: each that falls to the other side of the
            // kink changes the gradients by some thousandths.
            Tolerance: 1e-2),
        new TrainingWork("training step, LSTM(28, 128), 28 steps, batch 64", Networks.Lstm, [64, 28, 28], 0.001, Adam: true),
        new TrainingWork("training step, 2-layer bidirectional GRU(100, 100), 10 steps, batch 256", Networks.Gru, [256, 10, 100], 0.001, Adam: true),
        new TrainingWork("training step, transformer d128 h4 ff512, 64 steps, batch 16", Networks.Transformer(128, 4, 512), [16, 64, 128], 0.001, Adam: true),
        new TrainingWork("training step, transformer d512 h8 ff2048, 128 steps, batch 8", Networks.Transformer(512, 8, 2048), [8, 128, 512], 0.001, Adam: true),
        new TrainingWork("training step, LeNet, batch 64", Networks.LeNet, [64, 1, 32, 32], 0.01, 0.5),
        new TrainingWork("training step, ResNet-18 for 32x32, batch 8", Networks.ResNet18, [8, 3, 32, 32], 0.01, 0.9, Tolerance: 1e-2),
        new TrainingWork("training step, vision transformer d64, batch 32", Networks.VisionTransformer, [32, 3, 32, 32], 0.001, Adam: true),
        new TrainingWork("training step, 1-d CNN, 128 steps, batch 64", Networks.Cnn1d, [64, 24, 128], 0.01, 0.5),
        new TrainingWork("training step, group norm and transposed convolution, batch 64", Networks.Hourglass, [64, 1, 28, 28], 0.01, 0.5),
        // Deep ones with many such values: LibTorch's own float32 is up to 9e-2 away (measured).
        new TrainingWork("training step, ResNet-34 for 32x32, batch 4", Networks.ResNet34, [4, 3, 32, 32], 0.01, 0.9, Tolerance: 5e-2),
        new TrainingWork("training step, ResNet-56, batch 32", Networks.CifarResNet(56), [32, 3, 32, 32], 0.01, 0.9, Tolerance: 1e-2),
        new TrainingWork("training step, GoogLeNet for 32x32, batch 8", Networks.GoogLeNet, [8, 3, 32, 32], 0.01, 0.9, Tolerance: 5e-2),
        new TrainingWork("training step, RNN(28, 128), 28 steps, batch 64", Networks.Rnn, [64, 28, 28], 0.001, Adam: true),
        new TrainingWork("training step, RNN cell(28, 128), 28 steps, batch 64", Networks.Cell(Unit.Plain), [64, 28, 28], 0.001, Adam: true),
        new TrainingWork("training step, GRU cell(28, 128), 28 steps, batch 64", Networks.Cell(Unit.Gated), [64, 28, 28], 0.001, Adam: true),
        new TrainingWork("training step, LSTM cell(28, 128), 28 steps, batch 64", Networks.Cell(Unit.Memory), [64, 28, 28], 0.001, Adam: true),
        new TrainingWork("training step, encoder and decoder d128 h4 ff512, 64 steps, batch 16", Networks.EncoderAndDecoder(128, 4, 512), [16, 64, 128], 0.001, Adam: true),
        new TrainingWork("training step, attention with rotary positions d128 h4, 64 steps, batch 16", Networks.Rotary(128, 4), [16, 64, 128], 0.001, Adam: true),
        new TrainingWork("training step, names, batch 128", Networks.Names, [128, 12], 0.001, Adam: true, Batch: Batch.Names),
        new TrainingWork("training step, tagger, 24 words, batch 16", Networks.Tagger, [16, 24, 1 + Networks.WordLength], 0.001, Adam: true, Batch: Batch.Sentences),
        new TrainingWork("training step, character GRU, 64 steps, batch 32", Networks.CharacterRnn(RecurrentNetwork.Gru), [32, 64], 0.001, Adam: true, Batch: Batch.Text),
        new TrainingWork("training step, character LSTM, 64 steps, batch 32", Networks.CharacterRnn(RecurrentNetwork.Lstm), [32, 64], 0.001, Adam: true, Batch: Batch.Text),
        new TrainingWork("training step, character transformer, 128 steps, batch 8", Networks.CharacterTransformer, [8, 128], 0.001, Adam: true, Batch: Batch.Text),
        new InferenceWork("inference, transformer d512 h8 ff2048, 128 steps, batch 1", Networks.Transformer(512, 8, 2048), [1, 128, 512]),
        new InferenceWork("inference, MLP, batch 1", Networks.Mlp, [1, 784]),
        new InferenceWork("inference, CNN, batch 1", Networks.Cnn, [1, 1, 28, 28]),
        new InferenceWork("inference, ResNet-20, batch 1", Networks.CifarResNet(20), [1, 3, 32, 32]),
        new InferenceWork("inference, ResNet-20, batch 128", Networks.CifarResNet(20), [128, 3, 32, 32]),
    ];

    static OperatorWork MatMul(int m, int k, int n) =>
        new("matmul", $"matmul {m}x{k}x{n}", Operation.MatMul, [m, k], [k, n]);
}
