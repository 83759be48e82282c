namespace Cresset;

/// <summary>Outer products, and sums of products by letters.</summary>
public static class EinsumOperator
{
    extension(Tensor a)
    {
        /// <summary>Every element of a vector times every element of another: [n], [m] give [n, m]. PyTorch: <c>torch.outer</c>.</summary>
        /// <exception cref="ArgumentException">An operand is not a vector.</exception>
        public Tensor Outer(Tensor b)
        {
            if (a.Rank != 1 || b.Rank != 1) throw new ArgumentException($"Outer: expected two vectors, got the shapes {a.Shape} and {b.Shape}");
            return a.Unsqueeze(1) * b.Unsqueeze(0);
        }

        /// <summary>The sum of products of two vectors. PyTorch: <c>torch.dot</c>.</summary>
        /// <exception cref="ArgumentException">An operand is not a vector, or the sizes differ.</exception>
        public Tensor Dot(Tensor b)
        {
            if (a.Rank != 1 || b.Rank != 1 || a.Shape != b.Shape) throw new ArgumentException($"Dot: expected two vectors of one size, got the shapes {a.Shape} and {b.Shape}");
            return a.DType.IsFloatingPoint() && a.DType == b.DType ? a.MatMul(b) : (a * b).Sum();
        }

        /// <summary>The elements whose indices in two dimensions are equal (but for the offset), as a new last dimension. A view.
        /// PyTorch: <c>torch.diagonal</c>.</summary>
        public Tensor Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1)
        {
            if (a.Rank < 2) throw new ArgumentException($"Diagonal: expected a tensor with at least two dimensions, got the shape {a.Shape}");
            dim1 = Shape.Dimension(dim1, a.Rank, "Diagonal");
            dim2 = Shape.Dimension(dim2, a.Rank, "Diagonal");
            if (dim1 == dim2) throw new ArgumentException($"Diagonal: expected two different dimensions, got {dim1} twice");
            return TakeDiagonal(a, offset, dim1, dim2);
        }

