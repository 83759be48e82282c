using System.Text;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

public class WrongInputTests(SmallRun run) : IClassFixture<SmallRun>
{
    [Theory]
    [InlineData("eval")]
    [InlineData("predict")]
    public void A_model_that_is_not_there_is_named(string command)
    {
        string[] picture = command == "predict" ? ["x.png"] : [];
        var result = CommandLine.Run([command, "--model", "no/such/run", .. picture]);
        Assert.Equal(1, result.Code);
        Assert.StartsWith("error: --model: there is no folder or file no/such/run", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_model_file_is_refused()
    {
        using var temp = new TempFolder();
        var path = temp.Write("model.safetensors", File.ReadAllBytes(run.File("model.safetensors")).AsSpan(0, 5000));
        var result = CommandLine.Run("eval", "--model", path);
        Assert.Equal(1, result.Code);
        Assert.Contains(path, result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("truncated", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_file_of_another_architecture_is_refused()
    {
        using var temp = new TempFolder();
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(run.File("model.safetensors")))
            .Replace("\"cresset.model\":\"cnn\"", "\"cresset.model\":\"mlp\"", StringComparison.Ordinal);
        var path = temp.Write("model.safetensors", Encoding.Latin1.GetBytes(text));
        var result = CommandLine.Run("eval", "--model", path);
        Assert.Equal(1, result.Code);
        Assert.Contains("its weights are not those of the model mlp for 10 classes", result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("conv1.weight", result.ErrorLine, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_model_without_a_card_is_refused()
    {
        using var temp = new TempFolder();
        new Cnn(10).Save(temp["other.safetensors"]);
        var result = CommandLine.Run("eval", "--model", temp["other.safetensors"]);
        Assert.Equal(1, result.Code);
        Assert.Contains("it is not a model that `cresset train` wrote", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_pictures_and_files_that_are_none_are_named()
    {
        using var temp = new TempFolder();
        var missing = CommandLine.Run("predict", "--model", run.Folder, "missing.png");
        Assert.Equal((1, "error: missing.png: there is no such file."), (missing.Code, missing.ErrorLine));
        var broken = temp.Write("broken.png", [1, 2, 3]);
        var result = CommandLine.Run("predict", "--model", run.Folder, broken);
        Assert.Equal(1, result.Code);
        Assert.StartsWith($"error: {broken}: expected a picture", result.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void Corrupt_and_wrong_labels_of_MNIST_files_are_named()
    {
        using var temp = new TempFolder();
        WriteMnist(temp, label: 10);
        var result = CommandLine.Run("train", "--data", "mnist", "--data-dir", temp.Path, "--output", temp["runs"]);
        Assert.Equal(1, result.Code);
        Assert.Contains("expected labels from 0 to 9, got 10 at index 0", result.ErrorLine, StringComparison.Ordinal);

        temp.Write("mnist/train-images-idx3-ubyte", [0, 0, 8, 3, 0, 0]);
        result = CommandLine.Run("train", "--data", "mnist", "--data-dir", temp.Path, "--output", temp["runs"]);
        Assert.Equal(1, result.Code);
        Assert.Contains("truncated", result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }

    [Fact]
    public async Task Missing_data_without_a_network_names_the_files_and_where_to_put_them()
    {
        using var temp = new TempFolder();
        var result = await CommandLine.RunProcess("train", "--data", "mnist", "--data-dir", temp["data"], "--output", temp["runs"]);
        Assert.Equal(1, result.Code);
        foreach (var text in new[] { "train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", temp["data/mnist"], "CRESSET_DATA" })
            Assert.Contains(text, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(temp["data"]) || Path.Exists(temp["runs"]));
    }

    [Fact]
    public async Task A_process_of_its_own_writes_no_control_codes_where_output_is_no_terminal()
    {
        var result = await CommandLine.RunProcess("eval", "--model", run.Folder);
        Assert.Equal(0, result.Code);
        Assert.Contains("Confusion matrix", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', result.Output);
        Assert.Empty(result.Error);
    }

    [Fact]
    public void A_stack_trace_is_shown_only_when_asked_for()
    {
        Assert.DoesNotContain("   at ", CommandLine.Run("eval", "--model", "none").Error, StringComparison.Ordinal);
        Assert.Contains("   at ", CommandLine.Run("eval", "--model", "none", "--verbose").Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Eval_on_pictures_of_other_classes_is_refused()
    {
        using var temp = new TempFolder();
        WriteFolder(temp["pets"], "cat", "dog");
        var result = CommandLine.Run("eval", "--model", run.Folder, "--data", temp["pets"]);
        Assert.Equal(1, result.Code);
        Assert.Contains("expected the model's classes (0, 1, 2, 3, 4, 5, 6, 7, 8, 9)", result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("(cat, dog)", result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_pictures_is_trained_on_and_a_fifth_of_each_class_held_out()
    {
        using var temp = new TempFolder();
        WriteFolder(temp["pets"], "cat", "dog");
        var result = CommandLine.Run("train", "--data", temp["pets"], "--epochs", "1", "--output", temp["runs"]);
        Assert.Equal(0, result.Code);
        Assert.Contains("pets: 16 training and 4 test pictures, 2 classes", result.Output, StringComparison.Ordinal);
        Assert.EndsWith("-pets-cnn", Directory.GetDirectories(temp["runs"]).Single(), StringComparison.Ordinal);
    }

    [Fact]
    public void More_pictures_than_there_are_is_bad_usage()
    {
        using var temp = new TempFolder();
        WriteFolder(temp["pets"], "cat", "dog");
        var result = CommandLine.Run("train", "--data", temp["pets"], "--train-count", "17", "--output", temp["runs"]);
        Assert.Equal((2, "error: --train-count: the training part has 16 pictures, asked for 17."), (result.Code, result.ErrorLine));
    }

    static void WriteFolder(string path, params string[] classes)
    {
        var digits = DrawnDigits.Draw(10 * classes.Length, 4);
        for (int i = 0; i < digits.Count; i++)
        {
            var folder = Directory.CreateDirectory(Path.Combine(path, classes[i % classes.Length])).FullName;
            ImageFile.WritePng(Path.Combine(folder, $"{i}.png"), new ImagePixels(digits[i].ToArray(), 1, 28, 28));
        }
    }

    static void WriteMnist(TempFolder temp, byte label)
    {
        Directory.CreateDirectory(temp["mnist"]);
        foreach (var part in new[] { "train", "t10k" })
        {
            IdxFile.Write<byte>(temp[$"mnist/{part}-images-idx3-ubyte"], new byte[784], 1, 28, 28);
            IdxFile.Write<byte>(temp[$"mnist/{part}-labels-idx1-ubyte"], [label], 1);
        }
    }
}
