namespace Cresset.Data;

/// <summary>What a model makes of a table's target.</summary>
public enum TableTask
{
    /// <summary>One of several classes.</summary>
    Classification,

    /// <summary>A number.</summary>
    Regression,
}

/// <summary>What is in a column.</summary>
public enum TableColumnKind
{
    /// <summary>Numbers, standardised: (x - mean) / deviation.</summary>
    Number,

    /// <summary>Dates or times of ISO 8601, such as 2026-11-24 or 2026-11-24 08:30, as days; standardised likewise.</summary>
    Date,

    /// <summary>Texts of which there are a few: a 0 or 1 for each, or an index for an embedding.</summary>
    Category,
}

/// <summary>A column of the inputs, as it was found in the training rows.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What is in it.</param>
/// <param name="Missing">In how many training rows the value is missing. A number takes the mean then, and 1 stands in a place of its
/// own; a category is none of the known ones.</param>
public sealed record TableColumn(string Name, TableColumnKind Kind, int Missing)
{
    /// <summary>The mean of numbers, or of days.</summary>
    public double Mean { get; init; }

    /// <summary>Their standard deviation.</summary>
    public double Deviation { get; init; } = 1;

    /// <summary>The categories, in ordinal order; empty for numbers.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Whether categories become an index (0 for one that training did not have) instead of places of 0 and 1.</summary>
    public bool IsEmbedded { get; init; }

    // How many places it takes among the numbers.
    internal int Width => Kind == TableColumnKind.Category ? (IsEmbedded ? 0 : Categories.Count) : Missing > 0 ? 2 : 1;
}

/// <summary>The column to predict.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Task">Classes or a number.</param>
/// <param name="Classes">The classes, in numerical order if all are numbers, else in ordinal order; empty for a number.</param>
/// <param name="Mean">The mean of a number over the training rows; 0 for classes.</param>
/// <param name="Deviation">Its standard deviation; 1 for classes. Models learn (y - mean) / deviation.</param>
public sealed record TableTarget(string Name, TableTask Task, IReadOnlyList<string> Classes, double Mean, double Deviation);
