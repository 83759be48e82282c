using System.Globalization;
using System.Text;
using Cresset.Plotting;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>The folder of one run. Every file is written under a temporary name and then renamed, so that what is there is
/// whole, also after a crash.</summary>
sealed class RunFolder
{
    public const string ModelFile = "model.safetensors", CheckpointFile = "checkpoint.safetensors", SettingsFile = "settings.json", DataFile = "data.json", HistoryFile = "history.csv",
        MetricsFile = "metrics.json", ReportFile = "report.html", CurvesFile = "learning-curves", RatesFile = "learning-rates", ConfusionFile = "confusion-matrix",
        PredictionsFile = "predictions";

    RunFolder(string path) => Path = path;

    /// <summary>The folder's path.</summary>
    public string Path { get; }

    /// <summary>The path of one of its files.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    /// <summary>The folder of a run that was begun.</summary>
    /// <exception cref="CommandException">There is none, or it has no settings.</exception>
    public static RunFolder Open(string path)
    {
        if (!Directory.Exists(path)) throw CommandException.Usage($"--resume: there is no folder {path}; expected a run folder of `cresset train`.");
        var run = new RunFolder(path);
        return File.Exists(run[SettingsFile]) ? run : throw new CommandException($"--resume: the folder {path} has no {SettingsFile}; expected a run folder of `cresset train`.");
    }

    /// <summary>Deletes what a killed process left half-written.</summary>
    public void DeleteTemporary()
    {
        foreach (var file in Directory.EnumerateFiles(Path, "*.tmp")) File.Delete(file);
    }

    /// <summary>Makes OUTPUT/yyyyMMdd-HHmmss-NAME; where two runs start in the same second the later one gets a number.</summary>
    public static RunFolder Create(string output, string name, DateTime time)
    {
        var stem = System.IO.Path.Combine(output, $"{time.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}-{name}");
        try
        {
            Directory.CreateDirectory(output);
            for (int i = 1; ; i++)
            {
                var path = i == 1 ? stem : $"{stem}-{i}";
                if (System.IO.Path.Exists(path)) continue;
                Directory.CreateDirectory(path);
                return new RunFolder(path);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"--output: no folder can be made in {output}: {e.Message}", cause: e);
        }
    }

    /// <summary>Writes one file: first under a temporary name, by <paramref name="write"/>, then renamed.</summary>
    public void Write(string name, Action<string> write)
    {
        var temporary = this[$".{name}.{Guid.NewGuid():N}.tmp"];
        try
        {
            write(temporary);
            File.Move(temporary, this[name], overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes one file of text.</summary>
    public void WriteText(string name, string text) => Write(name, path =>
    {
        using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
        file.Write(Encoding.UTF8.GetBytes(text));
        file.Flush(flushToDisk: true);
    });

    /// <summary>The picture of loss and score by epoch, as PNG and SVG.</summary>
    public void WriteLearningCurves(string title, IReadOnlyList<EpochRecord> history, string judge, string scoreName)
    {
        EpochPoint[] points = [.. history.Select(r => new EpochPoint(r.Epoch, r.TrainLoss, r.TrainScore, r.ValidationLoss, r.ValidationScore))];
        Save(Charts.LearningCurves(points, title, judge, scoreName), CurvesFile);
    }

    /// <summary>The picture of a search for a learning rate, as PNG and SVG.</summary>
    public void WriteLearningRates(LearningRateRange range)
    {
        var panel = new Panel("learning rate", "loss, smoothed") { LogX = true }.Line(range.Rates, range.Losses);
        if (range.Suggestion is { } rate) panel.Vertical(rate, rate.ToString("G3", CultureInfo.InvariantCulture));
        Save(Charts.Figure("Loss by learning rate", panel), RatesFile);
    }

    /// <summary>The picture of the confusion matrix, as PNG and SVG.</summary>
    public void WriteConfusionMatrix(string title, EvaluationReport report)
    {
        // A matrix of one class says nothing.
        if (report.Classes.Count > 1)
            Save(Charts.ConfusionMatrix(report.Confusion, [.. report.Classes.Select(c => c.Name)], title), ConfusionFile);
    }

    /// <summary>The picture of predicted numbers against the true ones.</summary>
    public void WritePredictions(Chart chart) => Save(chart, PredictionsFile);

    void Save(Chart chart, string name)
    {
        chart.SavePng(this[name + ".png"]);
        chart.SaveSvg(this[name + ".svg"]);
    }
}
