using System.Diagnostics;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

// The tagger drops out, clips, schedules and keeps moments: all that a checkpoint must hold.
public class ResumeTests
{
    static readonly string[] Command =
        ["train", "--model", "tagger", "--train-count", "300", "--test-count", "50", "--epochs", "3", "--checkpoint-every", "2", "--threads", "1", "--name", "tagger"];

    // Seconds and samples a second differ from run to run.
    static string[] History(string folder) => [.. File.ReadAllLines(Path.Combine(folder, "history.csv")).Select(line => string.Join(',', line.Split(',')[..6]))];

    static byte[] Model(string folder) => File.ReadAllBytes(Path.Combine(folder, "model.safetensors"));

    static string Unbroken(TempFolder temp)
    {
        Assert.Equal(0, CommandLine.Run([.. Command, "--output", Path.Combine(temp.Path, "unbroken")]).Code);
        return Directory.GetDirectories(Path.Combine(temp.Path, "unbroken")).Single();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void An_interrupted_run_goes_on_to_the_weights_of_an_unbroken_one(int workers)
    {
        using var temp = new TempFolder();
        var unbroken = Unbroken(temp);
        var output = Path.Combine(temp.Path, "broken");
        using var stop = new CancellationTokenSource();
        using var text = new StopAt("epoch 2/3", stop);
        using var error = new StringWriter();
        Assert.Equal(130, CressetCommand.Run([.. Command, "--output", output], text, error, false, stop.Token));
        var run = Directory.GetDirectories(output).Single();
        Assert.Contains($"cresset train --resume {run}", text.ToString(), StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(run, "model.safetensors.0123.tmp"), "half a file");

        var result = CommandLine.Run("train", "--resume", run, "--workers", $"{workers}");
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("Going on after 2 of 3 epochs", result.Output, StringComparison.Ordinal);
        Assert.Equal(Model(unbroken), Model(run));
        Assert.Equal(History(unbroken), History(run));
        Assert.Empty(Directory.GetFiles(run, "*.tmp"));
        // Nothing is left to do: the run is scored again.
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Equal(Model(unbroken), Model(run));
    }

    [Fact]
    public async Task Fifty_kills_at_random_moments_lose_nothing_beyond_the_last_checkpoint()
    {
        const int kills = 50;
        using var temp = new TempFolder();
        var unbroken = Unbroken(temp);
        var random = new System.Random(20261124);
        int killed = 0, whole = 0;
        string? run = null;
        while (killed < kills || run is not null)
        {
            var output = Path.Combine(temp.Path, $"{whole}");
            string[] args = run is null ? [.. Command, "--output", output] : ["train", "--resume", run];
            using var process = Process.Start(new ProcessStartInfo("dotnet", [typeof(CressetCommand).Assembly.Location, .. args]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var text = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            // Early ones meet the start, later ones the training, a checkpoint being written, the report at the end.
            using var moment = new CancellationTokenSource(TimeSpan.FromMilliseconds(killed < kills ? random.Next(100, 1500) : int.MaxValue));
            try
            {
                await process.WaitForExitAsync(moment.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill();
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                killed++;
            }
            await text;
            run ??= Directory.Exists(output) ? Directory.GetDirectories(output).SingleOrDefault(folder => File.Exists(Path.Combine(folder, "settings.json"))) : null;
            if (process.ExitCode == 0)
            {
                Assert.Equal(Model(unbroken), Model(run!));
                Assert.Equal(History(unbroken), History(run!));
                Assert.Empty(Directory.GetFiles(run!, "*.tmp"));
                whole++;
                run = null;
            }
            // 137 is a process that was killed.
            else Assert.True(process.ExitCode == 137, $"exit code {process.ExitCode}: {await error}");
            // Killed before its settings were there, a run leaves nothing to go on with.
            if (run is null && Directory.Exists(output)) Directory.Delete(output, recursive: true);
        }
        Assert.True(whole > 0);
    }

    [Fact]
    public void What_cannot_go_on_is_refused_with_a_reason()
    {
        using var temp = new TempFolder();
        Assert.Contains("there is no folder nowhere", CommandLine.Run("train", "--resume", "nowhere").ErrorLine, StringComparison.Ordinal);
        Assert.Contains("has no settings.json", CommandLine.Run("train", "--resume", temp.Path).ErrorLine, StringComparison.Ordinal);
        Assert.Equal(0, CommandLine.Run("train", "--data", "digits", "--model", "linear", "--train-count", "100", "--test-count", "10", "--epochs", "1", "--output", temp.Path).Code);
        var run = Directory.GetDirectories(temp.Path).Single();
        Assert.Contains("got --epochs as well", CommandLine.Run("train", "--resume", run, "--epochs", "5").ErrorLine, StringComparison.Ordinal);

        var checkpoint = Path.Combine(run, "checkpoint.safetensors");
        var bytes = File.ReadAllBytes(checkpoint);
        File.WriteAllBytes(checkpoint, bytes[..^10]);
        Assert.Contains(checkpoint, CommandLine.Run("train", "--resume", run).ErrorLine, StringComparison.Ordinal);
        File.WriteAllBytes(checkpoint, bytes);
        var settings = Path.Combine(run, "settings.json");
        File.WriteAllText(settings, File.ReadAllText(settings).Replace("\"linear\"", "\"mlp\"", StringComparison.Ordinal));
        Assert.Contains("does not fit the settings", CommandLine.Run("train", "--resume", run).ErrorLine, StringComparison.Ordinal);
    }

    static string Table(int rows, int changed = -1)
    {
        var text = new System.Text.StringBuilder("a,b,y\n");
        for (var i = 0; i < rows; i++) text.Append(System.Globalization.CultureInfo.InvariantCulture, $"{i},{(i == changed ? 4 : i % 3)},{(i % 5 < 2 ? "yes" : "no")}\n");
        return text.ToString();
    }

    [Theory]
    [InlineData(81, -1, "its training part had 64 rows, now 65")]
    [InlineData(80, 40, "part had 16 rows, now others|its training part had 64 rows, now others")]
    public void A_run_does_not_go_on_with_other_data(int rows, int changed, string message)
    {
        using var temp = new TempFolder();
        var file = temp["rows.csv"];
        File.WriteAllText(file, Table(80));
        using var stop = new CancellationTokenSource();
        using var text = new StopAt("epoch 1/2", stop);
        Assert.Equal(130, CressetCommand.Run(["train", "--data", file, "--target", "y", "--epochs", "2", "--output", temp["runs"]], text, TextWriter.Null, false, stop.Token));
        var run = Directory.GetDirectories(temp["runs"]).Single();
        File.WriteAllText(file, Table(rows, changed));
        var checkpoint = File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors"));
        var refused = CommandLine.Run("train", "--resume", run);
        Assert.Equal(1, refused.Code);
        Assert.StartsWith($"error: --resume: the data {file} has changed since {run} began: ", refused.ErrorLine, StringComparison.Ordinal);
        Assert.Contains(message.Split('|'), part => refused.ErrorLine.Contains(part, StringComparison.Ordinal));
        Assert.Equal(checkpoint, File.ReadAllBytes(Path.Combine(run, "checkpoint.safetensors")));
        // Put back, however new the file is, it goes on.
        File.WriteAllText(file, Table(80));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        // Before the first checkpoint there is nothing that other data could spoil.
        File.Delete(Path.Combine(run, "checkpoint.safetensors"));
        File.WriteAllText(file, Table(rows, changed));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
    }

    [Fact]
    public void With_patience_a_run_ends_early_and_keeps_the_best_model()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", "digits", "--model", "mlp", "--train-count", "100", "--test-count", "50", "--epochs", "60", "--lr", "0.01", "--patience", "2", "--output", temp.Path);
        Assert.Equal(0, result.Code);
        var run = Directory.GetDirectories(temp.Path).Single();
        var history = Cresset.Training.History.FromCsv(File.ReadAllText(Path.Combine(run, "history.csv")));
        var best = history.MinBy(r => r.ValidationLoss)!;
        Assert.Equal(history.Count, best.Epoch + 2);
        Assert.Contains($"The best epoch was {best.Epoch};", result.Output, StringComparison.Ordinal);
        using var metrics = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "metrics.json")));
        Assert.Equal(best.ValidationLoss, metrics.RootElement.GetProperty("loss").GetDouble(), 1e-9);
    }
}
