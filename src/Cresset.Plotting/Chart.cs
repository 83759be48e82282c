using System.Xml.Linq;
using ScottPlot;
using SkiaSharp;

namespace Cresset.Plotting;

/// <summary>A finished chart, ready to be written as PNG or SVG at any size. Made by <see cref="Charts"/>.</summary>
/// <remarks>A file is written under a temporary name and then renamed, so a reader never sees half of one. A missing folder
/// is created; a file of that name is replaced. Where the machine has no font the labels are blank
/// (see <see cref="PlotFonts.Problem"/>).</remarks>
public sealed class Chart
{
    const int SmallestSide = 100, LargestSide = 10_000;
    const float TitleHeight = 40;
    static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    // Panels are built for a size because font sizes and label rotation depend on it.
    readonly IReadOnlyList<Func<PixelSize, Plot>> panels;
    readonly int defaultWidth, defaultHeight, columns;

    internal Chart(string title, int width, int height, int columns, IReadOnlyList<Func<PixelSize, Plot>> panels)
    {
        ArgumentNullException.ThrowIfNull(title);
        Title = PlotFonts.Clean(title);
        (defaultWidth, defaultHeight, this.columns, this.panels) = (width, height, columns, panels);
    }

    /// <summary>The title above the chart.</summary>
    public string Title { get; }

    /// <summary>Writes the chart as a PNG picture.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="width">Width in pixels, 100 to 10,000; by default the chart's own.</param>
    /// <param name="height">Height in pixels, 100 to 10,000; by default the chart's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of range.</exception>
    public void SavePng(string path, int? width = null, int? height = null)
    {
        var (w, h) = Size(width, height);
        using var surface = SKSurface.Create(new SKImageInfo(w, h, SKColorType.Rgba8888, SKAlphaType.Opaque))
            ?? throw new InvalidOperationException($"A picture of {w} x {h} pixels does not fit in memory; ask for a smaller one.");
        Draw(surface.Canvas, w, h);
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        Write(path, data.SaveTo);
    }

    /// <summary>Writes the chart as an SVG drawing, its labels as real text in a sans-serif family.</summary>
    /// <param name="path">The file to write.</param>
    /// <param name="width">Width in pixels, 100 to 10,000; by default the chart's own.</param>
    /// <param name="height">Height in pixels, 100 to 10,000; by default the chart's own.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is out of range.</exception>
    public void SaveSvg(string path, int? width = null, int? height = null)
    {
        var (w, h) = Size(width, height);
        using var buffer = new MemoryStream();
        using (var canvas = SKSvgCanvas.Create(new SKRect(0, 0, w, h), buffer)) Draw(canvas, w, h);
        buffer.Position = 0;
        var document = XDocument.Load(buffer);
        foreach (var text in document.Descendants(Svg + "text")) Tidy(text);
        document.Root!.SetAttributeValue("viewBox", FormattableString.Invariant($"0 0 {w} {h}"));
        document.Root.AddFirst(new XElement(Svg + "title", Title));
        Write(path, document.Save);
    }

    // Skia ends its lists of positions with a comma, which SVG forbids, pads the text with line breaks, and names
    // one family only: a viewer without that font would fall back to a serif one.
    static void Tidy(XElement text)
    {
        foreach (var name in new[] { "x", "y" })
            if (text.Attribute(name) is { } list) list.Value = list.Value.TrimEnd(' ', ',');
        text.Value = text.Value.Trim('\n', '\t', '\r', ' ');
        var family = text.Attribute("font-family")?.Value;
        text.SetAttributeValue("font-family",
            string.IsNullOrEmpty(family) ? "sans-serif" : $"'{family.Replace("'", "", StringComparison.Ordinal)}', Arial, Helvetica, sans-serif");
    }

    void Draw(SKCanvas canvas, int width, int height)
    {
        canvas.Clear(SKColors.White);
        using var paint = Paint.NewDisposablePaint();
        var title = new LabelStyle
        {
            Text = Title,
            FontName = PlotFonts.For(Title),
            FontSize = 18,
            Bold = true,
            ForeColor = PlotStyle.Ink,
            Alignment = Alignment.MiddleCenter,
        };
        PlotStyle.Fit(title, width - 20);
        title.Render(canvas, new Pixel(width / 2f, TitleHeight / 2 + 3), paint);

        int rows = (panels.Count + columns - 1) / columns;
        var size = new PixelSize((float)width / columns, (height - TitleHeight) / rows);
        for (int i = 0; i < panels.Count; i++)
        {
            using var panel = panels[i](size);
            // It would clear the whole canvas, the title and other panels with it.
            panel.RenderManager.ClearCanvasBeforeEachRender = false;
            float left = i % columns * size.Width, top = TitleHeight + i / columns * size.Height;
            var place = new PixelRect(left + 6, left + size.Width, top + size.Height, top);
            // A plot's first render draws everything twice, the second time with the right layout;
            // an SVG would hold both. So the first goes nowhere.
            using (var nowhere = new SKNoDrawCanvas(width, height)) panel.Render(nowhere, place);
            panel.Render(canvas, place);
        }
    }

    (int Width, int Height) Size(int? width, int? height)
    {
        return (Checked(width ?? defaultWidth, nameof(width)), Checked(height ?? defaultHeight, nameof(height)));

        static int Checked(int side, string name) => side is >= SmallestSide and <= LargestSide
            ? side
            : throw new ArgumentOutOfRangeException(name, side,
                $"A chart's {name} must be {SmallestSide} to {LargestSide} pixels, got {side}.");
    }

    static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        var target = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(target)
            ?? throw new ArgumentException($"A chart's path must name a file, got the folder '{path}'.", nameof(path));
        Directory.CreateDirectory(folder);
        var temporary = Path.Combine(folder, $".{Guid.NewGuid():N}.tmp");
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew)) write(file);
            File.Move(temporary, target, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
