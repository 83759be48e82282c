using System.Globalization;
using Cresset.Nn;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>The shape of pictures: channels, height, width.</summary>
readonly record struct PictureShape(int Channels, int Height, int Width)
{
    public static readonly PictureShape Grey28 = new(1, 28, 28), Colour32 = new(3, 32, 32);

    public int Pixels => Channels * Height * Width;

    public static PictureShape Of(LabelledImages images) => new(images.Channels, images.Height, images.Width);

    /// <summary>A shape as it is written; null where the text is none, or one of more than 2^24 pixels.</summary>
    public static PictureShape? Parse(string text)
    {
        const long most = 1 << 24;
        int[] sizes = [.. text.Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? size : 0)];
        return sizes is [1 or 3, > 0, > 0] && (long)sizes[1] * sizes[2] <= most / sizes[0] ? new PictureShape(sizes[0], sizes[1], sizes[2]) : null;
    }

    public override string ToString() => $"{Channels}x{Height}x{Width}";
}

/// <summary>A network by name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Usual">What pictures of a folder are brought to for it.</param>
/// <param name="Wants">Which pictures it takes, in words.</param>
/// <param name="Takes">Whether it takes pictures of a shape.</param>
/// <param name="Make">Makes it for pictures of a shape and this many classes, with fresh weights.</param>
sealed record ModelChoice(string Name, PictureShape Usual, string Wants, Func<PictureShape, bool> Takes, Func<PictureShape, int, Module> Make)
{
    /// <summary>Checks that it takes such pictures.</summary>
    /// <exception cref="CommandException">It does not; the message names those that do.</exception>
    public void Require(PictureShape shape, string data)
    {
        if (!Takes(shape))
            throw CommandException.Usage(
                $"--model: {Name} takes pictures of {Wants}; those of {data} are {shape}. For them: {string.Join(", ", Models.All.Where(m => m.Takes(shape)).Select(m => m.Name))}.");
    }

    /// <summary>The network for these pictures and classes.</summary>
    /// <exception cref="CommandException">It takes no such pictures.</exception>
    public Module Create(PictureShape shape, int classes, string data)
    {
        Require(shape, data);
        return Make(shape, classes);
    }
}

/// <summary>The networks that `--model` knows.</summary>
static class Models
{
    // Larger pictures than this are halved twice at the start, as in the papers.
    const int LargestSmall = 64;

    const int Least = 8;

    public static readonly IReadOnlyList<ModelChoice> All =
    [
        Any("linear", PictureShape.Grey28, (shape, classes) => new LinearClassifier(shape.Pixels, classes)),
        Any("mlp", PictureShape.Grey28, (shape, classes) => new Mlp(shape.Pixels, classes)),
        Grey("cnn", classes => new Cnn(classes)),
        new("lenet", PictureShape.Grey28, "28x28 or 32x32", shape => (shape.Height, shape.Width) is (28, 28) or (32, 32),
            (shape, classes) => new LeNet(classes, shape.Channels)),
        Grey("inception", classes => new InceptionNet(classes)),
        Grey("residual", classes => new ResidualNet(classes)),
        Deep("resnet20", (shape, classes) => new CifarResNet(20, classes, shape.Channels)),
        Deep("resnet56", (shape, classes) => new CifarResNet(56, classes, shape.Channels)),
        Deep("resnet18", (shape, classes) => ResNet.ResNet18(classes, shape.Channels, IsSmall(shape))),
        Deep("googlenet", (shape, classes) => new GoogLeNet(classes, shape.Channels, IsSmall(shape))),
    ];

    public static string Names => string.Join(", ", All.Select(m => m.Name));

    static bool IsSmall(PictureShape shape) => Math.Max(shape.Height, shape.Width) <= LargestSmall;

    static ModelChoice Any(string name, PictureShape usual, Func<PictureShape, int, Module> make) => new(name, usual, "any size", _ => true, make);

    static ModelChoice Grey(string name, Func<int, Module> make) =>
        new(name, PictureShape.Grey28, $"{PictureShape.Grey28} (grey)", shape => shape == PictureShape.Grey28, (_, classes) => make(classes));

    static ModelChoice Deep(string name, Func<PictureShape, int, Module> make) =>
        new(name, PictureShape.Colour32, $"at least {Least}x{Least}", shape => Math.Min(shape.Height, shape.Width) >= Least, make);
}
