using System.Diagnostics;
using System.Reflection;
using System.Security;
using Cresset.Tests;
using Xunit;

[assembly: AssemblyFixture(typeof(Cresset.Packages.Tests.Packed))]

namespace Cresset.Packages.Tests;

/// <summary>All packages in a folder of their own, made once, and what a user of them runs: in the same folder, with a package cache
/// that holds nothing of Cresset yet.</summary>
public sealed class Packed : IDisposable
{
    static readonly TimeSpan Longest = TimeSpan.FromMinutes(8);

    readonly TempFolder folder = new();
    readonly Lazy<Task<string>> packages;

    public Packed() => packages = new(PackAsync);

    /// <summary>The folder with the packages.</summary>
    public Task<string> PackagesAsync() => packages.Value;

    /// <summary>Where restored packages go.</summary>
    public string Cache => folder["cache"];

    /// <summary>A new folder below the one whose NuGet configuration names the packages.</summary>
    public string NewFolder(string name) => Directory.CreateDirectory(folder[name]).FullName;

    async Task<string> PackAsync()
    {
        var output = folder["packages"];
        // What was built in the tests' own configuration.
        var configuration = typeof(Packed).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        foreach (var project in Projects.Files.Append(Path.Combine(Projects.Repository, "templates", "Cresset.Templates.csproj")))
            await RunAsync(Projects.Repository, "dotnet", "pack", project, "-c", configuration, "--no-build", "-o", output);
        var machine = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        // The machine's sources stay; packages of others that it has already are not fetched again.
        var fallback = Directory.Exists(machine) ? $"""<fallbackPackageFolders><add key="machine" value="{SecurityElement.Escape(machine)}" /></fallbackPackageFolders>""" : "";
        await File.WriteAllTextAsync(folder["nuget.config"], $"""
            <configuration>
              <packageSources><add key="packed" value="{SecurityElement.Escape(output)}" /></packageSources>
              {fallback}
            </configuration>
            """);
        return output;
    }

    /// <summary>Runs a program to its end; a test fails with what it printed unless it exits with 0.</summary>
    public async Task<string> RunAsync(string workingFolder, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = workingFolder, RedirectStandardOutput = true, RedirectStandardError = true };
        // Variables that the test host's own build or run left behind would reach this build.
        foreach (var variable in new[] { "MSBuildSDKsPath", "MSBUILD_EXE_PATH", "MSBuildExtensionsPath" }) start.Environment.Remove(variable);
        start.Environment["NUGET_PACKAGES"] = workingFolder == Projects.Repository ? Environment.GetEnvironmentVariable("NUGET_PACKAGES") : Cache;
        start.Environment["DOTNET_NOLOGO"] = start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // Servers that live on would keep the pipes open.
        (start.Environment["UseSharedCompilation"], start.Environment["MSBUILDDISABLENODEREUSE"]) = ("false", "1");
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(limit.Token);
            var errors = process.StandardError.ReadToEndAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            Assert.True(process.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: exit code {process.ExitCode}\n{await output}{await errors}");
            return await output;
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    public void Dispose() => folder.Dispose();
}
