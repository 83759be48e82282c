using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Cresset.Cli;

/// <summary>Shows how training goes: on a terminal a bar with epoch, batch, loss, accuracy, samples a second and time left;
/// elsewhere a line an epoch, and one every ten seconds within a long epoch.</summary>
sealed class TrainingDisplay(Terminal terminal, int epochs, int batchesPerEpoch)
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

    /// <summary>After each batch.</summary>
    /// <param name="epoch">From 1.</param>
    /// <param name="batch">From 1.</param>
    /// <param name="loss">Mean of this epoch's batches so far.</param>
    /// <param name="accuracy">Of this epoch's pictures so far.</param>
    /// <param name="samplesPerSecond">In this epoch so far.</param>
    public void Batch(int epoch, int batch, double loss, double accuracy, double samplesPerSecond)
    {
        if (task is not null) task.Value = (double)(epoch - 1) * batchesPerEpoch + batch;
        if (terminal.Quiet || watch.Elapsed - shown < (task is null ? PlainInterval : LiveInterval)) return;
        shown = watch.Elapsed;
        var text = string.Create(CultureInfo.InvariantCulture,
            $"epoch {epoch}/{epochs} batch {batch}/{batchesPerEpoch} loss {loss:F4} accuracy {100 * accuracy:F1}% {samplesPerSecond:N0} samples/s");
        if (task is not null) task.Description = text.EscapeMarkup();
        else terminal.Note(text);
    }

    /// <summary>After each epoch.</summary>
    public void Epoch(EpochRow row)
    {
        terminal.Note(string.Create(CultureInfo.InvariantCulture,
            $"epoch {row.Epoch}/{epochs}  loss {row.TrainLoss:F4}  accuracy {100 * row.TrainAccuracy:F2}%  test loss {row.TestLoss:F4}  test accuracy {100 * row.TestAccuracy:F2}%  {row.SamplesPerSecond:N0} samples/s  {row.Seconds:F1} s"));
        // The next epoch begins with a line of its own after the interval, not at once.
        shown = watch.Elapsed;
    }
}
