using System.Text;
using Xunit;

namespace Cresset.Cli.Tests;

public class TrainSettingsTests
{
    [Fact]
    public void Json_reads_back_the_same()
    {
        using var temp = new TempFolder();
        var settings = new TrainSettings
        {
            Data = "mnist",
            DataDir = "/data",
            Model = "mlp",
            Epochs = 3,
            BatchSize = 7,
            Optimizer = "sgd",
            LearningRate = 0.1,
            Momentum = 0.5,
            WeightDecay = 1e-4,
            Seed = 9,
            Threads = 2,
            TrainCount = 100,
            TestCount = 50,
            Workers = 1,
            Name = "x",
        };
        Assert.Equal(settings, TrainSettings.Read(temp.Write("settings.json", Encoding.UTF8.GetBytes(settings.ToJson()))));
    }

    [Theory]
    [InlineData("{\"epoch\": 3}", "epoch")]
    [InlineData("{\"epochs\": \"three\"}", "epochs")]
    [InlineData("{\"epochs\": 3", "settings")]
    [InlineData("", "settings")]
    [InlineData("null", "null")]
    [InlineData("{\"data\": null}", "data")]
    public void Rejects_other_files(string json, string named)
    {
        using var temp = new TempFolder();
        var path = temp.Write("settings.json", Encoding.UTF8.GetBytes(json));
        var result = CommandLine.Run("train", "--settings", path);
        Assert.Equal(1, result.Code);
        Assert.Contains(path, result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains(named, result.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--lr=0", "--lr: expected a number above 0, got 0.")]
    [InlineData("--lr=-0.5", "--lr: expected a number above 0, got -0.5.")]
    [InlineData("--lr=NaN", "--lr: expected a number above 0, got NaN.")]
    [InlineData("--batch-size=0", "--batch-size: expected a whole number of at least 1, got 0.")]
    [InlineData("--epochs=0", "--epochs: expected a whole number of at least 1, got 0.")]
    [InlineData("--momentum=1", "--momentum: expected a number from 0 to below 1, got 1.")]
    [InlineData("--weight-decay=-1", "--weight-decay: expected a number of at least 0, got -1.")]
    [InlineData("--threads=0", "--threads: expected a whole number of at least 1, got 0.")]
    [InlineData("--workers=-1", "--workers: expected a whole number of at least 0, got -1.")]
    [InlineData("--train-count=0", "--train-count: expected a whole number of at least 1, got 0.")]
    [InlineData("--name=../x", "--name: expected a plain file name, got '../x'.")]
    [InlineData("--model=cnm", "unknown model 'cnm'. Did you mean cnn? Known: mlp, cnn.")]
    [InlineData("--data=mnits", "unknown data set 'mnits'. Did you mean mnist? Known: digits, mnist, fashion-mnist.")]
    [InlineData("--data=no/such/folder", "--data: there is no folder no/such/folder")]
    [InlineData("--optimizer=admw", "unknown optimizer 'admw'. Did you mean adamw")]
    [InlineData("--momentum=0.9", "--momentum: adam has none; it is for sgd and rmsprop.")]
    [InlineData("--settings=missing.json", "--settings: there is no file missing.json.")]
    public void A_value_out_of_range_is_bad_usage_that_names_the_option(string option, string message)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", option, "--output", temp["runs"]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith("error: " + message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }
}
