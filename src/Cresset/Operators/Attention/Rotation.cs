namespace Cresset;

// Rotary positions as one operator: a rotation, whose gradient is the rotation back, and so on.
static class RotationOperator
{
    /// <summary>Each pair of columns (i, i + D / 2) of x [..., T, D] turned by the angles whose cosines and sines [T, D / 2] are given, which need no
    /// gradient, or turned back.</summary>
    internal static Tensor Apply(Tensor x, Tensor cosine, Tensor sine, bool back = false)
    {
        var rows = x.Layout.Strides[^1] == 1 ? x : x.Detach().Contiguous();
        var backend = Operators.Promotion.Backend("RotaryPositionalEncoding", x, cosine);
        var y = Tensor.Allocate(x.Shape, x.DType, backend);
        backend.Rotate(back, rows.Operand, cosine.Operand, sine.Operand, y.Operand);
        return Autograd.Records(x) ? Autograd.Record("Rotation", y, [x], [], (_, gradient) => [Apply(gradient, cosine, sine, !back)]) : y;
    }
}
