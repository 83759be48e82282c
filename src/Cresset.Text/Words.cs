using System.Text.RegularExpressions;

namespace Cresset.Text;

/// <summary>Words of a text as they stand there.</summary>
public static partial class Words
{
    /// <summary>The words and marks of a text in their order: marks before and behind a word stand alone, as in treebanks; those
    /// within it, such as in "don't" and "3.5", do not.</summary>
    public static IEnumerable<string> Split(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return WordOrMark().Matches(text).Select(match => match.Value);
    }

    [GeneratedRegex(@"[\p{L}\p{N}](?:\S*[\p{L}\p{N}])?|\S")]
    private static partial Regex WordOrMark();
}
