using System.Text;
using System.Text.Json;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

public class DocumentCommandTests
{
    static readonly string[] Good = ["great", "lovely", "superb"], Bad = ["dull", "awful", "boring"], Words = ["the", "film", "was", "a", "story", "in", "it", "and", "we", "saw"];

    // The last word but the mark decides.
    static string Write(TempFolder temp, string name, int rows, ulong seed)
    {
        var generator = new Generator(seed);
        string Any(string[] of) => of[generator.NextInt64(of.Length)];
        var text = new StringBuilder("number,review,verdict\n");
        for (int i = 0; i < rows; i++)
        {
            bool good = generator.NextInt64(2) == 0;
            var words = Enumerable.Range(0, 2 + (int)generator.NextInt64(8)).Select(_ => Any(Words));
            text.Append($"{i},\"{string.Join(' ', words)}, {Any(good ? Good : Bad)}!\",{(i == 7 ? "" : good ? "up" : "down")}\n");
        }
        return temp.Write(name, Encoding.UTF8.GetBytes(text.ToString()));
    }

    static JsonElement Json(CommandResult result)
    {
        Assert.Equal((0, ""), (result.Code, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Theory]
    [InlineData("text-cnn")]
    [InlineData("text-bag")]
    public void Learns_a_class_from_words_and_tells_it_of_texts_and_files(string model)
    {
        using var temp = new TempFolder();
        var file = Write(temp, "reviews.csv", 301, 1);
        var result = CommandLine.Run("train", "--data", $"text:{file}", "--text-column", "review", "--target", "verdict", "--model", model, "--lr", "0.01", "--epochs", "8", "--output", temp["runs"]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        // One has no verdict; a fifth of the others is held out.
        Assert.Contains("240 training and 60 test texts, 2 classes", result.Output, StringComparison.Ordinal);
        var run = Directory.GetDirectories(temp["runs"]).Single();

        var report = Json(CommandLine.Run("eval", "--model", run, "--data", Write(temp, "other.csv", 100, 2), "--json"));
        Assert.Equal(99, report.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(n => n.GetInt32())));
        Assert.True(report.GetProperty("accuracy").GetDouble() > 0.95);
        // What it was trained on: the part that was held out.
        Assert.Equal(60, Json(CommandLine.Run("eval", "--model", run, "--json")).GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(n => n.GetInt32())));

        string Class(JsonElement prediction) => prediction.GetProperty("classes")[0].GetProperty("class").GetString()!;
        var told = Json(CommandLine.Run("predict", "--model", run, "--json", "The film was SUPERB.", "a story, boring"));
        Assert.Equal(["up", "down"], told.EnumerateArray().Select(Class));
        var rows = Json(CommandLine.Run("predict", "--model", run, "--json", temp.Write("new.csv", "review\nit was lovely\ndull dull dull\n"u8.ToArray())));
        Assert.Equal(["up", "down"], rows.EnumerateArray().Select(Class));
        Assert.EndsWith("new.csv, line 3", rows[1].GetProperty("input").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--target: expected the column of ", "--text-column", "review")]
    [InlineData("--text-column: expected the column of ", "--target", "verdict")]
    [InlineData("--text-column: expected another column than the target's, got verdict for both.", "--target", "verdict", "--text-column", "verdict")]
    [InlineData("--task: of texts classes are told, not numbers; expected classification.", "--target", "number", "--text-column", "review", "--task", "regression")]
    [InlineData("--model: table takes rows of a table; ", "--target", "verdict", "--text-column", "review", "--model", "table")]
    public void Columns_that_do_not_fit_are_bad_usage(string message, params string[] options)
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run(["train", "--data", $"text:{Write(temp, "reviews.csv", 50, 1)}", "--output", temp["runs"], .. options]);
        Assert.Equal(2, result.Code);
        Assert.StartsWith("error: " + message, result.ErrorLine, StringComparison.Ordinal);
        Assert.False(Directory.Exists(temp["runs"]));
    }

    [Fact]
    public void A_column_that_is_not_there_is_named_with_those_that_are()
    {
        using var temp = new TempFolder();
        var result = CommandLine.Run("train", "--data", Write(temp, "reviews.csv", 50, 1), "--target", "verdict", "--text-column", "reviews");
        Assert.NotEqual(0, result.Code);
        Assert.Contains("reviews", result.ErrorLine, StringComparison.Ordinal);
        Assert.Contains("review", result.ErrorLine, StringComparison.Ordinal);
    }
}
