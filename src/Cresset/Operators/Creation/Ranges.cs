using System.Globalization;

namespace Cresset;

/// <summary>Tensors from rules: ranges, the unit matrix, one-hot vectors.</summary>
public static class RangeOperators
{
    extension(Tensor)
    {
        /// <summary>start, start + step, ... up to, not including, end; int64 where all three are integers, else float32.
        /// PyTorch: <c>torch.arange</c>.</summary>
        /// <exception cref="ArgumentException">The step is 0 or leads away from the end.</exception>
        public static Tensor Arange(Scalar start, Scalar end, Scalar step, DType? dtype = null)
        {
            double from = start.ToDouble(), to = end.ToDouble(), by = step.ToDouble();
            if (by == 0 || !double.IsFinite((to - from) / by) || (to - from) / by < 0)
                throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"Arange: expected a step that leads from {from} to {to}, got {by}"));
            var integers = start.DType != DType.Float64 && end.DType != DType.Float64 && step.DType != DType.Float64;
            var count = checked((int)Math.Ceiling((to - from) / by));
            Tensor result;
            if (integers)
            {
                var values = new long[count];
                for (var i = 0; i < count; i++) values[i] = start.ToInt64() + i * step.ToInt64();
                result = Tensor.From(values);
            }
            else
            {
                var values = new double[count];
                for (var i = 0; i < count; i++) values[i] = from + i * by;
                result = Tensor.From(values);
            }
            return Tracing.Tell("Arange", result.To(dtype ?? (integers ? DType.Int64 : DType.Float32)), [], [from, to, by]);
        }

        /// <summary>start, start + 1, ... up to, not including, end. PyTorch: <c>torch.arange</c>.</summary>
        public static Tensor Arange(Scalar start, Scalar end, DType? dtype = null) => Tensor.Arange(start, end, 1, dtype);

        /// <summary>0, 1, ... up to, not including, end. PyTorch: <c>torch.arange</c>.</summary>
        public static Tensor Arange(Scalar end, DType? dtype = null) => Tensor.Arange(0, end, 1, dtype);

        /// <summary>count numbers at equal distances from start to end, both included. PyTorch: <c>torch.linspace</c>.</summary>
        public static Tensor Linspace(double start, double end, int count, DType dtype = DType.Float32)
        {
            ArgumentOutOfRangeException.ThrowIfNegative(count);
            var values = new double[count];
            var step = count > 1 ? (end - start) / (count - 1) : 0;
            // From both ends, so that the last one is the end exactly.
            for (var i = 0; i < count; i++) values[i] = i < (count + 1) / 2 ? start + step * i : end - step * (count - 1 - i);
            return Tensor.From(values).To(dtype);
        }

        /// <summary>The unit matrix, or its part of another width. PyTorch: <c>torch.eye</c>.</summary>
        public static Tensor Eye(int rows, int? columns = null, DType dtype = DType.Float32)
        {
            var result = Tensor.Zeros([rows, columns ?? rows], dtype);
            var diagonal = Math.Min(rows, columns ?? rows);
            if (diagonal > 0)
                result.Backend.Fill(1, new Kernels.Operand(result.Storage, Layout.Strided([diagonal], [result.Shape[1] + 1], 0), dtype));
            return result;
        }
    }

    extension(Tensor x)
    {
        /// <summary>1 at each index, 0 elsewhere, along a new last dimension; int64. PyTorch: <c>torch.nn.functional.one_hot</c>.</summary>
        /// <param name="classes">The size of the new dimension; the largest index and one more unless given.</param>
        /// <exception cref="ArgumentException">x holds no integers, or an index is out of range.</exception>
        public Tensor OneHot(int? classes = null)
        {
            if (x.DType is not (DType.Int64 or DType.Int32))
                throw new ArgumentException($"OneHot: expected indices of int64, got {x.DType.Name()}; convert them with To(DType.Int64)");
            if (classes is null && x.ElementCount == 0) throw new ArgumentException("OneHot: expected the number of classes, which an empty tensor does not tell");
            var count = classes ?? (int)x.Max().Item() + 1;
            var index = GatherOperators.CheckIndex("OneHot", x, count).Unsqueeze(-1);
            var result = Tensor.Zeros(x.Shape.Insert(x.Rank, count), DType.Int64, x.Backend);
            x.Backend.ScatterAdd(index.OnesLike().Operand, x.Rank, index.Operand, result.Operand);
            return Tracing.Tell("OneHot", result, [x], [count]);
        }
    }
}
