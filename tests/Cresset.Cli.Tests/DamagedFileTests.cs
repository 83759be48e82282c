using Cresset.Cli.Inputs;
using Cresset.Serialization;
using Cresset.Tests;
using Cresset.Text;
using Xunit;

namespace Cresset.Cli.Tests;

public class DamagedFileTests
{
    static (ModelInput Input, string[] Classes)[] Inputs()
    {
        var rows = Data.CsvTable.From(["n", "c", "t"], [["1", "a", "no"], ["2", "b", "yes"]]);
        var words = new Vocabulary(["a", "b"]);
        return
        [
            (PictureModel.With(new PictureShape(1, 2, 3)), ["x", "y"]),
            (new TableSamples(rows, "t", null, ["no", "yes"]).Measure(), ["no", "yes"]),
            (new NameInput(words), ["x", "y"]),
            (new SentenceInput(new SentenceEncoding(words, words, ["N", "V"], 6)), ["N", "V"]),
            (new DocumentInput(words, new TableColumns("class", Data.TableTask.Classification, "text")), ["x", "y"]),
            (new TextInput(words), [.. words.Tokens]),
        ];
    }

    // A model file is the weights' file and a card in its head; either may be damaged.
    [Fact]
    public void Models()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.safetensors"];
        var valid = Inputs().Take(2).Zip(["linear", "table-linear"], (input, name) =>
        {
            new SavedModel(Cresset.Cli.Models.Find(name).Create(input.Input, 2, ""), new ModelCard(name, "data", input.Classes, input.Input, 5)).Save(path);
            return File.ReadAllBytes(path);
        }).ToArray();
        DamagedFiles.Try<CommandException>(path, valid, () => SavedModel.Load(path), other: typeof(FormatException), memory: 1 << 25);
    }

    // The network and the card are both in the file, and it is run once.
    [Fact]
    public void Models_of_ONNX()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.onnx"];
        var valid = Inputs().Take(2).Zip(["linear", "table-linear"], (input, name) =>
        {
            Onnx.OnnxExporter.Export(Cresset.Cli.Models.Find(name).Create(input.Input, 2, ""), input.Input.Example(), path,
                new Onnx.OnnxExportOptions { Metadata = new ModelCard(name, "data", input.Classes, input.Input, 5).ToMetadata() });
            return File.ReadAllBytes(path);
        }).ToArray();
        DamagedFiles.Try<CommandException>(path, valid, () => SavedModel.Load(path), other: typeof(FormatException), memory: 1 << 22);
    }

    [Fact]
    public void Cards_of_each_kind()
    {
        using var temp = new TempFolder();
        var path = temp["damaged.safetensors"];
        byte[][] valid = [.. Inputs().Select(input =>
        {
            SafeTensors.Save(path, new Dictionary<string, Tensor>(), new ModelCard("model", "data", input.Classes, input.Input, null).ToMetadata());
            return File.ReadAllBytes(path);
        })];
        DamagedFiles.Try<CommandException>(path, valid, () => ModelCard.FromMetadata(path, SafeTensors.Load(path).Metadata), other: typeof(FormatException));
    }

    // Pictures of 4096 x 4096 for 100 classes are 6.7 GB of weights and more, which the file would have to have.
    [Theory]
    [InlineData("linear")]
    [InlineData("mlp")]
    public void A_card_gets_no_memory_that_its_file_does_not_fill(string model)
    {
        using var temp = new TempFolder();
        var card = new ModelCard(model, "data", [.. Enumerable.Range(0, 100).Select(i => $"{i}")], PictureModel.With(new PictureShape(1, 4096, 4096)), null);
        new SavedModel(new Nn.Linear(2, 2), card).Save(temp["large.safetensors"]);
        var before = MemoryPool.BytesLent + MemoryPool.BytesFree;
        Assert.Contains("larger than the file", Assert.Throws<CommandException>(() => SavedModel.Load(temp["large.safetensors"])).Message, StringComparison.Ordinal);
        Assert.True(MemoryPool.BytesLent + MemoryPool.BytesFree - before < 32 << 20);
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
