using System.Diagnostics;
using System.Globalization;

namespace Cresset.Cli.Tests;

/// <summary>What one command line gave.</summary>
sealed record CommandResult(int Code, string Output, string Error)
{
    /// <summary>The one line on standard error, for commands that must say no more.</summary>
    public string ErrorLine => Error.Trim().Contains('\n', StringComparison.Ordinal)
        ? throw new InvalidOperationException($"expected one line of error, got: {Error}")
        : Error.Trim();
}

/// <summary>Runs the command through its entry point, with captured writers and no terminal.</summary>
static class CommandLine
{
    public static CommandResult Run(params string[] args) => Run(CancellationToken.None, args);

    public static CommandResult Run(CancellationToken stop, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = CressetCommand.Run(args, output, error, isTerminal: false, stop);
        return new CommandResult(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs the built command as a process of its own, without a network.</summary>
    public static async Task<CommandResult> RunProcess(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(CressetCommand).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // Nothing listens there, so that no download can succeed.
        start.Environment["HTTPS_PROXY"] = "http://127.0.0.1:9";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new CommandResult(process.ExitCode, await output, await error);
    }
}

/// <summary>Takes output, and stops the command when a line holds a text.</summary>
sealed class StopAt(string text, CancellationTokenSource stop) : StringWriter(CultureInfo.InvariantCulture)
{
    public override void WriteLine(string? value)
    {
        base.WriteLine(value);
        if (value?.Contains(text, StringComparison.Ordinal) == true) stop.Cancel();
    }
}
