using ScottPlot;
using SkiaSharp;

namespace Cresset.Plotting;

/// <summary>Lines of equal height of a surface, found by marching squares over a grid of samples.</summary>
sealed class ContourLines : IPlottable
{
    const int Cells = 120;
    static readonly Color Low = Color.FromHex("#4C6A92"), High = Color.FromHex("#D5DCE6");

    readonly double[] xs, ys, levels;
    readonly double[,] heights = new double[Cells + 1, Cells + 1];

    public ContourLines(Func<double, double, double> f, (double Low, double High) x, (double Low, double High) y, int lines)
    {
        xs = [.. Enumerable.Range(0, Cells + 1).Select(i => x.Low + (x.High - x.Low) * i / Cells)];
        ys = [.. Enumerable.Range(0, Cells + 1).Select(i => y.Low + (y.High - y.Low) * i / Cells)];
        var known = new List<double>();
        for (int i = 0; i <= Cells; i++)
        {
            for (int j = 0; j <= Cells; j++)
            {
                heights[i, j] = PlotStyle.Usable(f(xs[i], ys[j]));
                if (!double.IsNaN(heights[i, j])) known.Add(heights[i, j]);
            }
        }
        known.Sort();
        levels = known.Count == 0 ? [] : [.. Enumerable.Range(0, lines).Select(k => known[(int)((k + 0.5) / lines * known.Count)]).Distinct()];
    }

    public bool IsVisible { get; set; } = true;

    public IAxes Axes { get; set; } = new Axes();

    public IEnumerable<LegendItem> LegendItems => LegendItem.None;

    public AxisLimits GetAxisLimits() => new(xs[0], xs[^1], ys[0], ys[^1]);

    public void Render(RenderPack rp)
    {
        using var paint = new SKPaint { IsAntialias = true, IsStroke = true, StrokeWidth = 1 };
        for (int k = 0; k < levels.Length; k++)
        {
            // Dark in the valleys.
            var color = Low.MixedWith(High, levels.Length == 1 ? 0 : k / (levels.Length - 1.0));
            paint.Color = new SKColor(color.R, color.G, color.B);
            using var path = new SKPath();
            for (int i = 0; i < Cells; i++)
                for (int j = 0; j < Cells; j++) AddCell(path, i, j, levels[k]);
            rp.Canvas.DrawPath(path, paint);
        }
    }

    // Where the level crosses a cell's sides, those crossings are joined: two of them, or four around a saddle.
    void AddCell(SKPath path, int i, int j, double level)
    {
        Span<(int X, int Y)> corners = [(i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)];
        Span<Pixel> crossings = stackalloc Pixel[4];
        int found = 0;
        for (int side = 0; side < 4; side++)
        {
            var (a, b) = (corners[side], corners[(side + 1) % 4]);
            double u = heights[a.X, a.Y] - level, v = heights[b.X, b.Y] - level;
            // Also where a corner has no height.
            if (double.IsNaN(u) || double.IsNaN(v)) return;
            if (u < 0 == v < 0) continue;
            double t = u / (u - v);
            crossings[found++] = Axes.GetPixel(new Coordinates(xs[a.X] + t * (xs[b.X] - xs[a.X]), ys[a.Y] + t * (ys[b.Y] - ys[a.Y])));
        }
        for (int p = 0; p + 1 < found; p += 2)
        {
            path.MoveTo(crossings[p].X, crossings[p].Y);
            path.LineTo(crossings[p + 1].X, crossings[p + 1].Y);
        }
    }
}
