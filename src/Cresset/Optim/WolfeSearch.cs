namespace Cresset.Optim;

/// <summary>A search along a direction for a length that meets the strong Wolfe conditions: the loss falls enough (c1) and the
/// slope flattens enough (c2). First a bracket that must hold such a length, then zooming in by cubic interpolation.
/// Nocedal and Wright, "Numerical optimization", algorithms 3.5 and 3.6; the limits and fallbacks are PyTorch's.</summary>
sealed class WolfeSearch(double toleranceChange, Func<Tensor, Tensor, double> dot, Func<Tensor, double> largest,
    Func<Tensor, double, (double Loss, Tensor Gradient)> evaluate)
{
    const double C1 = 1e-4, C2 = 0.9;
    const int MaxIterations = 25;

    readonly record struct Point(double Length, double Loss, Tensor Gradient, double Slope);

    internal (double Loss, Tensor Gradient, double Length, int Evaluations) Run(Tensor direction, double length, double loss,
        Tensor gradient, double slope)
    {
        var start = new Point(0, loss, gradient, slope);
        var evaluations = 0;
        Point At(double t)
        {
            var (value, slopes) = evaluate(direction, t);
            evaluations++;
            return new Point(t, value, slopes, dot(slopes, direction));
        }
        bool IsTooHigh(in Point point) => point.Loss > loss + C1 * point.Length * slope;
        bool IsFlat(in Point point) => Math.Abs(point.Slope) <= -C2 * slope;

        Point before = start, now = At(length);
        Point low = start, high = start;
        var iteration = 0;
        for (; iteration < MaxIterations; iteration++)
        {
            var isBracket = IsTooHigh(now) || (iteration > 1 && now.Loss >= before.Loss);
            if (!isBracket && IsFlat(now)) return (now.Loss, now.Gradient, now.Length, evaluations);
            if (isBracket || now.Slope >= 0)
            {
                (low, high) = (before, now);
                break;
            }
            var next = Interpolate(before, now, now.Length + 0.01 * (now.Length - before.Length), now.Length * 10);
            before = now;
            now = At(next);
        }
        if (iteration == MaxIterations) (low, high) = (start, now);
        if (!(low.Loss <= high.Loss)) (low, high) = (high, low);
        var stalled = false;
        var reach = largest(direction);
        for (; iteration < MaxIterations; iteration++)
        {
            if (Math.Abs(high.Length - low.Length) * reach < toleranceChange) break;
            double left = Math.Min(low.Length, high.Length), right = Math.Max(low.Length, high.Length);
            var t = Interpolate(low, high, left, right);
            // A trial close to an end twice running, or at it, is moved a tenth of the bracket inwards.
            var margin = 0.1 * (right - left);
            var isClose = Math.Min(right - t, t - left) < margin;
            if (isClose && (stalled || t >= right || t <= left))
            {
                t = Math.Abs(t - right) < Math.Abs(t - left) ? right - margin : left + margin;
                isClose = false;
            }
            stalled = isClose;
            now = At(t);
            if (IsTooHigh(now) || now.Loss >= low.Loss)
            {
                high = now;
                if (high.Loss < low.Loss) (low, high) = (high, low);
                continue;
            }
            var done = IsFlat(now);
            if (!done && now.Slope * (high.Length - low.Length) >= 0) high = low;
            low = now;
            if (done) break;
        }
        return (low.Loss, low.Gradient, low.Length, evaluations);
    }

    // The minimum of the cubic through two points with their slopes, within bounds; the middle where it has none.
    static double Interpolate(in Point a, in Point b, double lowest, double highest)
    {
        var d1 = a.Slope + b.Slope - 3 * (a.Loss - b.Loss) / (a.Length - b.Length);
        var square = d1 * d1 - a.Slope * b.Slope;
        if (!(square >= 0)) return (lowest + highest) / 2;
        var d2 = Math.Sqrt(square);
        var position = a.Length <= b.Length
            ? b.Length - (b.Length - a.Length) * ((b.Slope + d2 - d1) / (b.Slope - a.Slope + 2 * d2))
            : a.Length - (a.Length - b.Length) * ((a.Slope + d2 - d1) / (a.Slope - b.Slope + 2 * d2));
        return Math.Min(Math.Max(position, lowest), highest);
    }
}
