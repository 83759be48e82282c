using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cresset.Benchmarks;

/// <summary>The measurements as tables: a line at a time on the terminal, then Markdown and JSON.</summary>
sealed class Report(string other, int threads, int rounds)
{
    // The other library's error may be NaN.
    static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    readonly List<Measurement> measurements = [];

    static string Machine
    {
        get
        {
            const string information = "/proc/cpuinfo";
            var processor = File.Exists(information)
                ? File.ReadLines(information).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim()
                : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
            var width = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : 128;
            return $"{processor ?? RuntimeInformation.ProcessArchitecture.ToString()}, {Environment.ProcessorCount} processors, vectors of {width} bits, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}";
        }
    }

    public void Add(Measurement m)
    {
        measurements.Add(m);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{m.Work.Name,-40} {m.Ours.Library} {Time(m.Ours.Best)} best {Time(m.Ours.Median)} median | {m.Theirs.Library} {Time(m.Theirs.Best)} best {Time(m.Theirs.Median)} median | {m.Ratio,6:f2}x | {m.Ours.BytesAStep,8:f0} B"));
    }

    /// <summary>The geometric mean of the ratios of each group.</summary>
    IEnumerable<(string Group, double Ratio)> Means() =>
        measurements.GroupBy(m => m.Work.Group).Select(group => (group.Key, Math.Exp(group.Average(m => Math.Log(m.Ratio)))));

    public void PrintMeans()
    {
        Console.WriteLine();
        foreach (var (group, ratio) in Means()) Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"geometric mean, {group}: {ratio:f2}x"));
    }

    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "benchmark.md"), Markdown());
        File.WriteAllText(Path.Combine(folder, "benchmark.json"), Json());
        Console.WriteLine($"\nwritten to {folder}: benchmark.md, benchmark.json");
    }

    string Markdown()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{Machine}. {threads} thread{(threads == 1 ? "" : "s")}, {rounds} rounds, {DateTime.UtcNow:yyyy-MM-dd}.\n\n");
        text.Append(CultureInfo.InvariantCulture, $"| work | Cresset best | median | {other} best | median | ratio | bytes a step | error | {other} error |\n");
        text.Append("|---|---|---|---|---|---|---|---|---|\n");
        foreach (var m in measurements)
            text.Append(CultureInfo.InvariantCulture, $"| {m.Work.Name} | {Time(m.Ours.Best).Trim()} | {Time(m.Ours.Median).Trim()} | {Time(m.Theirs.Best).Trim()} | {Time(m.Theirs.Median).Trim()} | {m.Ratio:f2} | {m.Ours.BytesAStep:f0} | {m.Accuracy.Ours:0.0e+0} | {m.Accuracy.Theirs:0.0e+0} |\n");
        text.Append("\n| group | geometric mean of the ratios |\n|---|---|\n");
        foreach (var (group, ratio) in Means()) text.Append(CultureInfo.InvariantCulture, $"| {group} | {ratio:f2} |\n");
        text.Append(CultureInfo.InvariantCulture, $"\nThe ratio is the median over the rounds of {other}'s time / Cresset's time. Bytes: what a step of Cresset allocates on the managed heap. Error: the largest distance of a result (output, loss, gradients) from LibTorch's in float64, as a part of its norm.\n");
        return text.ToString();
    }

    string Json() => JsonSerializer.Serialize(
        new
        {
            Machine,
            Date = DateTime.UtcNow,
            Threads = threads,
            Rounds = rounds,
            Works = measurements.Select(m => new { m.Work.Group, m.Work.Name, m.Ratio, m.Accuracy, m.Ours, m.Theirs }),
            GeometricMeans = Means().ToDictionary(mean => mean.Group, mean => mean.Ratio),
        },
        Indented) + "\n";

    static string Time(double seconds) => seconds switch
    {
        < 1e-6 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e9,6:f0} ns"),
        < 1e-3 => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e6,6:f2} us"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds * 1e3,6:f2} ms"),
    };
}
