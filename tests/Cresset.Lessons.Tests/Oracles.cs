using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace Cresset.Lessons.Tests;

/// <summary>The lessons' small trainings once more, as plain loops over doubles with gradients derived by hand.</summary>
static class Oracles
{
    /// <summary>Lesson 3's noisy data: where the mean ends, and between which places the last three epochs of SGD lie.</summary>
    public static (double Mean, double Low, double High) Noisy()
    {
        double[] y = [2.6, 3.4, 6.3];
        double mean = 1, w = 1;
        var walk = new List<double>();
        for (int epoch = 0; epoch < 15; epoch++)
        {
            double sum = 0;
            for (int x = 1; x <= 3; x++) sum += 2 * x * (x * mean - y[x - 1]);
            mean -= 0.05 * sum / 3;
            for (int x = 1; x <= 3; x++)
            {
                w -= 0.05 * 2 * x * (x * w - y[x - 1]);
                walk.Add(w);
            }
        }
        return (mean, walk[^9..].Min(), walk[^9..].Max());
    }

    /// <summary>Where the slope of w^4/4 - w^2 + 0.3 w is zero between two places, by bisection.</summary>
    public static double Root(double low, double high)
    {
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            if (middle * middle * middle - 2 * middle + 0.3 < 0) low = middle;
            else high = middle;
        }
        return low;
    }

    /// <summary>Steps until |y| passes 1 on the saddle x^2 - y^2 + y^4/4, begun at y = 0.001.</summary>
    public static double SaddleSteps(double momentum)
    {
        double y = 1e-3, speed = 0;
        for (int step = 1; ; step++)
        {
            speed = momentum * speed - 2 * y + y * y * y;
            y -= 0.02 * speed;
            if (Math.Abs(y) > 1) return step;
        }
    }

    static double GorgeCost(double x, double y) => (1 - x) * (1 - x) + 10 * (y - x * x) * (y - x * x);

    static (double X, double Y) GorgeGradient(double x, double y) => (-2 * (1 - x) - 40 * x * (y - x * x), 20 * (y - x * x));

    /// <summary>The cost after 100 steps down the gorge by gradient descent.</summary>
    public static double Gorge(double momentum, double rate)
    {
        double x = -1.5, y = 1.8, vx = 0, vy = 0;
        for (int step = 0; step < 100; step++)
        {
            var (gx, gy) = GorgeGradient(x, y);
            (vx, vy) = (momentum * vx + gx, momentum * vy + gy);
            (x, y) = (x - rate * vx, y - rate * vy);
        }
        return GorgeCost(x, y);
    }

    /// <summary>The same by Adam as its paper writes it.</summary>
    public static double GorgeByAdam(double rate)
    {
        double[] place = [-1.5, 1.8], mean = [0, 0], square = [0, 0];
        for (int step = 1; step <= 100; step++)
        {
            var (gx, gy) = GorgeGradient(place[0], place[1]);
            double[] g = [gx, gy];
            for (int i = 0; i < 2; i++)
            {
                mean[i] = 0.9 * mean[i] + 0.1 * g[i];
                square[i] = 0.999 * square[i] + 0.001 * g[i] * g[i];
                place[i] -= rate * (mean[i] / (1 - Math.Pow(0.9, step))) / (Math.Sqrt(square[i] / (1 - Math.Pow(0.999, step))) + 1e-8);
            }
        }
        return GorgeCost(place[0], place[1]);
    }

    /// <summary>Lesson 6 from the start values that it printed: 1000 steps on the sum of squares.</summary>
    public static (double W, double B) Regression(string output) => Descend(
        Expectation.Find(output, @"weight: .* starts at (\S+)$"), Expectation.Find(output, @"bias: .* starts at (\S+)$"),
        (x, z) => 2 * (z - 2 * x));

    /// <summary>Lesson 7 likewise. With sigmoid and cross-entropy the gradient by z is p - y.</summary>
    public static (double W, double B) Logistic(string output) => Descend(
        Expectation.Find(output, @"^start: w = (\S+),"), Expectation.Find(output, @"^start: .* b = (\S+)$"),
        (x, z) => 1 / (1 + Math.Exp(-z)) - (x > 2.5 ? 1 : 0));

    /// <summary>Lesson 16: the mean of 2 p r / (p + r) over the printed rows of its eight languages.</summary>
    public static double MeanF1(string output)
    {
        var rows = Regex.Matches(output, @"^[A-Z][a-z]+ +(\d\.\d+) +(\d\.\d+) +\d\.\d+ +16$", RegexOptions.Multiline);
        Assert.Equal(8, rows.Count);
        return rows.Average(row =>
        {
            double p = double.Parse(row.Groups[1].Value, CultureInfo.InvariantCulture), r = double.Parse(row.Groups[2].Value, CultureInfo.InvariantCulture);
            return p + r == 0 ? 0 : 2 * p * r / (p + r);
        });
    }

    static (double W, double B) Descend(double w, double b, Func<double, double, double> slope)
    {
        for (int epoch = 0; epoch < 1000; epoch++)
        {
            double gw = 0, gb = 0;
            for (int x = 1; x <= 3; x++)
            {
                double s = slope(x, w * x + b);
                gw += s * x;
                gb += s;
            }
            (w, b) = (w - 0.01 * gw, b - 0.01 * gb);
        }
        return (w, b);
    }
}
