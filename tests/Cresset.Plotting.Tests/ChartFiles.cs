using System.Globalization;
using System.Xml.Linq;
using SkiaSharp;

namespace Cresset.Plotting.Tests;

/// <summary>A chart's files in a folder of their own, and what tests read from them.</summary>
sealed class ChartFiles : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("cresset-plot").FullName;

    public string PathOf(string name) => Path.Combine(Folder, name);

    public SKBitmap Png(Chart chart, int? width = null, int? height = null)
    {
        chart.SavePng(PathOf("chart.png"), width, height);
        return SKBitmap.Decode(PathOf("chart.png"));
    }

    public XElement Svg(Chart chart, int? width = null, int? height = null)
    {
        chart.SaveSvg(PathOf("chart.svg"), width, height);
        return XDocument.Load(PathOf("chart.svg")).Root!;
    }

    public static XElement[] Labels(XElement svg) => [.. svg.Descendants().Where(e => e.Name.LocalName == "text")];

    public static string[] Texts(XElement svg) => [.. Labels(svg).Select(e => e.Value)];

    /// <summary>How many pixels of [left, right) are close to a colour.</summary>
    public static int Count(SKBitmap picture, SKColor color, double left = 0, double right = 1)
    {
        int found = 0;
        for (int x = (int)(left * picture.Width); x < (int)(right * picture.Width); x++)
            for (int y = 0; y < picture.Height; y++)
            {
                if (Near(picture.GetPixel(x, y), color)) found++;
            }
        return found;
    }

    public static bool Near(SKColor a, SKColor b, int distance = 12) =>
        Math.Abs(a.Red - b.Red) + Math.Abs(a.Green - b.Green) + Math.Abs(a.Blue - b.Blue) <= distance;

    /// <summary>Where a label of an SVG stands.</summary>
    public static (double X, double Y) Place(XElement label)
    {
        var transform = label.Attribute("transform")!.Value;
        var numbers = transform[(transform.IndexOf('(', StringComparison.Ordinal) + 1)..^1].Split(' ', ',');
        return (double.Parse(numbers[^2], CultureInfo.InvariantCulture), double.Parse(numbers[^1], CultureInfo.InvariantCulture));
    }

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
