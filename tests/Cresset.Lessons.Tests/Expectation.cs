using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Cresset.Lessons.Tests;

/// <summary>What a lesson must print and draw.</summary>
/// <param name="Name">The program's name, such as 01-linear-model.</param>
/// <param name="Pictures">The pictures it writes, without ending.</param>
/// <param name="Output">What must stand in its output.</param>
sealed record Lesson(string Name, string[] Pictures, params Expectation[] Output);

/// <summary>One thing that a lesson's output must hold.</summary>
abstract record Expectation
{
    public abstract void Check(string output);

    /// <summary>A text that stands in the output as it is.</summary>
    public static Expectation Text(string text) => new TextExpectation(text);

    /// <summary>The first group of a pattern that matches once, as a number.</summary>
    public static Expectation Number(string pattern, double expected, double tolerance = 0) =>
        new NumberExpectation(pattern, 1, (_, _) => expected, tolerance);

    /// <summary>The last group of every match, as a number that the other groups determine.</summary>
    public static Expectation Each(string pattern, int count, Func<double[], double> expected, double tolerance = 0) =>
        new NumberExpectation(pattern, count, (groups, _) => expected(groups), tolerance);

    /// <summary>As <see cref="Number"/>, where what is expected follows from the output, such as from random start values.</summary>
    public static Expectation Follows(string pattern, Func<string, double> expected, double tolerance) =>
        new NumberExpectation(pattern, 1, (_, output) => expected(output), tolerance);

    /// <summary>The first group of a pattern's only match.</summary>
    public static double Find(string output, string pattern)
    {
        var match = Assert.Single(Regex.Matches(output, pattern, RegexOptions.Multiline));
        return Parse(match.Groups[1].Value);
    }

    static double Parse(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);

    sealed record TextExpectation(string Value) : Expectation
    {
        public override void Check(string output) => Assert.Contains(Value, output, StringComparison.Ordinal);
    }

    sealed record NumberExpectation(string Pattern, int Count, Func<double[], string, double> Expected, double Tolerance) : Expectation
    {
        public override void Check(string output)
        {
            var matches = Regex.Matches(output, Pattern, RegexOptions.Multiline);
            Assert.True(matches.Count == Count, $"'{Pattern}': expected {Count} matches, got {matches.Count} in\n{output}");
            foreach (Match match in matches)
            {
                double[] groups = [.. match.Groups.Values.Skip(1).Select(g => Parse(g.Value))];
                double expected = Expected(groups, output);
                Assert.True(Math.Abs(groups[^1] - expected) <= Tolerance,
                    string.Create(CultureInfo.InvariantCulture, $"'{match.Value}': expected {expected:R} within {Tolerance}, got {groups[^1]:R}."));
            }
        }
    }
}
