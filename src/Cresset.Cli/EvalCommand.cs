using System.CommandLine;
using Cresset.Cli.Inputs;
using Cresset.Data;

namespace Cresset.Cli;

/// <summary>What `cresset eval` was asked for.</summary>
sealed record EvalRequest(string Model, string? Data, string? DataDir, int? TestCount, int BatchSize, int? Threads, bool Json);

/// <summary>`cresset eval`: scores a saved model on test data.</summary>
static class EvalCommand
{
    public const string Name = "eval";

    public const int DefaultBatchSize = 256;

    public static readonly string[] Examples =
    [
        "eval --model runs/20261123-154500-cnn",
        "eval --model mnist.safetensors --data mnist --data-dir ~/data",
        "eval --model runs/20261123-154500-cnn --json",
    ];

    public static Command Create(Func<System.CommandLine.ParseResult, Func<EvalRequest>, int> run)
    {
        var model = Options.Model();
        var data = Options.Text("--data", "name|folder", $"The data: {DataSources.Help} [default: what the model was trained on]");
        var dataDir = Options.Text("--data-dir", "folder", "Where data sets lie, each in a folder of its name; a missing one is downloaded there. [default: the variable CRESSET_DATA, else the user's cache folder]");
        var testCount = Options.Number<int>("--test-count", "Test samples. [default: as in training]");
        var batch = Options.Number<int>("--batch-size", "Samples at once.", DefaultBatchSize, "-b");
        var threads = Options.Number<int>("--threads", "Threads to compute with; results do not depend on it. [default: all]");
        var json = new Option<bool>("--json") { Description = "Print the figures as JSON." };
        var command = new Command(Name, "Score a saved model on test data.") { model, data, dataDir, testCount, batch, threads, json };
        command.SetAction(result => run(result, () => new EvalRequest(
            result.GetValue(model)!, result.GetValue(data), result.GetValue(dataDir), result.GetValue(testCount),
            result.GetValue(batch)!.Value, result.GetValue(threads), result.GetValue(json))));
        return command;
    }

    /// <summary>Scores the model and prints the report.</summary>
    public static int Run(EvalRequest request, Terminal terminal, CancellationToken stop)
    {
        Options.AtLeast("--batch-size", request.BatchSize, 1);
        Options.AtLeast("--threads", request.Threads, 1);
        Options.AtLeast("--test-count", request.TestCount, 1);
        var model = SavedModel.Load(request.Model);
        var card = model.Card;
        if (request.Threads is int threads) Threads.Count = threads;
        var data = request.Data ?? card.Data;
        var columns = card.Input.FileColumns ?? default;
        var source = DataSources.Find(data, columns.Text);
        int? count = request.TestCount ?? (source.Name == card.Data ? card.TestCount : null);
        ModelChoice.Require(card.Model, card.Input.Kind, source.Kind, source.Name);
        var samples = source.Load(new DataRequest(data, request.DataDir, null, count, (card.Input as PictureInput)?.Shape, columns, Whole: source.Name != card.Data), false, terminal, stop);
        var report = Evaluation.Run(model.Network, samples.Batches(card.Input, card.Classes, request.BatchSize), card.Classes, card.Input, stop);
        if (request.Json) terminal.Line(report.ToJson());
        else report.Print(terminal, $"{DataSources.ShortName(source.Name)}, test", card.Input);
        return ExitCodes.Done;
    }
}
