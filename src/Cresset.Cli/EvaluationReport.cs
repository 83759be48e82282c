using System.Globalization;
using System.Text.Json;
using Cresset.Cli.Inputs;
using Cresset.Metrics;
using Spectre.Console;

namespace Cresset.Cli;

/// <summary>How well a model does on a data set; written as metrics.json.</summary>
interface IReport
{
    /// <summary>Prints the figures and tables.</summary>
    void Print(Terminal terminal, string title, ModelInput input);

    string ToJson();
}

/// <summary>How well a model predicts a number, in the number's own unit.</summary>
/// <param name="Loss">Mean squared error of standardised numbers, which training minimises.</param>
/// <param name="RootMeanSquaredError">The root of the mean squared error.</param>
/// <param name="MeanAbsoluteError">The mean of the errors' sizes.</param>
/// <param name="R2">The share of the variance that is explained: 1 for exact predictions, 0 for the mean.</param>
/// <param name="Samples">How many rows were predicted.</param>
sealed record RegressionReport(double Loss, double RootMeanSquaredError, double MeanAbsoluteError, double R2, long Samples) : IReport
{
    public void Print(Terminal terminal, string title, ModelInput input)
    {
        terminal.Line();
        terminal.Line(FormattableString.Invariant(
            $"{title}: {Samples} {input.Unit}, {input.Number!.Name}: root mean squared error {RootMeanSquaredError:G6}, mean absolute error {MeanAbsoluteError:G6}, R2 {R2:F4}"));
    }

    public string ToJson() => JsonSerializer.Serialize(this, CliJson.Default.RegressionReport);
}

/// <summary>How well a model tells classes apart.</summary>
/// <param name="Loss">Mean cross-entropy.</param>
/// <param name="Accuracy">0 to 1.</param>
/// <param name="Classes">A row for each class.</param>
/// <param name="Averages">Macro, micro and weighted.</param>
/// <param name="Confusion">Confusion[t][p]: how many samples of class t were taken for p.</param>
sealed record EvaluationReport(
    double Loss, double Accuracy, IReadOnlyList<ClassScores> Classes, IReadOnlyList<ClassScores> Averages, long[][] Confusion) : IReport
{
    // A wider matrix runs past the edge of most terminals.
    const int MostColumns = 20;

    /// <summary>The report that follows from a confusion matrix.</summary>
    public static EvaluationReport Of(ConfusionMatrix matrix, double loss, IReadOnlyList<string> classes)
    {
        var scores = matrix.Report(classes);
        long[][] rows = [.. Enumerable.Range(0, matrix.Classes)
            .Select(t => Enumerable.Range(0, matrix.Classes).Select(p => matrix[t, p]).ToArray())];
        return new EvaluationReport(loss, scores.Accuracy, scores.Classes, [scores.Macro, scores.Micro, scores.Weighted], rows);
    }

    public void Print(Terminal terminal, string title, ModelInput input)
    {
        bool isText = input.Kind == InputKind.Text;
        terminal.Line();
        terminal.Line(FormattableString.Invariant(
            $"{title}: {Confusion.Sum(row => row.Sum())} {input.Unit}, loss {Loss:F4}{(isText ? string.Create(CultureInfo.InvariantCulture, $" nats, perplexity {Math.Exp(Loss):F3}") : "")}, accuracy {100 * Accuracy:F2}%"));
        // Of single characters there is little to say.
        if (isText) return;
        terminal.Line();
        var scores = NewTable(terminal, "class", "precision", "recall", "F1", input.Unit);
        foreach (var row in Classes) scores.AddRow(Cells(row));
        scores.AddEmptyRow();
        foreach (var row in Averages) scores.AddRow(Cells(row));
        Write(terminal, scores);
        terminal.Line();
        if (Classes.Count > MostColumns)
        {
            terminal.Line($"Confusion matrix: {Classes.Count} classes are too many to print; see metrics.json and confusion-matrix.png.");
            return;
        }
        terminal.Line("Confusion matrix (rows: true class, columns: predicted class)");
        var matrix = NewTable(terminal, ["", .. Classes.Select(c => c.Name)]);
        for (int t = 0; t < Classes.Count; t++)
        {
            matrix.AddRow([
                new Spectre.Console.Text(Classes[t].Name),
                .. Confusion[t].Select((n, p) => new Spectre.Console.Text(
                    n == 0 && p != t ? "." : n.ToString(CultureInfo.InvariantCulture),
                    p == t ? new Style(decoration: Decoration.Bold) : n == 0 ? new Style(decoration: Decoration.Dim) : Style.Plain)),
            ]);
        }
        Write(terminal, matrix);
    }

    public string ToJson() => JsonSerializer.Serialize(this, CliJson.Default.EvaluationReport);

    static Spectre.Console.Text[] Cells(ClassScores row) =>
    [
        new(row.Name), new(Share(row.Precision)), new(Share(row.Recall)), new(Share(row.F1)),
        new(row.Support.ToString(CultureInfo.InvariantCulture)),
    ];

    static string Share(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    static Table NewTable(Terminal terminal, params string[] columns)
    {
        var table = new Table { Border = terminal.IsLive ? TableBorder.Rounded : TableBorder.Ascii };
        for (int i = 0; i < columns.Length; i++)
        {
            var column = new TableColumn(new Spectre.Console.Text(columns[i])) { NoWrap = true };
            table.AddColumn(i == 0 ? column : column.RightAligned());
        }
        return table;
    }

    // Where output is no terminal a table takes the width it needs.
    static void Write(Terminal terminal, Table table)
    {
        int width = terminal.Console.Profile.Width;
        if (!terminal.IsLive) terminal.Console.Profile.Width = 1000;
        terminal.Console.Write(table);
        terminal.Console.Profile.Width = width;
    }
}
