using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset;

/// <summary>Addition.</summary>
public static class AddOperator
{
    readonly struct Sum : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    // For truth values, a + b is "or", as in PyTorch.
    readonly struct Or : IBinaryFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L a, L b) where L : struct, ILanes<L> => a | b;
    }

    readonly struct AddScalar(Scalar addend) : IPointwiseOperator
    {
        readonly Scalar addend = addend;
        public double[] Numbers => [addend.ToDouble()];
        public static string Name => "Add";
        public static Saves Saves => Saves.Nothing;
        public static bool KeepsIntegers => true;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x + L.From(addend);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Derivative<L>(L x, L y) where L : struct, ILanes<L> => L.From(1);
        public Tensor Derivative(Tensor saved) => saved.OnesLike();
    }

    extension(Tensor a)
    {
        /// <summary>a + b, element by element; shapes broadcast, types promote (bool + bool is "or").
        /// Gradient: passed to both. PyTorch: <c>torch.add</c>.</summary>
        public Tensor Add(Tensor b)
        {
            Tensor x = a, y = b;
            var dtype = Operators.Promotion.Of(a, b);
            var sum = dtype == DType.Bool
                ? Pointwise.Combine("Add", default(Or), ref x, ref y, dtype)
                : Pointwise.Combine("Add", default(Sum), ref x, ref y, dtype);
            return Autograd.Records(a, b) ? Autograd.Record("Add", sum, [a, b], [], static (_, gradient) => [gradient, gradient]) : sum;
        }

        /// <summary>a + b with a number. PyTorch: <c>torch.add</c>.</summary>
        public Tensor Add(Scalar b) => a.DType == DType.Bool && b.DType == DType.Bool
            ? a.Add(Tensor.Full([], b, DType.Bool, a.Backend))
            : Pointwise.Apply(new AddScalar(b), a.To(Operators.Promotion.Of(a, b)));

        /// <summary>a becomes a + b, in its own memory. PyTorch: <c>add_</c>.</summary>
        public Tensor AddInPlace(Tensor b)
        {
            Autograd.CheckInPlace("Add", a, b.RequiresGrad);
            if (a.DType == DType.Bool) Pointwise.CombineInPlace("Add", default(Or), a, b);
            else Pointwise.CombineInPlace("Add", default(Sum), a, b);
            Autograd.RecordInPlace("Add", a, [a, b], [], static (_, gradient) => [gradient, gradient]);
            return a;
        }

        /// <summary>a becomes a + b with a number, in its own memory. PyTorch: <c>add_</c>.</summary>
        public Tensor AddInPlace(Scalar b) => a.DType == DType.Bool && b.DType == DType.Bool
            ? a.AddInPlace(Tensor.Full([], b, DType.Bool, a.Backend))
            : Pointwise.ApplyInPlace(new AddScalar(b), a, b);
    }

    extension(Tensor)
    {
        /// <summary>a + b, element by element.</summary>
        public static Tensor operator +(Tensor a, Tensor b) => a.Add(b);

        /// <summary>a + b with a number.</summary>
        public static Tensor operator +(Tensor a, Scalar b) => a.Add(b);

        /// <summary>a + b with a number.</summary>
        public static Tensor operator +(Scalar a, Tensor b) => b.Add(a);
    }
}
