using System.Globalization;

namespace Cresset.Data;

/// <summary>A CSV file, read whole: inputs float32 [N, D] from its number columns, targets from its label column, int64 [N]
/// for classes or float32 [N, 1] for numbers.</summary>
/// <remarks>Numbers are written as in 3, -0.5 and 1e-3, whatever the machine's language. Fields may stand in double quotes
/// (RFC 4180); blanks around a field do not count. The file is text in UTF-8. Reading samples is safe from many threads.</remarks>
public sealed class CsvDataset : TensorDataset
{
    CsvDataset(Tensor inputs, Tensor targets, string[] featureNames, string labelName, IReadOnlyList<string> classNames, int skipped)
        : base(inputs, targets)
    {
        FeatureNames = featureNames;
        LabelName = labelName;
        ClassNames = classNames;
        RowsSkipped = skipped;
    }

    /// <summary>The names of the D input columns; without a header their indices.</summary>
    public IReadOnlyList<string> FeatureNames { get; }

    /// <summary>The name of the label column; without a header its index.</summary>
    public string LabelName { get; }

    /// <summary>The classes in the order of their indices; empty where the labels are numbers.</summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>How many rows were left out by <see cref="CsvMissing.SkipRow"/>.</summary>
    public int RowsSkipped { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">Columns, header, missing values; the defaults of <see cref="CsvOptions"/> unless given.</param>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not such a file; the message names line and column, what was
    /// expected and what came.</exception>
    /// <exception cref="ArgumentException">A column is unknown or given twice, or an option makes no sense.</exception>
    public static CsvDataset Load(string path, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new CsvOptions();
        if (options.Delimiter is '"' or '\r' or '\n' or '\0')
            throw new ArgumentException("CsvOptions.Delimiter: expected a character other than a quote or a line end");
        if (options.LabelKind == CsvLabelKind.Numbers && options.ClassNames is not null)
            throw new ArgumentException("CsvOptions.ClassNames: labels that are numbers have no classes; leave them out or set LabelKind to Classes");
        using var records = new CsvRecords(path, options);
        if (!records.Read()) throw new InvalidDataException($"{path}: expected {(options.HasHeader ? "a header and rows" : "rows")}, the file is empty");
        return new Parser(path, options, records).Run();
    }

    // Classes in the order of their indices: numerical if all are numbers, else ordinal.
    internal static string[] Sorted(IEnumerable<string> classNames)
    {
        string[] sorted = [.. classNames.Order(StringComparer.Ordinal)];
        var numbers = new double[sorted.Length];
        for (var i = 0; i < sorted.Length; i++)
            if (!double.TryParse(sorted[i], NumberStyles.Float, CultureInfo.InvariantCulture, out numbers[i])) return sorted;
        Array.Sort(numbers, sorted);
        return sorted;
    }

    internal static string Short(string text) => text.Length <= 40 ? text : text[..40] + "...";

    sealed class Parser
    {
        readonly string path;
        readonly CsvOptions options;
        readonly CsvRecords records;
        readonly string[] names;
        readonly int label;
        readonly int[] features;
        readonly List<float> values = [], numbers = [];
        readonly List<string> classes = [];
        readonly List<int> classLines = [];
        // Where Mean and Fill have something to put in.
        readonly List<int> holes = [];
        readonly float[] row;
        int rows, skipped;

        internal Parser(string path, CsvOptions options, CsvRecords records)
        {
            this.path = path;
            this.options = options;
            this.records = records;
            names = new string[records.FieldCount];
            for (var i = 0; i < names.Length; i++)
                names[i] = options.HasHeader ? records.Field(i) : i.ToString(CultureInfo.InvariantCulture);
            label = Resolve(options.Label, "Label");
            features = options.Features is { } wanted ? [.. wanted.Select(c => Resolve(c, "Features"))]
                : [.. Enumerable.Range(0, names.Length).Where(i => i != label)];
            if (features.Length == 0)
                throw new ArgumentException($"{path}: expected at least one input column beside the label, got none of {names.Length}; is the delimiter '{options.Delimiter}' right?");
            for (var i = 0; i < features.Length; i++)
                if (features[i] == label || Array.IndexOf(features, features[i]) < i)
                    throw new ArgumentException($"{path}: the column '{names[features[i]]}' is given twice; each column is one input, or the label");
            row = new float[features.Length];
        }

        internal CsvDataset Run()
        {
            var more = !options.HasHeader || records.Read();
            for (; more; more = records.Read())
                if (ReadRow()) rows++;
                else skipped++;
            if (rows == 0)
                throw new InvalidDataException($"{path}: expected rows of data, got none{(skipped > 0 ? $"; all {skipped} were left out for missing values" : "")}");
            Fill();
            var inputs = Tensor.From(values.ToArray(), [rows, features.Length]);
            var featureNames = Array.ConvertAll(features, c => names[c]);
            if (options.LabelKind == CsvLabelKind.Numbers)
                return new CsvDataset(inputs, Tensor.From(numbers.ToArray(), [rows, 1]), featureNames, names[label], [], skipped);
            var classNames = options.ClassNames ?? Sorted(classes.Distinct());
            return new CsvDataset(inputs, Tensor.From(Indices(classNames)), featureNames, names[label], classNames, skipped);
        }

        // False for a row that is left out; nothing of it is kept.
        bool ReadRow()
        {
            for (var i = 0; i < row.Length; i++)
            {
                var text = records.Field(features[i]);
                if (!IsMissing(text))
                {
                    row[i] = Number(text, features[i]);
                    continue;
                }
                if (options.Missing == CsvMissing.SkipRow) return false;
                if (options.Missing == CsvMissing.Error) throw Missing(features[i], text);
                holes.Add(values.Count + i);
            }
            var target = records.Field(label);
            if (IsMissing(target))
            {
                if (options.Missing == CsvMissing.SkipRow) return false;
                throw Missing(label, target);
            }
            if ((long)values.Count + row.Length > Array.MaxLength)
                throw new InvalidDataException($"{path}, line {records.Line}: expected at most {Array.MaxLength} values of all input columns, the file has more; choose fewer columns or split the file");
            if (options.LabelKind == CsvLabelKind.Numbers) numbers.Add(Number(target, label));
            else
            {
                classes.Add(target);
                classLines.Add(records.Line);
            }
            values.AddRange(row);
            return true;
        }

        bool IsMissing(string text)
        {
            foreach (var marker in options.MissingMarkers)
                if (string.Equals(text, marker, StringComparison.OrdinalIgnoreCase)) return true;
            return false;
        }

        InvalidDataException Missing(int column, string text) => new(
            $"{path}, line {records.Line}, column '{names[column]}': expected a value, got {(text.Length == 0 ? "nothing" : $"'{text}'")}; correct the file or set CsvOptions.Missing");

        float Number(string text, int column)
        {
            if (float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && float.IsFinite(value)) return value;
            var hint = column == label ? "set CsvOptions.LabelKind to Classes if it names a class" : "leave the column out of CsvOptions.Features, or add the text to CsvOptions.MissingMarkers";
            throw new InvalidDataException($"{path}, line {records.Line}, column '{names[column]}': expected a finite number, got '{Short(text)}'; {hint}");
        }

        void Fill()
        {
            if (holes.Count == 0) return;
            var fill = new float[row.Length];
            Array.Fill(fill, options.FillValue);
            if (options.Missing == CsvMissing.Mean)
            {
                var sums = new double[row.Length];
                var counts = new int[row.Length];
                Array.Fill(counts, rows);
                foreach (var hole in holes)
                {
                    values[hole] = 0;
                    counts[hole % row.Length]--;
                }
                for (var i = 0; i < values.Count; i++) sums[i % row.Length] += values[i];
                for (var c = 0; c < fill.Length; c++)
                    fill[c] = counts[c] > 0 ? (float)(sums[c] / counts[c])
                        : throw new InvalidDataException($"{path}, column '{names[features[c]]}': expected a value to take the mean of, all {rows} are missing; leave the column out of CsvOptions.Features");
            }
            foreach (var hole in holes) values[hole] = fill[hole % row.Length];
        }

        long[] Indices(IReadOnlyList<string> classNames)
        {
            var indexOf = new Dictionary<string, long>();
            for (var i = 0; i < classNames.Count; i++)
                if (!indexOf.TryAdd(classNames[i], i))
                    throw new ArgumentException($"CsvOptions.ClassNames: expected different names, got '{classNames[i]}' twice");
            var indices = new long[classes.Count];
            for (var i = 0; i < indices.Length; i++)
                indices[i] = indexOf.TryGetValue(classes[i], out var index) ? index
                    : throw new InvalidDataException($"{path}, line {classLines[i]}, column '{names[label]}': expected one of the {classNames.Count} classes of CsvOptions.ClassNames, got '{Short(classes[i])}'{NearMatches.Hint(classes[i], classNames)}");
            return indices;
        }

        int Resolve(CsvColumn column, string option)
        {
            if (column.Name is not { } name)
            {
                var index = column.Index < 0 ? column.Index + names.Length : column.Index;
                return index >= 0 && index < names.Length ? index
                    : throw new ArgumentException($"{path}: CsvOptions.{option}: expected a column from {-names.Length} to {names.Length - 1}, got {column}");
            }
            if (!options.HasHeader)
                throw new ArgumentException($"{path}: CsvOptions.{option}: expected a column index, since HasHeader is false, got the name {column}");
            var found = Array.IndexOf(names, name);
            if (found < 0)
                throw new ArgumentException($"{path}: CsvOptions.{option}: expected one of the columns {string.Join(", ", names.Take(20).Select(n => $"'{Short(n)}'"))}{(names.Length > 20 ? ", ..." : "")}, got {column}{NearMatches.Hint(name, names)}");
            if (Array.LastIndexOf(names, name) != found)
                throw new ArgumentException($"{path}: CsvOptions.{option}: the header has the column {column} more than once; give its index");
            return found;
        }
    }
}
