using ScottPlot;
using SkiaSharp;

namespace Cresset.Plotting;

/// <summary>Pictures in rows and columns, each as large as its place and its proportions allow.</summary>
sealed class PictureGrid(Picture[] pictures, string[]? captions, int rows, int columns) : IPlottable
{
    public const int CaptionHeight = 22;

    public bool IsVisible { get; set; } = true;

    public IAxes Axes { get; set; } = new Axes();

    public IEnumerable<LegendItem> LegendItems => LegendItem.None;

    public AxisLimits GetAxisLimits() => new(0, 1, 0, 1);

    public Plot Build()
    {
        var plot = PlotStyle.NewPlot("", "");
        plot.Layout.Frameless();
        plot.HideGrid();
        plot.Add.Plottable(this);
        plot.Axes.SetLimits(0, 1, 0, 1);
        return plot;
    }

    public void Render(RenderPack rp)
    {
        float placeWidth = rp.DataRect.Width / columns, placeHeight = rp.DataRect.Height / rows;
        float caption = captions is null ? 0 : Math.Min(CaptionHeight, placeHeight / 3);
        float gap = Math.Min(4, 0.05f * Math.Min(placeWidth, placeHeight));
        var label = new LabelStyle { Alignment = Alignment.MiddleCenter, ForeColor = PlotStyle.Ink, FontName = PlotFonts.For(string.Concat(captions ?? [])) };
        // One size for all captions, such that the longest fits.
        label.FontSize = 13;
        float widest = captions is null ? 1 : Math.Max(1, captions.Max(c => label.Measure(c, rp.Paint).Width));
        label.FontSize = Math.Min(Math.Min(13, 13 * (placeWidth - gap) / widest), 0.8f * caption);
        using var paint = new SKPaint();
        for (int i = 0; i < pictures.Length; i++)
        {
            var picture = pictures[i];
            float left = rp.DataRect.Left + i % columns * placeWidth, top = rp.DataRect.Top + i / columns * placeHeight;
            float scale = Math.Min((placeWidth - 2 * gap) / picture.Width, (placeHeight - caption - 2 * gap) / picture.Height);
            if (scale <= 0) continue;
            // Pixels of whole size are all alike.
            if (scale > 1) scale = MathF.Floor(scale);
            float width = scale * picture.Width, height = scale * picture.Height;
            float x = MathF.Round(left + (placeWidth - width) / 2), y = MathF.Round(top + (placeHeight - caption - height) / 2);
            using (var image = Image(picture))
                rp.Canvas.DrawImage(image, new SKRect(x, y, x + width, y + height),
                    scale >= 1 ? new SKSamplingOptions(SKFilterMode.Nearest) : new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), paint);
            if (captions is not null && label.FontSize > 4)
                label.Render(rp.Canvas, new Pixel(left + placeWidth / 2, y + height + caption / 2), rp.Paint, captions[i]);
        }
    }

    static SKImage Image(Picture picture)
    {
        int plane = picture.Height * picture.Width, second = picture.IsGrey ? 0 : plane;
        var pixels = new byte[4 * plane];
        for (int i = 0; i < plane; i++)
        {
            (pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2], pixels[4 * i + 3]) =
                (picture.Pixels[i], picture.Pixels[second + i], picture.Pixels[2 * second + i], 255);
        }
        return SKImage.FromPixelCopy(new SKImageInfo(picture.Width, picture.Height, SKColorType.Rgba8888, SKAlphaType.Opaque), pixels);
    }
}
