using System.Text.Json;
using Cresset.Cli.Inputs;

namespace Cresset.Cli;

/// <summary>What a run was trained and judged on, by which it is told when it goes on whether that is still the same; written as
/// data.json.</summary>
/// <param name="Data">The data set's name, or the path of a folder or file.</param>
/// <param name="Parts">Its parts.</param>
sealed record DataFingerprint(string Data, IReadOnlyList<DataPart> Parts)
{
    public string ToJson() => JsonSerializer.Serialize(this, CliJson.Default.DataFingerprint);

    /// <summary>Checks that a run's data is this.</summary>
    /// <exception cref="CommandException">It is other data, or its file is damaged; the message says which part differs, and how.</exception>
    public void RequireSame(RunFolder run)
    {
        var file = run[RunFolder.DataFile];
        DataFingerprint before;
        try
        {
            before = JsonSerializer.Deserialize(File.ReadAllBytes(file), CliJson.Default.DataFingerprint) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{file}: expected the parts of the data as `cresset train` writes them: {e.Message}", cause: e);
        }
        foreach (var (now, was) in Parts.Zip(before.Parts))
        {
            if (now == was) continue;
            throw new CommandException($"--resume: the data {Data} has changed since {run.Path} began: its {now.Part} part had {was.Count} {now.Noun}, now "
                + $"{(now.Count == was.Count ? "others" : $"{now.Count}")}. Put back what was there, or begin a new run: `cresset train --config {run[RunFolder.SettingsFile]}`.");
        }
    }
}

/// <summary>A part of the data.</summary>
/// <param name="Part">Training, validation or test.</param>
/// <param name="Count">How many samples.</param>
/// <param name="Noun">What they are called.</param>
/// <param name="Sha256">The hash of their contents.</param>
sealed record DataPart(string Part, int Count, string Noun, string Sha256)
{
    public static DataPart Of(string part, Samples samples) => new(part, samples.Count, samples.Noun, samples.Hash());
}
