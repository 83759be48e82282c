namespace Cresset.Data;

/// <summary>A column of a CSV file: its name in the header, or its index from 0; negative ones count from the end. Both are
/// converted to it: <c>"petal width"</c>, <c>3</c>, <c>-1</c>.</summary>
public readonly record struct CsvColumn
{
    /// <summary>The column of a name.</summary>
    public CsvColumn(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        Name = name;
    }

    /// <summary>The column at an index.</summary>
    public CsvColumn(int index) => Index = index;

    /// <summary>The name, or null for a column that is given by its index.</summary>
    public string? Name { get; }

    /// <summary>The index, where there is no name.</summary>
    public int Index { get; }

    /// <summary>The column of a name.</summary>
    public static implicit operator CsvColumn(string name) => new(name);

    /// <summary>The column at an index.</summary>
    public static implicit operator CsvColumn(int index) => new(index);

    /// <summary>The name in quotes, or the index.</summary>
    public override string ToString() => Name is null ? FormattableString.Invariant($"{Index}") : $"'{Name}'";
}

/// <summary>What the label column holds.</summary>
public enum CsvLabelKind
{
    /// <summary>Names of classes, any text: they become indices, int64 [N].</summary>
    Classes,

    /// <summary>Numbers to predict: float32 [N, 1].</summary>
    Numbers,
}

/// <summary>What happens where a value is missing.</summary>
public enum CsvMissing
{
    /// <summary>An error that names the place.</summary>
    Error,

    /// <summary>The row is left out.</summary>
    SkipRow,

    /// <summary>The mean of the column's other values is taken.</summary>
    Mean,

    /// <summary><see cref="CsvOptions.FillValue"/> is taken.</summary>
    Fill,
}

/// <summary>How a <see cref="CsvDataset"/> reads its file.</summary>
public sealed record CsvOptions
{
    /// <summary>The column of the targets. Default: the last one.</summary>
    public CsvColumn Label { get; init; } = -1;

    /// <summary>The columns of the inputs, in the order wanted. Default: all but the label, in the file's order.</summary>
    public IReadOnlyList<CsvColumn>? Features { get; init; }

    /// <summary>What the label column holds. Default: classes.</summary>
    public CsvLabelKind LabelKind { get; init; } = CsvLabelKind.Classes;

    /// <summary>The classes in the order of their indices; a label that is none of them is an error. Default: those of the
    /// file, in numerical order if all are numbers, else in ordinal order. Pass the training file's for a test file.</summary>
    public IReadOnlyList<string>? ClassNames { get; init; }

    /// <summary>Whether the first line names the columns. Default: true.</summary>
    public bool HasHeader { get; init; } = true;

    /// <summary>What separates the fields. Default: a comma.</summary>
    public char Delimiter { get; init; } = ',';

    /// <summary>What happens where an input is missing; a missing label is an error, or skips its row with
    /// <see cref="CsvMissing.SkipRow"/>. Default: an error.</summary>
    public CsvMissing Missing { get; init; } = CsvMissing.Error;

    /// <summary>The value for <see cref="CsvMissing.Fill"/>. Default: 0.</summary>
    public float FillValue { get; init; }

    /// <summary>The texts that count as missing, without regard to case. Default: nothing, NA, NaN, null, ?.</summary>
    public IReadOnlyList<string> MissingMarkers { get; init; } = ["", "NA", "NaN", "null", "?"];

    /// <summary>The largest file that is read, in bytes. Default: 2^30.</summary>
    public long MaxBytes { get; init; } = 1L << 30;
}
