namespace Cresset;

/// <summary>Copies: of the values, of the type, of the memory's order; and the way out of the graph.</summary>
public static class CopyOperators
{
    static Tensor Copy(string name, Tensor x, DType dtype)
    {
        var y = Tensor.Allocate(x.Shape, dtype, x.Backend);
        x.Backend.Copy(x.Operand, y.Operand);
        // The engine brings the gradient back to x's own type.
        return dtype.IsFloatingPoint() && Autograd.Records(x) ? Autograd.Record(name, y, [x], [], static (_, gradient) => [gradient]) : Tracing.Tell(name, y, [x]);
    }

    extension(Tensor x)
    {
        /// <summary>The values in another type; the tensor itself where it has that type. Floating point is truncated towards
        /// zero for integers, and becomes true for bool unless it is 0. PyTorch: <c>to(dtype)</c>.</summary>
        public Tensor To(DType dtype) => x.DType == dtype ? x : Copy("To", x, dtype);

        /// <summary>A copy with memory of its own, contiguous; the gradient flows through it. PyTorch: <c>clone()</c>.</summary>
        public Tensor Clone() => Copy("Clone", x, x.DType);

        /// <summary>The tensor itself if its elements lie row-major without gaps, else such a copy. PyTorch: <c>contiguous()</c>.</summary>
        public Tensor Contiguous() => x.IsContiguous ? x : Copy("Contiguous", x, x.DType);

        /// <summary>The same memory, outside the graph: no gradient flows to x. PyTorch: <c>detach()</c>.</summary>
        public Tensor Detach() => Tracing.Tell("Detach", new Tensor(x.Storage, x.Layout, x.DType), [x]);

        /// <summary>Overwrites x with the values of <paramref name="source"/>, which broadcasts to x and is converted.
        /// Gradient: to the source. PyTorch: <c>copy_</c>.</summary>
        public Tensor CopyInPlace(Tensor source)
        {
            Autograd.CheckInPlace("Copy", x, source.RequiresGrad);
            var backend = Operators.Promotion.Backend("Copy", x, source);
            if (Shape.Broadcast(x.Shape, source.Shape, "Copy") != x.Shape)
                throw new ArgumentException($"Copy: expected a source that broadcasts to {x.Shape}, got {source.Shape}");
            if (source.Storage == x.Storage) source = source.Clone();
            backend.Copy(source.Operand.Expand(x.Shape), x.Operand);
            Autograd.RecordInPlace("Copy", x, [x, source], [], static (_, gradient) => [null, gradient]);
            return x;
        }

        /// <summary>Overwrites every element with one number. PyTorch: <c>fill_</c>.</summary>
        public Tensor FillInPlace(Scalar value)
        {
            Autograd.CheckInPlace("Fill", x, recorded: false);
            x.Backend.Fill(value, x.Operand);
            Autograd.RecordInPlace("Fill", x, [x], [], static (_, _) => [null], [value.ToDouble()]);
            return x;
        }
    }
}
