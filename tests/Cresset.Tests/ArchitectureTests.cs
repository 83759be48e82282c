using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Xunit;

namespace Cresset.Tests;

// The order of the rooms, read from the source: a lower room knows nothing of a higher one.
public partial class ArchitectureTests
{
    static readonly string[][] Floors = [["Tensors"], ["Kernels"], ["Autograd"], ["Operators"], ["Nn"], ["Optim", "Data", "Metrics"], ["Training"]];

    [GeneratedRegex("""//[^\n]*|/\*.*?\*/|@?\$?"{3}.*?"{3}|[$@]*"(?:\\.|""|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", RegexOptions.Singleline)]
    private static partial Regex CommentsAndLiterals { get; }

    [GeneratedRegex(@"(?<![\w.])Tensor(?!\w)(?!\s*\.\s*Tensor)")]
    private static partial Regex TensorType { get; }

    [GeneratedRegex(@"\bstatic\s+(?:partial\s+)?class\s+(\w+)")]
    private static partial Regex StaticClass { get; }

    static string SourceFolder([CallerFilePath] string path = "")
    {
        var folder = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "src", "Cresset"));
        if (!Directory.Exists(folder)) Assert.Skip($"the source is not at {folder}: the tests run away from where they were built");
        return folder;
    }

    // Path and text without comments and literals.
    static List<(string Path, string Code)> Files(string room)
    {
        var folder = Path.Combine(SourceFolder(), room);
        return !Directory.Exists(folder) ? [] : [.. Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Select(path => (Path.GetRelativePath(SourceFolder(), path), CommentsAndLiterals.Replace(File.ReadAllText(path), " ")))];
    }

    [Fact]
    public void Kernels_never_name_Tensor()
    {
        var files = Files("Kernels");
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => TensorType.IsMatch(file.Code)).Select(file => file.Path));
    }

    [Theory]
    [InlineData("Tensor x", true)]
    [InlineData("List<Tensor> x", true)]
    [InlineData("Tensor.Zeros([1])", true)]
    [InlineData("TensorPrimitives.Add(a, b, c)", false)]
    [InlineData("using System.Numerics.Tensors;", false)]
    [InlineData("var a = 1; // a Tensor", false)]
    [InlineData("throw new Exception(\"a Tensor\")", false)]
    public void The_search_for_Tensor_finds_types_alone(string code, bool expected) =>
        Assert.Equal(expected, TensorType.IsMatch(CommentsAndLiterals.Replace(code, " ")));

    [Fact]
    public void Autograd_names_no_operator()
    {
        var classes = Files("Operators").SelectMany(file => StaticClass.Matches(file.Code).Select(match => match.Groups[1].Value))
            // The part of Autograd that differentiation adds from above.
            .Except(["Autograd"]).Append("Operators").ToHashSet();
        Assert.Contains("MulOperator", classes);
        var pattern = new Regex($@"\b(?:{string.Join('|', classes)})\b");
        var files = Files("Autograd");
        Assert.NotEmpty(files);
        Assert.Empty(files.SelectMany(file => pattern.Matches(file.Code).Select(match => $"{file.Path}: {match.Value}")));
    }

    [Fact]
    public void No_room_names_a_higher_one()
    {
        Assert.All(Floors[..4].SelectMany(rooms => rooms), room => Assert.NotEmpty(Files(room)));
        var found = new List<string>();
        for (var floor = 0; floor < Floors.Length - 1; floor++)
        {
            var higher = string.Join('|', Floors[(floor + 1)..].SelectMany(rooms => rooms));
            // using Cresset.Nn; Cresset.Nn.Module; and, inside the namespace Cresset, Nn.Module.
            var pattern = new Regex($@"(?<![\w.])(?:Cresset\.)?(?:{higher})(?=\s*[.;])|(?<![\w.])Cresset\.(?:{higher})\b");
            foreach (var room in Floors[floor])
                foreach (var (path, code) in Files(room))
                    found.AddRange(pattern.Matches(code).Select(match => $"{path}: {match.Value}"));
        }
        // A storage knows the backend that it belongs to, and the generator the words of Philox: Tensors may name Kernels.
        Assert.DoesNotContain(found, line => !(line.StartsWith("Tensors", StringComparison.Ordinal) && line.EndsWith("Kernels", StringComparison.Ordinal)));
    }

    [Fact]
    public void Rooms_beside_each_other_do_not_name_each_other()
    {
        string[] rooms = ["Optim", "Data", "Metrics"];
        var found = from room in rooms
                    from file in Files(room)
                    from other in rooms
                    where other != room && Regex.IsMatch(file.Code, $@"\bCresset\.{other}\b")
                    select $"{file.Path}: {other}";
        Assert.Empty(found);
    }
}
