using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Optim.Schedulers;
using Cresset.Serialization;
using Cresset.Tests.Kernels;
using Cresset.Training;
using Xunit;

namespace Cresset.Tests.Training;

// Dropout draws from the one generator of the process: a test beside it would draw from it too.
[Collection(nameof(GlobalSettings))]
public sealed class CheckpointTests : IDisposable
{
    const int Epochs = 3, BatchSize = 8;

    readonly string folder = Directory.CreateTempSubdirectory("checkpoint").FullName;

    string File => Path.Combine(folder, "training.checkpoint");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    // All that has a state: dropout draws random numbers, batch norm keeps means, Adam moments, the schedule its place.
    sealed class Run
    {
        readonly Stopping stopping;
        readonly DataLoader training, validation;

        public Sequential Model { get; }

        public Trainer Trainer { get; }

        public Run(Metric metric, int workers = 0, (int Epoch, int Batch)? stopAfter = null, string? save = null, int hidden = 6)
        {
            Random.Seed(1);
            var generator = new Generator(9);
            Model = new Sequential(new Linear(3, hidden), new BatchNorm1d(hidden), new ReLU(), new Dropout(0.3), new Linear(hidden, 2));
            var points = Tensor.Randn([50, 3], generator: generator);
            var labels = (points.Select(1, 0) > points.Select(1, 1)).To(DType.Int64);
            training = new DataLoader(new TensorDataset(points, labels), BatchSize, shuffle: true, seed: 4, workers: workers);
            validation = new DataLoader(new TensorDataset(points * 0.9, labels), 50);
            var optimizer = new Adam(Model.Parameters(), lr: 0.02);
            stopping = new Stopping(stopAfter);
            List<TrainerCallback> callbacks =
            [
                stopping, new EarlyStopping(2),
                new SchedulerStep(new OneCycleLr(optimizer, 0.02, Epochs * training.Count), eachBatch: true),
            ];
            if (save is not null) callbacks.Insert(0, new TrainingCheckpoint(save, everyBatches: 2));
            Trainer = new Trainer(Model, optimizer, new CrossEntropyLoss(), metric, clipNorm: 1, callbacks: callbacks);
        }

        public void Fit()
        {
            using var stop = new CancellationTokenSource();
            stopping.Stop = stop.Cancel;
            Trainer.Fit(training, Epochs - Trainer.History.Count, validation, stop.Token);
        }

        public float[] Weights => [.. Model.StateDict().Values.SelectMany(t => t.To(DType.Float32).ToArray<float>())];

        public double[][] History => [.. Trainer.History.Select(r => new[] { r.Epoch, r.TrainLoss, r.TrainScore, r.ValidationLoss, r.ValidationScore, r.LearningRate })];
    }

    sealed class Stopping((int Epoch, int Batch)? after) : TrainerCallback
    {
        public Action? Stop { get; set; }

        public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
        {
            if (after is var (epoch, batch) && (progress.Epoch, progress.Batch) == (epoch, batch)) Stop?.Invoke();
        }
    }

    public static TheoryData<int, int, int> Moments => new()
    {
        { 1, 1, 0 }, { 1, 4, 2 }, { 1, 7, 0 }, { 2, 3, 0 }, { 2, 6, 1 }, { 3, 5, 0 },
    };

    [Theory]
    [MemberData(nameof(Moments))]
    public void A_training_that_goes_on_from_a_checkpoint_comes_to_the_weights_and_the_history_of_an_unbroken_one(int epoch, int batch, int workers)
    {
        var unbroken = new Run(new Accuracy());
        unbroken.Fit();
        Assert.Equal(Epochs, unbroken.History.Length);

        var first = new Run(new Accuracy(), workers, (epoch, batch));
        first.Fit();
        first.Trainer.SaveCheckpoint(File);
        Assert.NotEqual(unbroken.Weights, first.Weights);

        var second = new Run(new Accuracy(), workers);
        second.Trainer.LoadCheckpoint(File);
        second.Fit();
        Assert.Equal(unbroken.Weights, second.Weights);
        Assert.Equal(unbroken.History, second.History);
    }

    // What of a damaged file is still a checkpoint may be that of another model.
    [Fact]
    public void Damaged_checkpoints_are_refused()
    {
        var run = new Run(new Accuracy(), stopAfter: (1, 2));
        run.Fit();
        run.Trainer.SaveCheckpoint(File);
        var (random, valid, path) = (Random.Default.State, System.IO.File.ReadAllBytes(File), File + ".damaged");
        DamagedFiles.Try<FormatException>(path, [valid], () => run.Trainer.LoadCheckpoint(path), cases: 500, other: typeof(ArgumentException));
        Random.Default.State = random;
    }

    // The callback saves by itself, after all others whatever its place in the list.
    [Fact]
    public void The_callback_saves_when_training_is_cancelled_and_after_the_last_epoch()
    {
        var unbroken = new Run(new Accuracy());
        unbroken.Fit();
        var killed = new Run(new Accuracy(), stopAfter: (2, 3), save: File);
        killed.Fit();
        var copy = File + ".second";
        var second = new Run(new Accuracy(), save: copy);
        second.Trainer.LoadCheckpoint(File);
        second.Fit();
        Assert.Equal(unbroken.Weights, second.Weights);
        // The last checkpoint stands after the last epoch: nothing is left to do.
        var third = new Run(new Accuracy(), save: copy);
        third.Trainer.LoadCheckpoint(copy);
        Assert.Equal(Epochs, third.Trainer.History.Count);
        third.Fit();
        Assert.Equal(unbroken.Weights, third.Weights);
    }

