using System.CommandLine;
using System.Text.Json;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>What `cresset predict` was asked for.</summary>
sealed record PredictRequest(string Model, IReadOnlyList<string> Pictures, Invert Invert, int Top, bool Json);

/// <summary>Whether to swap dark and bright before a picture goes to the model.</summary>
enum Invert
{
    Auto,
    Yes,
    No,
}

/// <summary>A class with its probability.</summary>
sealed record ClassProbability(string Class, double Probability);

/// <summary>What a model says of one picture.</summary>
sealed record Prediction(string Picture, bool Inverted, IReadOnlyList<ClassProbability> Classes);

/// <summary>`cresset predict`: classes of picture files.</summary>
static class PredictCommand
{
    public const string Name = "predict";

    public static readonly string[] Examples =
    [
        "predict --model runs/20261123-154500-cnn seven.png",
        "predict --model model.safetensors --invert yes --top 5 scans/*.png",
        "predict --model runs/20261123-154500-cnn --json seven.png",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<PredictRequest>, int> run)
    {
        var model = Options.Model();
        var pictures = new Argument<string[]>("picture")
        {
            Description = "Picture files (PNG, JPEG, BMP, GIF, WebP); each is made grey and resized to 28x28.",
            Arity = ArgumentArity.OneOrMore,
        };
        var invert = new Option<Invert>("--invert")
        {
            Description = "Swap dark and bright: auto does so where the model learned bright ink on a dark ground and the picture's border is bright.",
            DefaultValueFactory = _ => Invert.Auto,
            HelpName = "auto|yes|no",
        };
        invert.CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (Enum.TryParse<Invert>(text, ignoreCase: true, out var value) && !char.IsAsciiDigit(text[0])) return value;
            result.AddError($"--invert: expected auto, yes or no, got '{text}'.");
            return Invert.Auto;
        };
        var top = Options.Number<int>("--top", "How many classes to print for each picture.", 3);
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(Name, "Tell the classes of picture files.") { pictures, model, invert, top, json };
        command.SetAction(result => run(result, () => new PredictRequest(
            result.GetValue(model)!, result.GetValue(pictures)!, result.GetValue(invert),
            result.GetValue(top)!.Value, result.GetValue(json))));
        return command;
    }

    /// <summary>Prints the likeliest classes of each picture.</summary>
    public static int Run(PredictRequest request, Terminal terminal)
    {
        if (request.Top < 1) throw CommandException.Usage($"--top: expected a whole number of at least 1, got {request.Top}.");
        var model = SavedModel.Load(request.Model);
        IReadOnlyList<Prediction> predictions = [.. request.Pictures.Select(path => Predict(model, path, request))];
        if (request.Json)
        {
            terminal.Line(JsonSerializer.Serialize(predictions, CliJson.Default.IReadOnlyListPrediction));
            return ExitCodes.Done;
        }
        foreach (var prediction in predictions)
        {
            terminal.Line($"{prediction.Picture}{(prediction.Inverted ? " (dark and bright swapped)" : "")}");
            foreach (var (name, probability) in prediction.Classes)
                terminal.Line(FormattableString.Invariant($"  {100 * probability,6:F2}%  {name}"));
        }
        return ExitCodes.Done;
    }

    static Prediction Predict(SavedModel model, string path, PredictRequest request)
    {
        var (picture, inverted) = PictureReader.Read(path, request.Invert, model.Card);
        double[] probabilities;
        using (Autograd.NoGrad())
        {
            var input = model.Card.Transform.Apply(picture.ToTensor()).Unsqueeze(0);
            probabilities = model.Network.Forward(input).To(DType.Float64).Softmax(1).ToArray<double>();
        }
        return new Prediction(path, inverted, [.. probabilities
            .Select((probability, c) => new ClassProbability(model.Card.Classes[c], probability))
            .OrderByDescending(c => c.Probability).Take(request.Top)]);
    }
}
