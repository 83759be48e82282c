using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Xml.Linq;
using Cresset.Cli.Reports;
using Cresset.Serialization;
using Cresset.Tests;
using Cresset.Vision;
using Xunit;

namespace Cresset.Cli.Tests;

public class ReportTests(SmallRun small) : IClassFixture<SmallRun>
{
    static XElement Page(string run)
    {
        var text = File.ReadAllText(Path.Combine(run, "report.html"));
        Assert.StartsWith("<!DOCTYPE html>\n", text, StringComparison.Ordinal);
        var page = XElement.Parse(text["<!DOCTYPE html>\n".Length..]);
        // Nothing from elsewhere.
        Assert.All(page.Descendants().Attributes().Where(a => a.Name.LocalName is "src" or "href"), a => Assert.StartsWith("data:image/", a.Value, StringComparison.Ordinal));
        Assert.DoesNotContain("url(", text, StringComparison.Ordinal);
        Assert.Empty(page.Descendants("script"));
        return page;
    }

    static string Train(TempFolder temp, params string[] options)
    {
        var result = CommandLine.Run(["train", .. options, "--output", temp["runs"]]);
        Assert.Equal(0, result.Code);
        return Directory.GetDirectories(temp["runs"]).Single();
    }

    [Fact]
    public void Has_the_figures_of_the_metrics_the_settings_the_layers_and_the_charts()
    {
        var page = Page(small.Folder);
        using var metrics = JsonDocument.Parse(File.ReadAllText(small.File("metrics.json")));
        Assert.Equal([(100 * metrics.RootElement.GetProperty("accuracy").GetDouble()).ToString("F2", CultureInfo.InvariantCulture) + "%",
            metrics.RootElement.GetProperty("averages")[0].GetProperty("f1").GetDouble().ToString("F4", CultureInfo.InvariantCulture),
            metrics.RootElement.GetProperty("loss").GetDouble().ToString("F4", CultureInfo.InvariantCulture), "100"], page.Descendants("b").Select(b => b.Value));
        Assert.Equal(["Learning curves", "Classes", "Confusion matrix", "Worst mistakes", "Layers", "Settings"], page.Descendants("h2").Select(h => h.Value));
        Assert.Contains("Conv2d", page.Descendants("pre").Single().Value, StringComparison.Ordinal);
        var settings = page.Descendants("table").Last().Elements("tr").ToDictionary(r => r.Elements().First().Value, r => r.Elements().Last().Value);
        Assert.Equal(("cnn", "300", "3"), (settings["model"], settings["trainCount"], settings["seed"]));
        // What was left open too.
        Assert.Equal(("none", "none", "one in twenty"), (settings["warmup"], settings["target"], settings["maxBroken"]));
        Assert.Equal(typeof(TrainSettings).GetProperties().Length, settings.Count);
        Assert.DoesNotContain("", settings.Values);
        Assert.Equal(2, page.Descendants("img").Count(i => i.Attribute("class")!.Value == "chart"));
    }

    // Found again picture by picture through predict.
    [Fact]
    public void The_worst_mistakes_are_those_with_the_least_probable_truth()
    {
        using var temp = new TempFolder();
        var digits = DrawnDigits.Draw(100, 2);
        string[] files = [.. Enumerable.Range(0, 100).Select(i => temp.Write($"{i}.png", ImageFile.EncodePng(new ImagePixels(digits[i].ToArray(), 1, 28, 28))))];
        using var json = JsonDocument.Parse(CommandLine.Run(["predict", "--model", small.Folder, "--invert", "no", "--top", "10", "--json", .. files]).Output);
        var expected = json.RootElement.EnumerateArray().Select((p, i) =>
        {
            var classes = p.GetProperty("classes").EnumerateArray().Select(c => (Name: c.GetProperty("class").GetString()!, Probability: c.GetProperty("probability").GetDouble())).ToList();
            var truth = digits.Labels[i].ToString(CultureInfo.InvariantCulture);
            return (Index: i, Truth: truth, Told: classes[0].Name, Probability: classes.Single(c => c.Name == truth).Probability);
        }).Where(p => p.Told != p.Truth).OrderBy(p => p.Probability).Take(24).ToList();
        Assert.True(expected.Count > 5);
        var shown = Page(small.Folder).Descendants("figure").ToList();
        Assert.Equal(expected.Count, shown.Count);
        for (var i = 0; i < expected.Count; i++)
        {
            Assert.Matches($@"^{expected[i].Truth}, taken for {expected[i].Told} \(.*\); picture {expected[i].Index + 1}$", shown[i].Element("figcaption")!.Value);
            var png = Convert.FromBase64String(shown[i].Element("img")!.Attribute("src")!.Value["data:image/png;base64,".Length..]);
            Assert.Equal(digits[expected[i].Index].ToArray(), ImageFile.Read(temp.Write("shown.png", png), ImageColor.Grey).Pixels);
        }
    }

