using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cresset.Data;

/// <summary>How the rows of a table become inputs and targets: the types of its columns, found in the training rows, with means,
/// deviations and categories. The same encoding serves new rows, which need have neither the target nor the columns that were left
/// out. It can be kept as JSON beside a model.</summary>
/// <example><code>
/// var table = CsvTable.Load("sales.csv");
/// var encoding = TableEncoding.Fit(table, "churn");
/// var dataset = encoding.ToDataset(table);
/// var model = new TableNetwork(encoding);
/// </code></example>
public sealed class TableEncoding
{
    /// <summary>Columns of more categories than this are embedded, unless said otherwise; those of fewer take a place for each.</summary>
    public const int DefaultEmbedAbove = 16;

    // More texts than these are no categories; nor are texts of which most come once.
    const int MostCategories = 1000, AlwaysCategories = 20;

    // A target of whole numbers counts as classes up to so many.
    const int MostNumberClasses = 10;

    static readonly string[] DateFormats = ["yyyy-MM-dd", "yyyy-MM-dd HH:mm", "yyyy-MM-dd HH:mm:ss", "yyyy-MM-ddTHH:mm", "yyyy-MM-ddTHH:mm:ss", "yyyy-MM-ddTHH:mm:ssZ"];

    TableEncoding(IReadOnlyList<TableColumn> columns, TableTarget target, IReadOnlyList<(string, string)> leftOut)
    {
        (Columns, Target, LeftOut) = (columns, target, leftOut);
        NumberCount = columns.Sum(c => c.Width);
        EmbeddedSizes = [.. columns.Where(c => c.IsEmbedded).Select(c => c.Categories.Count + 1)];
    }

    /// <summary>The columns of the inputs.</summary>
    public IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>The column to predict.</summary>
    public TableTarget Target { get; }

    /// <summary>The columns that were left out, with the reason; empty in an encoding that was read.</summary>
    public IReadOnlyList<(string Column, string Reason)> LeftOut { get; }

    /// <summary>How many numbers an input begins with: standardised values, places of 0 and 1.</summary>
    public int NumberCount { get; }

    /// <summary>For each index that follows them, how many values it has, 0 for an unknown one included.</summary>
    public IReadOnlyList<int> EmbeddedSizes { get; }

    /// <summary>The length of an input.</summary>
    public int Width => NumberCount + EmbeddedSizes.Count;

    /// <summary>How many outputs a model has: one for each class, or one.</summary>
    public int Outputs => Target.Task == TableTask.Classification ? Target.Classes.Count : 1;

