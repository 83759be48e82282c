using System.Globalization;
using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

namespace Cresset.Packages.Tests;

public class PackageTests(Packed packed)
{
    const string Program = """
        using Cresset;
        using Cresset.Nn;
        using Cresset.Optim;
        using Cresset.Plotting;
        using Cresset.Vision;

        var x = Tensor.Linspace(-1, 1, 64).Reshape([64, 1]);
        var y = 3 * x + 1;
        var model = new Linear(1, 1);
        var criterion = new MseLoss();
        var optimizer = new Sgd(model.Parameters(), lr: 0.5);
        for (var step = 0; step < 200; step++)
        {
            var loss = criterion.Forward(model.Forward(x), y);
            optimizer.ZeroGrad();
            loss.Backward();
            optimizer.Step();
        }
        model.Save("line.safetensors");
        var saved = new Linear(1, 1);
        saved.Load("line.safetensors");
        Console.WriteLine(FormattableString.Invariant($"{saved.Weight.Item()} {saved.Bias!.Item()}"));

        // The native libraries of pictures and charts came along.
        var digits = DrawnDigits.Draw(1);
        ImageFile.WritePng("digit.png", new ImagePixels(digits.Pixels, 1, 28, 28));
        Console.WriteLine(ImageFile.Read("digit.png", ImageColor.Grey).Pixels.SequenceEqual(digits.Pixels));
        """;

    // Packing, restoring and building from packages takes minutes.
    [Fact(Explicit = true)]
    public async Task Each_package_says_what_it_is_and_brings_its_documentation_and_symbols()
    {
        var folder = await packed.PackagesAsync();
        string[] expected = [.. Projects.Names.SelectMany(name => new[] { $"{name}.{Projects.Version}.nupkg", $"{name}.{Projects.Version}.snupkg" })
            .Append($"Cresset.Templates.{Projects.Version}.nupkg").Order(StringComparer.Ordinal)];
        Assert.Equal(expected, Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var name in Projects.Names.Append("Cresset.Templates"))
        {
            using var package = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{Projects.Version}.nupkg"));
            using var text = package.GetEntry($"{name}.nuspec")!.Open();
            var said = XDocument.Load(text).Descendants().Where(element => !element.HasElements).ToLookup(element => element.Name.LocalName, element => element.Value);
            Assert.Equal([name], said["id"]);
            Assert.Equal([Projects.Version], said["version"]);
            Assert.Equal(["MIT"], said["license"]);
            Assert.Equal(["README.md"], said["readme"]);
            Assert.True(said["description"].Single() is { Length: > 20 } description && !description.StartsWith("Package Description", StringComparison.Ordinal), name);
            Assert.Contains("deep-learning", said["tags"].Single(), StringComparison.Ordinal);
            Assert.StartsWith("# Cresset", await ReadAsync(package.GetEntry("README.md")!), StringComparison.Ordinal);
            if (!Projects.Libraries.Contains(name)) continue;
            Assert.NotNull(package.GetEntry($"lib/net10.0/{name}.dll"));
            Assert.Contains("<summary>", await ReadAsync(package.GetEntry($"lib/net10.0/{name}.xml")!), StringComparison.Ordinal);
            using var symbols = ZipFile.OpenRead(Path.Combine(folder, $"{name}.{Projects.Version}.snupkg"));
            Assert.NotNull(symbols.GetEntry($"lib/net10.0/{name}.pdb"));
        }
    }

