namespace Cresset.Cli;

/// <summary>Finds what the user most likely meant by a name that is none of those known.</summary>
static class NearMatch
{
    /// <summary>Looks a name up, without regard to case; an unknown one is a usage error that names the near matches.</summary>
    public static T Find<T>(string kind, string name, IReadOnlyList<T> known, Func<T, string> nameOf)
    {
        foreach (var item in known)
        {
            if (nameOf(item).Equals(name, StringComparison.OrdinalIgnoreCase)) return item;
        }
        string[] names = [.. known.Select(nameOf)];
        var near = Of(name, names);
        var hint = near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : "";
        throw CommandException.Usage($"unknown {kind} '{name}'.{hint} Known: {string.Join(", ", names)}.");
    }

    /// <summary>The candidates within a third of the name's length in changes (at least two), or that begin as it does;
    /// best first.</summary>
    public static IReadOnlyList<string> Of(string name, IEnumerable<string> candidates)
    {
        int most = Math.Max(2, name.Length / 3);
        return [.. candidates
            .Select(candidate => (Name: candidate, Distance: Distance(Normal(name), Normal(candidate))))
            .Where(x => x.Distance <= most && x.Distance < x.Name.Length
                || (name.Length >= 2 && x.Name.StartsWith(name, StringComparison.OrdinalIgnoreCase)))
            .OrderBy(x => x.Distance).ThenBy(x => x.Name, StringComparer.Ordinal)
            .Select(x => x.Name).Take(3)];
    }

    static string Normal(string name) => name.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal);

    /// <summary>Insertions, deletions, substitutions and swaps of neighbours that turn one into the other (optimal string
    /// alignment).</summary>
    internal static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++) d[i, 0] = i;
        for (int j = 0; j <= b.Length; j++) d[0, j] = j;
        for (int i = 1; i <= a.Length; i++)
        {
            for (int j = 1; j <= b.Length; j++)
            {
                int change = a[i - 1] == b[j - 1] ? 0 : 1;
                d[i, j] = Math.Min(Math.Min(d[i - 1, j] + 1, d[i, j - 1] + 1), d[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
            }
        }
        return d[a.Length, b.Length];
    }
}
