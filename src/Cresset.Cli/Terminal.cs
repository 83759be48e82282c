using Spectre.Console;

namespace Cresset.Cli;

/// <summary>Where the command writes: results to standard output, warnings and errors to standard error. Live (progress bars,
/// colours) only on a terminal; otherwise plain lines without control codes.</summary>
sealed class Terminal
{
    const int PlainWidth = 120;

    readonly TextWriter output, error;

    /// <param name="output">Standard output or a test's writer.</param>
    /// <param name="error">Standard error or a test's writer.</param>
    /// <param name="live">Whether output is a terminal that understands control codes.</param>
    public Terminal(TextWriter output, TextWriter error, bool live)
    {
        (this.output, this.error) = (output, error);
        IsLive = live;
        Console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(output),
            Ansi = live ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = live ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = live ? InteractionSupport.Detect : InteractionSupport.No,
            // Otherwise Spectre takes a build server's log for a terminal with colours.
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = live },
        });
        if (!live) Console.Profile.Width = PlainWidth;
    }

    public bool IsLive { get; }

    /// <summary>Spectre's console over the same output, for tables and progress.</summary>
    public IAnsiConsole Console { get; }

    /// <summary>No line of progress at all, only results.</summary>
    public bool Quiet { get; init; }

    /// <summary>A line of results.</summary>
    public void Line(string text = "")
    {
        // Through Spectre where a progress bar may stand below; it moves the bar down.
        if (IsLive) Console.WriteLine(text);
        else output.WriteLine(text);
    }

    /// <summary>A line on what is going on; not written when quiet.</summary>
    public void Note(string text)
    {
        if (!Quiet) Line(text);
    }

    public void Warn(string text) => error.WriteLine($"warning: {text}");

    public void Error(string text) => error.WriteLine($"error: {text}");

    public void Trace(Exception exception) => error.WriteLine(exception);

    /// <summary>Whether this process's own output is a terminal that understands control codes.</summary>
    public static bool OutputIsTerminal =>
        !System.Console.IsOutputRedirected && Environment.GetEnvironmentVariable("TERM") != "dumb";
}
