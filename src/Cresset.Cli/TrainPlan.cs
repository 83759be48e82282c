using Cresset.Cli.Inputs;
using Cresset.Data;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Training;

namespace Cresset.Cli;

/// <summary>A training made ready, before any file is written: settings complete, data loaded, network and optimizer made.</summary>
sealed class TrainPlan
{
    TrainSettings settings;
    readonly ScheduleChoice schedule;

    /// <summary>Makes it ready.</summary>
    /// <exception cref="CommandException">Settings that do not fit each other or the data.</exception>
    public TrainPlan(TrainSettings wanted, Terminal terminal, CancellationToken stop)
    {
        wanted.Check();
        var named = wanted.Model is null ? null : Models.Find(wanted.Model);
        var source = wanted.Data is not null ? DataSources.Find(wanted.Data, wanted.TextColumn) : DataSources.First(named?.Kind ?? InputKind.Pictures);
        var choice = named ?? Models.First(source.Kind);
        choice.Require(source.Kind, source.Name);
        if (source.Shape is { } known && choice is PictureModel pictures) pictures.Require(known, source.Name);
        settings = Recipe.For(choice.Name, source.Name).Fill(wanted);
        if (settings.OverfitBatches is not null) settings = settings with { Augment = Augmentations.None };
        var (optimizerChoice, values) = Optimizers.Read(settings);
        schedule = NearMatch.Find("schedule", settings.Schedule!, Schedules.All, s => s.Name);
        var augmentation = NearMatch.Find("augmentation", settings.Augment!, Augmentations.All, a => a.Name);
        RequireKind(augmentation.Name != Augmentations.None, "--augment: it changes pictures", source, InputKind.Pictures);
        RequireKind(settings.MaxBroken is not null, "--max-broken: it is for pictures", source, InputKind.Pictures);
        RequireKind((settings.Target ?? settings.Task?.ToString()) is not null, "--target and --task: they are for tables", source, InputKind.Table, InputKind.Documents);
        RequireKind(settings.TextColumn is not null, "--text-column: it is for tables", source, InputKind.Documents);
        if (settings.Threads is int threads) Threads.Count = threads;

        var request = new DataRequest(source.Name, settings.DataDir, settings.TrainCount, settings.TestCount, (choice as PictureModel)?.Shape, new TableColumns(settings.Target, settings.Task, settings.TextColumn), settings.MaxBroken);
        Samples training = source.Load(request, true, terminal, stop), testing = source.Load(request, false, terminal, stop);
        stop.ThrowIfCancellationRequested();
        var judging = testing;
        if (settings.Validation is { } share) (training, judging) = training.HoldOut(share);
        Judge = settings.Validation is null ? "test" : "validation";
        (Input, Classes) = (training.Measure(), training.Classes);
        var criterionWeights = settings.ClassWeights is null ? null : Evaluation.BalancedWeights(training, Input, Classes);
        Criterion = Evaluation.Criterion(Input, criterionWeights);
        var counts = FormattableString.Invariant($"{training.Count} training{(judging == testing ? "" : $", {judging.Count} validation")} and {testing.Count} test {training.Noun}");
        int batchSize = settings.BatchSize!.Value;
        if (settings.OverfitBatches is { } batches) training = judging = testing = training.Few(batches * batchSize);
        if (settings.DryRun) (training, judging, testing) = (training.Few(batchSize), judging.Few(batchSize), testing.Few(batchSize));

        TestSamples = testing;
        Data = new DataFingerprint(source.Name, [DataPart.Of("training", training), .. ReferenceEquals(judging, testing) ? [] : new[] { DataPart.Of("validation", judging) }, DataPart.Of("test", testing)]);
        // One seed for the initial weights and, through the loader, for the order of the samples.
        Random.Seed((ulong)settings.Seed);
        Model = new SavedModel(choice.Create(Input, Classes.Count, DataSources.ShortName(source.Name)), new ModelCard(choice.Name, source.Name, Classes, Input, settings.TestCount));
        Training = training.Batches(Input, Classes, batchSize, new TrainingOrder(settings.Seed, settings.Workers, augmentation));
        Judging = judging.Batches(Input, Classes, EvalCommand.DefaultBatchSize);
        Testing = testing.Batches(Input, Classes, EvalCommand.DefaultBatchSize);
        Optimizer = optimizerChoice.Create([.. Model.Network.Parameters()], values);
        var name = DataSources.ShortName(source.Name);
        settings = settings with
        {
            Data = source.Name,
            Model = choice.Name,
            Epochs = settings.DryRun ? 1 : settings.Epochs,
            LearningRate = values.Rate,
            Momentum = values.Momentum,
            WeightDecay = values.WeightDecay,
            Keep = settings.Keep ?? ((settings.Patience ?? settings.Validation) is null ? TrainSettings.KeepLast : TrainSettings.KeepBest),
            Name = settings.Name ?? $"{name}-{choice.Name}",
        };
        Summary = FormattableString.Invariant(
            $"{choice.Name}: {Model.Network.Parameters().Sum(p => (long)p.ElementCount)} parameters; {name}: {counts}, {(Input.Number is { } number ? $"predicting the number {number.Name}" : $"{Classes.Count} classes")}; {optimizerChoice.Name}{(settings.FindLearningRate ? "" : $", learning rate {values.Rate}")}");
    }

