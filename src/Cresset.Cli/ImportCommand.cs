using System.CommandLine;
using System.Globalization;
using Cresset.Cli.Inputs;
using Cresset.Nn;
using Cresset.Serialization;

namespace Cresset.Cli;

/// <summary>What `cresset import` was asked for.</summary>
sealed record ImportRequest(string File, string Model, string Data, string? DataDir, string? Entry, string? Mean, string? Deviation, string? Output);

/// <summary>`cresset import`: weights that PyTorch trained, as a model for eval and predict.</summary>
static class ImportCommand
{
    public const string Name = "import";

    public static readonly string[] Examples =
    [
        "import resnet20.th --model resnet20 --data cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
        "import mnist-cnn.pt --model cnn --data mnist --entry model_state --output mnist-cnn.safetensors",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<ImportRequest>, int> run)
    {
        var file = new Argument<string>("file") { Description = "A .pt, .pth or .th file of torch.save with a state dictionary in it, or a .safetensors file. Nothing in it is run." };
        var model = new Option<string>("--model", "-m")
        {
            Description = $"The network whose weights they are: {string.Join(", ", Models.All.OfType<PictureModel>().Select(m => m.Name))}.",
            HelpName = "name",
            Required = true,
        };
        var data = new Option<string>("--data") { Description = "Pictures like those it was trained on, which tell the classes and the shape: a data set's name or a folder.", HelpName = "name|folder", Required = true };
        var dataDir = Options.Text("--data-dir", "folder", "Where data sets lie, each in a folder of its name. [default: the variable CRESSET_DATA, else the user's cache folder]");
        var entry = Options.Text("--entry", "path", "Where in the file the state dictionary lies, such as state_dict.module. [default: where the network's names are]");
        var mean = Options.Text("--mean", "n,...", "What was taken off the pixels (0 to 1) in training, for each channel. [default: the data's]");
        var deviation = Options.Text("--std", "n,...", "What they were divided by then, for each channel. [default: the data's]");
        var output = Options.Text("--output", "file", "The file to write. [default: the file's name with the ending .safetensors, in this folder]", null, "-o");
        var command = new Command(Name, "Make a model for eval and predict from weights that PyTorch trained.") { file, model, data, dataDir, entry, mean, deviation, output };
        command.SetAction(result => run(result, () => new ImportRequest(result.GetValue(file)!, result.GetValue(model)!, result.GetValue(data)!, result.GetValue(dataDir),
            result.GetValue(entry), result.GetValue(mean), result.GetValue(deviation), result.GetValue(output))));
        return command;
    }

    /// <summary>Reads the weights and writes the model.</summary>
    public static int Run(ImportRequest request, Terminal terminal, CancellationToken stop)
    {
        if (!File.Exists(request.File)) throw CommandException.Usage($"import: there is no file {request.File}.");
        if (Models.Find(request.Model) is not PictureModel choice)
            throw CommandException.Usage($"--model: {request.Model} takes no pictures; only networks for pictures can be imported, since a file of weights has no vocabulary: {string.Join(", ", Models.All.OfType<PictureModel>().Select(m => m.Name))}.");
        var output = ExportCommand.NewFile(request.Output ?? Path.GetFileNameWithoutExtension(request.File) + ".safetensors");
        var source = DataSources.Find(request.Data);
        choice.Require(source.Kind, source.Name);
        if (source.Shape is { } shape) choice.Require(shape, source.Name);
        var samples = (PictureSamples)source.Load(new DataRequest(source.Name, request.DataDir, null, null, choice.Shape), true, terminal, stop);
        var input = (PictureInput)samples.Measure();
        input = input with { Mean = Numbers("--mean", request.Mean, input.Mean), Deviation = Numbers("--std", request.Deviation, input.Deviation) };
        if (input.Deviation.Any(d => d <= 0)) throw CommandException.Usage($"--std: expected numbers above 0, got {request.Deviation}.");
        var network = choice.Create(input, samples.Classes.Count, source.Name);
        Load(network, request);
        var model = new SavedModel(network, new ModelCard(choice.Name, source.Name, samples.Classes, input, null));
        model.Save(output);
        terminal.Line($"{output}: {choice.Name}, {network.Parameters().Sum(p => (long)p.ElementCount)} parameters, {samples.Classes.Count} classes; `cresset eval --model {output}` scores it");
        return ExitCodes.Done;
    }

    static void Load(Module network, ImportRequest request)
    {
        try
        {
            if (request.File.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
            {
                if (request.Entry is not null) throw CommandException.Usage("--entry: a safetensors file has no entries; it is for files of torch.save.");
                network.LoadStateDict(SafeTensors.Load(request.File).Tensors);
                return;
            }
            var checkpoint = TorchCheckpoint.Load(request.File);
            network.LoadStateDict(request.Entry is null ? checkpoint.StateDictFor(network) : checkpoint.StateDict(request.Entry));
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"{request.File}: its weights are not those of {request.Model} for these classes: {e.Message}", cause: e);
        }
    }

    static IReadOnlyList<double> Numbers(string option, string? text, IReadOnlyList<double> otherwise)
    {
        if (text is null) return otherwise;
        double[] numbers = [.. text.Split(',').Select(part => double.TryParse(part, NumberStyles.Float, CultureInfo.InvariantCulture, out var n) && double.IsFinite(n) ? n
            : throw CommandException.Usage($"{option}: expected numbers such as 0.5,0.5,0.5, got '{text}'."))];
        return numbers.Length == otherwise.Count ? numbers : throw CommandException.Usage($"{option}: expected a number for each of the {otherwise.Count} channels, got {numbers.Length}.");
    }
}
