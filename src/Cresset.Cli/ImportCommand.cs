using System.CommandLine;
using System.Globalization;
using Cresset.Cli.Inputs;
using Cresset.Nn;
using Cresset.Onnx;
using Cresset.Serialization;

namespace Cresset.Cli;

/// <summary>What `cresset import` was asked for.</summary>
sealed record ImportRequest(string File, string? Model, string Data, string? DataDir, string? Entry, string? Mean, string? Deviation, string? Output);

/// <summary>`cresset import`: weights that PyTorch trained, or a network of an ONNX file, as a model for eval and predict.</summary>
static class ImportCommand
{
    public const string Name = "import";

    public static readonly string[] Examples =
    [
        "import resnet20.th --model resnet20 --data cifar10 --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225",
        "import mnist-cnn.pt --model cnn --data mnist --entry model_state --output mnist-cnn.safetensors",
        "import mobilenet.onnx --data images:photos --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225 --output photos.onnx",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<ImportRequest>, int> run)
    {
        var file = new Argument<string>("file") { Description = "A .pt, .pth or .th file of torch.save with a state dictionary in it, a .safetensors file, or an .onnx file, which holds the network as well. Nothing in it is run." };
        var model = new Option<string>("--model", "-m")
        {
            Description = $"The network whose weights they are, unless the file is an .onnx file: {string.Join(", ", Models.All.OfType<PictureModel>().Select(m => m.Name))}.",
            HelpName = "name",
        };
        var data = new Option<string>("--data") { Description = "Pictures like those it was trained on, which tell the classes and the shape: a data set's name or a folder.", HelpName = "name|folder", Required = true };
        var dataDir = Options.Text("--data-dir", "folder", "Where data sets lie, each in a folder of its name. [default: the variable CRESSET_DATA, else the user's cache folder]");
        var entry = Options.Text("--entry", "path", "Where in the file the state dictionary lies, such as state_dict.module. [default: where the network's names are]");
        var mean = Options.Text("--mean", "n,...", "What was taken off the pixels (0 to 1) in training, for each channel. [default: the data's]");
        var deviation = Options.Text("--std", "n,...", "What they were divided by then, for each channel. [default: the data's]");
        var output = Options.Text("--output", "file", "The file to write. [default: the file's name with the ending .safetensors, or -cresset.onnx, in this folder]", null, "-o");
        var command = new Command(Name, "Make a model for eval and predict from weights that PyTorch trained, or from an ONNX file.") { file, model, data, dataDir, entry, mean, deviation, output };
        command.SetAction(result => run(result, () => new ImportRequest(result.GetValue(file)!, result.GetValue(model), result.GetValue(data)!, result.GetValue(dataDir),
            result.GetValue(entry), result.GetValue(mean), result.GetValue(deviation), result.GetValue(output))));
        return command;
    }

    /// <summary>Reads the weights and writes the model.</summary>
    public static int Run(ImportRequest request, Terminal terminal, CancellationToken stop)
    {
        if (!File.Exists(request.File)) throw CommandException.Usage($"import: there is no file {request.File}.");
        if (request.File.EndsWith(ExportCommand.OnnxEnding, StringComparison.OrdinalIgnoreCase)) return RunOnnx(request, terminal, stop);
        if (request.Model is null) throw CommandException.Usage("--model: expected the network whose weights the file holds.");
        if (Models.Find(request.Model) is not PictureModel choice)
            throw CommandException.Usage($"--model: {request.Model} takes no pictures; only networks for pictures can be imported, since a file of weights has no vocabulary: {string.Join(", ", Models.All.OfType<PictureModel>().Select(m => m.Name))}.");
        var output = ExportCommand.NewFile(request.Output ?? Path.GetFileNameWithoutExtension(request.File) + ".safetensors");
        var source = DataSources.Find(request.Data);
        choice.Require(source.Kind, source.Name);
        if (source.Shape is { } shape) choice.Require(shape, source.Name);
        var (samples, input) = Pictures(request, source, choice.Shape, terminal, stop);
        var network = choice.Create(input, samples.Classes.Count, source.Name);
        Load(network, request);
        var model = new SavedModel(network, new ModelCard(choice.Name, source.Name, samples.Classes, input, null));
        model.Save(output);
        terminal.Line($"{output}: {choice.Name}, {network.Parameters().Sum(p => (long)p.ElementCount)} parameters, {samples.Classes.Count} classes; `cresset eval --model {output}` scores it");
        return ExitCodes.Done;
    }

    // The network is in the file; what it lacks is what its pictures and classes are.
    static int RunOnnx(ImportRequest request, Terminal terminal, CancellationToken stop)
    {
        if (request.Model is not null) throw CommandException.Usage("--model: an .onnx file holds its network; leave the option out.");
        if (request.Entry is not null) throw CommandException.Usage("--entry: an .onnx file has no entries; it is for files of torch.save.");
        var output = ExportCommand.NewFile(request.Output ?? Path.GetFileNameWithoutExtension(request.File) + "-cresset" + ExportCommand.OnnxEnding);
        if (!output.EndsWith(ExportCommand.OnnxEnding, StringComparison.OrdinalIgnoreCase)) throw CommandException.Usage($"--output: expected a name that ends in {ExportCommand.OnnxEnding}, got {output}.");
        var network = OnnxModel.Load(request.File);
        if (network.InputSizes is not [[_, (1 or 3) and { } channels, var height, var width]])
            throw new CommandException($"{request.File}: expected a network with one input of pictures [N, C, H, W], C 1 or 3, got the inputs {string.Join(", ", network.InputNames)}.");
        var source = DataSources.Find(request.Data);
        if (source.Kind != InputKind.Pictures) throw CommandException.Usage($"--data: {source.Name} has no pictures; only networks for pictures can be imported.");
        var shape = new PictureShape(channels, height ?? source.Shape?.Height ?? UsualSize, width ?? source.Shape?.Width ?? UsualSize);
        if (source.Shape is { } fixedShape && fixedShape != shape)
            throw new CommandException($"--data: the network takes pictures of {shape}, {source.Name} has {fixedShape}.");
        var (samples, input) = Pictures(request, source, shape, terminal, stop);
        var card = new ModelCard(ExportCommand.ImportedOnnx, source.Name, samples.Classes, input, null);
        _ = SavedModel.OfOnnx(network, card, request.File);
        OnnxModel.CopyWithMetadata(request.File, output, card.ToMetadata());
        terminal.Line($"{output}: {network.Parameters().Sum(p => (long)p.ElementCount)} parameters, {samples.Classes.Count} classes; `cresset eval --model {output}` scores it");
        return ExitCodes.Done;
    }

    // What is usual where a network takes pictures of any size.
    const int UsualSize = 224;

    // The pictures, and how they become an input.
    static (PictureSamples Samples, PictureInput Input) Pictures(ImportRequest request, DataSource source, PictureShape shape, Terminal terminal, CancellationToken stop)
    {
        var samples = (PictureSamples)source.Load(new DataRequest(source.Name, request.DataDir, null, null, shape), true, terminal, stop);
        var input = (PictureInput)samples.Measure();
        input = input with { Mean = Numbers("--mean", request.Mean, input.Mean), Deviation = Numbers("--std", request.Deviation, input.Deviation) };
        if (input.Deviation.Any(d => d <= 0)) throw CommandException.Usage($"--std: expected numbers above 0, got {request.Deviation}.");
        return (samples, input);
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
