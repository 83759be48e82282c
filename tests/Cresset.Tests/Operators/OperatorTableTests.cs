using Xunit;

namespace Cresset.Tests.Operators;

public class OperatorTableTests
{
    static TheoryData<string> Names(Func<OperatorRow, bool> chosen) => [.. OperatorTable.Rows.Values.Where(chosen).Select(row => row.Name)];

    public static TheoryData<string> All => Names(_ => true);

    public static TheoryData<string> Pointwise => Names(row => row.Is(OperatorTraits.Pointwise));

    public static TheoryData<string> Binary => Names(row => row.Is(OperatorTraits.Binary));

    public static TheoryData<string> WithNaN => Names(row => row.Is(OperatorTraits.KeepsNaN) || row.Is(OperatorTraits.SpreadsNaN));

    static Tensor[] Differentiable(Tensor[] inputs)
    {
        foreach (var input in inputs) input.RequiresGrad = true;
        return inputs;
    }

    static void AssertClose(double[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance * (1 + Math.Abs(expected[i])), $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }

    // Value and gradients under fixed weights.
    static (Tensor Value, Tensor?[] Gradients) Run(OperatorRow row, Tensor[] inputs)
    {
        var y = row.F(Differentiable(inputs));
        var weights = Tensor.Rand(y.Shape, DType.Float64, new Generator(5)).To(y.DType);
        return (y.Detach(), Autograd.Grad([y], inputs, [weights], allowUnused: true));
    }

    static void AssertSame((Tensor Value, Tensor?[] Gradients) expected, (Tensor Value, Tensor?[] Gradients) actual, double tolerance)
    {
        Assert.Equal(expected.Value.Shape, actual.Value.Shape);
        AssertClose(expected.Value.ToArray<double>(), actual.Value.To(DType.Float64).ToArray<double>(), tolerance);
        for (var i = 0; i < expected.Gradients.Length; i++)
        {
            Assert.Equal(expected.Gradients[i]!.Shape, actual.Gradients[i]!.Shape);
            AssertClose(expected.Gradients[i]!.ToArray<double>(), actual.Gradients[i]!.To(DType.Float64).ToArray<double>(), tolerance);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Gradients_are_those_of_finite_differences(string name)
    {
        var row = OperatorTable.Rows[name];
        GradientCheck.Check(row.F, Differentiable(row.Inputs())).ThrowIfFailed();
    }

    [Theory, MemberData(nameof(All))]
    public void Second_derivatives_are_those_of_finite_differences(string name)
    {
        var row = OperatorTable.Rows[name];
        GradientCheck.CheckSecondOrder(row.F, Differentiable(row.Inputs())).ThrowIfFailed();
    }

    // The same values, column-major.
    static Tensor Transposed(Tensor x)
    {
        var order = Enumerable.Range(0, x.Rank).Reverse().ToArray();
        return x.Rank < 2 ? x : x.Permute(order).Clone().Permute(order).Detach();
    }

    // The same values in the middle of a larger tensor of NaN, every other element.
    static Tensor Spaced(Tensor x)
    {
        Shape larger = [.. x.Shape, 2];
        var whole = Tensor.Full([larger.ElementCount + 3], double.NaN, x.DType);
        var view = whole.Narrow(0, 3, larger.ElementCount).Reshape(larger).Select(x.Rank, 1);
        view.CopyInPlace(x);
        return view.Detach();
    }

    [Theory, MemberData(nameof(All))]
    public void Strided_and_offset_views_give_what_contiguous_inputs_give(string name)
    {
        var row = OperatorTable.Rows[name];
        var expected = Run(row, row.Inputs());
        AssertSame(expected, Run(row, Array.ConvertAll(row.Inputs(), Transposed)), 1e-12);
        AssertSame(expected, Run(row, Array.ConvertAll(row.Inputs(), Spaced)), 1e-12);
    }

    [Theory, MemberData(nameof(Binary))]
    public void Broadcasting_is_the_same_as_expanding_first(string name)
    {
        var row = OperatorTable.Rows[name];
        Shape[][] cases = [[[3, 1], [1, 4]], [[], [2, 3]], [[2, 1, 4], [4]], [[1], [3]], [[2, 3], []]];
        foreach (var shapes in cases)
        {
            var inputs = row.Inputs(shapes);
            var common = Shape.Broadcast(shapes[0], shapes[1]);
            var expected = row.F([inputs[0].Expand(common).Clone(), inputs[1].Expand(common).Clone()]);
            var actual = row.F(inputs);
            Assert.Equal(common, actual.Shape);
            Assert.Equal(expected.ToArray<double>(), actual.ToArray<double>());
            GradientCheck.Check(row.F, Differentiable(inputs)).ThrowIfFailed();
        }
        Assert.Throws<ArgumentException>(() => row.F(row.Inputs([2, 3], [2])));
    }

    [Theory, MemberData(nameof(Pointwise))]
    public void Empty_and_scalar_inputs_keep_their_shape_in_value_and_gradient(string name)
    {
        var row = OperatorTable.Rows[name];
        foreach (var shape in new Shape[] { [0], [2, 0, 3], [], [1, 1] })
        {
            var inputs = row.Inputs([.. Enumerable.Repeat(shape, row.Shapes.Length)]);
            var (value, gradients) = Run(row, inputs);
            Assert.Equal(shape, value.Shape);
            foreach (var gradient in gradients) Assert.Equal(shape, gradient!.Shape);
        }
    }

    [Theory, MemberData(nameof(WithNaN))]
    public void NaN_goes_through(string name)
    {
        var row = OperatorTable.Rows[name];
        for (var input = 0; input < row.Shapes.Length; input++)
        {
            var inputs = row.Inputs();
            inputs[input].AsSpan<double>()[1] = double.NaN;
            var y = row.F(inputs).ToArray<double>();
            if (row.Is(OperatorTraits.KeepsNaN))
                for (var i = 0; i < y.Length; i++) Assert.Equal(i == 1, double.IsNaN(y[i]));
            else Assert.Contains(y, double.IsNaN);
        }
    }

    [Theory, MemberData(nameof(All))]
    public void Inputs_stay_as_they_were(string name)
    {
        var row = OperatorTable.Rows[name];
        Tensor[] inputs = row.Inputs(), copies = row.Inputs();
        Run(row, inputs);
        for (var i = 0; i < inputs.Length; i++) Assert.Equal(copies[i].ToArray<double>(), inputs[i].ToArray<double>());
    }

    [Theory, MemberData(nameof(All))]
    public void Float32_agrees_with_float64(string name)
    {
        var row = OperatorTable.Rows[name];
        // Both start from values that float32 holds.
        Tensor[] narrow = Array.ConvertAll(row.Inputs(), x => x.To(DType.Float32)), wide = Array.ConvertAll(narrow, x => x.To(DType.Float64));
        var actual = Run(row, narrow);
        Assert.Equal(DType.Float32, actual.Value.DType);
        AssertSame(Run(row, wide), actual, 2e-5);
    }
}
