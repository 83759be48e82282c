using System.Globalization;
using System.Text.Json;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

// What helps the unsure: --lr find, --dry-run, --overfit-batches, warnings, warm-up.
public class TrainingHelpTests
{
    static readonly string[] Small = ["train", "--train-count", "200", "--test-count", "50"];

    static JsonElement Settings(string run) => JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "settings.json"))).RootElement;

    [Fact]
    public void A_dry_run_goes_through_everything_and_keeps_nothing()
    {
        using var temp = new TempFolder();
        var before = Directory.GetDirectories(Path.GetTempPath(), "cresset-dry-run-*").Length;
        var result = CommandLine.Run("train", "--dry-run", "--batch-size", "16", "--epochs", "50", "--output", temp["runs"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("6000 training and 1000 test pictures", result.Output, StringComparison.Ordinal);
        Assert.Contains("epoch 1/1", result.Output, StringComparison.Ordinal);
        Assert.Contains("Test: 16 pictures", result.Output, StringComparison.Ordinal);
        Assert.Contains("Dry run: one batch went through", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("Run folder", result.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
        Assert.Equal(before, Directory.GetDirectories(Path.GetTempPath(), "cresset-dry-run-*").Length);
    }

    [Theory]
    [InlineData("grammar", "words")]
    [InlineData("common-names", "names")]
    public void A_dry_run_takes_every_kind(string data, string unit)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--dry-run", "--data", data, "--validation", "0.3", "--output", temp["runs"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Matches($@"Test: \d+ {unit}", result.Output);
    }

    [Fact]
    public void One_batch_can_be_learned_by_heart()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--model", "linear", "--overfit-batches", "1", "--batch-size", "12", "--epochs", "60", "--lr", "0.01", "--output", temp["runs"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("The batches trained on: 12 pictures", result.Output, StringComparison.Ordinal);
        Assert.Contains("accuracy 100.00%", result.Output, StringComparison.Ordinal);
        Assert.Equal(1, Settings(Directory.GetDirectories(temp["runs"]).Single()).GetProperty("overfitBatches").GetInt32());
    }

    [Fact]
    public void A_rate_is_found_drawn_and_written_and_the_run_with_it_is_the_same()
    {
        using var temp = new TempFolder();
        var found = CommandLine.Run([.. Small, "--epochs", "1", "--lr", "find", "--output", temp["a"]]);
        Assert.Equal((0, ""), (found.Code, found.Error));
        var run = Directory.GetDirectories(temp["a"]).Single();
        var settings = Settings(run);
        Assert.False(settings.GetProperty("findLearningRate").GetBoolean());
        var rate = settings.GetProperty("learningRate").GetDouble();
        // Adam's usual one is 0.001.
        Assert.InRange(rate, 1e-4, 2e-2);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"learning rate {rate:G3}"), found.Output, StringComparison.Ordinal);
        Assert.True(new FileInfo(Path.Combine(run, "learning-rates.png")).Length > 0);

        // Given as a number, and by the settings as they were written, the weights are the same.
        Assert.Equal(0, CommandLine.Run([.. Small, "--epochs", "1", "--lr", rate.ToString("R", CultureInfo.InvariantCulture), "--output", temp["b"]]).Code);
        Assert.Equal(0, CommandLine.Run("train", "--config", Path.Combine(run, "settings.json"), "--output", temp["c"]).Code);
        foreach (var other in new[] { "b", "c" })
            Assert.Equal(File.ReadAllBytes(Path.Combine(run, "model.safetensors")), File.ReadAllBytes(Path.Combine(Directory.GetDirectories(temp[other]).Single(), "model.safetensors")));
    }

    [Fact]
    public void Everything_that_an_option_says_can_stand_in_a_file()
    {
        using var temp = new TempFolder();
        var config = temp.Write("run.json", System.Text.Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { model = "linear", trainCount = 100, testCount = 40, dryRun = true, output = temp["runs"] })));
        Assert.Contains("Dry run", CommandLine.Run("train", "--config", config).Output, StringComparison.Ordinal);
        config = temp.Write("run.json", System.Text.Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new { model = "linear", trainCount = 100, testCount = 40, epochs = 1, name = "mine", output = temp["runs"] })));
        Assert.Equal(0, CommandLine.Run("train", "--config", config).Code);
        Assert.EndsWith("-mine", Directory.GetDirectories(temp["runs"]).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_rate_warms_up_before_the_schedule()
    {
        using var temp = new TempFolder();
        // 200 pictures in batches of 20: ten steps an epoch.
        Assert.Equal(0, CommandLine.Run([.. Small, "--batch-size", "20", "--lr", "0.01", "--epochs", "4", "--warmup", "2", "--schedule", "linear", "--output", temp["runs"]]).Code);
        var rates = File.ReadAllLines(Path.Combine(Directory.GetDirectories(temp["runs"]).Single(), "history.csv"));
        var column = Array.IndexOf(rates[0].Split(','), "learning_rate");
        // At the start of each epoch: a hundredth, half way up, the top, half way down.
        double[] expected = [0.0001, 0.0001 + 0.0099 / 2, 0.01, 0.005];
        for (var epoch = 0; epoch < 4; epoch++)
            Assert.Equal(expected[epoch], double.Parse(rates[epoch + 1].Split(',')[column], CultureInfo.InvariantCulture), 1e-9);
    }

    [Theory]
    [InlineData("--warmup: expected fewer than the run's 1 epochs, got 1.", "--warmup", "1")]
    [InlineData("--warmup: one-cycle has a warm-up of its own.", "--warmup", "0.5", "--schedule", "one-cycle")]
    [InlineData("--warmup: plateau follows the loss and has no warm-up.", "--warmup", "0.5", "--schedule", "plateau")]
    [InlineData("--overfit-batches: expected a whole number of at least 1, got 0.", "--overfit-batches", "0")]
    [InlineData("--max-broken: expected a whole number of at least 0, got -1.", "--max-broken", "-1")]
    [InlineData("--text-column: it is for tables; digits has none.", "--text-column", "review")]
    public void Options_that_do_not_fit_are_bad_usage(string message, params string[] options)
    {
        var result = CommandLine.Run([.. Small, "--epochs", "1", .. options]);
        Assert.Equal((2, "error: " + message), (result.Code, result.ErrorLine));
    }

    [Theory]
    [InlineData("exponential")]
    [InlineData("restarts")]
    [InlineData("plateau")]
    public void Every_schedule_runs(string schedule)
    {
        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run([.. Small, "--schedule", schedule, "--epochs", "2", "--output", temp["runs"]]).Code);
    }

    [Fact]
    public void A_loss_that_does_not_move_is_warned_of()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run([.. Small, "--epochs", "2", "--lr", "1e-9", "--output", temp["runs"]]);
        Assert.Equal(0, result.Code);
        Assert.StartsWith("warning: the loss does not move", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void Broken_pictures_are_named_and_left_out_up_to_a_limit()
    {
        using var temp = new TempFolder();
        var images = DrawnDigits.Draw(40, 1);
        for (int i = 0; i < 40; i++) temp.Write($"pictures/{(images.Labels[i] < 5 ? "low" : "high")}/{i:D2}.png", ImageFile.EncodePng(new ImagePixels(images[i].ToArray(), 1, 28, 28)));
        foreach (var name in new[] { "low/broken.png", "high/torn.jpg" }) temp.Write($"pictures/{name}", [1, 2, 3]);
        string[] command = ["train", "--data", $"images:{temp["pictures"]}", "--model", "linear", "--epochs", "1", "--output", temp["runs"]];

        var result = CommandLine.Run(command);
        Assert.Equal(0, result.Code);
        string[] warnings = result.Error.Trim().Split('\n');
        Assert.Equal(2, warnings.Length);
        Assert.Contains("torn.jpg", warnings[0], StringComparison.Ordinal);
        Assert.Contains("broken.png", warnings[1], StringComparison.Ordinal);
        Assert.All(warnings, warning => Assert.EndsWith("Left out.", warning.Trim(), StringComparison.Ordinal));
        Assert.Matches(@"(\d+) training and (\d+) test pictures", result.Output);

        var refused = CommandLine.Run([.. command, "--max-broken", "1"]);
        Assert.Equal(1, refused.Code);
        Assert.StartsWith("error: --max-broken: expected at most 1 pictures of 42 that cannot be read, got 2: ", refused.ErrorLine, StringComparison.Ordinal);
    }
}
