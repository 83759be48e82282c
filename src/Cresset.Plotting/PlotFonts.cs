using System.Globalization;
using ScottPlot;
using SkiaSharp;

namespace Cresset.Plotting;

/// <summary>The sans-serif font that charts are written in, and whether this machine has any font at all.</summary>
public static class PlotFonts
{
    // Common sans-serif families of Linux, macOS and Windows, best first.
    static readonly string[] Preferred =
    [
        "DejaVu Sans", "Noto Sans", "Liberation Sans", "Open Sans", "Roboto", "Ubuntu", "Cantarell",
        "Segoe UI", "Helvetica Neue", "Helvetica", "Arial",
    ];

    static readonly Lazy<string> Found = new(Find);

    /// <summary>The family that charts use, or an empty string where the machine has no font.</summary>
    public static string Family => Found.Value;

    /// <summary>Whether the machine has a font. Without one charts are still written, but every label in them is
    /// blank, in PNG and in SVG alike (the drawing library needs a font to lay out text).</summary>
    public static bool Available => Family.Length > 0;

    /// <summary>What to tell the user where <see cref="Available"/> is false, with the remedy; null where it is true.</summary>
    public static string? Problem => Available
        ? null
        : "No font was found on this machine, so the labels of charts (PNG and SVG) are blank. " +
          "Install one and run again, for example: apt-get install fonts-dejavu-core (Debian, Ubuntu), " +
          "dnf install dejavu-sans-fonts (Fedora), apk add font-dejavu (Alpine).";

    /// <summary>The family for a text: <see cref="Family"/> where it has every character, else the one that has most.</summary>
    internal static string For(string text)
    {
        if (!Available) return Family;
        return SKTypeface.FromFamilyName(Family).ContainsGlyphs(text) ? Family : Fonts.Detect(text);
    }

    /// <summary>A label as one printable line: control characters, which no font draws and XML forbids, become spaces.</summary>
    internal static string Clean(string text) =>
        string.Concat(text.EnumerateRunes().Select(r =>
            System.Text.Rune.GetUnicodeCategory(r) is UnicodeCategory.Control ? " " : r.Value is 0xFFFE or 0xFFFF ? "\uFFFD" : r.ToString()));

    static string Find()
    {
        var families = SKFontManager.Default.FontFamilies.Where(HasLatin).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return Preferred.FirstOrDefault(families.Contains)
            ?? families.Where(f => f.Contains("Sans", StringComparison.OrdinalIgnoreCase)
                                   && !f.Contains("Mono", StringComparison.OrdinalIgnoreCase))
                       .Order(StringComparer.Ordinal).FirstOrDefault()
            ?? families.Order(StringComparer.Ordinal).FirstOrDefault()
            ?? "";
    }

    // A machine without fonts still lists one family, with an empty name and no glyph. Typefaces are not disposed here:
    // SkiaSharp hands the same object to all callers, ScottPlot's cache of fonts among them.
    static bool HasLatin(string family) =>
        family.Length > 0 && SKFontManager.Default.MatchFamily(family) is { } typeface && typeface.ContainsGlyphs("Aa09");
}
