using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Cresset.Cli.Inputs;
using Cresset.Cli.Reports;
using Cresset.Data;
using Cresset.Plotting;
using Cresset.TensorBoard;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>What `cresset train` was asked for.</summary>
/// <param name="Settings">Its settings; of a run that goes on, those of the run.</param>
/// <param name="Resume">The run folder to go on in; null for a new run.</param>
sealed record TrainRequest(TrainSettings Settings, string? Resume = null);

/// <summary>`cresset train`: its options, and the run from data to run folder.</summary>
static class TrainCommand
{
    public const string Name = "train";

    const int ShownMistakes = 24;

    static readonly TimeSpan CheckpointInterval = TimeSpan.FromMinutes(1);

    public static readonly string[] Examples =
    [
        "train",
        "train --data mnist --model mlp --epochs 10 --optimizer sgd --lr 0.01 --momentum 0.5",
        "train --data cifar10 --model resnet20 --workers 1",
        "train --data pictures/ --model cnn --name pets",
        "train --data names --model gru",
        "train --data ud-ewt",
        "train --model char-transformer --data my-text.txt",
        "train --data csv:sales.csv --target churn",
        "train --data text:reviews.csv --text-column review --target stars",
        "train --config runs/20261123-154500-cnn/settings.json",
        "train --resume runs/20261123-154500-cnn",
    ];

