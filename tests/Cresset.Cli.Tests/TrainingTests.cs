using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

/// <summary>One small run, trained once, that the tests below look at.</summary>
public sealed class SmallRun : IDisposable
{
    readonly TempFolder temp = new();

    public SmallRun()
    {
        Result = CommandLine.Run("train", "--train-count", "300", "--test-count", "100", "--epochs", "1", "--seed", "3", "--output", temp["runs"]);
        Folder = Directory.Exists(temp["runs"]) ? Directory.GetDirectories(temp["runs"]).Single() : "";
    }

    internal CommandResult Result { get; }

    public string Folder { get; }

    public string File(string name) => Path.Combine(Folder, name);

    public void Dispose() => temp.Dispose();
}

public class TrainingTests(SmallRun run) : IClassFixture<SmallRun>
{
    [Fact]
    public void Ends_well_and_prints_scores_and_the_confusion_matrix_in_plain_text()
    {
        Assert.Equal(0, run.Result.Code);
        Assert.Matches(@"epoch 1/1  loss \d+\.\d+  accuracy \d", run.Result.Output);
        Assert.Matches(@"Test: 100 pictures, loss \d+\.\d{4}, accuracy ", run.Result.Output);
        foreach (var text in new[] { "precision", "recall", "F1", "macro", "micro", "weighted", "Confusion matrix", run.Folder })
            Assert.Contains(text, run.Result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', run.Result.Output);
    }

    [Fact]
    public void Writes_the_whole_run_folder_and_no_temporary_file()
    {
        Assert.Matches(@"\d{8}-\d{6}-digits-cnn$", run.Folder);
        string[] expected =
        [
            "checkpoint.safetensors", "confusion-matrix.png", "confusion-matrix.svg", "data.json", "history.csv", "learning-curves.png", "learning-curves.svg",
            "metrics.json", "model.safetensors", "report.html", "settings.json",
        ];
        Assert.Equal(expected, Directory.GetFiles(run.Folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.All(expected, name => Assert.True(new FileInfo(run.File(name)).Length > 0));
        Assert.Equal(2, File.ReadAllLines(run.File("history.csv")).Length);
    }

    [Fact]
    public void Scores_follow_from_the_confusion_matrix()
    {
        using var json = JsonDocument.Parse(File.ReadAllText(run.File("metrics.json")));
        long[][] matrix = [.. json.RootElement.GetProperty("confusion").EnumerateArray()
            .Select(row => row.EnumerateArray().Select(n => n.GetInt64()).ToArray())];
        Assert.Equal(100, matrix.Sum(row => row.Sum()));
        Assert.All(matrix, row => Assert.Equal(10, row.Sum())); // drawn digits are balanced
        double accuracy = Enumerable.Range(0, 10).Sum(i => matrix[i][i]) / 100.0;
        Assert.Equal(accuracy, json.RootElement.GetProperty("accuracy").GetDouble(), 1e-12);
        var third = json.RootElement.GetProperty("classes")[3];
        Assert.Equal(matrix[3][3] / 10.0, third.GetProperty("recall").GetDouble(), 1e-12);
        double predicted = matrix.Sum(row => row[3]);
        Assert.Equal(predicted == 0 ? 0 : matrix[3][3] / predicted, third.GetProperty("precision").GetDouble(), 1e-12);
    }

    [Fact]
    public void Eval_needs_the_folder_only_and_gives_the_same_figures()
    {
        var result = CommandLine.Run("eval", "--model", run.Folder);
        Assert.Equal(0, result.Code);
        var figures = new Regex(@"100 pictures, loss \d+\.\d{4}, accuracy [\d.]+");
        Assert.Equal(figures.Match(run.Result.Output).Value, figures.Match(result.Output).Value);
        var json = CommandLine.Run("eval", "--model", run.File("model.safetensors"), "--json", "--batch-size", "7");
        using JsonDocument a = JsonDocument.Parse(json.Output), b = JsonDocument.Parse(File.ReadAllText(run.File("metrics.json")));
        Assert.Equal(b.RootElement.GetProperty("accuracy").GetDouble(), a.RootElement.GetProperty("accuracy").GetDouble());
        Assert.Equal(b.RootElement.GetProperty("loss").GetDouble(), a.RootElement.GetProperty("loss").GetDouble(), 1e-5);
    }

    [Fact]
    public void Settings_reproduce_the_run_bit_for_bit_at_another_thread_count()
    {
        using var temp = new TempFolder();
        int threads = Threads.Count;
        try
        {
            var again = CommandLine.Run("train", "--config", run.File("settings.json"), "--threads", "1", "--workers", "2", "--output", temp.Path, "--quiet");
            Assert.Equal(0, again.Code);
            var folder = Directory.GetDirectories(temp.Path).Single();
            // The last two columns are times.
            static string Exact(string file) => string.Join('\n', File.ReadLines(file).Select(line => string.Join(',', line.Split(',')[..^2])));
            Assert.Equal(Exact(run.File("history.csv")), Exact(Path.Combine(folder, "history.csv")));
            Assert.Equal(File.ReadAllBytes(run.File("model.safetensors")), File.ReadAllBytes(Path.Combine(folder, "model.safetensors")));
        }
        finally
        {
            Threads.Count = threads;
        }
    }

    [Fact]
    public void Predict_tells_classes_with_probabilities_of_picture_files()
    {
        using var temp = new TempFolder();
        var digits = DrawnDigits.Draw(1, 2);
        var path = temp.Write("digit.png", ImageFile.EncodePng(new ImagePixels(digits.Pixels, 1, 28, 28)));
        var inverted = temp.Write("paper.png", ImageFile.EncodePng(new ImagePixels(Array.ConvertAll(digits.Pixels, p => (byte)(255 - p)), 1, 28, 28)));
        var result = CommandLine.Run("predict", "--model", run.Folder, "--json", "--top", "10", path, inverted);
        Assert.Equal(0, result.Code);
        using var json = JsonDocument.Parse(result.Output);
        var (plain, swapped) = (json.RootElement[0], json.RootElement[1]);
        Assert.False(plain.GetProperty("inverted").GetBoolean());
        Assert.True(swapped.GetProperty("inverted").GetBoolean());
        double[] probabilities = [.. plain.GetProperty("classes").EnumerateArray().Select(c => c.GetProperty("probability").GetDouble())];
        Assert.Equal(10, probabilities.Length);
        Assert.Equal(1, probabilities.Sum(), 1e-9);
        Assert.Equal(probabilities.OrderDescending(), probabilities);
        Assert.Equal(plain.GetProperty("classes").ToString(), swapped.GetProperty("classes").ToString());

        var text = CommandLine.Run("predict", "--model", run.Folder, path, inverted).Output;
        Assert.Equal(2 + 2 * 3, text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("paper.png (dark and bright swapped)", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stop_saves_what_there_is_and_says_so()
    {
        using var temp = new TempFolder();
        using var stop = new CancellationTokenSource();
        using var output = new StopAt("epoch 1/5 ", stop);
        using var error = new StringWriter();
        int code = CressetCommand.Run(
            ["train", "--train-count", "100", "--test-count", "10", "--epochs", "5", "--output", temp.Path], output, error, false, stop.Token);
        Assert.Equal(130, code);
        Assert.Contains("Interrupted: `cresset train --resume", output.ToString(), StringComparison.Ordinal);
        var folder = Directory.GetDirectories(temp.Path).Single();
        Assert.Equal(2, File.ReadAllLines(Path.Combine(folder, "history.csv")).Length);
        Assert.Equal(0, CommandLine.Run("eval", "--model", folder).Code);
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_training_and_says_where()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--train-count", "200", "--test-count", "10", "--optimizer", "sgd", "--lr", "1e30", "--output", temp.Path);
        Assert.Equal(1, result.Code);
        Assert.Matches(@"^error: training: the loss is \S+ at epoch 1, step \d+; try a smaller learning rate than 1E\+30, clip the gradients, or look for NaN in the data\.?$", result.ErrorLine);
    }
}
