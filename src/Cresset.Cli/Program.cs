using System.Runtime.InteropServices;
using Cresset.Cli;

// The first Ctrl-C (or SIGTERM) asks the command to end in good order, and says so; the second one ends the process.
using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext context)
{
    if (stop.IsCancellationRequested) return;
    context.Cancel = true;
    stop.Cancel();
    Console.Error.WriteLine("Stopping in good order; once more leaves at once.");
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
return CressetCommand.Run(args, Console.Out, Console.Error, Terminal.OutputIsTerminal, stop.Token);
