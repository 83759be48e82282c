using System.CommandLine;
using System.CommandLine.Parsing;
using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Plotting;
using Cresset.Training;
using Cresset.Vision;

namespace Cresset.Cli;

/// <summary>What `cresset train` was asked for.</summary>
/// <param name="Settings">Its settings; of a run that goes on, those of the run.</param>
/// <param name="Output">Where the run folder is made.</param>
/// <param name="Resume">The run folder to go on in; null for a new run.</param>
sealed record TrainRequest(TrainSettings Settings, string Output, string? Resume = null);

/// <summary>`cresset train`: its options, and the run from data to run folder.</summary>
static class TrainCommand
{
    public const string Name = "train";

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
        var task = new Option<TableTask?>("--task") { Description = "Tables: whether the target is a class or a number. [default: by its values]", HelpName = "classification|regression" };
        var epochs = Options.Number<int>("--epochs", "How often to go through the training samples. [default: by model and data]", null, "-e");
        var batch = Options.Number<int>("--batch-size", "Samples a step. [default: by model and data]", null, "-b");
        var optimizer = Options.Text("--optimizer", "name", $"How to change the weights: {Optimizers.Names}. [default: by model and data]");
        var rate = Options.Number<double>("--lr", $"Learning rate, above 0. [default: by model and data; of another optimizer than theirs: {Optimizers.Rates}]");
        var momentum = Options.Number<double>("--momentum", $"The part of the last direction that is kept, from 0 to below 1, for {Optimizers.WithMomentum}. [default: by model and data, else 0]");
        var decay = Options.Number<double>("--weight-decay", "How strongly weights are drawn to 0. [default: by model and data, else 0; adamw: 0.01]");
        var clip = Options.Number<double>("--clip-norm", "Scale gradients down to this norm where they are above it. [default: 1 for sentences and text, else none]");
        var schedule = Options.Text("--schedule", "name", $"How the learning rate goes down over the run: {Schedules.Names}. [default: by model and data]");
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
        var name = Options.Text("--name", "name", "The end of the run folder's name. [default: the data set and the model]");
        var output = Options.Text("--output", "folder", "Where the run folder is made.", "runs", "-o");

