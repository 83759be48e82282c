using System.Runtime.CompilerServices;
using Xunit;

namespace Cresset.Cli.Tests;

public class LessonsTests
{
    static string Repository([CallerFilePath] string here = "") =>
        Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));

    [Fact]
    public void Every_lesson_of_the_repository_has_one_line_in_the_order_of_the_course()
    {
        var result = CommandLine.Run("lessons");
        Assert.Equal((0, ""), (result.Code, result.Error));
        string[] files = [.. Directory.GetFiles(Path.Combine(Repository(), "lessons"), "*.cs").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];
        Assert.NotEmpty(files);
        var lines = result.Output.Split('\n', StringSplitOptions.TrimEntries).TakeWhile(line => line.Length > 0).ToArray();
        Assert.Equal(files, lines.Select(line => line[(line.IndexOf("dotnet run lessons/", StringComparison.Ordinal) + 19)..]));
        // 01-linear-model.cs is lesson 1, and so on.
        Assert.Equal(files.Select(f => int.Parse(f[..2], System.Globalization.CultureInfo.InvariantCulture)),
            lines.Select(line => int.Parse(line[..line.IndexOf(' ')], System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void A_title_is_the_first_line_of_its_program()
    {
        Assert.StartsWith("// Lesson 1: a linear model, y = w * x.", File.ReadLines(Path.Combine(Repository(), "lessons", "01-linear-model.cs")).First(), StringComparison.Ordinal);
        Assert.Contains("  1  A linear model, y = w * x  ", CommandLine.Run("lessons").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_says_where_the_programs_are()
    {
        Assert.Contains("docs/lessons", CommandLine.Run("lessons").Output, StringComparison.Ordinal);
        Assert.Equal(2, CommandLine.Run("lessons", "7").Code);
    }
}
