using System.Globalization;
using System.Text;

namespace Cresset;

// A tensor as text, laid out as PyTorch does: nested brackets, values aligned, large tensors shortened to three entries at
// each edge; then shape and type.
static class TensorPrinter
{
    const int Threshold = 1000;
    const int Edge = 3;
    const int LineWidth = 100;

    // One line, for the debugger: the first values of small tensors.
    internal static string Summary(Tensor x)
    {
        var head = $"{x.DType.Name()} {x.Shape}";
        if (x.ElementCount == 0 || x.ElementCount > 8) return head;
        return $"{head} {{{string.Join(", ", Texts(x).Select(text => text.Trim()))}}}";
    }

    internal static string Format(Tensor x)
    {
        var text = new StringBuilder("tensor(");
        var indent = text.Length;
        if (x.ElementCount == 0) text.Append("[]");
        else
        {
            var shortened = x.ElementCount > Threshold;
            var shown = x;
            if (shortened)
                for (var dim = 0; dim < x.Rank; dim++)
                    if (shown.Shape[dim] > 2 * Edge)
                        shown = Ends(shown, dim);
            var texts = Texts(shown);
            var next = 0;
            Append(text, x.Shape, shortened, 0, indent, () => texts[next++]);
        }
        text.Append(CultureInfo.InvariantCulture, $", shape={x.Shape}, dtype={x.DType.Name()}");
        if (x.RequiresGrad) text.Append(x.GradFn is { } node ? $", gradFn={node.Name}" : ", requiresGrad=true");
        return text.Append(')').ToString();
    }

    // The first and last entries of a dimension, as a tensor of their own.
    static Tensor Ends(Tensor x, int dim)
    {
        var size = x.Shape[dim];
        var result = Tensor.Allocate(x.Shape.With(dim, 2 * Edge), x.DType, x.Backend);
        x.Backend.Copy(Part(x.Layout.Narrow(dim, 0, Edge)), Target(0));
        x.Backend.Copy(Part(x.Layout.Narrow(dim, size - Edge, Edge)), Target(Edge));
        return result;
        Kernels.Operand Part(Layout layout) => new(x.Storage, layout, x.DType);
        Kernels.Operand Target(int start) => new(result.Storage, result.Layout.Narrow(dim, start, Edge), x.DType);
    }

    // The values as text, all of one width.
    static string[] Texts(Tensor x)
    {
        var texts = x.DType switch
        {
            DType.Bool => Array.ConvertAll(x.ToArray<bool>(), value => value ? "true" : "false"),
            DType.Int64 => Array.ConvertAll(x.ToArray<long>(), value => value.ToString(CultureInfo.InvariantCulture)),
            DType.Float64 => Numbers(x.ToArray<double>()),
            DType.Float32 => Numbers(Array.ConvertAll(x.ToArray<float>(), value => (double)value)),
            DType.Int32 => Array.ConvertAll(x.ToArray<int>(), value => value.ToString(CultureInfo.InvariantCulture)),
            _ => Array.ConvertAll(x.ToArray<byte>(), value => value.ToString(CultureInfo.InvariantCulture)),
        };
        var width = texts.Max(text => text.Length);
        return Array.ConvertAll(texts, text => text.PadLeft(width));
    }

    // As PyTorch: whole numbers with a bare point, others with four digits, in powers of ten where their sizes differ much.
    static string[] Numbers(double[] values)
    {
        var sizes = values.Where(value => double.IsFinite(value) && value != 0).Select(Math.Abs).DefaultIfEmpty(1).ToArray();
        var whole = values.All(value => !double.IsFinite(value) || value == Math.Floor(value));
        var powers = sizes.Max() / sizes.Min() > 1000 || sizes.Max() > 1e8 || sizes.Min() < 1e-4;
        var format = whole && sizes.Max() <= 1e8 ? "0'.'" : powers ? "0.0000e+00" : "0.0000";
        return Array.ConvertAll(values, value => double.IsNaN(value) ? "nan"
            : double.IsInfinity(value) ? value > 0 ? "inf" : "-inf" : value.ToString(format, CultureInfo.InvariantCulture));
    }

    static void Append(StringBuilder text, Shape shape, bool shortened, int dim, int indent, Func<string> next)
    {
        if (dim == shape.Rank)
        {
            text.Append(next());
            return;
        }
        text.Append('[');
        var size = shape[dim];
        var cut = shortened && size > 2 * Edge;
        var last = dim == shape.Rank - 1;
        var line = 0;
        for (var i = 0; i < size; i++)
        {
            if (i > 0)
            {
                text.Append(',');
                if (!last) text.Append('\n', shape.Rank - dim - 1).Append(' ', indent + dim + 1);
            }
            if (cut && i == Edge)
            {
                text.Append(last ? " ...," : "...,");
                if (!last) text.Append('\n', shape.Rank - dim - 1).Append(' ', indent + dim + 1);
                i = size - Edge;
            }
            if (!last)
            {
                Append(text, shape, shortened, dim + 1, indent, next);
                continue;
            }
            var entry = next();
            if (line > 0 && indent + line + entry.Length > LineWidth)
            {
                text.Append('\n').Append(' ', indent + dim + 1);
                line = 0;
            }
            else if (i > 0) text.Append(' ');
            text.Append(entry);
            line += entry.Length + 2;
        }
        text.Append(']');
    }
}
