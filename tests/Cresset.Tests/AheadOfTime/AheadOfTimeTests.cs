using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Xunit;

namespace Cresset.Tests.AheadOfTime;

public class AheadOfTimeTests
{
    static string Project([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", "..", "Cresset.AheadOfTime"));

    static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    // Publishing takes about half a minute.
    [Fact(Explicit = true)]
    public async Task A_program_published_as_native_code_finds_the_same_parameters_and_computes_the_same_losses()
    {
        if (!OperatingSystem.IsLinux()) Assert.Skip("the native tool chain is only looked for on Linux");
        var compiler = new[] { "clang", "gcc" }.FirstOrDefault(name => Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, name))));
        if (compiler is null) Assert.Skip("publishing native code needs clang or gcc, and neither is on the PATH");
        var folder = Directory.CreateTempSubdirectory("cresset-aot").FullName;
        try
        {
            var (code, log) = await RunAsync("dotnet", "publish", Project(), "-c", "Release", "-r", RuntimeInformation.RuntimeIdentifier.StartsWith("linux", StringComparison.Ordinal)
                ? RuntimeInformation.RuntimeIdentifier : $"linux-{RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant()}",
                $"-p:CppCompilerAndLinker={compiler}", "-p:UseSharedCompilation=false", "-o", folder);
            Assert.True(code == 0, log);
            (code, var printed) = await RunAsync(Path.Combine(folder, "Cresset.AheadOfTime"));
            Assert.True(code == 0, printed);
            var actual = printed.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            var expected = Cresset.AheadOfTime.TinyTraining.Run().ToArray();
            Assert.Equal(expected.Length, actual.Length);
            for (var i = 0; i < expected.Length; i++)
            {
                if (!expected[i].StartsWith("loss ", StringComparison.Ordinal)) Assert.Equal(expected[i], actual[i]);
                // Native code is compiled for narrower vectors, so sums round elsewhere.
                else Assert.Equal(double.Parse(expected[i][5..], CultureInfo.InvariantCulture), double.Parse(actual[i][5..], CultureInfo.InvariantCulture), 1e-4);
            }
            // The parts were found at all: 40 of the convolution, 8 of the norm, 592 + 272 + 51 of the linear layers, 16.
            Assert.Equal("parameters 979", actual[0]);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
