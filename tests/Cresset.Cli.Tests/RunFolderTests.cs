using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

public class RunFolderTests
{
    static readonly DateTime Time = new(2026, 11, 23, 15, 45, 0);

    [Fact]
    public void Is_named_by_time_and_name_and_never_shared()
    {
        using var temp = new TempFolder();
        var first = RunFolder.Create(temp["runs"], "cnn", Time);
        var second = RunFolder.Create(temp["runs"], "cnn", Time);
        Assert.Equal(temp["runs/20261123-154500-cnn"], first.Path);
        Assert.Equal(temp["runs/20261123-154500-cnn-2"], second.Path);
        Assert.True(Directory.Exists(first.Path) && Directory.Exists(second.Path));
    }

    [Fact]
    public void A_write_that_fails_leaves_the_old_file_and_no_temporary_one()
    {
        using var temp = new TempFolder();
        var run = RunFolder.Create(temp.Path, "cnn", Time);
        run.WriteText("settings.json", "old");
        Assert.Throws<IOException>(() => run.Write("settings.json", path =>
        {
            File.WriteAllText(path, "ne");
            throw new IOException("disk full");
        }));
        Assert.Equal("old", File.ReadAllText(run["settings.json"]));
        Assert.Single(Directory.GetFiles(run.Path));
    }

    [Fact]
    public void An_output_that_is_a_file_is_refused()
    {
        using var temp = new TempFolder();
        var file = temp.Write("runs", [1]);
        Assert.Contains("--output", Assert.Throws<CommandException>(() => RunFolder.Create(file, "cnn", Time)).Message, StringComparison.Ordinal);
    }
}
