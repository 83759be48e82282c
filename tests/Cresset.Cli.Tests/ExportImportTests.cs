using System.Text.Json;
using Cresset.Serialization;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

public class ExportImportTests(SmallRun run) : IClassFixture<SmallRun>
{
    static JsonElement Json(CommandResult result)
    {
        Assert.Equal((0, ""), (result.Code, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void A_model_goes_to_a_file_of_PyTorch_s_and_comes_back_with_the_same_score()
    {
        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run("export", "--model", run.Folder, "--to", "pt", "--output", temp["cnn.pt"]).Code);
        Assert.Equal(SafeTensors.Load(run.File("model.safetensors")).Tensors.Keys, TorchCheckpoint.Load(temp["cnn.pt"]).Tensors.Keys);

        Assert.Equal(0, CommandLine.Run("import", temp["cnn.pt"], "--model", "cnn", "--data", "digits", "--output", temp["back.safetensors"]).Code);
        var back = Json(CommandLine.Run("eval", "--model", temp["back.safetensors"], "--test-count", "100", "--json"));
        // Another normalisation, that of all 6000 pictures: nearly the same score.
        Assert.Equal(Json(CommandLine.Run("eval", "--model", run.Folder, "--json")).GetProperty("loss").GetDouble(), back.GetProperty("loss").GetDouble(), 0.05);
    }

    [Fact]
    public void What_predict_and_eval_need_goes_with_safetensors()
    {
        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run("export", "--model", run.Folder, "--to", "safetensors", "--output", temp["copy.safetensors"]).Code);
        Assert.Equal(CommandLine.Run("eval", "--model", run.Folder, "--json").Output, CommandLine.Run("eval", "--model", temp["copy.safetensors"], "--json").Output);
        var again = CommandLine.Run("export", "--model", run.Folder, "--to", "safetensors", "--output", temp["copy.safetensors"]);
        Assert.Equal(1, again.Code);
        Assert.Contains("is there already", again.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void Mean_and_deviation_of_another_training_are_kept()
    {
        using var temp = new TempFolder();
        TorchCheckpoint.Save(temp["linear.pt"], new Dictionary<string, object?> { ["model"] = new LinearClassifier(784, 10).StateDict() });
        Assert.Equal(0, CommandLine.Run("import", temp["linear.pt"], "--model", "linear", "--data", "digits", "--mean", "0.5", "--std", "0.25", "--entry", "model", "--output", temp["x.safetensors"]).Code);
        var metadata = SafeTensors.Load(temp["x.safetensors"]).Metadata;
        Assert.Equal(("0.5", "0.25"), (metadata["cresset.mean"], metadata["cresset.std"]));
    }

    [Theory]
    [InlineData(2, "import: there is no file", "nothing.pt", "--model", "cnn", "--data", "digits")]
    [InlineData(2, "--model: gru takes no pictures", "x.pt", "--model", "gru", "--data", "names")]
    [InlineData(1, "x.pt: its weights are not those of cnn", "x.pt", "--model", "cnn", "--data", "digits")]
    [InlineData(1, "x.pt: its weights are not those of linear", "x.pt", "--model", "linear", "--data", "digits", "--entry", "state_dict")]
    [InlineData(2, "--mean: expected a number for each of the 1 channels, got 3.", "x.pt", "--model", "linear", "--data", "digits", "--mean", "1,2,3")]
    [InlineData(2, "--std: expected numbers above 0, got 0.", "x.pt", "--model", "linear", "--data", "digits", "--std", "0")]
    [InlineData(1, "--output: there is no folder", "x.pt", "--model", "linear", "--data", "digits", "--output", "no/such/y.safetensors")]
    public void What_does_not_fit_is_told_and_nothing_is_written(int code, string message, string file, params string[] options)
    {
        using var temp = new TempFolder();
        TorchCheckpoint.Save(temp["x.pt"], new LinearClassifier(784, 10).StateDict());
        string[] output = options.Contains("--output") ? [] : ["--output", temp["y.safetensors"]];
        var result = CommandLine.Run(["import", temp[file], .. options, .. output]);
        Assert.Equal(code, result.Code);
        Assert.Contains(message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(File.Exists(temp["y.safetensors"]));
    }

    // 0.8103 is what PyTorch 1.13 scores with these weights on these pictures.
    [Fact(Explicit = true)]
    public void ResNet20_trained_by_PyTorch_scores_what_it_scores_there()
    {
        var root = Environment.GetEnvironmentVariable("CRESSET_DATA");
        var file = Path.Combine(root ?? "", "pytorch-checkpoints", "resnet20-12fca82f.th");
        if (string.IsNullOrEmpty(root) || !File.Exists(file) || !Directory.Exists(Path.Combine(root, "cifar10")))
            Assert.Skip("needs resnet20-12fca82f.th and CIFAR-10: set the variable CRESSET_DATA to the folder above pytorch-checkpoints and cifar10");
        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run("import", file, "--model", "resnet20", "--data", "cifar10", "--mean", "0.485,0.456,0.406", "--std", "0.229,0.224,0.225", "--output", temp["x.safetensors"]).Code);
        Assert.Equal(0.8103, Json(CommandLine.Run("eval", "--model", temp["x.safetensors"], "--json")).GetProperty("accuracy").GetDouble(), 0.002);
    }
}
