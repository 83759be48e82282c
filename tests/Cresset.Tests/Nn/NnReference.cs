using Cresset.Nn;
using Cresset.Tests.Reference;
using Xunit;

namespace Cresset.Tests.Nn;

// What the tests against PyTorch's values share: tensors from a case, and comparisons.
static class NnReference
{
    internal static Tensor Read(ReferenceTensor from, DType floating = DType.Float64)
    {
        var values = Tensor.From(from.Data, (Shape)from.Shape);
        return from.Dtype is "int64" ? values.To(DType.Int64) : values.To(floating);
    }

    internal static double Tolerance(DType dtype) => dtype == DType.Float64 ? 1e-9 : 1e-5;

    internal static void AreClose(ReferenceTensor expected, Tensor actual, double tolerance, string what)
    {
        Assert.True(expected.Shape.SequenceEqual(actual.Shape), $"{what}: expected the shape [{string.Join(", ", expected.Shape)}], got {actual.Shape}");
        var values = actual.Detach().To(DType.Float64).ToArray<double>();
        // Entries that cancel are compared at the scale of the whole.
        var scale = expected.Data.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (var i = 0; i < values.Length; i++)
        {
            var e = expected.Data[i];
            var close = e.Equals(values[i]) || Math.Abs(e - values[i]) <= tolerance * Math.Max(1, Math.Max(Math.Abs(e), scale));
            Assert.True(close, $"{what}: element {i}: expected {e:R}, got {values[i]:R}");
        }
    }

    internal static Size2d Size(ReferenceArguments a, string name, int absent = 1)
    {
        if (!a.Has(name)) return absent;
        var values = a.Ints(name);
        return (values[0], values[^1]);
    }
}
