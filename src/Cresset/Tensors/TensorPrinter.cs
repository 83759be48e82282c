namespace Cresset;

static class TensorPrinter
{
    internal static string Summary(Tensor x) => $"Tensor {x.Shape} {x.DType.Name()}";

    internal static string Format(Tensor x) => Summary(x);
}