    /// <summary>The settings with all defaults filled in, so that they reproduce the run later as well.</summary>
    public TrainSettings Settings => settings with { FindLearningRate = false };

    /// <summary>The network, with what eval and predict must know.</summary>
    public SavedModel Model { get; }

    /// <summary>What it takes.</summary>
    public ModelInput Input { get; }

    /// <summary>The names of the classes, by index.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>What is trained on.</summary>
    public DataLoader<(Tensor, Tensor)> Training { get; }

    /// <summary>What epochs are judged by.</summary>
    public DataLoader<(Tensor, Tensor)> Judging { get; }

    /// <summary>What the model is scored on in the end.</summary>
    public DataLoader<(Tensor, Tensor)> Testing { get; }

    /// <summary>What is trained and judged on, to know it again.</summary>
    public DataFingerprint Data { get; }

    /// <summary>What <see cref="Testing"/> is made of.</summary>
    public Samples TestSamples { get; }

    /// <summary>What <see cref="Judging"/> is called.</summary>
    public string Judge { get; }

    /// <summary>What is trained for.</summary>
    public Loss Criterion { get; }

    /// <summary>What trains.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>Model, data and optimizer in a line.</summary>
    public string Summary { get; }

    /// <summary>The trainer.</summary>
    /// <param name="callbacks">What takes part beside the schedule and early stopping.</param>
    public Trainer Trainer(IEnumerable<TrainerCallback> callbacks)
    {
        List<TrainerCallback> all = [.. callbacks];
        if (Schedules.Create(schedule, Optimizer, settings.Epochs!.Value, Training.Count, settings.DryRun ? null : settings.Warmup) is { } steps) all.Add(steps);
        if (settings.Patience is int patience) all.Add(new EarlyStopping(patience));
        return new Trainer(Model.Network, Optimizer, Criterion, Evaluation.Metric(Input), settings.ClipNorm, Input.Pairs, all);
    }

    /// <summary>Looks for a learning rate by a range test, and sets it where there is one; everything else stays as it is.</summary>
    public LearningRateRange FindLearningRate(CancellationToken stop)
    {
        var trainer = new Trainer(Model.Network, Optimizer, Criterion, clipNorm: settings.ClipNorm, pairs: Input.Pairs);
        var range = trainer.FindLearningRate(Training, cancellation: stop);
        if (range.Suggestion is { } rate)
        {
            foreach (var group in Optimizer.Groups) group.Options.Lr = rate;
            settings = settings with { LearningRate = rate };
        }
        return range;
    }

    static void RequireKind(bool given, string what, DataSource source, params ReadOnlySpan<InputKind> kinds)
    {
        if (given && !kinds.Contains(source.Kind)) throw CommandException.Usage($"{what}; {source.Name} has none.");
    }
}
