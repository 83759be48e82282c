using System.Globalization;
using System.Text.Json;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>What eval and predict must know of a model beside its weights; kept in the model file's metadata.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Data">The data set's name, or the folder's path.</param>
/// <param name="Classes">The names of the classes, by index.</param>
/// <param name="Mean">Taken off every pixel, of 0 to 1.</param>
/// <param name="Deviation">What every pixel is divided by then.</param>
/// <param name="Border">Mean brightness, 0 to 1, of the training pictures' outermost pixels: near 0 where they are bright ink
/// on a dark ground.</param>
/// <param name="TestCount">How many test pictures were asked for; null for all.</param>
sealed record ModelCard(
    string Model, string Data, IReadOnlyList<string> Classes, double Mean, double Deviation, double Border, int? TestCount)
{
    const string Prefix = "cresset.";

    /// <summary>The transform of uint8 pictures to what the model takes.</summary>
    public ITransform Transform => new Compose(new ToTensor(), new Normalize(Mean, Deviation));

    public Dictionary<string, string> ToMetadata() => new()
    {
        [Prefix + "model"] = Model,
        [Prefix + "data"] = Data,
        [Prefix + "classes"] = JsonSerializer.Serialize([.. Classes], CliJson.Default.StringArray),
        [Prefix + "mean"] = Mean.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "std"] = Deviation.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "border"] = Border.ToString("R", CultureInfo.InvariantCulture),
        [Prefix + "test-count"] = TestCount?.ToString(CultureInfo.InvariantCulture) ?? "",
    };

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
        double deviation = Number("std");
        if (deviation <= 0) throw Wrong("std", "a number above 0");
        int? count = null;
        if (metadata.TryGetValue(Prefix + "test-count", out var text) && text.Length > 0)
        {
            if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) || n == 0)
                throw Wrong("test-count", "a whole number above 0");
            count = n;
        }
        return new ModelCard(Entry("model"), Entry("data"), classes, Number("mean"), deviation, Number("border"), count);

        string Entry(string name) => metadata.TryGetValue(Prefix + name, out var value) ? value : throw new CommandException(
            $"{path}: expected the entry {Prefix}{name} in its metadata, got none: it is not a model that `cresset train` wrote.");

        double Number(string name) =>
            double.TryParse(Entry(name), NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw Wrong(name, "a number");

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
    /// <param name="normalisation">Mean and deviation in use for this data set; null to compute them.</param>
    public static (double Mean, double Deviation, double Border) Measure(LabelledImages images, (double, double)? normalisation)
    {
        var counts = new long[256];
        foreach (byte pixel in images.Pixels) counts[pixel]++;
        double total = images.Pixels.Length, mean = 0, square = 0;
        for (int value = 0; value < 256; value++) mean += counts[value] * (value / 255.0) / total;
        for (int value = 0; value < 256; value++) square += counts[value] * Math.Pow(value / 255.0 - mean, 2) / total;
        // Pictures of one single colour have no deviation to divide by.
        double deviation = square > 0 ? Math.Sqrt(square) : 1;
        double border = 0;
        for (int i = 0; i < images.Count; i++) border += BorderOf(images[i], images.Height, images.Width) / images.Count;
        return normalisation is var (m, d) ? (m, d, border) : (mean, deviation, border);
    }

    /// <summary>Mean brightness, 0 to 1, of the outermost pixels of one grey picture.</summary>
    public static double BorderOf(ReadOnlySpan<byte> pixels, int height, int width)
    {
        long sum = 0;
        int count = 0;
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                if (y != 0 && y != height - 1 && x != 0 && x != width - 1) continue;
                sum += pixels[y * width + x];
                count++;
            }
        }
        return sum / (255.0 * count);
    }
}
