using System.Text.Json;
using System.Text.Json.Nodes;
using Cresset.Optim;
using Cresset.Serialization;

namespace Cresset.Training;

// A checkpoint is a safetensors file: the tensors of model and optimizer, and all numbers as JSON in its metadata.
public sealed partial class Trainer
{
    const string CheckpointKey = "cresset.checkpoint", ModelPrefix = "model.", OptimizerPrefix = "optimizer.";

    /// <summary>Saves all that the rest of the training depends on: the model, the optimizer's state, the callbacks' (schedules, early
    /// stopping), the random numbers, the history, and how far the epoch at hand has come. Written under a temporary name first, so
    /// that an earlier checkpoint stays whole whatever happens. To be called from a callback (<see cref="TrainingCheckpoint"/> does) or
    /// between calls of <see cref="Fit"/>. Lightning: <c>save_checkpoint</c>.</summary>
    /// <exception cref="IOException">It cannot be written; the file that was there is as it was.</exception>
    public void SaveCheckpoint(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var optimizer = Optimizer.StateDict();
        var tensors = new Dictionary<string, Tensor>();
        foreach (var (name, tensor) in Model.StateDict()) tensors[ModelPrefix + name] = tensor;
        foreach (var (name, tensor) in optimizer.Tensors) tensors[OptimizerPrefix + name] = tensor;
        var (seed, position) = Random.Default.State;
        var state = new JsonObject
        {
            ["version"] = 1,
            ["optimizer"] = Numbers(optimizer.Numbers),
            ["callbacks"] = new JsonArray([.. callbacks.Select(callback => Numbers(callback.StateDict()))]),
            ["metric"] = metric is null ? null : Numbers(metric.State),
            ["stopping"] = stopping,
            ["epoch"] = Numbers([running.Batch, running.Samples, running.Counted, running.Total, running.Seconds, running.Rate]),
            ["random"] = new JsonArray(seed, position),
            ["history"] = Training.History.ToCsv(history),
        };
        SafeTensors.Save(path, tensors, new Dictionary<string, string> { [CheckpointKey] = state.ToJsonString() });
    }

    /// <summary>Takes over a checkpoint that a trainer of the same model, optimizer, metric and callbacks saved. The next
    /// <see cref="Fit"/> goes on where that training stood, and comes to exactly the weights that it would have come to: give it the same
    /// data (a <c>DataLoader</c>, which is moved to the right batch) and the epochs that are left, the one at hand included.
    /// Lightning: <c>fit(ckpt_path=...)</c>.</summary>
    /// <exception cref="FormatException">The file is no checkpoint, or damaged.</exception>
    /// <exception cref="ArgumentException">It is of another model, optimizer, metric or other callbacks. What was loaded until then
    /// stays: load the right one, or begin anew.</exception>
    public void LoadCheckpoint(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var file = SafeTensors.Load(path);
        if (!file.Metadata.TryGetValue(CheckpointKey, out var json))
            throw new FormatException($"{path}: not a checkpoint of a training: its metadata has no {CheckpointKey}; expected a file that Trainer.SaveCheckpoint wrote");
        Saved saved;
        try
        {
            using var document = JsonDocument.Parse(json);
            saved = Read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException or IndexOutOfRangeException or ArgumentException)
        {
            throw new FormatException($"{path}: not a checkpoint of a training: its entry {CheckpointKey} is damaged: {e.Message}", e);
        }
        if (saved.Callbacks.Length != callbacks.Count)
            throw new ArgumentException($"{path}: expected the states of this trainer's {callbacks.Count} callbacks, got {saved.Callbacks.Length}; make the trainer as it was made then");
        if (saved.Metric is null != metric is null)
            throw new ArgumentException($"{path}: expected {(metric is null ? "no metric" : "the state of the metric")}, as this trainer has, got {(metric is null ? "one" : "none")}");
        var optimizer = new OptimizerState();
        var model = new Dictionary<string, Tensor>();
        foreach (var (name, tensor) in file.Tensors)
        {
            if (name.StartsWith(ModelPrefix, StringComparison.Ordinal)) model[name[ModelPrefix.Length..]] = tensor;
            else if (name.StartsWith(OptimizerPrefix, StringComparison.Ordinal)) optimizer.Tensors[name[OptimizerPrefix.Length..]] = tensor;
            else throw new FormatException($"{path}: not a checkpoint of a training: expected tensors named {ModelPrefix}... and {OptimizerPrefix}..., got {name}");
        }
        foreach (var (name, number) in saved.Optimizer) optimizer.Numbers[name] = number;
        try
        {
            Model.LoadStateDict(model);
            Optimizer.LoadStateDict(optimizer);
            for (var i = 0; i < callbacks.Count; i++) callbacks[i].LoadStateDict(saved.Callbacks[i]);
            if (metric is not null) metric.State = saved.Metric!;
        }
        catch (Exception e) when (e is ArgumentException or KeyNotFoundException)
        {
            throw new ArgumentException($"{path}: {e.Message}", e);
        }
        Random.Default.State = saved.Random;
        history.Clear();
        history.AddRange(saved.History);
        (running, stopping, resumed) = (saved.Running, saved.Stopping, true);
    }

    sealed record Saved(Dictionary<string, double> Optimizer, Dictionary<string, double>[] Callbacks, double[]? Metric, bool Stopping,
        Progress Running, (ulong, ulong) Random, IReadOnlyList<EpochRecord> History);

    static Saved Read(JsonElement json)
    {
        var version = json.GetProperty("version").GetInt32();
        if (version != 1) throw new FormatException($"expected version 1, got {version}; it was written by a later Cresset");
        var epoch = List(json.GetProperty("epoch"));
        if (epoch.Length != 6) throw new FormatException($"expected 6 numbers as epoch, got {epoch.Length}");
        var batch = epoch[0] is >= 0 and <= int.MaxValue ? (int)epoch[0] : throw new FormatException($"expected a count of batches, got {epoch[0]}");
        var random = json.GetProperty("random");
        return new Saved(
            Dictionary(json.GetProperty("optimizer")),
            [.. json.GetProperty("callbacks").EnumerateArray().Select(Dictionary)],
            json.GetProperty("metric") is { ValueKind: not JsonValueKind.Null } metric ? List(metric) : null,
            json.GetProperty("stopping").GetBoolean(),
            new Progress(batch, (long)epoch[1], (long)epoch[2], epoch[3], epoch[4], epoch[5]),
            (random[0].GetUInt64(), random[1].GetUInt64()),
            Training.History.FromCsv(json.GetProperty("history").GetString() ?? ""));
    }

    // JSON has no infinity and no NaN: what is not finite stands as a text.
    static JsonValue Number(double number) => double.IsFinite(number) ? JsonValue.Create(number) : JsonValue.Create(number.ToString(System.Globalization.CultureInfo.InvariantCulture));

    static double Number(JsonElement json) => json.ValueKind == JsonValueKind.String
        ? double.Parse(json.GetString()!, System.Globalization.CultureInfo.InvariantCulture)
        : json.GetDouble();

    static JsonArray Numbers(double[] numbers) => new([.. numbers.Select(Number)]);

    static double[] List(JsonElement json) => [.. json.EnumerateArray().Select(Number)];

    static JsonObject Numbers(IReadOnlyDictionary<string, double> numbers) =>
        new(numbers.Select(pair => KeyValuePair.Create<string, JsonNode?>(pair.Key, Number(pair.Value))));

    static Dictionary<string, double> Dictionary(JsonElement json) => json.EnumerateObject().ToDictionary(p => p.Name, p => Number(p.Value));
}
