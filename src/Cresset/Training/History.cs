using System.Globalization;
using System.Text;

namespace Cresset.Training;

/// <summary>What was measured in one epoch; NaN where there was nothing to measure.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainLoss">Mean loss of the samples, each as it was when its batch was trained on.</param>
/// <param name="TrainScore">The trainer's metric over those samples.</param>
/// <param name="ValidationLoss">Mean loss of the validation samples after the epoch.</param>
/// <param name="ValidationScore">The trainer's metric over them.</param>
/// <param name="LearningRate">The first parameter group's, during the epoch.</param>
/// <param name="Seconds">What the training took, validation not counted.</param>
/// <param name="SamplesPerSecond">Training samples a second.</param>
public sealed record EpochRecord(int Epoch, double TrainLoss, double TrainScore, double ValidationLoss, double ValidationScore,
    double LearningRate, double Seconds, double SamplesPerSecond)
{
    /// <summary>The loss that the epoch is judged by: the validation loss, the training loss where there is none.</summary>
    public double Judged => double.IsNaN(ValidationLoss) ? TrainLoss : ValidationLoss;
}

/// <summary>The epochs of a training as a CSV file.</summary>
public static class History
{
    const string Header = "epoch,train_loss,train_score,validation_loss,validation_score,learning_rate,seconds,samples_per_second";

    /// <summary>A line of names and a line for each epoch, numbers in the shortest form that reads back the same.</summary>
    public static string ToCsv(IEnumerable<EpochRecord> history)
    {
        ArgumentNullException.ThrowIfNull(history);
        var text = new StringBuilder(Header).Append('\n');
        foreach (var row in history)
        {
            text.Append(CultureInfo.InvariantCulture, $"{row.Epoch},{row.TrainLoss:R},{row.TrainScore:R},{row.ValidationLoss:R},{row.ValidationScore:R},");
            text.Append(CultureInfo.InvariantCulture, $"{row.LearningRate:R},{row.Seconds:R},{row.SamplesPerSecond:R}\n");
        }
        return text.ToString();
    }

    /// <summary>What <see cref="ToCsv"/> wrote.</summary>
    /// <exception cref="FormatException">Names the line and what was expected.</exception>
    public static IReadOnlyList<EpochRecord> FromCsv(string csv)
    {
        ArgumentNullException.ThrowIfNull(csv);
        var lines = csv.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (lines.Length == 0 || lines[0] != Header) throw new FormatException($"History: expected the first line \"{Header}\", got \"{lines.FirstOrDefault()}\"");
        var history = new List<EpochRecord>();
        for (var i = 1; i < lines.Length; i++)
        {
            var values = new double[8];
            var fields = lines[i].Split(',');
            var valid = fields.Length == values.Length;
            for (var j = 0; valid && j < values.Length; j++) valid = double.TryParse(fields[j], NumberStyles.Float, CultureInfo.InvariantCulture, out values[j]);
            if (!valid) throw new FormatException($"History: line {i + 1}: expected {values.Length} numbers, got \"{lines[i]}\"");
            history.Add(new EpochRecord((int)values[0], values[1], values[2], values[3], values[4], values[5], values[6], values[7]));
        }
        return history;
    }
}
