using System.Runtime.CompilerServices;
using System.Xml.Linq;

namespace Cresset.Packages.Tests;

/// <summary>What ships, as the source says.</summary>
static class Projects
{
    public static string Repository { get; } = FindRepository();

    /// <summary>The projects under src.</summary>
    public static string[] Files { get; } =
        [.. Directory.GetFiles(Path.Combine(Repository, "src"), "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    public static string[] Names => [.. Files.Select(file => Path.GetFileNameWithoutExtension(file))];

    /// <summary>Those that programs refer to.</summary>
    public static string[] Libraries => [.. Files.Where(file => Property(file, "OutputType") is null).Select(file => Path.GetFileNameWithoutExtension(file))];

    public static string Version { get; } = Property(Path.Combine(Repository, "Directory.Build.props"), "Version")!;

    /// <summary>A property of a project file, as it is written there.</summary>
    public static string? Property(string file, string name) => XDocument.Load(file).Descendants(name).FirstOrDefault()?.Value;

    static string FindRepository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
