using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Cresset.Lessons.Tests;

/// <summary>The course's folders, and a lesson run as a reader runs it.</summary>
static class LessonRun
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    public static string Repository { get; } = FindRepository();

    public static string Programs => Path.Combine(Repository, "lessons");

    public static string Pages => Path.Combine(Repository, "docs", "lessons");

    /// <summary>The lessons' names, such as 01-linear-model.</summary>
    public static string[] Names =>
        [.. Directory.GetFiles(Programs, "*.cs").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    /// <summary>Where a lesson writes a picture.</summary>
    public static string Picture(string name) => Path.Combine(Programs, "output", name + ".png");

    /// <summary>Runs `dotnet run` on a lesson from another folder than its own.</summary>
    /// <remarks>A lesson is built in Debug, so that it shares no output with the Release build that tests run in. Without
    /// --no-cache a change of the library would not be built. Real data at hand would change what some lessons print.</remarks>
    public static Task<(int Code, string Output, string Error)> Run(string name, CancellationToken stop) => RunFile(Path.Combine(Programs, name + ".cs"), stop);

    /// <summary>Likewise, of a program anywhere.</summary>
    public static async Task<(int Code, string Output, string Error)> RunFile(string path, CancellationToken stop)
    {
        var start = new ProcessStartInfo("dotnet", ["run", "--no-cache", path])
        {
            WorkingDirectory = Path.Combine(Repository, "docs"),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["CRESSET_DATA"] = Path.Combine(Repository, "no-data");
        // Variables that the test host's own build or run left behind would reach this build.
        foreach (var variable in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath" }) start.Environment.Remove(variable);
        start.Environment["DOTNET_NOLOGO"] = "1";
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Longest);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var error = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return (process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    static string FindRepository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
}