    [Fact]
    public void Text_of_the_data_stays_text()
    {
        using var temp = new TempFolder();
        var text = new StringBuilder("x,<i>t</i>\n");
        for (int i = 0; i < 60; i++) text.Append(CultureInfo.InvariantCulture, $"<script>alert({i})</script>,{(i % 2 == 0 ? "<b>&amp;" : "\u0001\"'")}\n");
        var page = Page(Train(temp, "--data", $"text:{temp.Write("d.csv", Encoding.UTF8.GetBytes(text.ToString()))}", "--text-column", "x", "--target", "<i>t</i>", "--epochs", "1"));
        Assert.Contains("<b>&amp;", page.Descendants("td").Select(td => td.Value));
        Assert.Contains("\ufffd\"'", page.Descendants("td").Select(td => td.Value));
    }

    [Fact]
    public void The_largest_errors_of_a_number_are_shown_with_their_rows()
    {
        using var temp = new TempFolder();
        var text = new StringBuilder("a,b,y\n");
        for (int i = 0; i < 100; i++) text.Append(CultureInfo.InvariantCulture, $"{i},{(i * 7) % 13},{(i % 9 == 0 ? "" : (i * 0.5 + 0.25).ToString(CultureInfo.InvariantCulture))}\n");
        var page = Page(Train(temp, "--data", temp.Write("d.csv", Encoding.UTF8.GetBytes(text.ToString())), "--target", "y", "--epochs", "3"));
        Assert.Contains("Largest errors of y", page.Descendants("h2").Select(h => h.Value));
        var rows = page.Descendants("table").First().Elements("tr").Skip(1).Select(r => r.Elements().Select(e => e.Value).ToArray()).ToList();
        Assert.NotEmpty(rows);
        double[] errors = [.. rows.Select(r => Math.Abs(double.Parse(r[1], CultureInfo.InvariantCulture) - double.Parse(r[2], CultureInfo.InvariantCulture)))];
        Assert.Equal(errors.OrderDescending(), errors);
        // The row is the one with that number.
        Assert.All(rows, r => Assert.Equal((0.5 * int.Parse(r[0].Split(',')[0][2..], CultureInfo.InvariantCulture) + 0.25).ToString(CultureInfo.InvariantCulture), r[1]));
        Assert.Contains("Predicted and true numbers", page.Descendants("h2").Select(h => h.Value));
        Assert.Equal(["Learning curves", "Predicted and true numbers"], page.Descendants("img").Select(i => i.Attribute("alt")!.Value));
    }

    // 0.002 is 0.0019998... after single precision.
    [Fact]
    public void A_true_number_is_shown_as_the_file_has_it()
    {
        using var temp = new TempFolder();
        var text = new StringBuilder("a,y\n");
        for (int i = 0; i < 40; i++) text.Append(CultureInfo.InvariantCulture, $"{i % 7},{(i % 2 == 0 ? "0.00200" : "3e1")}\n");
        var page = Page(Train(temp, "--data", temp.Write("d.csv", Encoding.UTF8.GetBytes(text.ToString())), "--target", "y", "--task", "regression", "--epochs", "1"));
        Assert.All(page.Descendants("table").First().Elements("tr").Skip(1), row => Assert.Contains(row.Elements().ElementAt(1).Value, new[] { "0.00200", "3e1" }));
    }

    [Fact]
    public void Pictures_of_a_folder_are_called_by_their_files()
    {
        using var temp = new TempFolder();
        var images = DrawnDigits.Draw(40, 1);
        for (int i = 0; i < 40; i++) temp.Write($"pictures/{(images.Labels[i] < 5 ? "low" : "high")}/scan {i:D2}.png", ImageFile.EncodePng(new ImagePixels(images[i].ToArray(), 1, 28, 28)));
        temp.Write("pictures/low/broken.png", [1, 2, 3]);
        var figures = Page(Train(temp, "--data", temp["pictures"], "--model", "linear", "--epochs", "1")).Descendants("figure").ToList();
        Assert.NotEmpty(figures);
        foreach (var figure in figures)
        {
            var name = figure.Element("figcaption")!.Value.Split("; ")[1];
            Assert.StartsWith(figure.Element("figcaption")!.Value.Split(',')[0] + "/scan ", name, StringComparison.Ordinal);
            var png = Convert.FromBase64String(figure.Element("img")!.Attribute("src")!.Value["data:image/png;base64,".Length..]);
            Assert.Equal(ImageFile.Read(temp[$"pictures/{name}"], ImageColor.Grey).Pixels, ImageFile.Read(temp.Write("shown.png", png), ImageColor.Grey).Pixels);
        }
    }

    [Fact]
    public void A_language_model_shows_what_it_writes_and_the_rate_is_that_of_the_settings()
    {
        using var temp = new TempFolder();
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => $"the {(i * i) % 17} \u00e4pples\n"));
        var run = Train(temp, "--data", temp.Write("d.txt", Encoding.UTF8.GetBytes(text)), "--model", "char-gru", "--epochs", "1", "--seed", "5");
        var page = Page(run);
        Assert.Equal(["Learning curves", "Generated text", "Layers", "Settings"], page.Descendants("h2").Select(h => h.Value));
        Assert.False(File.Exists(Path.Combine(run, "confusion-matrix.svg")));
        var generated = page.Descendants("pre").First().Value;
        // A tenth is the test part.
        Assert.StartsWith(text[(text.Length - text.Length / 10)..][..32], generated, StringComparison.Ordinal);
        Assert.Equal(generated, CommandLine.Run("predict", "--model", run, "--length", "400", "--temperature", "0.8", "--seed", "5", generated[..32]).Output[..^Environment.NewLine.Length]);
        // One-cycle begins far below it.
        Assert.Contains(page.Descendants("tr"), row => row.Elements().First().Value == "learningRate" && row.Elements().Last().Value == "0.002");
    }

    [Theory]
    [InlineData("grammar", "Worst mistakes", @"\[\S+\]")]
    [InlineData("common-names", "Worst mistakes", @"\w")]
    public void Sentences_and_names_are_shown(string data, string title, string pattern)
    {
        using var temp = new TempFolder();
        var page = Page(Train(temp, "--data", data, "--epochs", "1"));
        Assert.Contains(title, page.Descendants("h2").Select(h => h.Value));
        Assert.All(page.Descendants("td").Where(td => td.Attribute("class")?.Value == "wrap"), td => Assert.Matches(pattern, td.Value));
    }

    [Fact]
    public void Mistakes_are_kept_over_batches_up_to_the_limit()
    {
        var mistakes = new WorstMistakes(["a", "b", "c"], null, 2);
        mistakes.Update(Tensor.From([2f, 0, 0, 0, 1, 0], [2, 3]), Tensor.From([1L, 1]));
        mistakes.Update(Tensor.From([0f, 0, 9, 0, 3, 0, 5, 0, 0], [3, 3]), Tensor.From([0L, 2, 0]));
        Assert.Equal([(2L, "a"), (3L, "c")], mistakes.All.Select(m => (m.Index, m.Truth)));
        Assert.Equal(Math.Log(Math.Exp(9) + 2), mistakes.All[0].Badness, 1e-6);
    }
}
