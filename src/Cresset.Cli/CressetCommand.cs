using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Cresset.Cli;

/// <summary>The `cresset` command: its subcommands, and how errors become messages and exit codes.</summary>
static class CressetCommand
{
    /// <summary>The environment variable that asks for stack traces, as --verbose does.</summary>
    public const string TraceVariable = "CRESSET_TRACE";

    const int HelpWidth = 120;

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
            Description = "Print plain lines without colours and bars, as where output is no terminal.",
            Recursive = true,
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

        // A plain command, since the root command's name is that of the file that runs, such as a test's.
        var root = new Command("cresset", "Trains, scores and uses small networks for pictures, names, sentences, text and tables, in pure .NET.")
        {
            TrainCommand.Create((result, options) => Guarded(result, terminal => TrainCommand.Run(options(), terminal, stop))),
            EvalCommand.Create((result, options) => Guarded(result, terminal => EvalCommand.Run(options(), terminal, stop))),
            PredictCommand.Create((result, options) => Guarded(result, terminal => PredictCommand.Run(options(), terminal))),
            ExportCommand.Create((result, options) => Guarded(result, terminal => ExportCommand.Run(options(), terminal))),
            ImportCommand.Create((result, options) => Guarded(result, terminal => ImportCommand.Run(options(), terminal, stop))),
            SummaryCommand.Create((result, options) => Guarded(result, terminal => SummaryCommand.Run(options(), terminal))),
            LessonsCommand.Create(result => Guarded(result, LessonsCommand.Run)),
            verbose, quiet, plain, new HelpOption(), new VersionOption(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);

        var parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (parsed.Action is ParseErrorAction)
        {
            WriteParseErrors(parsed, error);
            return ExitCodes.BadUsage;
        }
        return parsed.Invoke(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        });
    }

    static string Describe(Exception e) => e switch
    {
        AggregateException { InnerExceptions.Count: 1 } one => Describe(one.InnerExceptions[0]),
        CommandException or IOException or InvalidDataException or FormatException or ArgumentException or InvalidOperationException
            or UnauthorizedAccessException => e.Message,
        // A loss that is no number; its subclasses (overflow, division by zero) are faults of the program.
        ArithmeticException when e.GetType() == typeof(ArithmeticException) => e.Message,
        _ => $"{e.GetType().Name}: {e.Message} Run again with --verbose to see where.",
    };

    /// <summary>What is wrong with a command line, one line each, and where to read on.</summary>
    static void WriteParseErrors(ParseResult parsed, TextWriter error)
    {
        var command = parsed.CommandResult.Command;
        var path = command.Parents.Any() ? $"cresset {command.Name}" : "cresset";
        if (parsed.UnmatchedTokens.Count > 0)
        {
            // Those that follow are often the unknown option's value.
            var token = parsed.UnmatchedTokens[0];
            bool isOption = token.StartsWith('-');
            bool isCommand = !isOption && command.Subcommands.Count > 0;
            var kind = isOption ? "option" : isCommand ? "command" : "argument";
            IEnumerable<Symbol> known = isOption ? command.Options : isCommand ? command.Subcommands : [];
            var near = NearMatch.Of(token, known.Select(symbol => symbol.Name));
            error.WriteLine($"error: unknown {kind} '{token}'.{(near.Count > 0 ? $" Did you mean {string.Join(" or ", near)}?" : "")}");
        }
        else
        {
            foreach (var problem in parsed.Errors) error.WriteLine($"error: {problem.Message}");
        }
        error.WriteLine($"Try '{path} --help'.");
    }

    /// <summary>The usual help, then examples and exit codes.</summary>
    sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            help.MaxWidth = HelpWidth;
            int code = help.Invoke(parseResult);
            var output = parseResult.InvocationConfiguration.Output;
            string[] examples = parseResult.CommandResult.Command.Name switch
            {
                TrainCommand.Name => TrainCommand.Examples,
                EvalCommand.Name => EvalCommand.Examples,
                PredictCommand.Name => PredictCommand.Examples,
                ExportCommand.Name => ExportCommand.Examples,
                ImportCommand.Name => ImportCommand.Examples,
                SummaryCommand.Name => SummaryCommand.Examples,
                LessonsCommand.Name => LessonsCommand.Examples,
                _ => [TrainCommand.Examples[0], EvalCommand.Examples[0], PredictCommand.Examples[0]],
            };
            output.WriteLine("Examples:");
            foreach (var example in examples) output.WriteLine($"  cresset {example}");
            output.WriteLine();
            output.WriteLine(ExitCodesHelp);
            return code;
        }
    }
}
