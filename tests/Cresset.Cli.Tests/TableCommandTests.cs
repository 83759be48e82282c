using System.Globalization;
using System.Text;
using System.Text.Json;
using Cresset.Tests;
using Xunit;

namespace Cresset.Cli.Tests;

public class TableCommandTests
{
    const int Rows = 300;

    // By a known rule: bought follows from age and plan, the price is a line.
    static string Write(TempFolder temp, string name, ulong seed)
    {
        var generator = new Generator(seed);
        var text = new StringBuilder("id;age;plan;bought;price\n");
        for (int i = 0; i < Rows; i++)
        {
            long age = 20 + generator.NextInt64(60);
            bool gold = generator.NextInt64(2) == 0;
            text.Append(CultureInfo.InvariantCulture, $"n{i};{(i % 20 == 0 ? "" : age.ToString(CultureInfo.InvariantCulture))};{(gold ? "gold" : "basic")};{(age > (gold ? 35 : 60) ? "yes" : "no")};{100 + 2.5 * age - (gold ? 40 : 0)}\n");
        }
        return temp.Write(name, Encoding.UTF8.GetBytes(text.ToString()));
    }

    static string Train(TempFolder temp, string file, string target, params string[] more)
    {
        var result = CommandLine.Run(["train", "--data", $"csv:{file}", "--target", target, "--lr", "0.01", "--output", temp.Path, .. more]);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("left out: id (240 different texts in 240 rows)", result.Output, StringComparison.Ordinal);
        return Directory.GetDirectories(temp.Path).Single();
    }

    static JsonElement Json(CommandResult result)
    {
        Assert.Equal((0, ""), (result.Code, result.Error));
        return JsonDocument.Parse(result.Output).RootElement;
    }

