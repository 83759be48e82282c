using System.CommandLine;
using Cresset.Cli.Inputs;
using Cresset.Nn;

namespace Cresset.Cli;

/// <summary>What `cresset summary` was asked for.</summary>
sealed record SummaryRequest(string Model, string? Shape, int? Classes);

/// <summary>`cresset summary`: the layers of a model, what each gives and costs.</summary>
static class SummaryCommand
{
    public const string Name = "summary";

    public static readonly string[] Examples =
    [
        "summary --model inception",
        "summary --model resnet18 --shape 3x224x224 --classes 1000",
        "summary --model runs/20261123-154500-cnn",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<SummaryRequest>, int> run)
    {
        var model = new Option<string>("--model", "-m")
        {
            Description = $"A network ({Models.Names}), a run folder of `cresset train`, the model.safetensors in one, or an .onnx file of `cresset export` or `import`.",
            HelpName = "name|folder|file",
            Required = true,
        };
        var shape = Options.Text("--shape", "CxHxW", "Channels, height and width of one picture. [default: what the model usually takes, or was trained on]");
        var classes = Options.Number<int>("--classes", $"The number of classes, for a network by name. [default: 10, or those of its usual data]");
        var command = new Command(Name, "Show a model's layers: output shapes, parameters, multiply-adds for one sample.") { model, shape, classes };
        command.SetAction(result => run(result, () => new SummaryRequest(result.GetValue(model)!, result.GetValue(shape), result.GetValue(classes))));
        return command;
    }

    /// <summary>Prints the table.</summary>
    public static int Run(SummaryRequest request, Terminal terminal)
    {
        Options.AtLeast("--classes", request.Classes, 1);
        PictureShape? given = request.Shape is null ? null : PictureShape.Parse(request.Shape)
            ?? throw CommandException.Usage($"--shape: expected channels, height and width such as 3x32x32, got '{request.Shape}'.");
        var (network, input) = Find(request, given);
        terminal.Line(network.Summary(input.Example()).ToString());
        return ExitCodes.Done;
    }

    static (Module Network, ModelInput Input) Find(SummaryRequest request, PictureShape? given)
    {
        bool isName = Models.All.Any(m => m.Name.Equals(request.Model, StringComparison.OrdinalIgnoreCase));
        if (!isName && Path.Exists(request.Model))
        {
            if (request.Classes is not null) throw CommandException.Usage("--classes: a trained model has its own; it is for a network by name.");
            var saved = SavedModel.Load(request.Model);
            if (given is { } other && (saved.Card.Input as PictureInput)?.Shape != other)
                throw CommandException.Usage($"--shape: the trained model takes {(saved.Card.Input is PictureInput { Shape: var own } ? $"pictures of {own}" : saved.Card.Input.Unit)}, got {other}.");
            return (saved.Network, saved.Card.Input);
        }
        var choice = Models.Find(request.Model);
        var (input, classes) = choice.Usual;
        if (given is { } shape) input = PictureModel.With(shape);
        // A tagger's classes are its tags, a language model's its characters.
        if (request.Classes is not null && choice.Kind is InputKind.Sentences or InputKind.Text) throw CommandException.Usage($"--classes: those of {choice.Name} follow from its data.");
        return (choice.Create(input, request.Classes ?? classes, "--shape"), input);
    }
}
