using System.Globalization;
using System.Text.Json;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>What eval and predict must know of a model beside its weights; kept in the model file's metadata.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Data">The data set's name, or the folder's path.</param>
/// <param name="Classes">The names of the classes, by index.</param>
/// <param name="Shape">The shape of its pictures.</param>
/// <param name="Mean">Taken off every pixel, of 0 to 1: one number for each channel.</param>
/// <param name="Deviation">What every pixel is divided by then, likewise.</param>
/// <param name="Border">Mean brightness, 0 to 1, of the training pictures' outermost pixels: near 0 where they are bright ink
/// on a dark ground.</param>
/// <param name="TestCount">How many test pictures were asked for; null for all.</param>
sealed record ModelCard(
    string Model, string Data, IReadOnlyList<string> Classes, PictureShape Shape, IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation, double Border, int? TestCount)
{
    const string Prefix = "cresset.";

    /// <summary>The transform of uint8 pictures to what the model takes.</summary>
    public ITransform Transform => new Compose(new ToTensor(), new Normalize(Mean, Deviation));

    public Dictionary<string, string> ToMetadata() => new()
    {
        [Prefix + "model"] = Model,
        [Prefix + "data"] = Data,
        [Prefix + "classes"] = JsonSerializer.Serialize([.. Classes], CliJson.Default.StringArray),
        [Prefix + "shape"] = Shape.ToString(),
        [Prefix + "mean"] = Join(Mean),
        [Prefix + "std"] = Join(Deviation),
        [Prefix + "border"] = Border.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "test-count"] = TestCount?.ToString(CultureInfo.InvariantCulture) ?? "",
    };

    static string Join(IReadOnlyList<double> values) => string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>Reads the metadata of a model file, trusting nothing in it.</summary>
    /// <exception cref="CommandException">An entry is missing or makes no sense.</exception>
    public static ModelCard FromMetadata(string path, IReadOnlyDictionary<string, string> metadata)
    {
        const int mostClasses = 100_000;
        string[] classes;
        try
        {
            classes = JsonSerializer.Deserialize(Entry("classes"), CliJson.Default.StringArray) ?? [];
        }
        catch (JsonException e)
        {
            throw Wrong("classes", "a list of names", e);
        }
        if (classes.Length is 0 or > mostClasses || classes.Any(c => c is null)) throw Wrong("classes", "a list of names");
        var shape = PictureShape.Parse(Entry("shape")) ?? throw Wrong("shape", "a shape such as 1x28x28");
        double[] mean = Numbers("mean"), deviation = Numbers("std");
        if (mean.Length != shape.Channels) throw Wrong("mean", "a number for each channel");
        if (deviation.Length != shape.Channels || deviation.Any(d => d <= 0)) throw Wrong("std", "a number above 0 for each channel");
        int? count = null;
        if (metadata.TryGetValue(Prefix + "test-count", out var text) && text.Length > 0)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n == 0)
                throw Wrong("test-count", "a whole number above 0");
            count = n;
        }
        return new ModelCard(Entry("model"), Entry("data"), classes, shape, mean, deviation, Number("border"), count);

        string Entry(string name) => metadata.TryGetValue(Prefix + name, out var value) ? value : throw new CommandException(
            $"{path}: expected the entry {Prefix}{name} in its metadata, got none: it is not a model that `cresset train` wrote.");

        double Number(string name) => Numbers(name) is [var value] ? value : throw Wrong(name, "a number");

        double[] Numbers(string name) => [.. Entry(name).Split(',').Select(part =>
            double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw Wrong(name, "numbers"))];

        CommandException Wrong(string name, string expected, Exception? cause = null) => new(
            $"{path}: expected {expected} as {Prefix}{name} in its metadata, got something else; the file is damaged.", cause: cause);
    }

    /// <summary>Where a card says run folder, its model file; else the path itself.</summary>
    public static string FileOf(string path)
    {
        if (Directory.Exists(path))
        {
            var file = Path.Combine(path, RunFolder.ModelFile);
            return File.Exists(file) ? file : throw new CommandException(
                $"--model: the folder {path} has no {RunFolder.ModelFile}; expected a run folder of `cresset train`.");
        }
        return File.Exists(path) ? path : throw new CommandException(
            $"--model: there is no folder or file {path}; expected a run folder of `cresset train` or a .safetensors file.");
    }

    /// <summary>Measures the pictures that a model is to be trained on.</summary>
    /// <param name="images">The training pictures.</param>
    /// <param name="normalisation">Mean and deviation of each channel in use for this data set; null to compute them.</param>
    public static (IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation, double Border) Measure(
        LabelledImages images, (IReadOnlyList<double> Mean, IReadOnlyList<double> Deviation)? normalisation)
    {
        double border = 0;
        for (int i = 0; i < images.Count; i++) border += BorderOf(images[i], images.Height, images.Width) / images.Count;
        if (normalisation is var (m, d)) return (m, d, border);
        int plane = images.Height * images.Width;
        double[] means = new double[images.Channels], deviations = new double[images.Channels];
        for (int channel = 0; channel < images.Channels; channel++)
        {
            var counts = new long[256];
            for (int i = 0; i < images.Count; i++)
                foreach (byte pixel in images[i].Slice(channel * plane, plane)) counts[pixel]++;
            double total = (double)images.Count * plane, mean = 0, square = 0;
            for (int value = 0; value < 256; value++) mean += counts[value] * (value / 255.0) / total;
            for (int value = 0; value < 256; value++) square += counts[value] * Math.Pow(value / 255.0 - mean, 2) / total;
            means[channel] = mean;
            // Pictures of one single colour have no deviation to divide by.
            deviations[channel] = square > 0 ? Math.Sqrt(square) : 1;
        }
        return (means, deviations, border);
    }

    /// <summary>Mean brightness, 0 to 1, of the outermost pixels of one picture, over all its channels.</summary>
    public static double BorderOf(ReadOnlySpan<byte> pixels, int height, int width)
    {
        long sum = 0;
        int count = 0;
        for (int i = 0; i < pixels.Length; i++)
        {
            int y = i / width % height, x = i % width;
            if (y != 0 && y != height - 1 && x != 0 && x != width - 1) continue;
            sum += pixels[i];
            count++;
        }
        return sum / (255.0 * count);
    }
}
