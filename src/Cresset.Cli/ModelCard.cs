using System.Globalization;
using System.Text.Json;
using Cresset.Cli.Inputs;
using Cresset.Text;

namespace Cresset.Cli;

/// <summary>What eval and predict must know of a model beside its weights; kept in the model file's metadata.</summary>
/// <param name="Model">The network's name.</param>
/// <param name="Data">The data set's name, or the path of a folder or file.</param>
/// <param name="Classes">The names of the classes, by index.</param>
/// <param name="Input">What it takes.</param>
/// <param name="TestCount">How many test samples were asked for; null for all.</param>
sealed record ModelCard(string Model, string Data, IReadOnlyList<string> Classes, ModelInput Input, int? TestCount)
{
    public Dictionary<string, string> ToMetadata()
    {
        var entries = new CardEntries("", []);
        entries["model"] = Model;
        entries["data"] = Data;
        entries.SetTokens("classes", Classes);
        entries["test-count"] = TestCount?.ToString(CultureInfo.InvariantCulture) ?? "";
        Input.Write(entries);
        return entries.Metadata;
    }

    /// <summary>Whether there is a card in a file's metadata.</summary>
    public static bool IsIn(IReadOnlyDictionary<string, string> metadata) => metadata.Keys.Any(key => key.StartsWith(CardEntries.Prefix, StringComparison.Ordinal));

    /// <summary>Reads the metadata of a model file, trusting nothing in it.</summary>
    /// <exception cref="CommandException">An entry is missing or makes no sense.</exception>
    public static ModelCard FromMetadata(string path, IReadOnlyDictionary<string, string> metadata)
    {
        var entries = new CardEntries(path, new(metadata));
        var classes = entries.Tokens("classes");
        int? count = null;
        if (entries["test-count"] is { Length: > 0 } text)
            count = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int n) && n > 0 ? n : throw entries.Wrong("test-count", "a whole number above 0");
        return new ModelCard(entries["model"], entries["data"], classes, ModelInput.Read(entries, classes), count);
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
            $"--model: there is no folder or file {path}; expected a run folder of `cresset train`, a .safetensors file or an .onnx file.");
    }
}

/// <summary>The entries of a card in a model file's metadata, under names that begin with "cresset.".</summary>
/// <param name="path">The file, for errors.</param>
/// <param name="metadata">Its metadata.</param>
sealed class CardEntries(string path, Dictionary<string, string> metadata)
{
    /// <summary>How the names begin.</summary>
    public const string Prefix = "cresset.";

    const int MostTokens = 1_000_000;

    /// <summary>The metadata.</summary>
    public Dictionary<string, string> Metadata => metadata;

    /// <summary>An entry.</summary>
    /// <exception cref="CommandException">There is none of that name.</exception>
    public string this[string name]
    {
        get => metadata.TryGetValue(Prefix + name, out var value) ? value : throw new CommandException(
            $"{path}: expected the entry {Prefix}{name} in its metadata, got none: it is not a model that `cresset train` wrote.");
        set => metadata[Prefix + name] = value;
    }

    /// <summary>Numbers as they are written.</summary>
    public static string Join(IReadOnlyList<double> values) => string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));

    /// <summary>An entry of numbers.</summary>
    public double[] Numbers(string name) => [.. this[name].Split(',').Select(part =>
        double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
            ? value
            : throw Wrong(name, "numbers"))];

    /// <summary>Writes a list of names.</summary>
    public void SetTokens(string name, IReadOnlyList<string> tokens) => this[name] = JsonSerializer.Serialize([.. tokens], CliJson.Default.StringArray);

    /// <summary>An entry that is a list of names, at least one.</summary>
    public string[] Tokens(string name)
    {
        try
        {
            var tokens = JsonSerializer.Deserialize(this[name], CliJson.Default.StringArray) ?? [];
            if (tokens.Length is > 0 and <= MostTokens && tokens.All(token => token is not null)) return tokens;
        }
        catch (JsonException e)
        {
            throw Wrong(name, "a list of names", e);
        }
        throw Wrong(name, "a list of names");
    }

    /// <summary>An entry that is a vocabulary with the usual special tokens.</summary>
    public Vocabulary Vocabulary(string name)
    {
        try
        {
            return new Vocabulary(Tokens(name));
        }
        catch (ArgumentException e)
        {
            throw Wrong(name, "different tokens", e);
        }
    }

    /// <summary>The error for an entry that makes no sense.</summary>
    public CommandException Wrong(string name, string expected, Exception? cause = null) => new(
        $"{path}: expected {expected} as {Prefix}{name} in its metadata, got something else; the file is damaged.", cause: cause);
}
