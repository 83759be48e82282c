using System.Globalization;

namespace Cresset.Data;

/// <summary>A CSV file as it stands, every field as text: what <see cref="TableEncoding"/> finds types and values in. Numbers alone
/// are read with less ado by <see cref="CsvDataset"/>.</summary>
public sealed class CsvTable
{
    const string SeparatorCandidates = ",;\t|";

    readonly string source;
    readonly string[] names;
    readonly string[][] rows;
    readonly int[] lines;
    readonly IReadOnlyList<string> missing;

    CsvTable(string source, string[] names, string[][] rows, int[] lines, IReadOnlyList<string> missing)
    {
        for (var i = 0; i < names.Length; i++)
            if (Array.IndexOf(names, names[i]) < i)
                throw new InvalidDataException($"{source}: expected columns of different names, got '{names[i]}' twice; rename one of them");
        (this.source, this.names, this.rows, this.lines, this.missing) = (source, names, rows, lines, missing);
    }

    /// <summary>The names of the columns; without a header their indices.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>The number of rows.</summary>
    public int Count => rows.Length;

    /// <summary>A field, without blanks around it.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public string this[int row, string column] => rows[row][IndexOf(column)];

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file: UTF-8, fields in double quotes where need be (RFC 4180).</param>
    /// <param name="options">Header, delimiter, what counts as missing, and the largest file; the rest is not used. By default the
    /// delimiter is whichever of comma, semicolon, tab and bar is most frequent on the first line.</param>
    /// <exception cref="IOException">The file is not there or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not such a file; the message names the line, what was expected and what
    /// came.</exception>
    public static CsvTable Load(string path, CsvOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        options ??= new CsvOptions { Delimiter = DelimiterOf(path) };
        using var records = new CsvRecords(path, options);
        if (!records.Read()) throw new InvalidDataException($"{path}: expected {(options.HasHeader ? "a header and rows" : "rows")}, the file is empty");
        var names = new string[records.FieldCount];
        for (var i = 0; i < names.Length; i++) names[i] = options.HasHeader ? records.Field(i) : i.ToString(CultureInfo.InvariantCulture);
        var rows = new List<string[]>();
        var lines = new List<int>();
        // The same few texts come again and again.
        var known = new Dictionary<string, string>();
        const int mostKnown = 100_000;
        for (var more = !options.HasHeader || records.Read(); more; more = records.Read())
        {
            var row = new string[names.Length];
            for (var i = 0; i < row.Length; i++)
            {
                var field = records.Field(i);
                if (known.TryGetValue(field, out var same)) field = same;
                else if (known.Count < mostKnown) known.Add(field, field);
                row[i] = field;
            }
            rows.Add(row);
            lines.Add(records.Line);
        }
        if (rows.Count == 0) throw new InvalidDataException($"{path}: expected rows of data, got none below the header");
        return new CsvTable(path, names, [.. rows], [.. lines], options.MissingMarkers);
    }

    /// <summary>A table in memory.</summary>
    /// <param name="names">The names of the columns.</param>
    /// <param name="rows">The fields of each row.</param>
    /// <exception cref="InvalidDataException">A row has another number of fields than there are names, or a name comes twice.</exception>
    public static CsvTable From(IEnumerable<string> names, IEnumerable<IReadOnlyList<string>> rows)
    {
        const string source = "the table";
        string[] columns = [.. names];
        string[][] fields = [.. rows.Select(row => row.Select(field => field.Trim()).ToArray())];
        if (Array.FindIndex(fields, row => row.Length != columns.Length) is >= 0 and var wrong)
            throw new InvalidDataException($"{source}, row {wrong + 1}: expected {columns.Length} fields, got {fields[wrong].Length}");
        return new CsvTable(source, columns, fields, [.. Enumerable.Range(1, fields.Length)], new CsvOptions().MissingMarkers);
    }

    /// <summary>The rows at these places, in this order.</summary>
    public CsvTable Pick(IReadOnlyList<int> places)
    {
        ArgumentNullException.ThrowIfNull(places);
        return new(source, names, [.. places.Select(i => rows[i])], [.. places.Select(i => lines[i])], missing);
    }

    /// <summary>The fields of a column, from the first row to the last.</summary>
    /// <exception cref="ArgumentException">There is no such column.</exception>
    public IReadOnlyList<string> Column(string name)
    {
        var column = IndexOf(name);
        return Array.ConvertAll(rows, row => row[column]);
    }

    /// <summary>Whether a field stands for a missing value, such as an empty one.</summary>
    public bool IsMissing(string field)
    {
        foreach (var marker in missing)
            if (string.Equals(field, marker, StringComparison.OrdinalIgnoreCase)) return true;
        return false;
    }

    /// <summary>The file and line of a row, for messages.</summary>
    public string Place(int row) => $"{source}, line {lines[row]}";

    int IndexOf(string name)
    {
        var index = Array.IndexOf(names, name);
        return index >= 0 ? index
            : throw new ArgumentException($"{source}: expected one of the columns {string.Join(", ", names.Take(30).Select(n => $"'{n}'"))}{(names.Length > 30 ? ", ..." : "")}, got '{name}'{NearMatches.Hint(name, names)}");
    }

    // Within quotes a delimiter is text.
    static char DelimiterOf(string path)
    {
        using var reader = new StreamReader(path);
        var buffer = new char[1 << 16];
        var line = buffer.AsSpan(0, reader.ReadBlock(buffer));
        var end = line.IndexOf('\n');
        var counts = new int[SeparatorCandidates.Length];
        var quoted = false;
        foreach (var c in end < 0 ? line : line[..end])
        {
            if (c == '"') quoted = !quoted;
            else if (!quoted && SeparatorCandidates.IndexOf(c, StringComparison.Ordinal) is >= 0 and var i) counts[i]++;
        }
        // Of equal counts the comma wins; a file of one column has none of them.
        return SeparatorCandidates[Array.IndexOf(counts, counts.Max())];
    }
}