    [Fact]
    public void Learns_a_class_and_tells_it_of_raw_files_and_rows()
    {
        using var temp = new TempFolder();
        var run = Train(temp, Write(temp, "shop.csv", 1), "bought");
        Assert.True(File.Exists(Path.Combine(run, "confusion-matrix.png")));

        // Another file counts as a whole.
        var report = Json(CommandLine.Run("eval", "--model", run, "--data", Write(temp, "other.csv", 2), "--json"));
        Assert.Equal(Rows, report.GetProperty("confusion").EnumerateArray().Sum(row => row.EnumerateArray().Sum(n => n.GetInt32())));
        Assert.True(report.GetProperty("accuracy").GetDouble() > 0.9);

        foreach (var (row, expected) in new[] { ("age=30,plan=gold", "no"), ("age=50,plan=gold", "yes"), ("plan=basic, age=50", "no"), ("age=75,plan=basic", "yes") })
            Assert.Equal(expected, Json(CommandLine.Run("predict", "--model", run, row, "--json"))[0].GetProperty("classes")[0].GetProperty("class").GetString());
        var rows = Json(CommandLine.Run("predict", "--model", run, temp.Write("new.csv", "plan,age,price\ngold,30,\nbasic,75,\n"u8.ToArray()), "--json"));
        Assert.Equal(["no", "yes"], rows.EnumerateArray().Select(r => r.GetProperty("classes")[0].GetProperty("class").GetString()));
        Assert.EndsWith("new.csv, line 3", rows[1].GetProperty("input").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Learns_a_number_and_says_it_in_its_own_unit()
    {
        using var temp = new TempFolder();
        // The line is found by a linear model, but for the rows without an age.
        var run = Train(temp, Write(temp, "shop.csv", 1), "price", "--model", "table-linear", "--epochs", "60");
        using var metrics = JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "metrics.json")));
        Assert.True(metrics.RootElement.GetProperty("r2").GetDouble() > 0.8);
        Assert.False(File.Exists(Path.Combine(run, "confusion-matrix.png")));
        foreach (var (age, plan, expected) in new[] { (30, "gold", 135.0), (70, "basic", 275.0) })
            Assert.Equal(expected, Json(CommandLine.Run("predict", "--model", run, $"age={age},plan={plan}", "--json"))[0].GetProperty("number").GetDouble(), 10.0);
        Assert.Contains("R2", CommandLine.Run("eval", "--model", run).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_prefix_tells_a_file_by_another_name_and_the_run_remembers_it()
    {
        using var temp = new TempFolder();
        var run = Train(temp, Write(temp, "shop.data", 1), "bought", "--epochs", "1");
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        // The part that was held out: the file is known by its name.
        Assert.Contains("60 rows", CommandLine.Run("eval", "--model", run).Output, StringComparison.Ordinal);
        Assert.Contains("expected a folder, or a .zip, .conllu, .txt or .csv file", CommandLine.Run("train", "--data", Path.Combine(temp.Path, "shop.data")).ErrorLine, StringComparison.Ordinal);
        Assert.Contains("expected a folder or .zip file after images:", CommandLine.Run("train", "--data", $"images:{Path.Combine(temp.Path, "shop.data")}").ErrorLine, StringComparison.Ordinal);
        Assert.Contains("expected a file after text:, got the folder", CommandLine.Run("train", "--data", $"text:{temp.Path}").ErrorLine, StringComparison.Ordinal);
    }

    // 300 rows: 60 are test rows; of the other 240 a quarter judges. The best epoch by it is kept.
    [Fact]
    public void Epochs_are_judged_by_rows_that_are_neither_trained_on_nor_tested_with()
    {
        using var temp = new TempFolder();
        var file = Write(temp, "shop.csv", 1);
        var result = CommandLine.Run("train", "--data", file, "--target", "bought", "--validation", "0.25", "--epochs", "4", "--class-weights", "balanced", "--output", temp.Path);
        Assert.Equal((0, ""), (result.Code, result.Error));
        Assert.Contains("180 training, 60 validation and 60 test rows", result.Output, StringComparison.Ordinal);
        Assert.Contains("validation loss", result.Output, StringComparison.Ordinal);
        Assert.Contains("The best epoch was", result.Output, StringComparison.Ordinal);
        Assert.Contains("Test: 60 rows", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Held_out_samples_are_not_among_the_others()
    {
        var table = Cresset.Data.CsvTable.From(["n", "even"], Enumerable.Range(0, 11).Select(i => new[] { $"{i}", $"{i % 2}" }));
        var (kept, held) = new Cresset.Cli.Inputs.TableSamples(table, "even", null, ["0", "1"]).HoldOut(0.3);
        string[] Numbers(Cresset.Cli.Inputs.Samples samples) => [.. ((Cresset.Cli.Inputs.TableSamples)samples).Table.Column("n")];
        Assert.Equal((8, 3), (kept.Count, held.Count));
        Assert.Equal(Enumerable.Range(0, 11).Select(i => $"{i}").Order(), Numbers(kept).Concat(Numbers(held)).Order());
        // A text gives its end.
        var (begin, end) = new Cresset.Cli.Inputs.TextSamples("abcdefghij", ["a"]).HoldOut(0.2);
        Assert.Equal(("abcdefgh", "ij"), (((Cresset.Cli.Inputs.TextSamples)begin).Text, ((Cresset.Cli.Inputs.TextSamples)end).Text));
    }

    // scikit-learn's "balanced": N / (C n). Three of class 0, one of class 1, none of class 2.
    [Fact]
    public void Balanced_weights_are_the_inverse_of_the_counts()
    {
        var table = Cresset.Data.CsvTable.From(["x", "class"], [["1", "a"], ["2", "a"], ["3", "a"], ["4", "b"]]);
        string[] classes = ["a", "b", "c"];
        var samples = new Cresset.Cli.Inputs.TableSamples(table, "class", null, classes);
        Assert.Equal([4f / 9, 4f / 3, 1f], Evaluation.BalancedWeights(samples, samples.Measure(), classes).ToArray<float>());
    }

    [Theory]
    [InlineData(2, "--target: expected the column of ", "train", "--data", "FILE")]
    [InlineData(1, "got 'bougth'; did you mean 'bought'?", "train", "--data", "FILE", "--target", "bougth")]
    [InlineData(1, "expected numbers for regression, got 'yes'", "train", "--data", "FILE", "--target", "bought", "--task", "regression")]
    [InlineData(2, "--target and --task: they are for tables", "train", "--data", "digits", "--target", "bought")]
    [InlineData(2, "--validation: expected a share above 0 and below 1, got 1.5", "train", "--validation", "1.5")]
    [InlineData(2, "--class-weights: it is for classes; the target here is the number price", "train", "--data", "FILE", "--target", "price", "--class-weights", "balanced")]
    [InlineData(2, "cnn takes pictures;", "train", "--data", "FILE", "--target", "bought", "--model", "cnn")]
    [InlineData(2, "--data: there is no folder or file", "train", "--data", "csv:nowhere.csv", "--target", "bought")]
    [InlineData(2, "expected a folder or file, got nothing", "train", "--data", "images:")]
    public void Wrong_use_is_told_in_one_line(int code, string expected, params string[] args)
    {
        using var temp = new TempFolder();
        var file = Write(temp, "shop.csv", 1);
        var result = CommandLine.Run([.. args.Select(a => a == "FILE" ? file : a), "--output", temp.Path]);
        Assert.Equal(code, result.Code);
        Assert.Contains(expected, result.ErrorLine, StringComparison.Ordinal);
        Assert.Empty(Directory.GetDirectories(temp.Path));
    }

    [Fact]
    public void Rows_that_do_not_fit_the_model_are_refused()
    {
        using var temp = new TempFolder();
        var run = Train(temp, Write(temp, "shop.csv", 1), "bought", "--epochs", "1");
        foreach (var (argument, expected) in new[]
        {
            ("height=3", "COLUMN=VALUE,... of the columns age, plan, price"), ("missing.csv", "there is no file missing.csv"), ("age=old", "expected a number as in the training rows"),
            (temp.Write("few.csv", "age\n1\n"u8.ToArray()), "the model needs the columns age, plan, price"),
        })
        {
            Assert.Contains(expected, CommandLine.Run("predict", "--model", run, argument).ErrorLine, StringComparison.Ordinal);
        }
    }
}
