using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Cresset.Lessons.Tests;

// One class, so that lessons run one after another: they build the same libraries.
public partial class CourseTests
{
    public static TheoryData<string> Names => [.. LessonRun.Names];

    [Fact]
    public void Every_lesson_says_here_what_it_must_print() =>
        Assert.Equal(LessonRun.Names, Course.Lessons.Select(lesson => lesson.Name).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_lesson_runs_prints_its_numbers_and_draws_its_pictures(string name)
    {
        var lesson = Assert.Single(Course.Lessons, lesson => lesson.Name == name);
        Assert.NotEmpty(lesson.Pictures);
        Assert.NotEmpty(lesson.Output);
        foreach (var picture in lesson.Pictures.Select(LessonRun.Picture).Where(File.Exists)) File.Delete(picture);

        var (code, output, error) = await LessonRun.Run(name, TestContext.Current.CancellationToken);
        Assert.True(code == 0, $"{name} ended with {code}:\n{output}\n{error}");
        output = output.ReplaceLineEndings("\n");
        foreach (var expectation in lesson.Output) expectation.Check(output);
        foreach (var picture in lesson.Pictures)
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], File.ReadAllBytes(LessonRun.Picture(picture))[..4]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_lesson_has_a_page_in_both_languages_with_its_pictures(string name)
    {
        var lesson = Assert.Single(Course.Lessons, lesson => lesson.Name == name);
        foreach (var (page, other, index) in new[] { (name + ".md", name + ".zh-CN.md", "README.md"), (name + ".zh-CN.md", name + ".md", "README.zh-CN.md") })
        {
            var text = File.ReadAllText(Path.Combine(LessonRun.Pages, page));
            string[] links = [.. Link().Matches(text).Select(m => m.Groups[1].Value).Where(l => !l.Contains("://", StringComparison.Ordinal))];
            foreach (var link in links) Assert.True(File.Exists(Path.Combine(LessonRun.Pages, link)), $"{page}: no such file: {link}");
            Assert.Contains($"../../lessons/{name}.cs", links);
            Assert.Contains(other, links);
            // The last lesson leads back to the list.
            var next = Array.IndexOf(LessonRun.Names, name) + 1;
            Assert.Contains(next < LessonRun.Names.Length ? LessonRun.Names[next] + page[name.Length..] : index, links[^2..]);
            foreach (var picture in lesson.Pictures) Assert.Contains($"images/{picture}.png", links);
            // The table of the course leads to every page.
            Assert.Contains($"]({page})", File.ReadAllText(Path.Combine(LessonRun.Pages, index)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_program_of_the_README_is_one_in_both_languages_and_learns()
    {
        var program = Program("README.md");
        Assert.Equal(program, Program("README.zh-CN.md"));
        var folder = Directory.CreateTempSubdirectory("cresset-readme-").FullName;
        try
        {
            var file = Path.Combine(folder, "first.cs");
            File.WriteAllText(file, program.Replace("#:project ", $"#:project {LessonRun.Repository}/", StringComparison.Ordinal));
            var (code, output, error) = await LessonRun.RunFile(file, TestContext.Current.CancellationToken);
            Assert.True(code == 0, $"the README's program ended with {code}:\n{output}\n{error}");
            double[] losses = [.. Regex.Matches(output, @"^epoch \d+: loss (\S+?)\r?$", RegexOptions.Multiline).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture))];
            Assert.Equal(10, losses.Length);
            // Guessing among ten classes costs log 10.
            Assert.InRange(losses[0], 0.2, Math.Log(10));
            Assert.InRange(losses[^1], 0, 0.2);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static string Program(string page) => Assert.Single(Block().Matches(File.ReadAllText(Path.Combine(LessonRun.Repository, page)).ReplaceLineEndings("\n"))).Groups[1].Value;
    }

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"\]\(([^)#\s]+)")]
    private static partial Regex Link();
}
