namespace Cresset.Cli;

/// <summary>What the process returns. Documented by `cresset --help`.</summary>
static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int BadUsage = 2;

    /// <summary>128 + SIGINT, as shells expect of a program that Ctrl-C ended.</summary>
    public const int Interrupted = 130;
}

/// <summary>An error whose message is all that the user needs: printed without a stack trace.</summary>
sealed class CommandException(string message, int exitCode = ExitCodes.Failed, Exception? cause = null)
    : Exception(message, cause)
{
    public int ExitCode { get; } = exitCode;

    public static CommandException Usage(string message) => new(message, ExitCodes.BadUsage);
}
