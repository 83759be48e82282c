using System.Runtime.Intrinsics;
using Cresset.Kernels.Cpu;
using Xunit;

namespace Cresset.Tests.Kernels;

public class SingleMathTests
{
    // Every width by itself: the widest of a machine is not the only one that programs run with.
    static float[][] AtEachWidth(float[] x, Func<Vector512<float>, Vector512<float>> wide, Func<Vector256<float>, Vector256<float>> middle,
        Func<Vector128<float>, Vector128<float>> narrow)
    {
        float[] a = [.. x], b = [.. x], c = [.. x];
        for (var i = 0; i < x.Length; i += 16) wide(Vector512.Create(x, i)).CopyTo(a, i);
        for (var i = 0; i < x.Length; i += 8) middle(Vector256.Create(x, i)).CopyTo(b, i);
        for (var i = 0; i < x.Length; i += 4) narrow(Vector128.Create(x, i)).CopyTo(c, i);
        return [a, b, c];
    }

    static float[][] Exp(float[] x) => AtEachWidth(x, SingleMath.Exp, SingleMath.Exp, SingleMath.Exp);

    static float[][] Tanh(float[] x) => AtEachWidth(x, SingleMath.Tanh, SingleMath.Tanh, SingleMath.Tanh);

    static float[] Range(double from, double to) => [.. Enumerable.Range(0, 1 << 16).Select(i => (float)(from + (to - from) * i / (1 << 16)))];

    // A unit in the last place is between 6e-8 and 1.2e-7 of a number.
    static void AreClose(float[] x, float[][] found, Func<double, double> f, double tolerance)
    {
        foreach (var y in found)
            for (var i = 0; i < x.Length; i++)
                if (!(Math.Abs(y[i] - f(x[i])) <= tolerance * Math.Abs(f(x[i])))) Assert.Fail($"f({x[i]}): expected {f(x[i])}, got {y[i]}");
    }

    [Fact]
    public void The_exponential_is_exact_to_a_unit_in_the_last_place()
    {
        foreach (var x in new[] { Range(-1, 1), Range(-87, 88.7) }) AreClose(x, Exp(x), Math.Exp, 1.2e-7);
    }

    [Fact]
    public void The_exponential_of_extremes()
    {
        float[] x = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1000, -1000, 89, -105, 0, -0f, float.Epsilon, -88, -95, -103, 88.72f, 88.73f, float.MaxValue];
        foreach (var y in Exp(x))
        {
            Assert.Equal([float.NaN, float.PositiveInfinity, 0, float.PositiveInfinity, 0, float.PositiveInfinity, 0, 1, 1, 1], y[..10]);
            // Numbers below the smallest normal one have fewer digits: to the nearest, or the one beside it.
            for (var i = 10; i < 13; i++) Assert.InRange(y[i], Math.Exp(x[i]) * (1 - 1e-6) - float.Epsilon, Math.Exp(x[i]) * (1 + 1e-6) + float.Epsilon);
            Assert.InRange(y[13] / Math.Exp(x[13]), 1 - 1.2e-7, 1 + 1.2e-7);
            Assert.Equal([float.PositiveInfinity, float.PositiveInfinity], y[14..]);
        }
    }

    [Fact]
    public void The_hyperbolic_tangent_is_exact_to_some_units_in_the_last_place()
    {
        foreach (var x in new[] { Range(-1e-3, 1e-3), Range(-1, 1), Range(-10, 10), Range(-1e-20, 1e-20) }) AreClose(x, Tanh(x), Math.Tanh, 3e-7);
    }

    [Fact]
    public void The_hyperbolic_tangent_of_extremes()
    {
        float[] x = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 1000, -1000, 9, -9, 0, -0f, float.Epsilon, float.MaxValue, float.MinValue, 0, 0, 0, 0];
        foreach (var y in Tanh(x))
        {
            Assert.Equal([float.NaN, 1, -1, 1, -1, 1, -1, 0, -0f, float.Epsilon, 1, -1], y[..12]);
            Assert.True(float.IsNegative(y[8]));
        }
    }
}
