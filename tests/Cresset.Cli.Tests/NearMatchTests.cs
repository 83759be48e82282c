using Xunit;

namespace Cresset.Cli.Tests;

public class NearMatchTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("cnn", "", 3)]
    [InlineData("mlp", "mpl", 1)]
    [InlineData("train", "trian", 1)]
    public void Distance_counts_changes_and_swaps(string a, string b, int expected)
    {
        Assert.Equal(expected, NearMatch.Distance(a, b));
        Assert.Equal(expected, NearMatch.Distance(b, a));
    }

    [Theory]
    [InlineData("mnits", "mnist")]
    [InlineData("fashion", "fashion-mnist")]
    [InlineData("digit", "digits")]
    public void Finds_what_was_meant(string name, string expected) =>
        Assert.Equal([expected], NearMatch.Of(name, ["digits", "mnist", "fashion-mnist"]));

    [Fact]
    public void Finds_nothing_for_what_is_far_from_all() => Assert.Empty(NearMatch.Of("transformer", ["mlp", "cnn"]));

    [Fact]
    public void An_unknown_name_is_a_usage_error_that_lists_what_is_known()
    {
        var e = Assert.Throws<CommandException>(() => NearMatch.Find("model", "cmn", ["mlp", "cnn"], n => n));
        Assert.Equal(2, e.ExitCode);
        Assert.Equal("unknown model 'cmn'. Did you mean cnn? Known: mlp, cnn.", e.Message);
    }
}
