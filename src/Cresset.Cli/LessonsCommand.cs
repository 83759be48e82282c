using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Cresset.Cli;

/// <summary>`cresset lessons`: lists the course and says how to run it.</summary>
static partial class LessonsCommand
{
    public const string Name = "lessons";

    public static readonly string[] Examples = ["lessons"];

    public static Command Create(Func<System.CommandLine.ParseResult, int> run)
    {
        var command = new Command(Name, "List the course: programs of one file each, from one weight to self-attention.");
        command.SetAction(run);
        return command;
    }

    /// <summary>Prints one line a lesson, then where the programs are.</summary>
    public static int Run(Terminal terminal)
    {
        var lessons = All();
        int widest = lessons.Max(lesson => lesson.Title.Length);
        foreach (var (number, title, file) in lessons)
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{number,3}  {title.PadRight(widest)}  dotnet run lessons/{file}"));
        terminal.Line();
        var folder = Folder(Directory.GetCurrentDirectory());
        terminal.Line(folder is null
            ? "The programs are part of Cresset's source repository, not of this command: get the repository, go to its top folder and run"
            : $"Go to {folder} and run");
        terminal.Line("a line of the list (.NET 10 SDK). A page about each, in English and Chinese, is in docs/lessons.");
        return ExitCodes.Done;
    }

    /// <summary>The lessons in their order. Their own first lines say what they are called: the build puts the programs into
    /// this assembly, so that the list cannot differ from them.</summary>
    public static IReadOnlyList<(int Number, string Title, string File)> All()
    {
        var assembly = typeof(LessonsCommand).Assembly;
        var lessons = new List<(int Number, string Title, string File)>();
        foreach (var resource in assembly.GetManifestResourceNames())
        {
            if (!resource.StartsWith("lessons/", StringComparison.Ordinal)) continue;
            using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
            var file = resource["lessons/".Length..];
            var match = FirstLine().Match(reader.ReadLine() ?? "");
            if (!match.Success)
                throw new InvalidOperationException($"lessons/{file}: expected a first line such as '// Lesson 1: a linear model.'.");
            var title = match.Groups["title"].Value.TrimEnd('.');
            lessons.Add((int.Parse(match.Groups["number"].ValueSpan, CultureInfo.InvariantCulture), char.ToUpperInvariant(title[0]) + title[1..], file));
        }
        return [.. lessons.OrderBy(lesson => lesson.Number)];
    }

    // The nearest folder at or above a place that holds the course.
    static string? Folder(string? place)
    {
        while (place is not null && !File.Exists(Path.Combine(place, "lessons", "01-linear-model.cs"))) place = Path.GetDirectoryName(place);
        return place;
    }

    // The title ends where the line does, or where two blanks set off what follows.
    [GeneratedRegex(@"^// Lesson (?<number>\d+): (?<title>\S.*?)(\s{2,}.*)?$")]
    private static partial Regex FirstLine();
}
