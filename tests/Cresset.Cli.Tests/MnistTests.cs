using System.Globalization;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

/// <summary>On the real data, where the variable CRESSET_DATA says where it is.</summary>
public class MnistTests
{
    static string DataDir()
    {
        var root = Environment.GetEnvironmentVariable("CRESSET_DATA");
        if (string.IsNullOrEmpty(root) || !Directory.Exists(Path.Combine(root, "mnist")))
            Assert.Skip("needs MNIST: set the variable CRESSET_DATA to the folder above mnist");
        return root!;
    }

    [Fact]
    public void Trains_on_part_of_MNIST()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", "mnist", "--data-dir", DataDir(), "--train-count", "500", "--test-count", "100", "--epochs", "1", "--output", temp.Path);
        Assert.Equal(0, result.Code);
        Assert.Contains("mnist: 500 training and 100 test pictures, 10 classes", result.Output, StringComparison.Ordinal);
    }

    [Theory(Explicit = true)]
    [InlineData("mlp", 0.973)]
    [InlineData("cnn", 0.985)]
    public void Reaches_the_accuracy_that_PyTorch_reaches(string model, double least)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", "mnist", "--data-dir", DataDir(), "--model", model, "--epochs", "10", "--batch-size", "64",
            "--optimizer", "sgd", "--lr", "0.01", "--momentum", "0.5", "--output", temp.Path);
        Assert.Equal(0, result.Code);
        TestContext.Current.SendDiagnosticMessage(result.Output);
        var last = File.ReadLines(Path.Combine(Directory.GetDirectories(temp.Path).Single(), "history.csv")).Last().Split(',');
        Assert.True(double.Parse(last[4], CultureInfo.InvariantCulture) >= least, $"expected at least {least}, got {last[4]}");
    }
}
