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

    static string Write(TempFolder temp, string name, string text) => temp.Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    static string Rows(TempFolder temp) => Write(temp, "shop.csv", "age,plan,bought,price\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{20 + (i * 37 % 50)},{(i % 3 == 0 ? "gold" : "basic")},{(i * 37 % 50 > 25 ? "yes" : "no")},{100 + (i * 37 % 50)}\n")));

    static string Reviews(TempFolder temp) => Write(temp, "reviews.csv", "review,verdict\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"the film was {(i % 2 == 0 ? "great and lovely" : "dull")},{(i % 2 == 0 ? "up" : "down")}\n")));

    static string Poem(TempFolder temp) => Write(temp, "poem.txt", string.Concat(Enumerable.Repeat("the cat sat on the mat and the dog sat on the log; ", 60)));

    static double Loss(string model, params string[] more) => Json(CommandLine.Run(["eval", "--model", model, "--json", .. more])).GetProperty("loss").GetDouble();

    // A model of each kind; predict is asked too, where an exported model can tell.
    [Theory]
    [InlineData("cnn", "digits", null, "--train-count", "100", "--test-count", "50")]
    [InlineData("resnet20", "digits", null, "--train-count", "60", "--test-count", "30")]
    [InlineData("gru", "common-names", "Petrov")]
    [InlineData("tagger", "grammar", "we found the house", "--train-count", "100", "--test-count", "50")]
    [InlineData("table", "csv:ROWS", "age=30,plan=gold", "--target", "bought")]
    [InlineData("table-linear", "csv:ROWS", "age=30,plan=gold", "--target", "price")]
    [InlineData("text-cnn", "text:REVIEWS", "a great film", "--text-column", "review", "--target", "verdict")]
    [InlineData("text-bag", "text:REVIEWS", "a great film", "--text-column", "review", "--target", "verdict")]
    [InlineData("char-lstm", "POEM", null, "--batch-size", "8")]
    [InlineData("char-transformer", "POEM", null, "--batch-size", "8")]
    public void An_ONNX_file_scores_and_tells_what_its_run_does(string model, string data, string? asked, params string[] options)
    {
        using var temp = new TempFolder();
        data = data.Replace("ROWS", Rows(temp), StringComparison.Ordinal).Replace("REVIEWS", Reviews(temp), StringComparison.Ordinal).Replace("POEM", Poem(temp), StringComparison.Ordinal);
        var trained = CommandLine.Run(["train", "--model", model, "--data", data, "--epochs", "1", "--output", temp["runs"], .. options]);
        Assert.Equal((0, ""), (trained.Code, trained.Error));
        var folder = Directory.GetDirectories(temp["runs"]).Single();
        var exported = CommandLine.Run("export", "--model", folder, "--to", "onnx", "--output", temp["model.onnx"]);
        Assert.Equal((0, ""), (exported.Code, exported.Error));
        Assert.StartsWith($"{temp["model.onnx"]}: {model}, ", exported.Output, StringComparison.Ordinal);
        // Not the batch that it was traced with.
        Assert.Equal(Loss(folder), Loss(temp["model.onnx"], "--batch-size", "7"), 1e-5);
        if (asked is null) return;
        JsonElement expected = Json(CommandLine.Run("predict", "--model", folder, asked, "--json"))[0], got = Json(CommandLine.Run("predict", "--model", temp["model.onnx"], asked, "--json"))[0];
        if (expected.TryGetProperty("classes", out var classes))
        {
            foreach (var (one, other) in classes.EnumerateArray().Zip(got.GetProperty("classes").EnumerateArray()))
            {
                Assert.Equal(one.GetProperty("class").GetString(), other.GetProperty("class").GetString());
                Assert.Equal(one.GetProperty("probability").GetDouble(), other.GetProperty("probability").GetDouble(), 1e-5);
            }
        }
        else if (expected.TryGetProperty("number", out var number)) Assert.Equal(number.GetDouble(), got.GetProperty("number").GetDouble(), 1e-3);
        else Assert.Equal(expected.GetRawText(), got.GetRawText());
    }

    [Fact]
    public void What_an_ONNX_file_cannot_do_is_told()
    {
        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run("train", "--model", "char-gru", "--data", Poem(temp), "--epochs", "1", "--output", temp["runs"]).Code);
        Assert.Equal(0, CommandLine.Run("export", "--model", Directory.GetDirectories(temp["runs"]).Single(), "--to", "onnx", "--output", temp["text.onnx"]).Code);
        Assert.Contains("going on with a text needs its run folder", CommandLine.Run("predict", "--model", temp["text.onnx"], "the cat").ErrorLine, StringComparison.Ordinal);

        Assert.Equal(0, CommandLine.Run("export", "--model", run.Folder, "--to", "onnx", "--output", temp["cnn.onnx"]).Code);
        Assert.Equal(0, CommandLine.Run("import", temp["cnn.onnx"], "--data", "digits", "--output", temp["again.onnx"]).Code);
        var refused = CommandLine.Run("export", "--model", temp["again.onnx"], "--to", "safetensors", "--output", temp["no.safetensors"]);
        Assert.Equal(1, refused.Code);
        Assert.Contains("its network is known to the ONNX file only; use --to onnx or pt", refused.ErrorLine, StringComparison.Ordinal);
        Assert.False(File.Exists(temp["no.safetensors"]));
        // Out again, as a file of another name.
        Assert.Equal(0, CommandLine.Run("export", "--model", temp["again.onnx"], "--to", "onnx", "--output", temp["third.onnx"]).Code);
        Assert.Equal(Loss(temp["again.onnx"], "--test-count", "40"), Loss(temp["third.onnx"], "--test-count", "40"), 1e-5);
    }

    // A card tells of a network what is not so, or there is none.
    [Fact]
    public void A_card_has_to_fit_its_ONNX_file()
    {
        using var temp = new TempFolder();
        Onnx.OnnxExporter.Export(new LinearClassifier(784, 7), Tensor.Rand([1, 1, 28, 28]), temp["seven.onnx"]);
        Assert.Contains($"an ONNX file that tells no classes; `cresset import {temp["seven.onnx"]} --data ...` makes one that does", CommandLine.Run("eval", "--model", temp["seven.onnx"]).ErrorLine, StringComparison.Ordinal);
        var card = SavedModel.Load(run.Folder).Card;
        Onnx.OnnxModel.CopyWithMetadata(temp["seven.onnx"], temp["ten.onnx"], card.ToMetadata());
        Assert.Contains("expected one number for each of the 10 classes of digits, got [1, 7].", CommandLine.Run("eval", "--model", temp["ten.onnx"]).ErrorLine, StringComparison.Ordinal);
        Onnx.OnnxExporter.Export(new Nn.Linear(5, 10), Tensor.Rand([1, 5]), temp["flat.onnx"]);
        Onnx.OnnxModel.CopyWithMetadata(temp["flat.onnx"], temp["rows.onnx"], card.ToMetadata());
        Assert.Contains("it does not compute anything of pictures, [1, 1, 28, 28]", CommandLine.Run("eval", "--model", temp["rows.onnx"]).ErrorLine, StringComparison.Ordinal);
    }

    // A network that this library did not write has no card: the data tell its classes, the options its normalisation.
    [Fact]
    public void A_network_of_others_is_imported_with_the_classes_of_the_data()
    {
        using var temp = new TempFolder();
        var network = new Nn.Sequential(new Nn.Conv2d(1, 4, 3, stride: 2), new Nn.ReLU(), new Nn.AdaptiveAvgPool2d(1, 1), new Nn.Flatten(), new Nn.Linear(4, 10));
        network.Eval();
        Onnx.OnnxExporter.Export(network, Tensor.Rand([1, 1, 28, 28]), temp["net.onnx"]);
        var result = CommandLine.Run("import", temp["net.onnx"], "--data", "digits", "--mean", "0.5", "--std", "0.25", "--output", temp["ours.onnx"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        var metadata = Onnx.OnnxModel.Load(temp["ours.onnx"]).Metadata;
        Assert.Equal(("onnx", "0.5", "0.25"), (metadata["cresset.model"], metadata["cresset.mean"], metadata["cresset.std"]));
        // The network itself on the same pictures, normalised by hand.
        Assert.Equal(Loss(temp["ours.onnx"], "--test-count", "1000"), Expected(network), 1e-4);

        static double Expected(Nn.Module network)
        {
            var samples = ((Inputs.PictureSamples)DataSources.Find("digits").Load(new DataRequest("digits", null, null, 1000, null), false, new Terminal(TextWriter.Null, TextWriter.Null, false), TestContext.Current.CancellationToken)).Images;
            var x = Tensor.From(Enumerable.Range(0, samples.Count).SelectMany(i => samples[i].ToArray()).Select(value => ((value / 255f) - 0.5f) / 0.25f).ToArray(), [samples.Count, 1, 28, 28]);
            using var mode = Autograd.NoGrad();
            return network.Forward(x).CrossEntropy(Tensor.From([.. samples.Labels])).Item();
        }
    }

    [Theory]
    [InlineData(2, "import: there is no file", "nothing.onnx", "--data", "digits")]
    [InlineData(1, "text.onnx: this is no ONNX model, or a damaged one", "text.onnx", "--data", "digits")]
    [InlineData(1, "empty.onnx: expected an ONNX model, got a file without nodes and outputs", "empty.onnx", "--data", "digits")]
    [InlineData(2, "--model: an .onnx file holds its network", "ten.onnx", "--data", "digits", "--model", "cnn")]
    [InlineData(2, "--entry: an .onnx file has no entries", "ten.onnx", "--data", "digits", "--entry", "state_dict")]
    [InlineData(2, "--output: expected a name that ends in .onnx", "ten.onnx", "--data", "digits", "--output", "y.safetensors")]
    [InlineData(2, "--data: common-names has no pictures", "ten.onnx", "--data", "common-names")]
    [InlineData(1, "--data: the network takes pictures of 1x14x14, digits has 1x28x28", "small.onnx", "--data", "digits")]
    [InlineData(1, "seven.onnx: expected one number for each of the 10 classes of digits, got [1, 7]", "seven.onnx", "--data", "digits")]
    [InlineData(1, "flat.onnx: expected a network with one input of pictures [N, C, H, W]", "flat.onnx", "--data", "digits")]
    [InlineData(2, "--std: expected numbers above 0, got 0.", "ten.onnx", "--data", "digits", "--std", "0")]
    public void What_does_not_fit_of_an_ONNX_file_is_told_and_nothing_is_written(int code, string message, string file, params string[] options)
    {
        using var temp = new TempFolder();
        Write(temp, "text.onnx", "no network at all");
        Write(temp, "empty.onnx", "");
        if (file is "ten.onnx" or "seven.onnx") Onnx.OnnxExporter.Export(new LinearClassifier(784, file == "ten.onnx" ? 10 : 7), Tensor.Rand([1, 1, 28, 28]), temp[file]);
        if (file == "small.onnx") Onnx.OnnxExporter.Export(new LinearClassifier(196, 10), Tensor.Rand([1, 1, 14, 14]), temp[file]);
        if (file == "flat.onnx") Onnx.OnnxExporter.Export(new Nn.Linear(784, 10), Tensor.Rand([1, 784]), temp[file]);
        string[] output = options.Contains("--output") ? [] : ["--output", temp["y.onnx"]];
        var result = CommandLine.Run(["import", temp[file], .. options, .. output]);
        Assert.Equal(code, result.Code);
        Assert.Contains(message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(File.Exists(temp["y.onnx"]));
    }
}
