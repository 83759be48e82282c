using System.Diagnostics;
using System.Globalization;
using Cresset.Cli.Inputs;
using Cresset.Training;
using Spectre.Console;

namespace Cresset.Cli;

/// <summary>Shows how training goes: on a terminal a bar with epoch, batch, loss, accuracy, samples a second and time left;
/// elsewhere a line an epoch, and one every ten seconds within a long epoch.</summary>
sealed class TrainingDisplay(Terminal terminal, int epochs, int batchesPerEpoch, ModelInput input, string judge) : TrainerCallback
{
    static readonly TimeSpan LiveInterval = TimeSpan.FromMilliseconds(100), PlainInterval = TimeSpan.FromSeconds(10);

    readonly Stopwatch watch = Stopwatch.StartNew();
    ProgressTask? task;
    TimeSpan shown;

    /// <summary>Runs the training with the display around it.</summary>
    public T Run<T>(Func<T> training)
    {
        if (terminal.Quiet || !terminal.IsLive) return training();
        return terminal.Console.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 20 },
                new PercentageColumn(), new RemainingTimeColumn())
            .Start(context =>
            {
                task = context.AddTask("starting", maxValue: (double)epochs * batchesPerEpoch);
                return training();
            });
    }

    /// <inheritdoc/>
    public override void OnBatchEnd(Trainer trainer, BatchProgress progress)
    {
        if (task is not null) task.Value = (double)(progress.Epoch - 1) * batchesPerEpoch + progress.Batch;
        if (terminal.Quiet || watch.Elapsed - shown < (task is null ? PlainInterval : LiveInterval)) return;
        shown = watch.Elapsed;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"epoch {progress.Epoch}/{epochs} batch {progress.Batch}/{batchesPerEpoch} loss {progress.Loss:F4} {Score(progress.Score, 1)} {progress.SamplesPerSecond:N0} samples/s");
        if (task is not null) task.Description = text.EscapeMarkup();
        else terminal.Note(text);
    }

    // Shares of right answers as percentages; other scores as they are.
    string Score(double value, int decimals) => input.Number is null
        ? $"{Evaluation.ScoreName(input)} {(100 * value).ToString($"F{decimals}", CultureInfo.InvariantCulture)}%"
        : $"{Evaluation.ScoreName(input)} {value.ToString("F4", CultureInfo.InvariantCulture)}";

    /// <inheritdoc/>
    public override void OnEpochEnd(Trainer trainer, EpochRecord record)
    {
        terminal.Note(string.Create(CultureInfo.InvariantCulture,
            $"epoch {record.Epoch}/{epochs}  loss {record.TrainLoss:F4}  {Score(record.TrainScore, 2)}  {judge} loss {record.ValidationLoss:F4}  {judge} {Score(record.ValidationScore, 2)}  {record.SamplesPerSecond:N0} samples/s  {record.Seconds:F1} s"));
        // The next epoch begins with a line of its own after the interval, not at once.
        shown = watch.Elapsed;
    }
}
