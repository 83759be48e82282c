namespace Cresset.Data;

// Names that a mistyped one may have meant.
static class NearMatches
{
    const int Most = 3;
    const int LongestCompared = 100;

    /// <summary>"; did you mean ...?", or nothing where no name is near.</summary>
    internal static string Hint(string name, IEnumerable<string> known)
    {
        if (name.Length > LongestCompared) return "";
        var near = known.Distinct().Where(k => k.Length <= LongestCompared)
            .Select(k => (Name: k, Distance: Distance(name.ToUpperInvariant(), k.ToUpperInvariant())))
            .Where(k => k.Distance <= Math.Max(1, name.Length / 3))
            .OrderBy(k => k.Distance).Take(Most).Select(k => $"'{k.Name}'").ToArray();
        return near.Length == 0 ? "" : $"; did you mean {string.Join(" or ", near)}?";
    }

    // The least number of letters put in, taken out or changed (Levenshtein).
    static int Distance(string a, string b)
    {
        var above = new int[b.Length + 1];
        for (var j = 0; j < above.Length; j++) above[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = above[0];
            above[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = above[j];
                above[j] = Math.Min(changed, 1 + Math.Min(above[j], above[j - 1]));
            }
        }
        return above[^1];
    }
}