        var command = new Command(Name, "Train a network on pictures, names, sentences, text or tables, score it on what was held out and write a run folder.")
        {
            data, dataDir, model, target, task, epochs, batch, optimizer, rate, momentum, decay, clip, schedule, augment, seed, threads,
            validation, classWeights, patience, keep, trainCount, testCount, workers, name, output, config, resume, every,
        };
        command.SetAction(result => run(result, () =>
        {
            if (result.GetValue(resume) is { } folder)
            {
                var other = result.CommandResult.Children.OfType<OptionResult>().FirstOrDefault(o => !o.Implicit && o.Option.Parents.Contains(result.CommandResult.Command) && o.Option != resume && o.Option != threads && o.Option != workers);
                if (other is not null) throw CommandException.Usage($"--resume: the run goes on with its own settings, only --threads and --workers can be given; got {other.Option.Name} as well.");
                var own = TrainSettings.Read(RunFolder.Open(folder)[RunFolder.SettingsFile]);
                return new TrainRequest(own with { Threads = result.Given(threads, own.Threads), Workers = result.Given(workers, own.Workers)!.Value }, "", folder);
            }
            var file = result.GetValue(config);
            var start = file is null ? defaults : TrainSettings.Read(file);
            return new TrainRequest(start with
            {
                Data = result.Given(data, start.Data),
                DataDir = result.Given(dataDir, start.DataDir),
                Model = result.Given(model, start.Model),
                Target = result.Given(target, start.Target),
                Task = result.Given(task, start.Task),
                Epochs = result.Given(epochs, start.Epochs),
                BatchSize = result.Given(batch, start.BatchSize),
                Optimizer = result.Given(optimizer, start.Optimizer),
                LearningRate = result.Given(rate, start.LearningRate),
                Momentum = result.Given(momentum, start.Momentum),
                WeightDecay = result.Given(decay, start.WeightDecay),
                ClipNorm = result.Given(clip, start.ClipNorm),
                Schedule = result.Given(schedule, start.Schedule),
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
                Name = result.Given(name, start.Name),
            }, result.GetValue(output)!);
        }));
        return command;
    }

    /// <summary>Trains, scores and writes the run folder.</summary>
    public static int Run(TrainRequest request, Terminal terminal, CancellationToken stop)
    {
        var settings = request.Settings;
        settings.Check();
        var named = settings.Model is null ? null : Models.Find(settings.Model);
        var source = settings.Data is not null ? DataSources.Find(settings.Data) : DataSources.First(named?.Kind ?? InputKind.Pictures);
        var choice = named ?? Models.First(source.Kind);
        choice.Require(source.Kind, source.Name);
        if (source.Shape is { } known && choice is PictureModel pictures) pictures.Require(known, source.Name);
        settings = Recipe.For(choice.Name, source.Name).Fill(settings);
        var (optimizerChoice, values) = Optimizers.Read(settings);
        var schedule = NearMatch.Find("schedule", settings.Schedule!, Schedules.All, s => s.Name);
        var augmentation = NearMatch.Find("augmentation", settings.Augment!, Augmentations.All, a => a.Name);
        if (augmentation.Name != Augmentations.None && source.Kind != InputKind.Pictures) throw CommandException.Usage($"--augment: it changes pictures; {source.Name} has none.");
        if (source.Kind != InputKind.Table && (settings.Target ?? settings.Task?.ToString()) is not null) throw CommandException.Usage($"--target and --task: they are for tables; {source.Name} is none.");
        int epochs = settings.Epochs!.Value, batchSize = settings.BatchSize!.Value;
        if (settings.Threads is int threads) Threads.Count = threads;

        var wanted = new DataRequest(source.Name, settings.DataDir, settings.TrainCount, settings.TestCount, (choice as PictureModel)?.Shape, settings.Target, settings.Task);
        Samples training = source.Load(wanted, true, terminal, stop), testing = source.Load(wanted, false, terminal, stop);
        stop.ThrowIfCancellationRequested();
        var judging = testing;
        if (settings.Validation is { } share) (training, judging) = training.HoldOut(share);
        var judge = settings.Validation is null ? "test" : "validation";
        var (input, classes) = (training.Measure(), training.Classes);
        var card = new ModelCard(choice.Name, source.Name, classes, input, settings.TestCount);

        // One seed for the initial weights and, through the loader, for the order of the samples.
        Random.Seed((ulong)settings.Seed);
        var model = new SavedModel(choice.Create(input, classes.Count, DataSources.ShortName(source.Name)), card);
        var parameters = model.Network.Parameters().ToList();
        var trainingData = training.Batches(input, classes, batchSize, new TrainingOrder(settings.Seed, settings.Workers, augmentation));
        var display = new TrainingDisplay(terminal, epochs, trainingData.Count, input, judge);
        var testData = testing.Batches(input, classes, EvalCommand.DefaultBatchSize);
        var judgingData = judging.Batches(input, classes, EvalCommand.DefaultBatchSize);
        var criterion = Evaluation.Criterion(input, settings.ClassWeights is null ? null : Evaluation.BalancedWeights(training, input, classes));

        var name = settings.Name ?? $"{DataSources.ShortName(source.Name)}-{choice.Name}";
        var run = request.Resume is null ? RunFolder.Create(request.Output, name, DateTime.Now) : RunFolder.Open(request.Resume);
        bool keepBest = settings.Keep is null ? (settings.Patience ?? settings.Validation) is not null : settings.Keep == TrainSettings.KeepBest;
        // With all defaults filled in, so that the file says it all and reproduces the run later as well.
        if (request.Resume is null)
        {
            run.WriteText(RunFolder.SettingsFile, (settings with
            {
                Data = source.Name,
                Model = choice.Name,
                LearningRate = values.Rate,
                Momentum = values.Momentum,
                WeightDecay = values.WeightDecay,
                Keep = keepBest ? TrainSettings.KeepBest : TrainSettings.KeepLast,
            }).ToJson());
        }
        terminal.Note(FormattableString.Invariant(
            $"{choice.Name}: {parameters.Sum(p => (long)p.ElementCount)} parameters; {DataSources.ShortName(source.Name)}: {training.Count} training{(judging == testing ? "" : $", {judging.Count} validation")} and {testing.Count} test {training.Noun}, {(input.Number is { } number ? $"predicting the number {number.Name}" : $"{classes.Count} classes")}; {optimizerChoice.Name}, learning rate {values.Rate}"));

        foreach (var note in input.Notes) terminal.Note(note);

        var optimizer = optimizerChoice.Create(parameters, values);
        var kept = new ModelCheckpoint(run[RunFolder.ModelFile], bestOnly: keepBest, card.ToMetadata());
        List<TrainerCallback> callbacks =
        [
            display, kept, new HistoryFile(run),
            new TrainingCheckpoint(run[RunFolder.CheckpointFile], settings.CheckpointEvery, CheckpointInterval),
        ];
        if (schedule.Create(optimizer, epochs, trainingData.Count) is { } steps) callbacks.Add(steps);
        if (settings.Patience is int patience) callbacks.Add(new EarlyStopping(patience));
        var trainer = new Trainer(model.Network, optimizer, criterion, Evaluation.Metric(input), settings.ClipNorm, input.Pairs, callbacks);
        if (request.Resume is not null) Resume(trainer, run, epochs, terminal);
        var result = display.Run(() => trainer.Fit(trainingData, epochs - trainer.History.Count, judgingData, stop));
        var whole = !result.Interrupted;
        if (whole && trainer.History.Count < epochs) terminal.Note($"Ended after {trainer.History.Count} of {epochs} epochs: the {judge} loss had not improved for {settings.Patience} epochs.");
        if (whole && keepBest)
        {
            terminal.Note($"The best epoch was {kept.Epoch}; its model is kept.");
            model = SavedModel.Load(run.Path);
        }
        if (PlotFonts.Problem is { } problem) terminal.Warn(problem);
        if (result.History.Count > 0) run.WriteLearningCurves(name, result.History, judge, Evaluation.ScoreName(input));
        if (whole)
        {
            var report = Evaluation.Run(model.Network, testData, classes, input, CancellationToken.None);
            run.WriteText(RunFolder.MetricsFile, report.ToJson());
            if (report is EvaluationReport byClass) run.WriteConfusionMatrix(name, byClass);
            report.Print(terminal, "Test", input);
        }
        terminal.Line();
        terminal.Line(whole
            ? $"Run folder: {run.Path}"
            : $"Interrupted: `cresset train --resume {run.Path}` goes on from here.");
        return whole ? ExitCodes.Done : ExitCodes.Interrupted;
    }

    // Where the process was killed before the first checkpoint, the run begins anew: nothing is lost but what had not been saved.
    static void Resume(Trainer trainer, RunFolder run, int epochs, Terminal terminal)
    {
        run.DeleteTemporary();
        if (!File.Exists(run[RunFolder.CheckpointFile]))
        {
            terminal.Note($"{run.Path} has no checkpoint yet: the run begins anew.");
            return;
        }
        try
        {
            trainer.LoadCheckpoint(run[RunFolder.CheckpointFile]);
        }
        catch (ArgumentException e)
        {
            throw new CommandException($"--resume: the checkpoint in {run.Path} does not fit the settings beside it: {e.Message}", cause: e);
        }
        terminal.Note($"Going on after {trainer.History.Count} of {epochs} epochs.");
    }

    sealed class HistoryFile(RunFolder run) : TrainerCallback
    {
        public override void OnEpochEnd(Trainer trainer, EpochRecord record) => run.WriteText(RunFolder.HistoryFile, History.ToCsv(trainer.History));
    }
}