    [Fact(Explicit = true)]
    public async Task An_empty_project_installs_the_libraries_and_trains()
    {
        await packed.PackagesAsync();
        var project = packed.NewFolder("program");
        await packed.RunAsync(project, "dotnet", "new", "console", "--no-restore", "--framework", "net10.0");
        foreach (var library in Projects.Libraries)
            await packed.RunAsync(project, "dotnet", "add", "package", library, "--version", Projects.Version, "--no-restore");
        await File.WriteAllTextAsync(Path.Combine(project, "Program.cs"), Program, TestContext.Current.CancellationToken);
        var printed = (await packed.RunAsync(project, "dotnet", "run", "-c", "Release")).Trim().Split('\n');
        double[] line = [.. printed[^2].Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        Assert.Equal(3, line[0], 1e-4);
        Assert.Equal(1, line[1], 1e-4);
        Assert.Equal("True", printed[^1].Trim());
        // It was these packages, not others of the same version that the machine has already.
        foreach (var library in Projects.Libraries)
            Assert.True(Directory.Exists(Path.Combine(packed.Cache, library.ToLowerInvariant(), Projects.Version)), library);
    }

    [Fact(Explicit = true)]
    public async Task A_native_program_is_told_how_wide_its_vectors_are_unless_it_says_it_itself()
    {
        await packed.PackagesAsync();
        var project = packed.NewFolder("native");
        await packed.RunAsync(project, "dotnet", "new", "console", "--no-restore", "--framework", "net10.0");
        // Cresset comes with it.
        await packed.RunAsync(project, "dotnet", "add", "package", "Cresset.Text", "--version", Projects.Version, "--no-restore");
        await packed.RunAsync(project, "dotnet", "restore");
        Assert.Contains("128 bits", await Told("PublishAot=true", "RuntimeIdentifier=linux-x64"), StringComparison.Ordinal);
        Assert.Contains("x86-64-v3", await Told("PublishAot=true", "RuntimeIdentifier=win-x64"), StringComparison.Ordinal);
        Assert.Equal("", await Told("RuntimeIdentifier=linux-x64"));
        Assert.Equal("", await Told("PublishAot=true", "RuntimeIdentifier=linux-arm64"));
        Assert.Equal("", await Told("PublishAot=true", "RuntimeIdentifier=linux-x64", "IlcInstructionSet=native"));
        Assert.Equal("", await Told("PublishAot=true", "RuntimeIdentifier=linux-x64", "CressetVectorWidthMessage=false"));

        // The target alone: the compiler, before which it runs, is another package.
        async Task<string> Told(params string[] properties) => (await packed.RunAsync(project, "dotnet",
            ["msbuild", "-nologo", "-tl:off", "-v:minimal", "-t:CressetVectorWidth", .. properties.Select(property => $"-p:{property}")])).Trim();
    }

    [Fact(Explicit = true)]
    public async Task The_command_installs_as_a_tool_and_trains()
    {
        await packed.PackagesAsync();
        var folder = packed.NewFolder("tool");
        await packed.RunAsync(folder, "dotnet", "tool", "install", "Cresset.Cli", "--tool-path", "bin", "--version", Projects.Version);
        var cresset = Path.Combine(folder, "bin", OperatingSystem.IsWindows() ? "cresset.exe" : "cresset");
        var help = await packed.RunAsync(folder, cresset, "--help");
        foreach (var command in new[] { "train", "eval", "predict", "summary", "lessons" }) Assert.Contains(command, help, StringComparison.Ordinal);
        await packed.RunAsync(folder, cresset, "train", "--model", "linear", "--epochs", "1", "--train-count", "200", "--test-count", "100", "--output", "runs");
        var run = Assert.Single(Directory.GetDirectories(Path.Combine(folder, "runs")));
        Assert.True(File.Exists(Path.Combine(run, "model.safetensors")));
        // Charts need the native libraries that the tool brings.
        Assert.True(File.Exists(Path.Combine(run, "learning-curves.png")));
    }

    [Fact(Explicit = true)]
    public async Task The_template_starts_a_project_that_trains()
    {
        var packages = await packed.PackagesAsync();
        var folder = packed.NewFolder("template");
        string[] hive = ["--debug:custom-hive", Path.Combine(folder, "hive")];
        await packed.RunAsync(folder, "dotnet", ["new", "install", Path.Combine(packages, $"Cresset.Templates.{Projects.Version}.nupkg"), .. hive]);
        await packed.RunAsync(folder, "dotnet", ["new", "cresset", "-o", "Digits", .. hive]);
        var printed = (await packed.RunAsync(Path.Combine(folder, "Digits"), "dotnet", "run", "-c", "Release")).Trim().Split('\n');
        // Five epochs, then the score of the network that was loaded again: the last epoch's, and far above the tenth of guessing.
        Assert.Equal(6, printed.Length);
        var (last, loaded) = (Accuracy(printed[^2]), Accuracy(printed[^1]));
        Assert.Equal(last, loaded);
        Assert.True(loaded > 80, printed[^1]);

        static double Accuracy(string line) => double.Parse(line.Split("accuracy")[1].Trim().TrimEnd('%'), CultureInfo.InvariantCulture);
    }

    static async Task<string> ReadAsync(ZipArchiveEntry entry)
    {
        using var reader = new StreamReader(entry.Open());
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
    }
}
