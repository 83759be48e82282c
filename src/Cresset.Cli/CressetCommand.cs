using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cresset.Cli;

/// <summary>The `cresset` command: its subcommands, and how errors become messages and exit codes.</summary>
static class CressetCommand
{
    /// <summary>The environment variable that asks for stack traces, as --verbose does.</summary>
    public const string TraceVariable = "CRESSET_TRACE";

    const string ExitCodesHelp =
        "Exit codes: 0 done, 1 failed, 2 bad usage, 130 interrupted (Ctrl-C; what was trained so far is saved).";

    /// <summary>Runs one command line.</summary>
    /// <param name="args">The arguments after the command's name.</param>
    /// <param name="output">Takes results.</param>
    /// <param name="error">Takes warnings and errors.</param>
    /// <param name="isTerminal">Whether output is a terminal that understands control codes.</param>
    /// <param name="stop">Asks the command to end in good order.</param>
    /// <returns>The exit code.</returns>
    public static int Run(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, bool isTerminal, CancellationToken stop)
    {
        var verbose = new Option<bool>("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print results only, no progress.", Recursive = true };
        var plain = new Option<bool>("--plain")
        {
            Description = "Print plain lines without colours and bars, as where output is no terminal.", Recursive = true,
        };
        // Written even where parsing fails, before any option is known.
        int Guarded(ParseResult result, Func<Terminal, int> run)
        {
            var terminal = new Terminal(output, error, isTerminal && !result.GetValue(plain)) { Quiet = result.GetValue(quiet) };
            bool trace = result.GetValue(verbose) || Environment.GetEnvironmentVariable(TraceVariable) is { Length: > 0 };
            try
            {
                return run(terminal);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                terminal.Error("interrupted.");
                return ExitCodes.Interrupted;
            }
            // The boundary of the program: whatever comes is told in one line.
            catch (Exception e) when (!trace || e is not OutOfMemoryException)
            {
                if (trace) terminal.Trace(e);
                terminal.Error(Describe(e));
                return e is CommandException known ? known.ExitCode : ExitCodes.Failed;
            }
        }

        var root = new RootCommand("Cresset: trains, scores and uses small picture classifiers, in pure .NET.")
        {
            TrainCommand.Create((result, options) => Guarded(result, terminal => TrainCommand.Run(options(), terminal, stop))),
            EvalCommand.Create((result, options) => Guarded(result, terminal => EvalCommand.Run(options(), terminal, stop))),
            PredictCommand.Create((result, options) => Guarded(result, terminal => PredictCommand.Run(options(), terminal))),
            verbose, quiet, plain,
        };
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help }) AddExamples(help.Builder);
        }

        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction problem)
        {
            problem.ShowHelp = false;
            parsed.Invoke(new InvocationConfiguration { Output = error, Error = error });
            error.WriteLine($"Try '{PathOf(parsed.CommandResult.Command)} --help'.");
            return ExitCodes.BadUsage;
        }
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null,
        });
    }

    static string Describe(Exception e) => e switch
    {
        AggregateException { InnerExceptions.Count: 1 } one => Describe(one.InnerExceptions[0]),
        CommandException or IOException or InvalidDataException or ArgumentException or InvalidOperationException
            or UnauthorizedAccessException => e.Message,
        _ => $"{e.GetType().Name}: {e.Message} Run again with --verbose to see where.",
    };

    static string PathOf(Command command) => command is RootCommand ? "cresset" : $"cresset {command.Name}";

    static void AddExamples(HelpBuilder builder) => builder.CustomizeLayout(_ =>
        HelpBuilder.Default.GetLayout().Append(context =>
        {
            string[] examples = context.Command.Name switch
            {
                TrainCommand.Name => TrainCommand.Examples,
                EvalCommand.Name => EvalCommand.Examples,
                PredictCommand.Name => PredictCommand.Examples,
                _ => ["train", "eval --model runs/20261123-154500-cnn", "predict --model runs/20261123-154500-cnn seven.png"],
            };
            context.Output.WriteLine("Examples:");
            foreach (var example in examples) context.Output.WriteLine($"  cresset {example}");
            context.Output.WriteLine();
            context.Output.WriteLine(ExitCodesHelp);
            return true;
        }));
}
