using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cresset.Data;

namespace Cresset.Cli;

/// <summary>Everything that a training run depends on: what the options said and the defaults for the rest. Written as
/// settings.json, which `train --config` takes again.</summary>
sealed record TrainSettings
{
    public const string KeepLast = "last", KeepBest = "best", Balanced = "balanced";

    // What no file name holds on one system or another.
    static readonly SearchValues<char> NotInNames = SearchValues.Create("/\\:*?\"<>|\0\n\r\t");

    /// <summary>Null: by the model, and the other way round; of both, the first of the lists.</summary>
    public string? Data { get; init; }
    public string? DataDir { get; init; }
    public string? Model { get; init; }

    /// <summary>The column of a table to predict.</summary>
    public string? Target { get; init; }

    /// <summary>The column of a table that holds the texts, of which alone the target is predicted; null: of all other columns.</summary>
    public string? TextColumn { get; init; }

    /// <summary>What to make of it; null: by its values.</summary>
    public TableTask? Task { get; init; }

    /// <summary>Null, here and below: by model and data.</summary>
    public int? Epochs { get; init; }
    public int? BatchSize { get; init; }
    public string? Optimizer { get; init; }
    public double? LearningRate { get; init; }

    /// <summary>Whether the learning rate is found by a range test before training; written as found.</summary>
    public bool FindLearningRate { get; init; }
    public double? Momentum { get; init; }
    public double? WeightDecay { get; init; }
    public string? Schedule { get; init; }

    /// <summary>Epochs in which the learning rate rises to the schedule's first; null: none.</summary>
    public double? Warmup { get; init; }
    public string? Augment { get; init; }

    /// <summary>Null, after all is filled in: gradients are not clipped.</summary>
    public double? ClipNorm { get; init; }

    /// <summary>The share of the training samples that epochs are judged by; null: the test samples judge.</summary>
    public double? Validation { get; init; }

    /// <summary>Whether rare classes count for more: <see cref="Balanced"/>; null: all samples count the same.</summary>
    public string? ClassWeights { get; init; }

    /// <summary>Null: no early stopping.</summary>
    public int? Patience { get; init; }

    /// <summary><see cref="KeepLast"/> or <see cref="KeepBest"/>; null: best with early stopping or validation.</summary>
    public string? Keep { get; init; }

    /// <summary>Null: by time alone.</summary>
    public int? CheckpointEvery { get; init; }
    public int Seed { get; init; } = 1;

    /// <summary>Null: as many as the process may use. Results do not depend on it.</summary>
    public int? Threads { get; init; }

    /// <summary>Null: the data set's own number of samples.</summary>
    public int? TrainCount { get; init; }
    public int? TestCount { get; init; }
    public int Workers { get; init; }

    /// <summary>How many broken pictures are left out; null: one in twenty, at least one.</summary>
    public int? MaxBroken { get; init; }

    /// <summary>Train on so many batches alone, to see that the network can learn them; null: on all.</summary>
    public int? OverfitBatches { get; init; }

    /// <summary>Whether one batch goes through everything and nothing is kept.</summary>
    public bool DryRun { get; init; }

    /// <summary>Whether event files for TensorBoard are written into the run folder.</summary>
    public bool TensorBoard { get; init; }

    /// <summary>Where the run folder is made.</summary>
    public string Output { get; init; } = "runs";

    /// <summary>The end of its name; null: by data and model.</summary>
    public string? Name { get; init; }

    /// <summary>Checks every value that can be checked without the data.</summary>
    /// <exception cref="CommandException">A value is out of its range; the message names the option.</exception>
    public void Check()
    {
        Options.AtLeast("--epochs", Epochs, 1);
        Options.AtLeast("--batch-size", BatchSize, 1);
        Options.Require("--validation", Validation, Validation is null or (> 0 and < 1), "a share above 0 and below 1");
        Options.Require("--class-weights", ClassWeights, ClassWeights is null or Balanced, Balanced);
        Options.AtLeast("--patience", Patience, 1);
        Options.AtLeast("--checkpoint-every", CheckpointEvery, 1);
        Options.Require("--keep", Keep, Keep is null or KeepLast or KeepBest, $"{KeepLast} or {KeepBest}");
        Options.AtLeast("--seed", Seed, 0);
        Options.AtLeast("--threads", Threads, 1);
        Options.AtLeast("--train-count", TrainCount, 1);
        Options.AtLeast("--test-count", TestCount, 1);
        Options.AtLeast("--workers", Workers, 0);
        Options.AtLeast("--max-broken", MaxBroken, 0);
        Options.AtLeast("--overfit-batches", OverfitBatches, 1);
        Options.Require("--warmup", Warmup, Warmup is null or (> 0 and < double.PositiveInfinity), "a number of epochs above 0");
        if (Output.Length == 0) throw CommandException.Usage("--output: expected a folder, got nothing.");
        Options.Require("--lr", LearningRate, LearningRate is null or (> 0 and < double.PositiveInfinity), "a number above 0");
        Options.Require("--momentum", Momentum, Momentum is null or (>= 0 and < 1), "a number from 0 to below 1");
        Options.Require("--weight-decay", WeightDecay, WeightDecay is null or (>= 0 and < double.PositiveInfinity),
            "a number of at least 0");
        Options.Require("--clip-norm", ClipNorm, ClipNorm is null or (> 0 and < double.PositiveInfinity), "a number above 0");
        if (Data?.Length == 0) throw CommandException.Usage("--data: expected a name or a folder, got nothing.");
        if (Name is not null && (Name.Length == 0 || Name.StartsWith('.') || Name.AsSpan().ContainsAny(NotInNames)))
            throw CommandException.Usage($"--name: expected a plain file name, got '{Name}'.");
    }

    public string ToJson() => JsonSerializer.Serialize(this, CliJson.Default.TrainSettings);

    /// <summary>Reads a settings.json; unknown names and wrong types are errors.</summary>
    public static TrainSettings Read(string path)
    {
        const int largest = 1 << 20;
        if (!File.Exists(path)) throw CommandException.Usage($"--config: there is no file {path}.");
        if (new FileInfo(path).Length > largest)
            throw new CommandException($"{path}: expected settings of at most {largest} bytes, got {new FileInfo(path).Length}.");
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), CliJson.Default.TrainSettings)
                ?? throw new CommandException($"{path}: expected settings, got null.");
        }
        catch (JsonException e)
        {
            throw new CommandException($"{path}: expected settings as `cresset train` writes them: {e.Message}", cause: e);
        }
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
    NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals, UseStringEnumConverter = true)]
[JsonSerializable(typeof(TrainSettings))]
[JsonSerializable(typeof(DataFingerprint))]
[JsonSerializable(typeof(EvaluationReport))]
[JsonSerializable(typeof(RegressionReport))]
[JsonSerializable(typeof(IReadOnlyList<Prediction>))]
[JsonSerializable(typeof(string[]))]
partial class CliJson : JsonSerializerContext;
