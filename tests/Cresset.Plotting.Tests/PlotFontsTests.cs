using SkiaSharp;
using Xunit;

namespace Cresset.Plotting.Tests;

public sealed class PlotFontsTests
{
    [Fact]
    public void The_family_is_one_that_the_machine_has()
    {
        if (!PlotFonts.Available) Assert.Skip("This machine has no font.");
        Assert.Null(PlotFonts.Problem);
        Assert.Contains(PlotFonts.Family, SKFontManager.Default.FontFamilies);
        Assert.True(SKTypeface.FromFamilyName(PlotFonts.Family).ContainsGlyphs("loss 0.5"));
    }

    [Fact]
    public void Without_a_font_the_problem_names_the_remedy()
    {
        if (PlotFonts.Available) Assert.Skip("This machine has a font.");
        Assert.Contains("fonts-dejavu-core", PlotFonts.Problem, StringComparison.Ordinal);
    }
}
