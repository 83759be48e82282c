using Cresset.Cli.Inputs;
using Xunit;

namespace Cresset.Cli.Tests;

public class EvaluationReportTests
{
    static readonly EvaluationReport Report = new(
        0.25, 0.75,
        [new("cat", 1, 0.5, 2.0 / 3, 2), new("dog", 2.0 / 3, 1, 0.8, 2)],
        [new("macro average", 5.0 / 6, 0.75, 11.0 / 15, 4)],
        [[1, 1], [0, 2]]);

    [Fact]
    public void Prints_figures_and_tables_without_control_codes()
    {
        using var output = new StringWriter();
        Report.Print(new Terminal(output, TextWriter.Null, live: false), "test", PictureModel.With(PictureShape.Grey28));
        var text = output.ToString();
        Assert.Contains("test: 4 pictures, loss 0.2500, accuracy 75.00%", text, StringComparison.Ordinal);
        Assert.Matches(@"\| cat +\| +1\.0000 \| +0\.5000 \| 0\.6667 \| +2 \|", text);
        Assert.Matches(@"\| macro average \| +0\.8333 \| 0\.7500 \| 0\.7333 \| +4 \|", text);
        Assert.Matches(@"\| cat \| +1 \| +1 \|", text);
        Assert.Matches(@"\| dog \| +\. \| +2 \|", text);
        Assert.DoesNotContain('\u001b', text);
    }

    [Fact]
    public void A_class_name_is_text_not_markup()
    {
        using var output = new StringWriter();
        var odd = Report with { Classes = [Report.Classes[0] with { Name = "[red]x[/]" }, Report.Classes[1]] };
        odd.Print(new Terminal(output, TextWriter.Null, live: false), "test", PictureModel.With(PictureShape.Grey28));
        Assert.Contains("[red]x[/]", output.ToString(), StringComparison.Ordinal);
    }
}
