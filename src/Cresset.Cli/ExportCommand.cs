using System.CommandLine;
using Cresset.Onnx;
using Cresset.Serialization;

namespace Cresset.Cli;

/// <summary>What `cresset export` was asked for.</summary>
sealed record ExportRequest(string Model, string To, string? Output);

/// <summary>A form that models are exported in.</summary>
/// <param name="Name">Its name for `--to`.</param>
/// <param name="Extension">The ending of its files.</param>
/// <param name="Write">Writes a model to a file.</param>
sealed record ExportForm(string Name, string Extension, Action<SavedModel, string> Write);

/// <summary>`cresset export`: a saved model for other programs.</summary>
static class ExportCommand
{
    public const string Name = "export";

    /// <summary>What a card calls a network that came from an ONNX file.</summary>
    public const string ImportedOnnx = "onnx";

    /// <summary>How names of ONNX files end.</summary>
    public const string OnnxEnding = ".onnx";

    static readonly IReadOnlyList<ExportForm> Forms =
    [
        new("safetensors", ".safetensors", (model, path) =>
        {
            // Weights alone are of use only where the network is known.
            if (model.Card.Model == ImportedOnnx) throw new NotSupportedException("its network is known to the ONNX file only; use --to onnx or pt");
            model.Save(path);
        }),
        // The state dictionary alone, as torch.save(model.state_dict(), path) writes it.
        new("pt", ".pt", (model, path) => TorchCheckpoint.Save(path, model.Network.StateDict())),
        new("onnx", OnnxEnding, WriteOnnx),
    ];

    public static readonly string[] Examples =
    [
        "export --model runs/20261123-154500-resnet20 --to pt",
        "export --model runs/20261123-154500-cnn --to safetensors --output digits.safetensors",
        "export --model runs/20261123-154500-cnn --to onnx --output digits.onnx",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<ExportRequest>, int> run)
    {
        var model = Options.Model();
        var to = new Option<string>("--to")
        {
            Description = "The form: safetensors (weights, and what eval and predict need), pt (the state dictionary for Python's torch.load), onnx (the network itself, for ONNX Runtime and others, and what eval and predict need).",
            HelpName = string.Join('|', Forms.Select(f => f.Name)),
            Required = true,
        };
        var output = Options.Text("--output", "file", "The file to write. [default: the model's name, in this folder]", null, "-o");
        var command = new Command(Name, "Write a saved model for other programs.") { model, to, output };
        command.SetAction(result => run(result, () => new ExportRequest(result.GetValue(model)!, result.GetValue(to)!, result.GetValue(output))));
        return command;
    }

    /// <summary>Writes the file.</summary>
    public static int Run(ExportRequest request, Terminal terminal)
    {
        var form = NearMatch.Find("form", request.To, Forms, f => f.Name);
        var model = SavedModel.Load(request.Model);
        var path = NewFile(request.Output ?? model.Card.Model + form.Extension);
        try
        {
            form.Write(model, path);
        }
        catch (NotSupportedException e)
        {
            throw new CommandException($"--to: {model.Card.Model} cannot be written as {form.Name}: {e.Message}", cause: e);
        }
        terminal.Line($"{path}: {model.Card.Model}, {model.Network.Parameters().Sum(p => (long)p.ElementCount)} parameters");
        return ExitCodes.Done;
    }

    // The batch has any size, and sequences of tokens any length.
    static void WriteOnnx(SavedModel model, string path)
    {
        var example = model.Card.Input.Example();
        var free = new Dictionary<int, string> { [0] = "batch" };
        if (!example.DType.IsFloatingPoint()) free[1] = "length";
        OnnxExporter.Export(model.Network, example, path, new OnnxExportOptions
        {
            DynamicDimensions = new Dictionary<string, IReadOnlyDictionary<int, string>> { ["input"] = free },
            Metadata = model.Card.ToMetadata(),
        });
    }

    /// <summary>Checks that a file can be made without losing another.</summary>
    /// <exception cref="CommandException">There is one, or no folder for it.</exception>
    public static string NewFile(string path)
    {
        if (path.Length == 0) throw CommandException.Usage("--output: expected a file, got nothing.");
        if (Path.Exists(path)) throw new CommandException($"--output: {path} is there already; give another name, or remove it first.");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        return folder is null || Directory.Exists(folder) ? path : throw new CommandException($"--output: there is no folder {folder}; make it first.");
    }
}
