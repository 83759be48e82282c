using System.Text;
using Cresset.Tests;
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
            Target = "churn",
            Task = Cresset.Data.TableTask.Regression,
            TextColumn = "review",
            Epochs = 3,
            BatchSize = 7,
            Optimizer = "sgd",
            LearningRate = 0.1,
            FindLearningRate = true,
            Momentum = 0.5,
            WeightDecay = 1e-4,
            Schedule = "step",
            Warmup = 0.5,
            Augment = "flip",
            ClipNorm = 0.5,
            Validation = 0.2,
            ClassWeights = "balanced",
            Patience = 2,
            Keep = "best",
            CheckpointEvery = 3,
            Seed = 9,
            Threads = 2,
            TrainCount = 100,
            TestCount = 50,
            Workers = 1,
            MaxBroken = 4,
            OverfitBatches = 2,
            DryRun = true,
            TensorBoard = true,
            Output = "elsewhere",
            Name = "x",
        };
        Assert.Equal(settings, TrainSettings.Read(temp.Write("settings.json", Encoding.UTF8.GetBytes(settings.ToJson()))));
    }

    // A new option must not be forgotten there.
    [Fact]
    public void Every_option_of_train_has_its_place_in_the_file()
    {
        var command = TrainCommand.Create((_, _) => 0);
        string[] options = [.. command.Options.Select(o => o.Name[2..].Replace("-", "", StringComparison.Ordinal)).Except(["config", "resume"]).Select(name => name == "lr" ? "learningrate" : name).Append("findlearningrate")];
        using var json = System.Text.Json.JsonDocument.Parse(new TrainSettings().ToJson());
        Assert.Equal(options.Order(StringComparer.Ordinal), json.RootElement.EnumerateObject().Select(p => p.Name.ToLowerInvariant()).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("{\"epoch\": 3}", "epoch")]
    [InlineData("{\"epochs\": \"three\"}", "epochs")]
    [InlineData("{\"epochs\": 3", "settings")]
    [InlineData("", "settings")]
    [InlineData("null", "null")]
    [InlineData("{\"seed\": null}", "seed")]
    public void Rejects_other_files(string json, string named)
    {
        using var temp = new TempFolder();
        var path = temp.Write("settings.json", Encoding.UTF8.GetBytes(json));
        var result = CommandLine.Run("train", "--config", path);
        Assert.Equal(1, result.Code);
        Assert.Contains(path, result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains(named, result.ErrorLine, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cnn", "1x28x28 (grey)")]
    [InlineData("inception", "1x28x28 (grey)")]
    [InlineData("residual", "1x28x28 (grey)")]
    public void A_model_that_does_not_fit_the_data_is_bad_usage(string model, string wants)
    {
        var result = CommandLine.Run("train", "--data", "cifar10", "--model", model);
        Assert.Equal(2, result.Code);
        Assert.StartsWith($"error: --model: {model} takes pictures of {wants}; those of cifar10 are 3x32x32. For them: linear, mlp, lenet, resnet20", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_not_given_comes_from_the_model_and_the_data()
    {
        var notes = Recipe.For("cnn", "mnist").Fill(new TrainSettings());
        Assert.Equal((10, 64, "sgd", 0.01, 0.5, "none", "none"), (notes.Epochs, notes.BatchSize, notes.Optimizer, notes.LearningRate, notes.Momentum, notes.Schedule, notes.Augment));
        var cifar = Recipe.For("resnet20", "cifar10").Fill(new TrainSettings { Epochs = 3 });
        Assert.Equal((3, 128, "sgd", 0.1, 0.9, 1e-4, "cosine", "crop-flip"), (cifar.Epochs, cifar.BatchSize, cifar.Optimizer, cifar.LearningRate, cifar.Momentum, cifar.WeightDecay, cifar.Schedule, cifar.Augment));
        // Another optimizer has its own rate, and no momentum that it may not know.
        var other = Recipe.For("resnet20", "cifar10").Fill(new TrainSettings { Optimizer = "adam" });
        Assert.Equal((null, null, null), (other.LearningRate, other.Momentum, other.WeightDecay));
    }

    [Theory]
    [InlineData("--lr=0", "--lr: expected a number above 0, got 0.")]
    [InlineData("--lr=-0.5", "--lr: expected a number above 0, got -0.5.")]
    [InlineData("--lr=NaN", "--lr: expected a number above 0, got NaN.")]
    [InlineData("--batch-size=0", "--batch-size: expected a whole number of at least 1, got 0.")]
    [InlineData("--epochs=0", "--epochs: expected a whole number of at least 1, got 0.")]
    [InlineData("--momentum=1", "--momentum: expected a number from 0 to below 1, got 1.")]
    [InlineData("--weight-decay=-1", "--weight-decay: expected a number of at least 0, got -1.")]
    [InlineData("--clip-norm=0", "--clip-norm: expected a number above 0, got 0.")]
    [InlineData("--threads=0", "--threads: expected a whole number of at least 1, got 0.")]
    [InlineData("--workers=-1", "--workers: expected a whole number of at least 0, got -1.")]
    [InlineData("--train-count=0", "--train-count: expected a whole number of at least 1, got 0.")]
    [InlineData("--name=../x", "--name: expected a plain file name, got '../x'.")]
    [InlineData("--model=cnm", "unknown model 'cnm'. Did you mean cnn? Known: cnn, linear, mlp, lenet")]
    [InlineData("--data=mnits", "unknown data set 'mnits'. Did you mean mnist? Known: digits, mnist, fashion-mnist, cifar10, common-names")]
    [InlineData("--data=no/such/folder", "--data: there is no folder or file no/such/folder")]
    [InlineData("--optimizer=admw", "unknown optimizer 'admw'. Did you mean adamw")]
    [InlineData("--momentum=0.9", "--momentum: adam has none; it is for sgd and rmsprop.")]
    [InlineData("--schedule=cosin", "unknown schedule 'cosin'. Did you mean cosine?")]
    [InlineData("--augment=crop-flop", "unknown augmentation 'crop-flop'. Did you mean crop-flip?")]
    [InlineData("--config=missing.json", "--config: there is no file missing.json.")]
    public void A_value_out_of_range_is_bad_usage_that_names_the_option(string option, string message)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", option, "--output", temp["runs"]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith("error: " + message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }
}