    /// <summary>The subcommand; <paramref name="run"/> gets the request as a function because reading it may fail.</summary>
    public static Command Create(Func<System.CommandLine.ParseResult, Func<TrainRequest>, int> run)
    {
        var defaults = new TrainSettings();
        var config = Options.Text("--config", "file", "Take settings from a JSON file, such as a run's settings.json, which repeats that run; options that are given as well win.");
        var resume = Options.Text("--resume", "folder", "Go on with a run that was interrupted or killed, from its last checkpoint, to the weights that it would have reached; only --threads and --workers can be given with it.");
        var data = Options.Text("--data", "name|folder",
            $"The data: {DataSources.Help} [default: by the model, else digits]");
        var dataDir = Options.Text("--data-dir", "folder",
            "Where data sets lie, each in a folder of its name; a missing one is downloaded there. [default: the variable CRESSET_DATA, else the user's cache folder]");
        var model = Options.Text("--model", "name", $"The network: {Models.Names}. [default: by the data, else cnn]");
        var target = Options.Text("--target", "column", "Tables: the column to predict.");
        var textColumn = Options.Text("--text-column", "column", "Tables: the column of texts, by whose words alone the target is told (data as text:FILE.csv).");
        var task = new Option<TableTask?>("--task") { Description = "Tables: whether the target is a class or a number. [default: by its values]", HelpName = "classification|regression" };
        var epochs = Options.Number<int>("--epochs", "How often to go through the training samples. [default: by model and data]", null, "-e");
        var batch = Options.Number<int>("--batch-size", "Samples a step. [default: by model and data]", null, "-b");
        var optimizer = Options.Text("--optimizer", "name", $"How to change the weights: {Optimizers.Names}. [default: by model and data]");
        var rate = LearningRate($"Learning rate, above 0; or find: by a range test, which is drawn in the run folder. [default: by model and data; of another optimizer than theirs: {Optimizers.Rates}]");
        var momentum = Options.Number<double>("--momentum", $"The part of the last direction that is kept, from 0 to below 1, for {Optimizers.WithMomentum}. [default: by model and data, else 0]");
        var decay = Options.Number<double>("--weight-decay", "How strongly weights are drawn to 0. [default: by model and data, else 0; adamw: 0.01]");
        var clip = Options.Number<double>("--clip-norm", "Scale gradients down to this norm where they are above it. [default: 1 for sentences and text, else none]");
        var schedule = Options.Text("--schedule", "name", $"How the learning rate goes down over the run: {Schedules.Names}. [default: by model and data]");
        var warmup = Options.Number<double>("--warmup", "Let the learning rate rise over so many epochs, such as 0.5, before the schedule begins. [default: none]");
        var augment = Options.Text("--augment", "name", $"Pictures: random changes in training: {Augmentations.Names}. [default: crop-flip for most models on cifar10, else none]");
        var seed = Options.Number<int>("--seed", "Start of the random numbers; the same seed gives the same run.", defaults.Seed);
        var threads = Options.Number<int>("--threads", "Threads to compute with; results do not depend on it. [default: all]");
        var trainCount = Options.Number<int>("--train-count", "Training samples. [default: digits: 6000; others: all]");
        var testCount = Options.Number<int>("--test-count", "Test samples. [default: digits: 1000; others: all]");
        var workers = Options.Number<int>("--workers", "Background workers that prepare batches.", defaults.Workers);
        var validation = Options.Number<double>("--validation", "Hold out this share of the training samples to judge epochs by, such as 0.2; the test samples then are looked at once, at the end. [default: the test samples judge]");
        var classWeights = Options.Text("--class-weights", "balanced", "Let each class count the same in the loss, however many samples it has. [default: each sample counts the same]");
        var patience = Options.Number<int>("--patience", "End when the validation (or test) loss has not improved for so many epochs. [default: all epochs are run]");
        var keep = Options.Text("--keep", "last|best", "Which model is kept: that of the last epoch, or of the one with the lowest validation (or test) loss. [default: best with --patience or --validation, else last]");
        var every = Options.Number<int>("--checkpoint-every", "Save a checkpoint after so many batches too. [default: after each epoch, and once a minute within]");
        var broken = Options.Number<int>("--max-broken", "Pictures: leave out at most so many that cannot be read, each with a warning. [default: one in twenty, at least one]");
        var overfit = Options.Number<int>("--overfit-batches", "Train on so many batches alone and score on them: a network that cannot learn them by heart has a fault.");
        var dryRun = new Option<bool>("--dry-run") { Description = "Let one batch go through everything, from reading the data to the reports, and keep nothing." };
        var tensorBoard = new Option<bool>("--tensorboard") { Description = "Write an event file for TensorBoard into the run folder: tensorboard --logdir runs." };
        var name = Options.Text("--name", "name", "The end of the run folder's name. [default: the data set and the model]");
        var output = Options.Text("--output", "folder", "Where the run folder is made.", defaults.Output, "-o");

        var command = new Command(Name, "Train a network on pictures, names, sentences, text or tables, score it on what was held out and write a run folder.")
        {
            data, dataDir, model, target, task, textColumn, epochs, batch, optimizer, rate, momentum, decay, clip, schedule, warmup, augment, seed, threads,
            validation, classWeights, patience, keep, trainCount, testCount, broken, workers, dryRun, overfit, tensorBoard, name, output, config, resume, every,
        };
        command.SetAction(result => run(result, () =>
        {
            if (result.GetValue(resume) is { } folder)
            {
                var other = result.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(o => !o.Implicit && o.Option.Parents.Contains(result.CommandResult.Command) && o.Option != resume && o.Option != threads && o.Option != workers);
                if (other is not null) throw CommandException.Usage($"--resume: the run goes on with its own settings, only --threads and --workers can be given; got {other.Option.Name} as well.");
                var own = TrainSettings.Read(RunFolder.Open(folder)[RunFolder.SettingsFile]);
                return new TrainRequest(own with { Threads = result.Given(threads, own.Threads), Workers = result.Given(workers, own.Workers)!.Value }, folder);
            }
            var lr = result.GetValue(rate);
            var file = result.GetValue(config);
            var start = file is null ? defaults : TrainSettings.Read(file);
            return new TrainRequest(start with
            {
                Data = result.Given(data, start.Data),
                DataDir = result.Given(dataDir, start.DataDir),
                Model = result.Given(model, start.Model),
                Target = result.Given(target, start.Target),
                Task = result.Given(task, start.Task),
                TextColumn = result.Given(textColumn, start.TextColumn),
                Epochs = result.Given(epochs, start.Epochs),
                BatchSize = result.Given(batch, start.BatchSize),
                Optimizer = result.Given(optimizer, start.Optimizer),
                LearningRate = lr is null ? start.LearningRate : lr.Rate,
                FindLearningRate = lr is null ? start.FindLearningRate : lr.Rate is null,
                Momentum = result.Given(momentum, start.Momentum),
                WeightDecay = result.Given(decay, start.WeightDecay),
                ClipNorm = result.Given(clip, start.ClipNorm),
                Schedule = result.Given(schedule, start.Schedule),
                Warmup = result.Given(warmup, start.Warmup),
                Augment = result.Given(augment, start.Augment),
                Validation = result.Given(validation, start.Validation),
                ClassWeights = result.Given(classWeights, start.ClassWeights),
                Patience = result.Given(patience, start.Patience),
                Keep = result.Given(keep, start.Keep),
                CheckpointEvery = result.Given(every, start.CheckpointEvery),
                Seed = result.Given(seed, start.Seed)!.Value,
                Threads = result.Given(threads, start.Threads),
                TrainCount = result.Given(trainCount, start.TrainCount),
                TestCount = result.Given(testCount, start.TestCount),
                Workers = result.Given(workers, start.Workers)!.Value,
                MaxBroken = result.Given(broken, start.MaxBroken),
                OverfitBatches = result.Given(overfit, start.OverfitBatches),
                DryRun = result.Given(dryRun, start.DryRun),
                TensorBoard = result.Given(tensorBoard, start.TensorBoard),
                Output = result.Given(output, start.Output)!,
                Name = result.Given(name, start.Name),
            });
        }));
        return command;
    }

