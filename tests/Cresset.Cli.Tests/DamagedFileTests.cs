using Cresset.Cli;
using Cresset.Cli.Inputs;
using Cresset.Tests;
using Cresset.Text;
using Xunit;

namespace Cresset.Cli.Tests;

public class DamagedFileTests
{
    // A model file is the weights' file and a card in its head; either may be damaged.
    [Fact]
    public void Models()
    {
        using var temp = new TempFolder();
        var names = new NameInput(new Vocabulary(["a", "b"]));
        new SavedModel(new NameClassifier(names.Letters.Size, 2, 2, 2), new ModelCard("gru", "names", ["x", "y"], names, null)).Save(temp["names"]);
        var table = new TableSamples(Data.CsvTable.From(["n", "c", "t"], [["1", "a", "no"], ["2", "b", "yes"]]), "t", null, ["no", "yes"]);
        var input = table.Measure();
        var small = Cresset.Cli.Models.Find("table-linear");
        new SavedModel(small.Create(input, 2, ""), new ModelCard("table-linear", "csv:t.csv", ["no", "yes"], input, 5)).Save(temp["table"]);
        var path = temp["damaged.safetensors"];
        // Large sizes in a card make a large network before its weights are compared.
        DamagedFiles.Try<CommandException>(path, [File.ReadAllBytes(temp["table"])], () => SavedModel.Load(path), other: typeof(FormatException), memory: 1 << 22);
    }

    [Fact]
    public void Settings()
    {
        using var temp = new TempFolder();
        var path = temp["settings.json"];
        byte[] one = System.Text.Encoding.UTF8.GetBytes(new TrainSettings { Data = "digits", Epochs = 3, LearningRate = 0.01 }.ToJson());
        byte[] two = System.Text.Encoding.UTF8.GetBytes(new TrainSettings { Data = "csv:a.csv", Target = "b", Patience = 2 }.ToJson());
        DamagedFiles.Try<CommandException>(path, [one, two], () => TrainSettings.Read(path));
    }
}
