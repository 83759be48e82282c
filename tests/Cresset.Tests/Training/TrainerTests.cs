using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Optim.Schedulers;
using Cresset.Training;
using Xunit;

namespace Cresset.Tests.Training;

public class TrainerTests
{
    // Two clouds of points, apart: any classifier that learns gets them right.
    static TensorDataset Clouds(int count, ulong seed)
    {
        var generator = new Generator(seed);
        var labels = Tensor.RandInt(0, 2, [count], generator: generator);
        var points = Tensor.Randn([count, 2], generator: generator) * 0.3 + (labels.To(DType.Float32).Unsqueeze(1) * 2 - 1);
        return new TensorDataset(points, labels);
    }

    static Linear Model() => new(2, 2) { };

    static Linear Seeded()
    {
        var model = Model();
        Init.Uniform(model.Weight, -0.5, 0.5, new Generator(3));
        Init.Zeros(model.Bias!);
        return model;
    }

    sealed class Recorder(List<string> log, Action<Trainer, BatchProgress>? onBatch = null) : TrainerCallback
    {
        public override void OnEpochStart(Trainer trainer, int epoch) => log.Add($"start {epoch}");

        public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
        {
            log.Add($"batch {progress.Epoch}.{progress.Batch}");
            onBatch?.Invoke(trainer, progress);
        }

        public override void OnEpochEnd(Trainer trainer, EpochRecord record) => log.Add($"end {record.Epoch}");

        public override void OnEnd(Trainer trainer, TrainingResult result) => log.Add($"finished {(result.Interrupted ? "interrupted" : "whole")}");
    }

    [Fact]
    public void Learns_what_can_be_learned_and_reports_the_numbers_of_a_loop_by_hand()
    {
        DataLoader Loader() => new(Clouds(200, 1), batchSize: 32, shuffle: true, seed: 5);
        var validation = new DataLoader(Clouds(100, 2), batchSize: 100);

        var model = Seeded();
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.5), new CrossEntropyLoss(), new Accuracy());
        var history = trainer.Fit(Loader(), 3, validation, TestContext.Current.CancellationToken).History;

        var byHand = Seeded();
        var optimizer = new Sgd(byHand.Parameters(), lr: 0.5);
        var criterion = new CrossEntropyLoss();
        var loader = Loader();
        for (var epoch = 0; epoch < 3; epoch++)
        {
            double total = 0, correct = 0;
            foreach (var (points, labels) in loader)
            {
                var outputs = byHand.Forward(points);
                var loss = criterion.Forward(outputs, labels);
                total += loss.Item() * points.Size(0);
                correct += outputs.ArgMax(1).Equal(labels).Sum().Item();
                optimizer.ZeroGrad();
                loss.Backward();
                optimizer.Step();
            }
            Assert.Equal(total / 200, history[epoch].TrainLoss, 1e-12);
            Assert.Equal(correct / 200, history[epoch].TrainScore, 1e-12);
            foreach (var (points, labels) in validation)
                Assert.Equal(criterion.Forward(byHand.Forward(points), labels).Item(), history[epoch].ValidationLoss, 1e-12);
        }
        Assert.Equal(byHand.Weight.ToArray<float>(), model.Weight.ToArray<float>());
        Assert.True(history[^1].ValidationScore > 0.98, $"validation accuracy {history[^1].ValidationScore}");
    }

    [Fact]
    public void Callbacks_run_in_order_and_early_stopping_ends_after_the_epoch()
    {
        var log = new List<string>();
        var model = Seeded();
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 1e-9), new CrossEntropyLoss(), callbacks: [new Recorder(log), new EarlyStopping(patience: 1, minDelta: 0.1)]);
        var result = trainer.Fit(new DataLoader(Clouds(4, 1), batchSize: 2), 10, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(["start 1", "batch 1.1", "batch 1.2", "end 1", "start 2", "batch 2.1", "batch 2.2", "end 2", "finished whole"], log);
        Assert.False(result.Interrupted);
        Assert.True(double.IsNaN(result.History[0].ValidationLoss) && double.IsNaN(result.History[0].TrainScore));
    }

    [Fact]
    public void Cancelling_ends_after_the_batch_at_hand_and_saves()
    {
        var log = new List<string>();
        using var cancellation = new CancellationTokenSource();
        var folder = Directory.CreateTempSubdirectory("cresset");
        try
        {
            var path = Path.Combine(folder.FullName, "model.safetensors");
            var model = Seeded();
            var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.1), new CrossEntropyLoss(),
                callbacks: [new Recorder(log, (_, progress) => { if (progress is { Epoch: 2, Batch: 1 }) cancellation.Cancel(); }), new ModelCheckpoint(path)]);
            var result = trainer.Fit(new DataLoader(Clouds(6, 1), batchSize: 2), 5, cancellation: cancellation.Token);
            Assert.True(result.Interrupted);
            Assert.Single(result.History);
            Assert.Equal(["batch 2.1", "finished interrupted"], log[^2..]);
            var restored = Model();
            restored.Load(path);
            Assert.Equal(model.Weight.ToArray<float>(), restored.Weight.ToArray<float>());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void A_loss_that_is_no_number_stops_and_says_where()
    {
        var model = Seeded();
        var data = new TensorDataset(Tensor.From([1f, 1f, float.NaN, 1f], [2, 2]), Tensor.From([0L, 1L]));
        var trainer = new Trainer(model, new Sgd(model.Parameters(), lr: 0.25), new CrossEntropyLoss());
        var error = Assert.Throws<ArithmeticException>(() => trainer.Fit(new DataLoader(data), 1, cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("the loss is NaN at epoch 1, step 2; try a smaller learning rate than 0.25", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Gradients_are_clipped_and_a_scheduler_steps()
    {
        var model = Seeded();
        var before = model.Weight.ToArray<float>();
        var optimizer = new Sgd(model.Parameters(), lr: 1);
        var trainer = new Trainer(model, optimizer, new MseLoss(), clipNorm: 0.001, callbacks: [new SchedulerStep(new StepLr(optimizer, stepSize: 1, gamma: 0.5))]);
        var data = new TensorDataset(Tensor.Ones([1, 2]), Tensor.Full([1, 2], 1000));
        var history = trainer.Fit(new DataLoader(data), 2, cancellation: TestContext.Current.CancellationToken).History;
        Assert.Equal([1, 0.5], history.Select(record => record.LearningRate));
        var moved = Math.Sqrt(model.Weight.ToArray<float>().Zip(before).Sum(pair => Math.Pow(pair.First - pair.Second, 2)));
        Assert.InRange(moved, 1e-4, 0.0015 + 1e-6);
    }

    [Fact]
    public void The_history_reads_back_from_csv()
    {
        EpochRecord[] history = [new(1, 0.1, 0.5, 1.0 / 3, 0.25, 0.001, 1.25, 6543.2), new(2, 0.05, double.NaN, double.NaN, double.NaN, 1e-5, 2, 1)];
        var csv = History.ToCsv(history);
        Assert.Equal("epoch,train_loss,train_score,validation_loss,validation_score,learning_rate,seconds,samples_per_second\n"
            + "1,0.1,0.5,0.3333333333333333,0.25,0.001,1.25,6543.2\n2,0.05,NaN,NaN,NaN,1E-05,2,1\n", csv);
        Assert.Equal(history, History.FromCsv(csv));
        Assert.Contains("line 3: expected 8 numbers, got \"2,x\"", Assert.Throws<FormatException>(() => History.FromCsv(csv.Split("2,0.05")[0] + "2,x\n")).Message, StringComparison.Ordinal);
    }
}