    /// <summary>Trains, scores and writes the run folder.</summary>
    public static int Run(TrainRequest request, Terminal terminal, CancellationToken stop)
    {
        var plan = new TrainPlan(request.Settings, terminal, stop);
        terminal.Note(plan.Summary);
        foreach (var note in plan.Input.Notes) terminal.Note(note);
        if (!request.Settings.DryRun)
        {
            var settings = plan.Settings;
            return Run(plan, request.Resume is null ? RunFolder.Create(settings.Output, settings.Name!, DateTime.Now) : RunFolder.Open(request.Resume), request, terminal, stop);
        }
        var temporary = Directory.CreateTempSubdirectory("cresset-dry-run-");
        try
        {
            var code = Run(plan, RunFolder.Create(temporary.FullName, plan.Settings.Name!, DateTime.Now), request, terminal, stop);
            terminal.Line("Dry run: one batch went through training, checkpoint, test and reports; nothing was kept.");
            return code;
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    static int Run(TrainPlan plan, RunFolder run, TrainRequest request, Terminal terminal, CancellationToken stop)
    {
        if (request.Settings.FindLearningRate) FindLearningRate(plan, run, terminal, stop);
        var settings = plan.Settings;
        if (request.Resume is null)
        {
            // A run that can go on has its settings, and so this too.
            run.WriteText(RunFolder.DataFile, plan.Data.ToJson());
            run.WriteText(RunFolder.SettingsFile, settings.ToJson());
        }
        int epochs = settings.Epochs!.Value;
        var keepBest = settings.Keep == TrainSettings.KeepBest;
        var display = new TrainingDisplay(terminal, epochs, plan.Training.Count, plan.Input, plan.Judge);
        var kept = new ModelCheckpoint(run[RunFolder.ModelFile], bestOnly: keepBest, plan.Model.Card.ToMetadata());
        List<TrainerCallback> callbacks =
        [
            display, kept, new HistoryFile(run),
            // What the command encodes, it scales; columns of a table hold places of categories too.
            new ClassicMistakes(terminal.Warn, inputsAreIndices: plan.Input.Kind == InputKind.Table),
            new TrainingCheckpoint(run[RunFolder.CheckpointFile], settings.CheckpointEvery, CheckpointInterval),
        ];
        if (settings.TensorBoard) callbacks.Add(new TensorBoardLog(run.Path, Evaluation.ScoreName(plan.Input), plan.Judge));
        var trainer = plan.Trainer(callbacks);
        if (request.Resume is not null) Resume(trainer, plan, run, terminal);
        var result = display.Run(() => trainer.Fit(plan.Training, epochs - trainer.History.Count, plan.Judging, stop));
        if (PlotFonts.Problem is { } problem) terminal.Warn(problem);
        if (result.History.Count > 0) run.WriteLearningCurves(settings.Name!, result.History, plan.Judge, Evaluation.ScoreName(plan.Input));
        if (result.Interrupted)
        {
            terminal.Line();
            terminal.Line(settings.DryRun ? "Interrupted." : $"Interrupted: `cresset train --resume {run.Path}` goes on from here.");
            return ExitCodes.Interrupted;
        }
        if (result.Stopped) terminal.Note($"Ended after {trainer.History.Count} of {epochs} epochs: the {plan.Judge} loss had not improved for {settings.Patience} epochs.");
        var network = plan.Model.Network;
        if (keepBest)
        {
            terminal.Note($"The best epoch was {kept.Epoch}; its model is kept.");
            network = SavedModel.Load(run.Path).Network;
        }
        var number = plan.Input.Number;
        // Single characters of a text say nothing.
        var isText = plan.Input.Kind == InputKind.Text;
        var mistakes = isText ? null : new WorstMistakes(plan.Classes, number is null ? null : y => y * number.Deviation + number.Mean, ShownMistakes);
        var numbers = number is null ? null : new PredictedNumbers(number);
        var report = Evaluation.Run(network, plan.Testing, plan.Classes, plan.Input, CancellationToken.None,
            [.. mistakes is null ? [] : new[] { mistakes.Update }, .. numbers is null ? [] : new[] { numbers.Update }]);
        run.WriteText(RunFolder.MetricsFile, report.ToJson());
        if (report is EvaluationReport byClass && !isText) run.WriteConfusionMatrix(settings.Name!, byClass);
        if (numbers is not null) run.WritePredictions(numbers.Chart(settings.Name!));
        run.WriteText(RunFolder.ReportFile, RunReport.Create(plan, network, run, report, mistakes?.All ?? []));
        report.Print(terminal, settings.OverfitBatches is null ? "Test" : "The batches trained on", plan.Input);
        terminal.Line();
        if (!settings.DryRun) terminal.Line($"Run folder: {run.Path}, its page: {run[RunFolder.ReportFile]}. `cresset predict --model {run.Path}` tries the model.");
        return ExitCodes.Done;
    }

    static void FindLearningRate(TrainPlan plan, RunFolder run, Terminal terminal, CancellationToken stop)
    {
        var range = plan.FindLearningRate(stop);
        run.WriteLearningRates(range);
        if (range.Suggestion is null)
            throw new CommandException($"--lr find: the loss did not fall within {range.Rates.Count} steps, at whatever rate ({run[RunFolder.RatesFile]}.png); expected a model that begins to learn at once. Give a rate, or try another --optimizer, such as adam.");
        terminal.Note(FormattableString.Invariant($"Found the learning rate {range.Suggestion:G3}, the middle of the loss's longest fall ({run[RunFolder.RatesFile]}.png)."));
    }

    // What --lr says; null for find.
    sealed record LearningRateChoice(double? Rate);

    static Option<LearningRateChoice?> LearningRate(string description) => new("--lr")
    {
        Description = description,
        HelpName = "n|find",
        CustomParser = result =>
        {
            var text = result.Tokens[^1].Value;
            if (text == "find") return new LearningRateChoice(null);
            if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var rate)) return new LearningRateChoice(rate);
            result.AddError($"--lr: expected a number or find, got '{text}'.");
            return null;
        },
    };

    // Where the process was killed before the first checkpoint, the run begins anew: nothing is lost but what had not been saved.
    static void Resume(Trainer trainer, TrainPlan plan, RunFolder run, Terminal terminal)
    {
        run.DeleteTemporary();
        if (!File.Exists(run[RunFolder.CheckpointFile]))
        {
            terminal.Note($"{run.Path} has no checkpoint yet: the run begins anew.");
            run.WriteText(RunFolder.DataFile, plan.Data.ToJson());
            return;
        }
        plan.Data.RequireSame(run);
        try
        {
            trainer.LoadCheckpoint(run[RunFolder.CheckpointFile]);
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"--resume: the checkpoint in {run.Path} does not fit the settings beside it: {e.Message}", cause: e);
        }
        terminal.Note($"Going on after {trainer.History.Count} of {plan.Settings.Epochs} epochs.");
    }

    sealed class HistoryFile(RunFolder run) : TrainerCallback
    {
        public override void OnEpochEnd(Trainer trainer, EpochRecord record) => run.WriteText(RunFolder.HistoryFile, History.ToCsv(trainer.History));
    }
}
