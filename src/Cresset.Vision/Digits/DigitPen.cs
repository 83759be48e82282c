namespace Cresset.Vision;

/// <summary>
/// Draws one digit on a canvas of 28x28 grey values (0 to 1): one pen, reused from picture to picture by one thread.
/// Everything that decides a pixel is made of IEEE additions, multiplications, divisions and square roots, whose
/// results are defined to the bit.
/// </summary>
internal sealed class DigitPen
{
    public const int Size = 28;

    private const int PiecesPerSegment = 8;

    private readonly double[] _canvas = new double[Size * Size];
    private readonly double[] _scratch = new double[Size * Size];
    private readonly double[] _x = new double[32];
    private readonly double[] _y = new double[32];
    private SplitMix64 _random;

    /// <summary>
    /// Draws the digit as the seed decides and writes its 784 bytes, ink bright on a dark ground as in MNIST.
    /// </summary>
    public void Draw(int digit, ulong seed, Span<byte> pixels)
    {
        _random = new SplitMix64(seed);
        Array.Clear(_canvas);

        PenPoint[][][] styles = DigitStyles.Of(digit);
        PenPoint[][] strokes = styles[_random.NextInt(styles.Length)];
        DrawStrokes(strokes, Placement.Draw(ref _random));
        if (_random.NextChance(0.15))
            DrawSpeckles();
        Blur(_random.NextBetween(0.0, 0.26));
        Write(pixels);
    }

    /// <summary>
    /// The way from the digit's box to the canvas: x' = a x + b y + c + bend y^2, y' = d x + e y + f.
    /// </summary>
    private readonly record struct Placement(double A, double B, double C, double D, double E, double F, double Bend)
    {
        public static Placement Draw(ref SplitMix64 random)
        {
            // tan(angle / 2) gives the sine and cosine of a rotation by rational arithmetic: no Math.Sin.
            double t = Math.Clamp(random.NextBell() * 0.065, -0.15, 0.15);
            double cos = (1 - t * t) / (1 + t * t), sin = 2 * t / (1 + t * t);
            double shear = Math.Clamp(random.NextBell() * 0.17 + 0.08, -0.35, 0.45);
            double height = random.NextBetween(0.165, 0.215);
            double width = height * random.NextBetween(0.9, 1.35);
            // First scale and slant (a right-leaning hand moves the top to the right), then turn.
            double a = cos * width, b = -shear * cos * height - sin * height;
            double d = sin * width, e = -shear * sin * height + cos * height;
            double c = Size / 2.0 + random.NextBell() * 1.25, f = Size / 2.0 + random.NextBell() * 1.25;
            return new Placement(a, b, c, d, e, f, random.NextBell() * 0.0006);
        }

        public (double X, double Y) Place(double x, double y)
        {
            x -= 30;
            y -= 50;
            return (A * x + B * y + C + Bend * y * y, D * x + E * y + F);
        }
    }

    private void DrawStrokes(PenPoint[][] strokes, in Placement place)
    {
        double radius = _random.NextBetween(0.75, 1.75);
        double darkness = _random.NextBetween(0.8, 1.0);
        double jitter = _random.NextBetween(1.5, 3.6);
        // A pen that skips leaves one gap, somewhere along one of the strokes.
        int brokenStroke = _random.NextChance(0.15) ? _random.NextInt(strokes.Length) : -1;
        for (int s = 0; s < strokes.Length; s++)
        {
            PenPoint[] stroke = strokes[s];
            // Each stroke of a digit in several strokes is set down a little beside its place.
            double offX = strokes.Length > 1 ? _random.NextBell() * 2 : 0;
            double offY = strokes.Length > 1 ? _random.NextBell() * 2 : 0;
            for (int i = 0; i < stroke.Length; i++)
            {
                (_x[i], _y[i]) = place.Place(
                    stroke[i].X + offX + _random.NextBell() * jitter, stroke[i].Y + offY + _random.NextBell() * jitter);
            }
            double gap = s == brokenStroke ? _random.NextBetween(0.2, 0.8) : -1;
            DrawStroke(stroke, radius, darkness, gap);
        }
    }