    [Fact]
    public void A_training_that_early_stopping_ended_stays_ended()
    {
        Run Make() => new(new Accuracy());
        var first = Make();
        first.Trainer.Stop();
        first.Trainer.SaveCheckpoint(File);
        var second = Make();
        second.Trainer.LoadCheckpoint(File);
        second.Fit();
        Assert.Empty(second.Trainer.History);
    }

    public static TheoryData<string> Metrics => [.. MetricsByName.Keys];

    static readonly Dictionary<string, (Func<Metric> Make, Func<Generator, (Tensor, Tensor)> Batch)> MetricsByName = new()
    {
        ["accuracy"] = (() => new Accuracy(), Classes),
        ["top 2"] = (() => new TopKAccuracy(2), Classes),
        ["precision"] = (() => new Precision(3), Classes),
        ["recall"] = (() => new Recall(3, Averaging.Weighted), Classes),
        ["F1"] = (() => new F1(3), Classes),
        ["squared error"] = (() => new MeanSquaredError(), Numbers),
        ["absolute error"] = (() => new MeanAbsoluteError(), Numbers),
        ["R2"] = (() => new R2(), Numbers),
        ["ROC"] = (() => new RocAuc(), generator => (Tensor.Randn([20], generator: generator), Tensor.RandInt(0, 2, [20], generator: generator))),
    };

    static (Tensor, Tensor) Classes(Generator generator) => (Tensor.Randn([20, 3], generator: generator), Tensor.RandInt(0, 3, [20], generator: generator));

    static (Tensor, Tensor) Numbers(Generator generator) => (Tensor.Randn([20], generator: generator), Tensor.Randn([20], generator: generator));

    [Theory]
    [MemberData(nameof(Metrics))]
    public void A_metric_goes_on_from_its_state(string name)
    {
        var (make, batch) = MetricsByName[name];
        var generator = new Generator(2);
        var (one, two) = (batch(generator), batch(generator));
        var whole = make();
        whole.Update(one.Item1, one.Item2);
        var state = whole.State;
        whole.Update(two.Item1, two.Item2);

        var second = make();
        second.Update(two.Item1, two.Item2);
        Assert.NotEqual(whole.Value, second.Value);
        second.State = state;
        second.Update(two.Item1, two.Item2);
        Assert.Equal(whole.Value, second.Value);
        Assert.Throws<ArgumentException>(() => second.State = [1, 2, 3, 4, 5]);
    }

    [Fact]
    public void What_does_not_fit_is_refused_with_a_reason()
    {
        new Run(new Accuracy()).Trainer.SaveCheckpoint(File);
        Assert.Contains("0.weight", Assert.Throws<ArgumentException>(() => new Run(new Accuracy(), hidden: 7).Trainer.LoadCheckpoint(File)).Message, StringComparison.Ordinal);
        Assert.Contains("R2", Assert.Throws<ArgumentException>(() => new Run(new R2()).Trainer.LoadCheckpoint(File)).Message, StringComparison.Ordinal);
        Assert.Contains("callbacks", Assert.Throws<ArgumentException>(() => new Run(new Accuracy(), save: File).Trainer.LoadCheckpoint(File)).Message, StringComparison.Ordinal);

        var model = Path.Combine(folder, "model.safetensors");
        new Linear(2, 2).Save(model);
        Assert.Contains("not a checkpoint", Assert.Throws<FormatException>(() => new Run(new Accuracy()).Trainer.LoadCheckpoint(model)).Message, StringComparison.Ordinal);

        var whole = SafeTensors.Load(File);
        var json = whole.Metadata["cresset.checkpoint"];
        foreach (var damaged in new[] { "", "{}", "[]", json[..^5], json.Replace("\"version\":1", "\"version\":2", StringComparison.Ordinal), json.Replace("\"epoch\":[", "\"epoch\":[\"x\",", StringComparison.Ordinal), json.Replace("\"optimizer\":{", "\"optimizer\":{\"twice\":1,\"twice\":2,", StringComparison.Ordinal) })
        {
            Assert.NotEqual(json, damaged);
            SafeTensors.Save(File, whole.Tensors, new Dictionary<string, string> { ["cresset.checkpoint"] = damaged });
            Assert.Contains(File, Assert.Throws<FormatException>(() => new Run(new Accuracy()).Trainer.LoadCheckpoint(File)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_leaves_the_last_one_whole()
    {
        var run = new Run(new Accuracy());
        run.Trainer.SaveCheckpoint(File);
        var before = System.IO.File.ReadAllBytes(File);
        var below = Path.Combine(File, "training.checkpoint");
        Assert.ThrowsAny<IOException>(() => run.Trainer.SaveCheckpoint(below));
        Assert.Equal(before, System.IO.File.ReadAllBytes(File));
        Assert.Equal([File], Directory.GetFiles(folder));
    }
}