        /// <summary>The sum of a matrix's diagonal. PyTorch: <c>torch.trace</c>.</summary>
        public Tensor Trace() => a.Rank == 2 ? a.Diagonal().Sum() : throw new ArgumentException($"Trace: expected a matrix, got the shape {a.Shape}");
    }

    static Tensor TakeDiagonal(Tensor x, int offset, int dim1, int dim2)
    {
        int rows = x.Shape[dim1], columns = x.Shape[dim2];
        int row = Math.Max(0, -offset), column = Math.Max(0, offset), length = Math.Max(0, Math.Min(rows - row, columns - column));
        Span<int> sizes = stackalloc int[x.Rank - 1], strides = stackalloc int[x.Rank - 1];
        var count = 0;
        for (var i = 0; i < x.Rank; i++)
        {
            if (i == dim1 || i == dim2) continue;
            sizes[count] = x.Shape[i];
            strides[count++] = x.Layout.Strides[i];
        }
        sizes[count] = length;
        strides[count] = x.Layout.Strides[dim1] + x.Layout.Strides[dim2];
        var start = x.Layout.Offset + (length == 0 ? 0 : row * x.Layout.Strides[dim1] + column * x.Layout.Strides[dim2]);
        var y = x.View(Layout.Strided(new Shape(sizes), strides, start));
        return Autograd.Records(x)
            ? Autograd.Record("Diagonal", y, [x], [], (node, gradient) =>
                [NarrowOperators.Embed(gradient, node.InputShape(0), whole => TakeDiagonal(whole, offset, dim1, dim2))])
            : y;
    }

    extension(Tensor)
    {
        /// <summary>Sums of products after Einstein: each operand's dimensions get letters, letters that are not in the result are
        /// summed over. <c>"ij,jk->ik"</c> is the matrix product; a letter twice in one operand is its diagonal; <c>...</c> stands
        /// for any further dimensions, which broadcast; without <c>-></c> the result has the letters that occur once, in
        /// alphabetical order. Operands are contracted from left to right. PyTorch: <c>torch.einsum</c>.</summary>
        /// <exception cref="ArgumentException">The equation is malformed or does not fit the operands.</exception>
        public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands)
        {
            ArgumentNullException.ThrowIfNull(equation);
            var (inputs, output) = Parse(equation, operands);
            // Every operand with its letters once each; then pair by pair, dropping letters that nobody needs any more.
            var (letters, result) = Unique(inputs[0], operands[0], equation);
            for (var i = 1; i <= inputs.Length; i++)
            {
                var needed = output + string.Concat(inputs.Skip(i));
                if (i == inputs.Length)
                {
                    (letters, result) = SumOut(letters, result, output);
                    break;
                }
                var (otherLetters, other) = Unique(inputs[i], operands[i], equation);
                var after = output + string.Concat(inputs.Skip(i + 1));
                (letters, result) = SumOut(letters, result, needed);
                (otherLetters, other) = SumOut(otherLetters, other, letters + after);
                (letters, result) = Contract(letters, result, otherLetters, other, after, equation);
            }
            var order = new int[output.Length];
            for (var i = 0; i < order.Length; i++) order[i] = letters.IndexOf(output[i], StringComparison.Ordinal);
            return result.Permute(order);
        }
    }

    // Dimensions under an ellipsis get capital letters from the end of a private range: aligned at the last one.
    const char FirstHidden = '\uE000';

    static (string[] Inputs, string Output) Parse(string equation, ReadOnlySpan<Tensor> operands)
    {
        ArgumentException Fault(string what) => new($"Einsum: \"{equation}\": {what}");
        var text = equation.Replace(" ", "", StringComparison.Ordinal);
        var halves = text.Split("->");
        if (halves.Length > 2) throw Fault("expected at most one ->");
        var inputs = halves[0].Split(',');
        if (inputs.Length != operands.Length) throw Fault($"expected {inputs.Length} operands, got {operands.Length}");
        var hidden = 0;
        for (var i = 0; i < inputs.Length; i++)
        {
            var plain = inputs[i].Replace("...", "", StringComparison.Ordinal);
            var ellipsis = plain.Length + 3 == inputs[i].Length;
            if (!plain.All(char.IsAsciiLetter)) throw Fault($"expected letters and at most one ... in \"{inputs[i]}\"");
            var extra = operands[i].Rank - plain.Length;
            if (extra < 0 || (extra > 0 && !ellipsis)) throw Fault($"operand {i} has the shape {operands[i].Shape}, but \"{inputs[i]}\" names {plain.Length} dimensions");
            hidden = Math.Max(hidden, extra);
            if (ellipsis) inputs[i] = inputs[i].Replace("...", Hidden(extra), StringComparison.Ordinal);
        }
        string output;
        if (halves.Length == 2)
        {
            output = halves[1].Replace("...", Hidden(hidden), StringComparison.Ordinal);
            if (output.Distinct().Count() != output.Length) throw Fault("a letter occurs twice in the result");
            foreach (var letter in output)
                if (!inputs.Any(input => input.Contains(letter))) throw Fault($"the result's letter {letter} is in no operand");
        }
        else
        {
            var all = string.Concat(inputs);
            output = Hidden(hidden) + string.Concat(all.Where(letter => letter < FirstHidden && all.Count(other => other == letter) == 1).Order());
        }
        return (inputs, output);
    }

    static string Hidden(int count)
    {
        var letters = new char[count];
        for (var i = 0; i < count; i++) letters[count - 1 - i] = (char)(FirstHidden + i);
        return new string(letters);
    }

    // Takes the diagonal of letters that occur twice.
    static (string Letters, Tensor Operand) Unique(string letters, Tensor operand, string equation)
    {
        for (var i = 0; i < letters.Length; i++)
        {
            var again = letters.IndexOf(letters[i], i + 1);
            if (again < 0) continue;
            if (operand.Shape[i] != operand.Shape[again])
                throw new ArgumentException($"Einsum: \"{equation}\": the letter {letters[i]} stands for the sizes {operand.Shape[i]} and {operand.Shape[again]} in one operand");
            operand = operand.Diagonal(0, i, again);
            letters = letters.Remove(again, 1).Remove(i, 1) + letters[i];
            i--;
        }
        return (letters, operand);
    }

    static (string Letters, Tensor Operand) SumOut(string letters, Tensor operand, string needed)
    {
        for (var i = letters.Length - 1; i >= 0; i--)
        {
            if (needed.Contains(letters[i])) continue;
            operand = operand.Sum(i);
            letters = letters.Remove(i, 1);
        }
        return (letters, operand);
    }

    // Two operands as one batched matrix product: [batch, only a, summed] x [batch, summed, only b].
    static (string Letters, Tensor Result) Contract(string a, Tensor x, string b, Tensor y, string needed, string equation)
    {
        foreach (var letter in a)
        {
            var at = b.IndexOf(letter, StringComparison.Ordinal);
            if (at < 0) continue;
            int left = x.Shape[a.IndexOf(letter, StringComparison.Ordinal)], right = y.Shape[at];
            if (left != right && left != 1 && right != 1)
                throw new ArgumentException($"Einsum: \"{equation}\": the letter {(letter < FirstHidden ? letter.ToString() : "...")} stands for the sizes {left} and {right}");
        }
        var batch = string.Concat(a.Where(letter => b.Contains(letter) && needed.Contains(letter)));
        var summed = string.Concat(a.Where(letter => b.Contains(letter) && !needed.Contains(letter)));
        string onlyA = string.Concat(a.Except(b)), onlyB = string.Concat(b.Except(a));
        int Size(char letter)
        {
            int i = a.IndexOf(letter, StringComparison.Ordinal), j = b.IndexOf(letter, StringComparison.Ordinal);
            return i >= 0 && (j < 0 || x.Shape[i] != 1) ? x.Shape[i] : y.Shape[j];
        }
        int Product(string letters) => letters.Aggregate(1, (product, letter) => product * Size(letter));
        Tensor Arrange(string letters, Tensor tensor, string order, params ReadOnlySpan<int> shape)
        {
            var dims = order.Select(letter => letters.IndexOf(letter, StringComparison.Ordinal)).ToArray();
            return tensor.Permute(dims).Expand(new Shape(order.Select(Size).ToArray())).Reshape(shape);
        }
        var left3 = Arrange(a, x, batch + onlyA + summed, Product(batch), Product(onlyA), Product(summed));
        var right3 = Arrange(b, y, batch + summed + onlyB, Product(batch), Product(summed), Product(onlyB));
        var dtype = Operators.Promotion.Of(x, y);
        var result = left3.To(dtype).MatMul(right3.To(dtype));
        var order = batch + onlyA + onlyB;
        return (order, result.Reshape(new Shape(order.Select(Size).ToArray())));
    }
}
