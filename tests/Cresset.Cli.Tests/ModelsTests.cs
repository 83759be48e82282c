using Cresset.Cli.Inputs;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

/// <summary>Every network for pictures through train, eval and predict, on very little data.</summary>
public class ModelsTests
{
    public static TheoryData<string> Names => [.. Models.All.Where(m => m.Kind == InputKind.Pictures).Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_model_trains_is_scored_and_predicts(string model)
    {
        using var temp = new TempFolder();
        // Deep networks on few and small pictures: colours where the model takes them.
        bool colour = model is "resnet20" or "googlenet" or "lenet" or "vit";
        if (colour)
        {
            var digits = DrawnDigits.Draw(20, 4);
            for (int i = 0; i < digits.Count; i++)
            {
                var folder = Directory.CreateDirectory(temp[$"pictures/{(i % 2 == 0 ? "even" : "odd")}"]).FullName;
                ImageFile.WritePng(Path.Combine(folder, $"{i}.png"), new ImagePixels([.. digits[i], .. digits[i], .. digits[i]], 3, 28, 28));
            }
        }
        string[] data = colour ? ["--data", temp["pictures"]] : ["--train-count", "20", "--test-count", "10"];
        var result = CommandLine.Run(["train", "--model", model, "--epochs", "1", "--batch-size", "10", "--augment", "crop", "--schedule", "cosine", "--output", temp["runs"], .. data]);
        Assert.Equal("", result.Error);
        Assert.Equal(0, result.Code);
        var run = Directory.GetDirectories(temp["runs"]).Single();
        Assert.Equal(0, CommandLine.Run("eval", "--model", run).Code);
        var picture = temp.Write("digit.png", ImageFile.EncodePng(new ImagePixels(DrawnDigits.Draw(1, 2).Pixels, 1, 28, 28)));
        Assert.Equal(0, CommandLine.Run("predict", "--model", run, picture).Code);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("cosine")]
    [InlineData("step")]
    [InlineData("one-cycle")]
    public void Every_schedule_sets_the_rate_of_each_epoch(string schedule)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--model", "linear", "--schedule", schedule, "--optimizer", "sgd", "--lr", "0.1", "--epochs", "4", "--batch-size", "10",
            "--train-count", "20", "--test-count", "10", "--output", temp.Path);
        Assert.Equal(0, result.Code);
        var file = Path.Combine(Directory.GetDirectories(temp.Path).Single(), "history.csv");
        var lines = File.ReadAllLines(file);
        int column = Array.IndexOf(lines[0].Split(','), "learning_rate");
        Assert.True(column >= 0, lines[0]);
        double[] rates = [.. lines.Skip(1).Select(line => double.Parse(line.Split(',')[column], System.Globalization.CultureInfo.InvariantCulture))];
        // At the start of each epoch: eight steps in all, two an epoch.
        double[] expected = schedule switch
        {
            "cosine" => [.. Enumerable.Range(0, 4).Select(e => 0.05 * (1 + Math.Cos(Math.PI * 2 * e / 8)))],
            "step" => [0.1, 0.1, 0.01, 0.001],
            "one-cycle" => [0.004, 0, 0, 0],
            _ => [0.1, 0.1, 0.1, 0.1],
        };
        if (schedule == "one-cycle")
        {
            Assert.Equal(expected[0], rates[0], 1e-12);
            Assert.True(rates[1] > rates[2] && rates[2] > rates[3]);
        }
        else
        {
            for (int i = 0; i < 4; i++) Assert.Equal(expected[i], rates[i], 1e-12);
        }
    }

    [Fact]
    public void Summary_shows_layers_and_totals_of_a_network_and_of_a_run()
    {
        var result = CommandLine.Run("summary", "--model", "inception");
        Assert.Equal(0, result.Code);
        Assert.Contains("Parameters: 97,298, of which 97,298 trainable and 0 frozen", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"Conv2d \(branch5x5_2\) +\[1, 24, 12, 12\] +9,624 +1,382,400", result.Output); // 144 places, 24 channels, 16 x 25 products
        Assert.Contains("11,689,512", CommandLine.Run("summary", "--model", "resnet18", "--shape", "3x96x96", "--classes", "1000").Output, StringComparison.Ordinal);
        Assert.Contains("21,797,672", CommandLine.Run("summary", "--model", "resnet34", "--shape", "3x96x96", "--classes", "1000").Output, StringComparison.Ordinal);

        using var temp = new TempFolder();
        Assert.Equal(0, CommandLine.Run("train", "--model", "linear", "--epochs", "1", "--train-count", "20", "--test-count", "10", "--output", temp.Path).Code);
        Assert.Contains("Multiply-adds: 7,840", CommandLine.Run("summary", "--model", Directory.GetDirectories(temp.Path).Single()).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error: unknown model 'inceptoin'. Did you mean inception?", "--model", "inceptoin")]
    [InlineData("error: --shape: expected channels, height and width such as 3x32x32, got '32x32'.", "--model", "cnn", "--shape", "32x32")]
    [InlineData("error: --model: cnn takes pictures of 1x28x28 (grey); those of --shape are 3x32x32.", "--model", "cnn", "--shape", "3x32x32")]
    [InlineData("error: --classes: expected a whole number of at least 1, got 0.", "--model", "cnn", "--classes", "0")]
    public void Summary_refuses_what_makes_no_sense(string message, params string[] options)
    {
        var result = CommandLine.Run(["summary", .. options]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith(message, result.ErrorLine, StringComparison.Ordinal);
    }

    [Fact]
    public void Trains_on_part_of_CIFAR_10()
    {
        var root = Environment.GetEnvironmentVariable("CRESSET_DATA");
        if (string.IsNullOrEmpty(root) || !Cifar10.IsIn(Path.Combine(root, "cifar10")))
            Assert.Skip("needs CIFAR-10: set the variable CRESSET_DATA to the folder above cifar10");
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", "cifar10", "--data-dir", root!, "--model", "resnet20", "--train-count", "256", "--test-count", "100", "--epochs", "1", "--workers", "1", "--output", temp.Path);
        Assert.Equal("", result.Error);
        Assert.Contains("resnet20: 269722 parameters; cifar10: 256 training and 100 test pictures, 10 classes; sgd, learning rate 0.1", result.Output, StringComparison.Ordinal);
        var input = Assert.IsType<PictureInput>(SavedModel.Load(Directory.GetDirectories(temp.Path).Single()).Card.Input);
        Assert.Equal(PictureShape.Colour32, input.Shape);
        Assert.Equal([0.4914, 0.4822, 0.4465], input.Mean);
    }
}