    /// <summary>Finds out what is in the columns. Texts of which there are too many, and columns with one value only, are left out.</summary>
    /// <param name="table">The training rows.</param>
    /// <param name="target">The column to predict. Rows without it do not count.</param>
    /// <param name="task">Classes or a number; by default classes where the target is text or whole numbers of at most ten values.</param>
    /// <param name="classes">The classes in the order of their indices; those of the table unless given.</param>
    /// <param name="embedAbove">Columns of more categories than this are embedded.</param>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    /// <exception cref="InvalidDataException">The target has less than two classes, or values that are no numbers; or no column is
    /// left to learn from.</exception>
    public static TableEncoding Fit(CsvTable table, string target, TableTask? task = null, IReadOnlyList<string>? classes = null, int embedAbove = DefaultEmbedAbove)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(target);
        var values = table.Column(target);
        table = table.Pick([.. Enumerable.Range(0, table.Count).Where(i => !table.IsMissing(values[i]))]);
        if (table.Count == 0) throw new InvalidDataException($"the column '{target}': expected values to learn, all are missing");
        var columns = new List<TableColumn>();
        var leftOut = new List<(string, string)>();
        foreach (var name in table.Names)
        {
            if (name == target) continue;
            if (Look(table, name, embedAbove, out var reason) is { } column) columns.Add(column);
            else leftOut.Add((name, reason));
        }
        if (columns.Count == 0)
            throw new InvalidDataException($"the table: expected at least one column to learn from beside '{target}', got none{string.Concat(leftOut.Select(c => $"; '{c.Item1}': {c.Item2}"))}");
        return new TableEncoding(columns, TargetOf(table, target, task, classes), leftOut);
    }

    /// <summary>The classes of a column, in the order that a fit without classes gives them; empty for one that is a number to
    /// predict.</summary>
    /// <inheritdoc cref="Fit"/>
    public static IReadOnlyList<string> ClassesOf(CsvTable table, string target, TableTask? task = null)
    {
        ArgumentNullException.ThrowIfNull(table);
        return TargetOf(table, target, task, null).Classes;
    }

    static TableTarget TargetOf(CsvTable table, string name, TableTask? task, IReadOnlyList<string>? classes)
    {
        string[] values = [.. table.Column(name).Where(v => !table.IsMissing(v))];
        string[] different = [.. values.Distinct()];
        var numbers = Array.ConvertAll(values, Number);
        var isNumber = Array.TrueForAll(numbers, n => n is not null);
        task ??= isNumber && (different.Length > MostNumberClasses || numbers.Any(n => n != Math.Truncate(n!.Value))) ? TableTask.Regression : TableTask.Classification;
        if (task == TableTask.Classification)
        {
            classes ??= CsvDataset.Sorted(different);
            return classes.Count > 1 ? new TableTarget(name, TableTask.Classification, classes, 0, 1)
                : throw new InvalidDataException($"the column '{name}': expected at least two classes to tell apart, got {(classes.Count == 0 ? "none" : $"only '{classes[0]}'")}");
        }
        if (!isNumber)
        {
            var wrong = values[Array.FindIndex(numbers, n => n is null)];
            throw new InvalidDataException($"the column '{name}': expected numbers for regression, got '{CsvDataset.Short(wrong)}'; choose classification");
        }
        var (mean, deviation) = Standard([.. numbers.Select(n => n!.Value)]);
        return deviation > 0 ? new TableTarget(name, TableTask.Regression, [], mean, deviation)
            : throw new InvalidDataException($"the column '{name}': expected different numbers to learn, all are {values[0]}");
    }

    // What is in a column; null with the reason where it is of no use.
    static TableColumn? Look(CsvTable table, string name, int embedAbove, out string reason)
    {
        reason = "";
        string[] values = [.. table.Column(name).Where(v => !table.IsMissing(v))];
        var missing = table.Count - values.Length;
        if (values.Length == 0)
        {
            reason = "all values are missing";
            return null;
        }
        string[] different = [.. values.Distinct().Order(StringComparer.Ordinal)];
        if (different.Length == 1 && missing == 0)
        {
            reason = $"all values are '{CsvDataset.Short(different[0])}'";
            return null;
        }
        foreach (var (kind, read) in (ReadOnlySpan<(TableColumnKind, Func<string, double?>)>)[(TableColumnKind.Number, Number), (TableColumnKind.Date, Days)])
        {
            var numbers = Array.ConvertAll(values, v => read(v));
            if (!Array.TrueForAll(numbers, n => n is not null)) continue;
            var (mean, deviation) = Standard([.. numbers.Select(n => n!.Value)]);
            return new TableColumn(name, kind, missing) { Mean = mean, Deviation = deviation > 0 ? deviation : 1 };
        }
        if (different.Length > AlwaysCategories && (different.Length > MostCategories || different.Length > values.Length / 2))
        {
            reason = $"{different.Length} different texts in {values.Length} rows";
            return null;
        }
        return new TableColumn(name, TableColumnKind.Category, missing) { Categories = different, IsEmbedded = different.Length > embedAbove };
    }

    static (double Mean, double Deviation) Standard(double[] values)
    {
        var mean = values.Average();
        return (mean, Math.Sqrt(values.Average(v => (v - mean) * (v - mean))));
    }

    static double? Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    static double? Days(string text) => DateTime.TryParseExact(text, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
        ? (time - DateTime.UnixEpoch).TotalDays
        : null;

    /// <summary>The inputs of rows, float32 [N, <see cref="Width"/>]: the numbers, then the indices, which float32 holds exactly.</summary>
    /// <exception cref="ArgumentException">The table lacks a column.</exception>
    /// <exception cref="InvalidDataException">A value is no number where training had numbers; the message names line and column.</exception>
    public Tensor Encode(CsvTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var inputs = new float[(long)table.Count * Width];
        int place = 0, index = NumberCount;
        foreach (var column in Columns)
        {
            var values = table.Column(column.Name);
            var known = column.Categories.Select((name, i) => (name, i)).ToDictionary(c => c.name, c => c.i);
            for (var row = 0; row < table.Count; row++)
            {
                var input = inputs.AsSpan(row * Width, Width);
                var missing = table.IsMissing(values[row]);
                if (column.Kind == TableColumnKind.Category)
                {
                    if (!missing && known.TryGetValue(values[row], out var category)) input[column.IsEmbedded ? index : place + category] = column.IsEmbedded ? category + 1 : 1;
                    continue;
                }
                // The mean of standardised numbers is 0.
                if (!missing) input[place] = (float)((Read(table, row, column, values[row]) - column.Mean) / column.Deviation);
                else if (column.Missing > 0) input[place + 1] = 1;
            }
            place += column.Width;
            if (column.IsEmbedded) index++;
        }
        return Tensor.From(inputs, [table.Count, Width]);
    }

    static double Read(CsvTable table, int row, TableColumn column, string text) => (column.Kind == TableColumnKind.Number ? Number(text) : Days(text))
        ?? throw new InvalidDataException($"{table.Place(row)}, column '{column.Name}': expected {(column.Kind == TableColumnKind.Number ? "a number" : "a date such as 2026-11-24")} as in the training rows, or nothing, got '{CsvDataset.Short(text)}'");

    /// <summary>The rows of a table that have the target: inputs as <see cref="Encode"/> gives them; targets int64 [N] for classes, for a
    /// number float32 [N, 1], standardised.</summary>
    /// <exception cref="ArgumentException">The table lacks a column.</exception>
    /// <exception cref="InvalidDataException">A value is none that the encoding knows; the message names line and column. Or no row has
    /// the target.</exception>
    public TensorDataset ToDataset(CsvTable table)
    {
        ArgumentNullException.ThrowIfNull(table);
        var values = table.Column(Target.Name);
        table = table.Pick([.. Enumerable.Range(0, table.Count).Where(i => !table.IsMissing(values[i]))]);
        if (table.Count == 0) throw new InvalidDataException($"the column '{Target.Name}': expected values, all are missing");
        values = table.Column(Target.Name);
        var inputs = Encode(table);
        if (Target.Task == TableTask.Regression)
        {
            var numbers = new float[table.Count];
            for (var i = 0; i < numbers.Length; i++)
                numbers[i] = (float)(((Number(values[i]) ?? throw new InvalidDataException($"{table.Place(i)}, column '{Target.Name}': expected a number to predict, got '{CsvDataset.Short(values[i])}'")) - Target.Mean) / Target.Deviation);
            return new TensorDataset(inputs, Tensor.From(numbers, [numbers.Length, 1]));
        }
        var known = Target.Classes.Select((name, i) => (name, i)).ToDictionary(c => c.name, c => (long)c.i);
        var indices = new long[table.Count];
        for (var i = 0; i < indices.Length; i++)
            indices[i] = known.TryGetValue(values[i], out var index) ? index
                : throw new InvalidDataException($"{table.Place(i)}, column '{Target.Name}': expected one of the {known.Count} classes of the training rows, got '{CsvDataset.Short(values[i])}'{NearMatches.Hint(values[i], Target.Classes)}");
        return new TensorDataset(inputs, Tensor.From(indices));
    }

    /// <summary>The encoding as JSON.</summary>
    public string ToJson() => JsonSerializer.Serialize(new StoredEncoding([.. Columns], Target), TableJson.Default.StoredEncoding);

    /// <summary>What <see cref="ToJson"/> gave.</summary>
    /// <exception cref="FormatException">It is something else, or makes no sense.</exception>
    public static TableEncoding FromJson(string json)
    {
        ArgumentNullException.ThrowIfNull(json);
        StoredEncoding stored;
        try
        {
            stored = JsonSerializer.Deserialize(json, TableJson.Default.StoredEncoding) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new FormatException($"TableEncoding: expected what ToJson writes: {e.Message}", e);
        }
        var (columns, target) = stored;
        var names = new HashSet<string> { target.Name };
        foreach (var column in columns)
        {
            if (!names.Add(column.Name)) throw new FormatException($"TableEncoding: expected different columns, got '{CsvDataset.Short(column.Name)}' twice");
            // The reader leaves null where the text has no list.
            if (column.Categories is null || !Enum.IsDefined(column.Kind) || column.Missing < 0 || !double.IsFinite(column.Mean) || !(column.Deviation > 0 && double.IsFinite(column.Deviation))
                || column.Kind == TableColumnKind.Category != column.Categories.Count > 0 || (column.IsEmbedded && column.Categories.Count == 0) || !AreDifferent(column.Categories))
                throw new FormatException($"TableEncoding: the column '{CsvDataset.Short(column.Name)}' makes no sense");
        }
        if (columns.Length == 0) throw new FormatException("TableEncoding: expected at least one column, got none");
        if (!Enum.IsDefined(target.Task) || !double.IsFinite(target.Mean) || !(target.Deviation > 0 && double.IsFinite(target.Deviation))
            || target.Task == TableTask.Classification != target.Classes.Count > 1 || !AreDifferent(target.Classes))
            throw new FormatException($"TableEncoding: the target '{CsvDataset.Short(target.Name)}' makes no sense");
        return new TableEncoding(columns, target, []);
    }

    static bool AreDifferent(IReadOnlyList<string> names) => names.All(name => name is not null) && names.Distinct().Count() == names.Count;
}

[SuppressMessage("Performance", "CA1812", Justification = "made by the JSON reader")]
sealed record StoredEncoding(TableColumn[] Columns, TableTarget Target);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StoredEncoding))]
sealed partial class TableJson : JsonSerializerContext;