    /// <summary>
    /// Draws the smooth curve through the points _x, _y (a Catmull-Rom spline that may turn sharply at corners).
    /// </summary>
    private void DrawStroke(PenPoint[] stroke, double radius, double darkness, double gap)
    {
        // Pressure runs from one random value at the pen's touch-down over one in the middle to one at its lift-off.
        double start = _random.NextBetween(0.75, 1.15);
        double middle = _random.NextBetween(0.85, 1.15);
        double end = _random.NextBetween(0.6, 1.1);
        int segments = stroke.Length - 1;
        int pieces = segments * PiecesPerSegment;
        double gapHalf = 1.3 / pieces;
        int piece = 0;
        for (int i = 0; i < segments; i++)
        {
            var (startX, startY) = Tangent(stroke, i, leaving: true);
            var (endX, endY) = Tangent(stroke, i + 1, leaving: false);
            double fromX = _x[i], fromY = _y[i];
            for (int k = 1; k <= PiecesPerSegment; k++, piece++)
            {
                double t = k / (double)PiecesPerSegment, t2 = t * t, t3 = t2 * t;
                double h0 = 2 * t3 - 3 * t2 + 1, h1 = t3 - 2 * t2 + t, h2 = 3 * t2 - 2 * t3, h3 = t3 - t2;
                double toX = h0 * _x[i] + h1 * startX + h2 * _x[i + 1] + h3 * endX;
                double toY = h0 * _y[i] + h1 * startY + h2 * _y[i + 1] + h3 * endY;
                double along = (piece + 0.5) / pieces;
                double pressure = along < 0.5
                    ? start + (middle - start) * 2 * along
                    : middle + (end - middle) * (2 * along - 1);
                if (Math.Abs(along - gap) > gapHalf)
                    Ink(fromX, fromY, toX, toY, radius * pressure, Math.Min(1.0, darkness * (0.75 + 0.25 * pressure)));
                fromX = toX;
                fromY = toY;
            }
        }
    }

    /// <summary>
    /// The curve's direction at point i: along the chord of its neighbours, or at ends and corners along its own
    /// segment.
    /// </summary>
    private (double X, double Y) Tangent(PenPoint[] stroke, int i, bool leaving)
    {
        bool first = i == 0, last = i == stroke.Length - 1;
        if (first || (stroke[i].IsCorner && leaving))
            return (_x[i + 1] - _x[i], _y[i + 1] - _y[i]);
        if (last || stroke[i].IsCorner)
            return (_x[i] - _x[i - 1], _y[i] - _y[i - 1]);
        return ((_x[i + 1] - _x[i - 1]) * 0.5, (_y[i + 1] - _y[i - 1]) * 0.5);
    }

    /// <summary>
    /// Inks the pixels near a straight piece: full within the radius, fading to nothing over one pixel at its edge.
    /// </summary>
    private void Ink(double x0, double y0, double x1, double y1, double radius, double darkness)
    {
        double reach = radius + 0.5;
        int left = Math.Max(0, (int)(Math.Min(x0, x1) - reach));
        int right = Math.Min(Size - 1, (int)(Math.Max(x0, x1) + reach) + 1);
        int top = Math.Max(0, (int)(Math.Min(y0, y1) - reach));
        int bottom = Math.Min(Size - 1, (int)(Math.Max(y0, y1) + reach) + 1);
        double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
        double perLength2 = length2 > 1e-12 ? 1 / length2 : 0;
        for (int y = top; y <= bottom; y++)
        {
            for (int x = left; x <= right; x++)
            {
                double px = x - x0, py = y - y0;
                double along = Math.Clamp((px * dx + py * dy) * perLength2, 0.0, 1.0);
                double ex = px - along * dx, ey = py - along * dy;
                double distance2 = ex * ex + ey * ey;
                if (distance2 >= reach * reach)
                    continue;
                double ink = Math.Min(1.0, reach - Math.Sqrt(distance2)) * darkness;
                ref double cell = ref _canvas[y * Size + x];
                if (ink > cell)
                    cell = ink;
            }
        }
    }

    /// <summary>A few specks and short scratches that belong to no digit.</summary>
    private void DrawSpeckles()
    {
        int count = 1 + _random.NextInt(3);
        for (int i = 0; i < count; i++)
        {
            double x = _random.NextBetween(1, Size - 2), y = _random.NextBetween(1, Size - 2);
            double toX = x + _random.NextBell() * 1.5, toY = y + _random.NextBell() * 1.5;
            Ink(x, y, toX, toY, _random.NextBetween(0.1, 0.6), _random.NextBetween(0.4, 1));
        }
    }

    /// <summary>Convolves with [side, 1 - 2 side, side] along both axes; beyond the edge lies empty ground.</summary>
    private void Blur(double side)
    {
        double centre = 1 - 2 * side;
        for (int y = 0; y < Size; y++)
        {
            for (int x = 0; x < Size; x++)
            {
                int i = y * Size + x;
                double before = x > 0 ? _canvas[i - 1] : 0, after = x < Size - 1 ? _canvas[i + 1] : 0;
                _scratch[i] = centre * _canvas[i] + side * (before + after);
            }
        }
        for (int i = 0; i < _canvas.Length; i++)
        {
            double above = i >= Size ? _scratch[i - Size] : 0;
            double below = i < _canvas.Length - Size ? _scratch[i + Size] : 0;
            _canvas[i] = centre * _scratch[i] + side * (above + below);
        }
    }

    /// <summary>Adds the noise of the scan and rounds to bytes.</summary>
    private void Write(Span<byte> pixels)
    {
        double noise = _random.NextBetween(0, 11);
        for (int i = 0; i < pixels.Length; i++)
        {
            double value = _canvas[i] * 255 + _random.NextBell() * noise;
            pixels[i] = (byte)(Math.Clamp(value, 0.0, 255.0) + 0.5);
        }
    }
}
