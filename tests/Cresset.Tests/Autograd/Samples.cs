namespace Cresset.Tests.Differentiation;

// Leaves for the tests of differentiation.
static class Leaf
{
    internal static Tensor Of(params double[] values) => Of([values.Length], values);

    internal static Tensor Of(Shape shape, params double[] values)
    {
        var x = Tensor.From(values, shape);
        x.RequiresGrad = true;
        return x;
    }

    internal static Tensor Random(Shape shape, ulong seed = 1)
    {
        var x = Tensor.Randn(shape, DType.Float64, new Generator(seed));
        x.RequiresGrad = true;
        return x;
    }
}
