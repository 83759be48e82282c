using System.Globalization;
using Cresset.Data;
using Cresset.Metrics;
using Cresset.Nn;
using Cresset.Optim;
using Cresset.Training;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Cresset.Logging.Tests;

/// <summary>Keeps what it is given, from a level on.</summary>
sealed class KeptLog(LogLevel least = LogLevel.Trace) : ILogger
{
    public sealed record Message(LogLevel Level, int Id, string Text, IReadOnlyDictionary<string, object?> Fields);

    public List<Message> Messages { get; } = [];

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        Assert.Null(exception);
        Messages.Add(new(logLevel, eventId.Id, formatter(state, exception), ((IReadOnlyList<KeyValuePair<string, object?>>)(object)state!).ToDictionary(pair => pair.Key, pair => pair.Value)));
    }
}

public class TrainingLogTests
{
    static DataLoader<(Tensor, Tensor)> Data(int count) => new DataLoader(new TensorDataset(
        Tensor.Linspace(-1, 1, count).Reshape([count, 1]), Tensor.Linspace(-1, 1, count).Sign().Relu().To(DType.Int64)), batchSize: 4);

    static Trainer Classifier(params TrainerCallback[] callbacks)
    {
        Random.Seed(7);
        var model = new Linear(1, 2);
        return new Trainer(model, new Sgd(model.Parameters(), lr: 0.25), new CrossEntropyLoss(), new Accuracy(), callbacks: callbacks);
    }

    static Trainer Regression(params TrainerCallback[] callbacks)
    {
        var model = new Linear(1, 1);
        return new Trainer(model, new Sgd(model.Parameters(), lr: 0.25), new MseLoss(), callbacks: callbacks);
    }

    static DataLoader<(Tensor, Tensor)> Line() => new DataLoader(new TensorDataset(Tensor.Linspace(-1, 1, 8).Reshape([8, 1]), Tensor.Linspace(-1, 1, 8).Reshape([8, 1])), batchSize: 4);

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static string Invariant(FormattableString text) => FormattableString.Invariant(text);

    [Fact]
    public void An_epoch_and_the_end_are_told_with_the_figures_of_the_history()
    {
        var log = new KeptLog(LogLevel.Information);
        var result = Classifier(new TrainingLog(log)).Fit(Data(8), 2, Data(6), Stop);
        Assert.All(log.Messages, m => Assert.Equal(LogLevel.Information, m.Level));
        Assert.Equal([5, 7, 5, 7, 8], log.Messages.Select(m => m.Id));
        var (epoch, second) = (log.Messages[0], result.History[1]);
        Assert.Equal(1, epoch.Fields["Epoch"]);
        Assert.Equal(result.History[0].TrainLoss, epoch.Fields["Loss"]);
        Assert.Equal(result.History[0].TrainScore, epoch.Fields["Score"]);
        Assert.Equal(("accuracy", 0.25), (epoch.Fields["ScoreName"], epoch.Fields["LearningRate"]));
        Assert.Equal(result.History[0].SamplesPerSecond, epoch.Fields["SamplesPerSecond"]);
        Assert.Equal(result.History[0].Seconds, epoch.Fields["Seconds"]);
        Assert.Equal("Epoch {Epoch}: {Validation} loss {Loss:F4}, {ScoreName} {Score:F4}", log.Messages[3].Fields["{OriginalFormat}"]);
        Assert.Equal(Invariant($"Epoch 2: validation loss {second.ValidationLoss:F4}, accuracy {second.ValidationScore:F4}"), log.Messages[3].Text);
        var best = result.History.MinBy(r => r.ValidationLoss)!;
        Assert.Equal(Invariant($"Training ended after 2 epochs; the best was {best.Epoch} with a loss of {best.ValidationLoss:F4}"), log.Messages[4].Text);
    }

    [Fact]
    public void Without_metric_and_validation_data_nothing_is_said_of_them()
    {
        var log = new KeptLog();
        var result = Regression(new TrainingLog(log)).Fit(Line(), 1, null, Stop);
        Assert.Equal([(LogLevel.Debug, 1), (LogLevel.Trace, 2), (LogLevel.Trace, 2), (LogLevel.Information, 4), (LogLevel.Information, 8)], log.Messages.Select(m => (m.Level, m.Id)));
        Assert.Equal("Epoch 1 begins, learning rate 0.25", log.Messages[0].Text);
        Assert.Equal([1, 2], log.Messages.Skip(1).Take(2).Select(m => m.Fields["Batch"]));
        // The mean over all batches is that of the epoch.
        Assert.Equal(result.History[0].TrainLoss, log.Messages[2].Fields["Loss"]);
        Assert.All(log.Messages, m => Assert.DoesNotContain("NaN", m.Text, StringComparison.Ordinal));
        Assert.StartsWith(string.Create(CultureInfo.InvariantCulture, $"Epoch 1: loss {result.History[0].TrainLoss:F4}, learning rate 0.25, "), log.Messages[3].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_as_given_and_batches_have_a_score()
    {
        var log = new KeptLog();
        Classifier(new TrainingLog(log, "hits", "test")).Fit(Data(4), 1, Data(6), Stop);
        Assert.Contains(", hits ", log.Messages.Single(m => m.Id == 3).Text, StringComparison.Ordinal);
        Assert.Contains("test loss", log.Messages.Single(m => m.Id == 7).Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Early_stopping_is_told_from_the_last_epoch()
    {
        var log = new KeptLog(LogLevel.Information);
        // No loss improves by a hundred.
        var trainer = Regression(new EarlyStopping(patience: 1, minDelta: 100), new TrainingLog(log));
        Assert.True(trainer.Fit(Line(), 5, null, Stop).Stopped);
        Assert.Matches(@"^Training was stopped early after 2 epochs; the best was [12] with a loss of \d\.\d{4}$", log.Messages[^1].Text);
        // It would have ended here anyway.
        log.Messages.Clear();
        Assert.False(Regression(new EarlyStopping(patience: 1, minDelta: 100), new TrainingLog(log)).Fit(Line(), 2, null, Stop).Stopped);
        Assert.Equal(8, log.Messages[^1].Id);
    }

    sealed class CancelAt(int epoch, CancellationTokenSource source) : TrainerCallback
    {
        public override void OnEpochStart(Trainer trainer, int epochAtHand)
        {
            if (epochAtHand == epoch) source.Cancel();
        }
    }

    [Fact]
    public void A_cancelled_training_is_a_warning()
    {
        var log = new KeptLog(LogLevel.Information);
        using var source = new CancellationTokenSource();
        Regression(new CancelAt(3, source), new TrainingLog(log)).Fit(Line(), 5, cancellation: source.Token);
        Assert.Equal((LogLevel.Warning, "Training was cancelled in epoch 3, after 2 whole ones"), (log.Messages[^1].Level, log.Messages[^1].Text));
    }

    [Fact]
    public void No_epoch_is_told_as_such()
    {
        var log = new KeptLog();
        Regression(new TrainingLog(log)).Fit(Line(), 0, null, Stop);
        Assert.Equal("Training ended without an epoch", log.Messages.Single().Text);
    }
}
