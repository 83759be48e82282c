using Xunit;

namespace Cresset.Vision.Tests;

/// <summary>Where the tests find real data and keep what they write.</summary>
internal static class TestData
{
    /// <summary>A path under the folder that CRESSET_DATA names; the test is skipped where it is not there.</summary>
    public static string Require(params string[] parts)
    {
        string? root = Environment.GetEnvironmentVariable("CRESSET_DATA");
        if (string.IsNullOrEmpty(root))
            Assert.Skip("needs real data: set the variable CRESSET_DATA to the folder that holds it");
        string path = Path.Combine([root, .. parts]);
        if (!Path.Exists(path))
            Assert.Skip($"needs real data: {path} is missing");
        return path;
    }
}
