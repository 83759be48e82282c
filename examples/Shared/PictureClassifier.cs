using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cresset.Nn;
using Cresset.Serialization;
using Cresset.Vision;

namespace Cresset.Examples;

/// <summary>A network of pictures that `cresset train` saved, ready to be asked: the weights, and from the file's metadata the name of
/// the network, the classes, and how pictures become what it learned from.</summary>
public sealed partial class PictureClassifier
{
    // As in training: pictures whose border is darker than this lie on a dark ground, brighter than 1 - this on a bright one.
    const double Dark = 0.4;

    readonly Module network;
    readonly ITransform transform;
    readonly double border;

    PictureClassifier(Module network, IReadOnlyList<string> classes, int[] shape, ITransform transform, double border)
    {
        (this.network, this.transform, this.border) = (network, transform, border);
        (Classes, Channels, Height, Width) = (classes, shape[0], shape[1], shape[2]);
    }

    /// <summary>The names of the classes, by index.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>1 for grey pictures, 3 for coloured ones.</summary>
    public int Channels { get; }

    /// <summary>The height of the pictures.</summary>
    public int Height { get; }

    /// <summary>The width of the pictures.</summary>
    public int Width { get; }

    /// <summary>Reads a model file, or the one of a run folder.</summary>
    /// <exception cref="FormatException">The file is damaged or no such model; the message says what was expected.</exception>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static PictureClassifier Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, "model.safetensors") : path;
        var content = SafeTensors.Load(file);
        string Entry(string name) => content.Metadata.TryGetValue("cresset." + name, out var value) ? value
            : throw new FormatException($"{file}: expected the entry cresset.{name} in its metadata, got none: it is not a model that `cresset train` wrote");
        FormatException Wrong(string name, string expected) => new($"{file}: expected {expected} as cresset.{name} in its metadata, got \"{Entry(name)}\"");
        double[] Numbers(string name, int count)
        {
            var parts = Entry(name).Split(',');
            var numbers = parts.Select(part => double.TryParse(part, CultureInfo.InvariantCulture, out var number) ? number : double.NaN).ToArray();
            return numbers.Length == count && numbers.All(double.IsFinite) ? numbers : throw Wrong(name, $"{count} numbers");
        }

        if (Entry("input") != "Pictures") throw Wrong("input", "Pictures");
        int[] shape = [.. Entry("shape").Split('x').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var size) ? size : 0)];
        if (shape is not [1 or 3, > 0 and <= 4096, > 0 and <= 4096]) throw Wrong("shape", "a shape such as 1x28x28");
        string[] classes;
        try
        {
            classes = JsonSerializer.Deserialize(Entry("classes"), NamesJson.Default.StringArray) ?? throw Wrong("classes", "a list of names");
        }
        catch (JsonException)
        {
            throw Wrong("classes", "a list of names");
        }
        if (classes.Length is 0 or > 100_000) throw Wrong("classes", "a list of names");
        var deviation = Numbers("std", shape[0]);
        if (deviation.Any(d => d <= 0)) throw Wrong("std", "numbers above 0");
        var network = Network(Entry("model"), shape, classes.Length) ?? throw Wrong("model", "cnn, linear, mlp, lenet, inception, residual, resnet20 or resnet56");
        try
        {
            network.LoadStateDict(content.Tensors);
        }
        catch (ArgumentException error)
        {
            throw new FormatException($"{file}: its weights are not those of {Entry("model")} for {classes.Length} classes: {error.Message}", error);
        }
        network.Eval();
        return new PictureClassifier(network, classes, shape, new Compose(new ToTensor(), new Normalize(Numbers("mean", shape[0]), deviation)), Numbers("border", 1)[0]);
    }

    static Module? Network(string name, int[] shape, int classes) => name switch
    {
        "cnn" => new Cnn(classes),
        "linear" => new LinearClassifier(shape[0] * shape[1] * shape[2], classes),
        "mlp" => new Mlp(shape[0] * shape[1] * shape[2], classes),
        "lenet" => new LeNet(classes, shape[0]),
        "inception" => new InceptionNet(classes),
        "residual" => new ResidualNet(classes),
        "resnet20" => new CifarResNet(20, classes, shape[0]),
        "resnet56" => new CifarResNet(56, classes, shape[0]),
        _ => null,
    };

    /// <summary>The probabilities of the classes for each picture, computed together in one forward pass.</summary>
    /// <param name="pictures">In any size; grey where <see cref="Channels"/> is 1, else coloured. Grey ones whose ground is bright where
    /// the network learned dark grounds, or the other way round, are inverted first, as `cresset predict` does.</param>
    /// <exception cref="ArgumentException">There is none, or one has other colours.</exception>
    public float[][] Classify(IReadOnlyList<ImagePixels> pictures)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        if (pictures.Count == 0) throw new ArgumentException("Classify: expected at least one picture, got none");
        var size = Channels * Height * Width;
        var pixels = new byte[pictures.Count * size];
        for (var i = 0; i < pictures.Count; i++)
        {
            var picture = pictures[i].Resize(Height, Width);
            if (picture.Channels != Channels) throw new ArgumentException($"Classify: expected pictures of {Channels} channels, got {picture.Channels}");
            var place = pixels.AsSpan(i * size, size);
            picture.Pixels.CopyTo(place);
            if (Inverted(place))
                foreach (ref var pixel in place) pixel = (byte)(255 - pixel);
        }
        using var scope = Autograd.NoGrad();
        var scores = network.Forward(transform.Apply(Tensor.Wrap(pixels, [pictures.Count, Channels, Height, Width])));
        var probabilities = scores.To(DType.Float64).Softmax(1).To(DType.Float32).ToArray<float>();
        return [.. probabilities.Chunk(Classes.Count)];
    }

    bool Inverted(ReadOnlySpan<byte> picture)
    {
        if (Channels > 1) return false;
        long sum = 0;
        var count = 0;
        for (var y = 0; y < Height; y++)
            for (var x = 0; x < Width; x++)
            {
                if (y > 0 && y < Height - 1 && x > 0 && x < Width - 1) continue;
                sum += picture[y * Width + x];
                count++;
            }
        var ground = sum / (255.0 * count);
        return border < Dark ? ground > 1 - Dark : border > 1 - Dark && ground < Dark;
    }

    [JsonSerializable(typeof(string[]))]
    sealed partial class NamesJson : JsonSerializerContext;
}
