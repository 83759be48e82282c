using Cresset.Kernels;
using Cresset.Kernels.Cpu;
using Cresset.Tests.Operators;
using Xunit;

namespace Cresset.Tests.ReferenceBackend;

// Every row of the operator table on the plain backend and on the fast one: value and gradients, at sizes that fill
// vectors and leave rests.
public class ReferenceBackendTests
{
    public static TheoryData<string> Rows => [.. OperatorTable.Rows.Keys];

    public static TheoryData<string> Pointwise => [.. OperatorTable.Rows.Values.Where(row => row.Is(OperatorTraits.Pointwise)).Select(row => row.Name)];

    static (double[] Value, double[][] Gradients) Run(OperatorRow row, Tensor[] inputs, DType dtype, Backend backend)
    {
        using var scope = Backend.Use(backend);
        var own = Array.ConvertAll(inputs, x => NaiveBackend.Move(x, backend).To(dtype));
        foreach (var x in own) x.RequiresGrad = true;
        var y = row.F(own);
        Assert.Same(backend, y.Backend);
        var weights = NaiveBackend.Move(Tensor.Rand(y.Shape, DType.Float64, new Generator(5)), backend).To(y.DType);
        var gradients = Autograd.Grad([y], own, [weights], allowUnused: true);
        return (Values(y), Array.ConvertAll(gradients, gradient => Values(gradient!)));
    }

    static double[] Values(Tensor x) => NaiveBackend.Move(x.Detach(), CpuBackend.Instance).To(DType.Float64).ToArray<double>();

    static void Compare(OperatorRow row, Tensor[] inputs, DType dtype, double tolerance)
    {
        // Both start from values that the narrower type holds.
        var rounded = Array.ConvertAll(inputs, x => x.To(dtype).To(DType.Float64));
        var expected = Run(row, rounded, DType.Float64, NaiveBackend.Instance);
        var actual = Run(row, rounded, dtype, CpuBackend.Instance);
        AssertClose(expected.Value, actual.Value, tolerance);
        for (var i = 0; i < inputs.Length; i++) AssertClose(expected.Gradients[i], actual.Gradients[i], tolerance);
    }

    static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }

    [Theory, MemberData(nameof(Rows))]
    public void Value_and_gradients_are_those_of_the_plain_backend(string name)
    {
        var row = OperatorTable.Rows[name];
        Compare(row, row.Inputs(), DType.Float64, 1e-12);
        Compare(row, row.Inputs(), DType.Float32, 2e-5);
    }

    [Theory, MemberData(nameof(Pointwise))]
    public void Sizes_that_fill_vectors_and_leave_rests_give_the_same(string name)
    {
        var row = OperatorTable.Rows[name];
        foreach (var shape in new Shape[] { [67], [5, 131], [3, 1, 33] })
        {
            var inputs = row.Inputs([.. Enumerable.Repeat(shape, row.Shapes.Length)]);
            Compare(row, inputs, DType.Float64, 1e-12);
            Compare(row, inputs, DType.Float32, 2e-5);
        }
    }

    // Zeros of both signs, infinities, NaN, the smallest and the largest numbers: where the plain backend has a number of the type, the fast one has it too.
    [Theory, MemberData(nameof(Pointwise))]
    public void Extremes_give_the_same(string name)
    {
        var row = OperatorTable.Rows[name];
        double[] extremes = [0, -0.0, double.PositiveInfinity, double.NegativeInfinity, double.NaN, float.Epsilon, -float.Epsilon, 1e-30, 3e38, -3e38, 88, -88, 104, -104, 1, -1];
        foreach (var dtype in new[] { DType.Float64, DType.Float32 })
        {
            // 0.7 is another number in float32, and what it leaves of a huge one another remainder.
            if (dtype == DType.Float32 && name == "Remainder by a number") continue;
            Tensor[] inputs = [.. row.Shapes.Select((_, i) => Tensor.From(i == 0 ? extremes : [.. extremes.Reverse()]).To(dtype).To(DType.Float64))];
            var expected = Run(row, inputs, DType.Float64, NaiveBackend.Instance).Value;
            var actual = Run(row, inputs, dtype, CpuBackend.Instance).Value;
            for (var i = 0; i < expected.Length; i++)
            {
                var e = dtype == DType.Float32 ? (float)expected[i] : expected[i];
                Assert.True(e.Equals(actual[i]) || Math.Abs(e - actual[i]) <= 2e-6 * Math.Abs(e) + 1e-37, $"{dtype}: f({string.Join(", ", inputs.Select(x => x.ToArray<double>()[i]))}): expected {e:R}, got {actual[i]:R}");
            }
        }
    }
}
