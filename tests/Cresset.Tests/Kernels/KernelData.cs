using System.Numerics;
using Cresset.Kernels;
using Xunit;

namespace Cresset.Tests.Kernels;

// What the tests of kernels share: operands with random contents, and comparison with an oracle in double.
static class KernelData
{
    internal static Tensor Values(System.Random random, DType type, params int[] shape)
    {
        var values = new double[shape.Aggregate(1, (product, size) => product * size)];
        for (var i = 0; i < values.Length; i++) values[i] = random.NextDouble() - 0.5;
        return type == DType.Float32 ? Tensor.From(Array.ConvertAll(values, value => (float)value), shape) : Tensor.From(values, shape);
    }

    internal static Operand Operand(Tensor tensor) => new(tensor.Storage, tensor.Layout, tensor.DType);

    internal static double[] Doubles(Tensor tensor) => tensor.DType == DType.Float32
        ? [.. tensor.ToArray<float>().Select(x => (double)x)]
        : tensor.ToArray<double>();

    internal static void Close(double[] expected, Tensor actual, double tolerance, string what)
    {
        var values = Doubles(actual);
        Assert.Equal(expected.Length, values.Length);
        for (var i = 0; i < values.Length; i++)
        {
            var same = expected[i].Equals(values[i]) || Math.Abs(expected[i] - values[i]) <= tolerance * (1 + Math.Abs(expected[i]));
            if (!same) Assert.Fail($"{what}: element {i}: expected {expected[i]}, got {values[i]}");
        }
    }

    // The same bits at every number of threads.
    internal static void SameAtAnyThreadCount(Func<Tensor> compute)
    {
        var before = Threads.Count;
        try
        {
            Threads.Count = 1;
            var expected = Doubles(compute());
            foreach (var threads in new[] { 2, 3, 8 })
            {
                Threads.Count = threads;
                Assert.Equal(expected, Doubles(compute()));
            }
        }
        finally
        {
            Threads.Count = before;
        }
    }
}
