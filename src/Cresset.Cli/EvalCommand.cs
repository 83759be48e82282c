using System.CommandLine;

namespace Cresset.Cli;

/// <summary>What `cresset eval` was asked for.</summary>
sealed record EvalRequest(string Model, string? Data, string? DataDir, int? TestCount, int BatchSize, int? Threads, bool Json);

/// <summary>`cresset eval`: scores a saved model on test pictures.</summary>
static class EvalCommand
{
    public const string Name = "eval";

    public static readonly string[] Examples =
    [
        "eval --model runs/20261123-154500-cnn",
        "eval --model mnist.safetensors --data mnist --data-dir ~/data",
        "eval --model runs/20261123-154500-cnn --json",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<EvalRequest>, int> run)
    {
        var model = Options.Model();
        var data = Options.Text("--data", "name|folder", $"The pictures: {string.Join(", ", DataSources.All.Select(s => s.Name))}, or a folder (or .zip) with a folder of pictures for each class. [default: what the model was trained on]");
        var dataDir = Options.Text("--data-dir", "folder", "Where data sets lie, each in a folder of its name; a missing one is downloaded there. [default: the variable CRESSET_DATA, else the user's cache folder]");
        var testCount = Options.Number<int>("--test-count", "Test pictures. [default: as in training]");
        var batch = Options.Number<int>("--batch-size", "Pictures at once.", 256, "-b");
        var threads = Options.Number<int>("--threads", "Threads to compute with; results do not depend on it. [default: all]");
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON." };
        var command = new Command(Name, "Score a saved model on test pictures.") { model, data, dataDir, testCount, batch, threads, json };
        command.SetAction(result => run(result, () => new EvalRequest(
            result.GetValue(model)!, result.GetValue(data), result.GetValue(dataDir), result.GetValue(testCount),
            result.GetValue(batch)!.Value, result.GetValue(threads), result.GetValue(json))));
        return command;
    }

    public static int Run(EvalRequest request, Terminal terminal, CancellationToken stop)
    {
        return 0;
    }
}
