using System.Diagnostics;
using System.Globalization;
using System.Runtime.Versioning;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

// What no test within this process can show: signals, a limit on the size of files (as good as a full disk), a folder that nothing can be
// written to. Of Linux, whose tools start and meet the command so.
[SupportedOSPlatform("linux")]
public class InterruptedProcessTests
{
    static readonly string[] Small = ["train", "--data", "grammar", "--train-count", "300", "--test-count", "50", "--threads", "1", "--epochs", "3"];

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    static byte[] Bytes(string run, string name) => File.ReadAllBytes(Path.Combine(run, name));

    // The command as a process, started through other programs; signals that this process may ignore are the default again.
    static Process Start(string[] through, params string[] args)
    {
        var start = new ProcessStartInfo("env", ["--default-signal=INT", .. through, "dotnet", typeof(CressetCommand).Assembly.Location, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // The runtime's own mapping of code is a file too large for a limit.
        start.Environment["DOTNET_EnableWriteXorExecute"] = "0";
        return Process.Start(start)!;
    }

    static async Task<CommandResult> End(Process process)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Stop), process.StandardError.ReadToEndAsync(Stop));
        await process.WaitForExitAsync(Stop);
        return new CommandResult(process.ExitCode, await output, await error);
    }

    static async Task Interrupt(Process process)
    {
        using var kill = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Stop);
        Assert.Equal(0, kill.ExitCode);
    }

    static string Unbroken(TempFolder temp)
    {
        Assert.Equal(0, CommandLine.Run([.. Small, "--output", temp["unbroken"]]).Code);
        return Directory.GetDirectories(temp["unbroken"]).Single();
    }

    // A run that has two of three epochs behind it.
    static string Begun(TempFolder temp)
    {
        using var stop = new CancellationTokenSource();
        using var text = new StopAt("epoch 2/3", stop);
        Assert.Equal(130, CressetCommand.Run([.. Small, "--output", temp["begun"]], text, TextWriter.Null, false, stop.Token));
        return Directory.GetDirectories(temp["begun"]).Single();
    }

    [Fact]
    public async Task One_interrupt_ends_after_the_batch_and_says_how_to_go_on()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are sent with Linux' tools");
        using var temp = new TempFolder();
        // More epochs than any signal is late.
        using var process = Start([], [.. Small[..^1], "100000", "--output", temp["runs"]]);
        while (await process.StandardOutput.ReadLineAsync(Stop) is { } line && !line.StartsWith("epoch 1/", StringComparison.Ordinal)) ;
        await Interrupt(process);
        var result = await End(process);
        Assert.Equal((130, "Stopping in good order; once more leaves at once."), (result.Code, result.ErrorLine));
        var run = Directory.GetDirectories(temp["runs"]).Single();
        Assert.Contains($"Interrupted: `cresset train --resume {run}` goes on from here.", result.Output, StringComparison.Ordinal);
        var epochs = File.ReadAllLines(Path.Combine(run, "history.csv")).Length - 1;
        var settings = Path.Combine(run, "settings.json");
        File.WriteAllText(settings, File.ReadAllText(settings).Replace("100000", $"{epochs + 1}", StringComparison.Ordinal));
        var resumed = CommandLine.Run("train", "--resume", run);
        Assert.Equal(0, resumed.Code);
        Assert.Contains($"Going on after {epochs} of {epochs + 1} epochs.", resumed.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_interrupt_leaves_at_once()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals are sent with Linux' tools");
        using var temp = new TempFolder();
        // A pipe as data: the command waits for it for ever, and does not come to look whether it is to stop.
        var pipe = temp["endless.csv"];
        using (var make = Process.Start("mkfifo", [pipe])) await make.WaitForExitAsync(Stop);
        using var process = Start([], "train", "--data", pipe, "--target", "y", "--output", temp["runs"]);
        // Opens when the command has opened it, and so is past its start.
        await using var writer = await Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write), Stop);
        await Interrupt(process);
        Assert.Equal("Stopping in good order; once more leaves at once.", await process.StandardError.ReadLineAsync(Stop));
        Assert.False(process.HasExited);
        await Interrupt(process);
        var result = await End(process);
        Assert.Equal((130, "", ""), (result.Code, result.Output, result.Error));
        Assert.False(Directory.Exists(temp["runs"]));
    }

    [Fact]
    public async Task A_file_that_finds_no_room_ends_the_run_and_the_checkpoint_stays_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "limits are set with Linux' tools");
        using var temp = new TempFolder();
        var (unbroken, run) = (Unbroken(temp), Begun(temp));
        var before = Bytes(run, "checkpoint.safetensors");
        // 8 KiB a file: less than the model. Without the signal that would end the process.
        using var process = Start(["bash", "-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "-"], "train", "--resume", run);
        var result = await End(process);
        Assert.Equal(1, result.Code);
        Assert.StartsWith($"error: {Path.Combine(run, "model.safetensors")}: expected room for a file of this size", result.ErrorLine, StringComparison.Ordinal);
        await GoesOn(unbroken, run, before);
    }

    [Fact]
    public async Task A_folder_that_has_become_read_only_ends_the_run_and_the_checkpoint_stays_whole()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "rights are taken with Linux' tools");
        using var temp = new TempFolder();
        var (unbroken, run) = (Unbroken(temp), Begun(temp));
        var before = Bytes(run, "checkpoint.safetensors");
        var mode = File.GetUnixFileMode(run);
        File.SetUnixFileMode(run, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        try
        {
            // The administrator may write everywhere, unless that right is given up.
            using var process = Start(Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override"] : [], "train", "--resume", run);
            var result = await End(process);
            Assert.Equal(1, result.Code);
            Assert.StartsWith($"error: Access to the path '{Path.Combine(run, "model.safetensors")}", result.ErrorLine, StringComparison.Ordinal);
            using var another = Start(Environment.IsPrivilegedProcess ? ["setpriv", "--bounding-set=-dac_override"] : [], [.. Small, "--output", Path.Combine(run, "more")]);
            result = await End(another);
            Assert.Equal(1, result.Code);
            Assert.StartsWith($"error: --output: no folder can be made in {Path.Combine(run, "more")}: ", result.ErrorLine, StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(run, mode);
        }
        await GoesOn(unbroken, run, before);
    }

    // The checkpoint is as it was, nothing is left half-written, and with room again the run comes to the weights of an unbroken one.
    static async Task GoesOn(string unbroken, string run, byte[] before)
    {
        Assert.Equal(before, Bytes(run, "checkpoint.safetensors"));
        Assert.Empty(Directory.GetFiles(run, "*.tmp"));
        using var process = Start([], "train", "--resume", run);
        Assert.Equal(0, (await End(process)).Code);
        Assert.Equal(Bytes(unbroken, "model.safetensors"), Bytes(run, "model.safetensors"));
    }
}
