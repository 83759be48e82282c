using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>What `cresset predict` was asked for; null is not given.</summary>
sealed record PredictRequest(string Model, IReadOnlyList<string> Inputs, Invert? Invert, int? Top, int? Length, double? Temperature, int? TopK, double? TopP, int? Seed, bool Json);

/// <summary>Whether to swap dark and bright before a picture goes to the model.</summary>
enum Invert
{
    Auto,
    Yes,
    No,
}

/// <summary>A class with its probability.</summary>
sealed record ClassProbability(string Class, double Probability);

/// <summary>A word with its tag.</summary>
sealed record TaggedWord(string Word, string Tag);

/// <summary>What a model says of one input: by kind the classes of a picture, a name or a row, a row's number, the tags of a sentence's words, or a text
/// that goes on.</summary>
sealed record Prediction(string Input)
{
    /// <summary>Whether dark and bright of a picture were swapped.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public bool? Inverted { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<ClassProbability>? Classes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Number { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TaggedWord>? Words { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}

/// <summary>`cresset predict`: what a saved model says of pictures, names, sentences, texts, rows or the beginning of a text.</summary>
static class PredictCommand
{
    public const string Name = "predict";

    public const int DefaultTop = 3;

    public static readonly string[] Examples =
    [
        "predict --model runs/20261123-154500-cnn seven.png",
        "predict --model model.safetensors --invert yes --top 5 scans/*.png",
        "predict --model runs/20261123-154500-names-gru Petrovsky Rossini",
        "predict --model runs/20261123-154500-sales-table new-customers.csv",
        "predict --model runs/20261123-154500-sales-table \"age=31,plan=gold\"",
        "predict --model runs/20261123-154500-ud-ewt-tagger \"I saw a saw\"",
        "predict --model runs/20261123-154500-tinyshakespeare-char-transformer --temperature 0.8 --length 500 \"ROMEO:\"",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<PredictRequest>, int> run)
    {
        var model = Options.Model();
        var inputs = new Argument<string[]>("input")
        {
            Description = "By the model: picture files (PNG, JPEG, BMP, GIF, WebP; brought to the size and colours it learned from), names, sentences, texts, beginnings of a text, CSV files or rows such as \"age=31,plan=gold\".",
            Arity = ArgumentArity.OneOrMore,
        };
        var invert = new Option<Invert?>("--invert")
        {
            Description = "Pictures: swap dark and bright; auto does so where the model learned bright ink on a dark ground and the picture's border is bright. [default: auto]",
            HelpName = "auto|yes|no",
        };
        invert.CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (Enum.TryParse<Invert>(text, ignoreCase: true, out var value) && !char.IsAsciiDigit(text[0])) return value;
            result.AddError($"--invert: expected auto, yes or no, got '{text}'.");
            return null;
        };
        var top = Options.Number<int>("--top", $"Models of classes: how many to print for each. [default: {DefaultTop}]");
        var length = Options.Number<int>("--length", "Text: how many characters to add. [default: 300]");
        var temperature = Options.Number<double>("--temperature", "Text: below 1 likely characters come more often, above 1 less; 0 always takes the likeliest. [default: 1]");
        var topK = Options.Number<int>("--top-k", "Text: draw from the so many likeliest characters only. [default: all]");
        var topP = Options.Number<double>("--top-p", "Text: draw from the likeliest characters that together reach this probability. [default: all]");
        var seed = Options.Number<int>("--seed", "Text: start of the random numbers. [default: 1]");
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command(Name, "Ask a saved model about pictures, names, sentences, text or rows of a table.") { inputs, model, invert, top, length, temperature, topK, topP, seed, json };
        command.SetAction(result => run(result, () => new PredictRequest(
            result.GetValue(model)!, result.GetValue(inputs)!, result.GetValue(invert), result.GetValue(top), result.GetValue(length),
            result.GetValue(temperature), result.GetValue(topK), result.GetValue(topP), result.GetValue(seed), result.GetValue(json))));
        return command;
    }

    /// <summary>Prints what the model says.</summary>
    public static int Run(PredictRequest request, Terminal terminal)
    {
        Options.AtLeast("--top", request.Top, 1);
        Options.AtLeast("--length", request.Length, 1);
        Options.Require("--temperature", request.Temperature, request.Temperature is null or (>= 0 and < double.PositiveInfinity), "a number of at least 0");
        Options.AtLeast("--top-k", request.TopK, 1);
        Options.Require("--top-p", request.TopP, request.TopP is null or (> 0 and <= 1), "a number above 0 and at most 1");
        Options.AtLeast("--seed", request.Seed, 0);
        var model = SavedModel.Load(request.Model);
        var input = model.Card.Input;
        foreach (var (option, value) in (ReadOnlySpan<(string, object?)>)
            [("--invert", request.Invert), ("--top", request.Top), ("--length", request.Length), ("--temperature", request.Temperature), ("--top-k", request.TopK), ("--top-p", request.TopP), ("--seed", request.Seed)])
        {
            if (value is not null && !input.PredictOptions.Contains(option))
                throw CommandException.Usage($"{option}: {model.Card.Model} has no such option{(input.PredictOptions.Count == 0 ? "" : $"; it has {string.Join(", ", input.PredictOptions)}")}.");
        }
        IReadOnlyList<Prediction> predictions;
        using (Autograd.NoGrad())
            predictions = [.. request.Inputs.SelectMany(text => input.Predict(model.Network, model.Card.Classes, text, request))];
        if (request.Json)
        {
            terminal.Line(JsonSerializer.Serialize(predictions, CliJson.Default.IReadOnlyListPrediction));
            return ExitCodes.Done;
        }
        foreach (var prediction in predictions) Print(prediction, terminal);
        return ExitCodes.Done;
    }

    static void Print(Prediction prediction, Terminal terminal)
    {
        if (prediction.Text is { } text)
        {
            terminal.Line(text);
            return;
        }
        if (prediction.Words is { } words)
        {
            terminal.Line(string.Join(' ', words.Select(word => $"{word.Word}/{word.Tag}")));
            return;
        }
        terminal.Line($"{prediction.Input}{(prediction.Inverted == true ? " (dark and bright swapped)" : "")}");
        if (prediction.Number is { } number) terminal.Line(FormattableString.Invariant($"  {number:G6}"));
        foreach (var (name, probability) in prediction.Classes ?? [])
            terminal.Line(FormattableString.Invariant($"  {100 * probability,6:F2}%  {name}"));
    }
}
