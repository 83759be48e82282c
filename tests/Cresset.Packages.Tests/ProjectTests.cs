using Xunit;

namespace Cresset.Packages.Tests;

public class ProjectTests
{
    [Fact]
    public void Every_project_under_src_has_a_description()
    {
        Assert.Contains("Cresset", Projects.Libraries);
        Assert.All(Projects.Files, file => Assert.True(Projects.Property(file, "Description") is { Length: > 20 }, $"{file}: expected a <Description>"));
    }

    [Fact]
    public void The_version_stands_in_one_place() =>
        Assert.DoesNotContain(Directory.EnumerateFiles(Projects.Repository, "*.csproj", SearchOption.AllDirectories),
            file => Projects.Property(file, "Version") is not null || Projects.Property(file, "PackageVersion") is not null);
}
