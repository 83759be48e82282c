namespace Cresset.Onnx;

/// <summary>A size that is free, with all dimensions of inputs that have it.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Places">Which dimensions of which inputs.</param>
sealed record FreeSize(string Name, IReadOnlyList<(int Input, int Dim)> Places);

/// <summary>A number that depends on the free sizes: a sum of products of them. Entry m of the coefficients belongs to the product of the
/// sizes whose bits are set in m.</summary>
sealed class SizeExpression
{
    readonly double[] coefficients;
    readonly Func<Exception>? refused;

    SizeExpression(double[] coefficients, Func<Exception>? refused = null) => (this.coefficients, this.refused) = (coefficients, refused);

    internal double[] Coefficients => refused is null ? coefficients : throw refused();

    internal bool IsConstant => refused is null && coefficients.Skip(1).All(value => value == 0);

    internal double Constant => Coefficients[0];

    internal static SizeExpression Of(double value) => new([value]);

    /// <summary>The expression that has these values at these sizes: at every corner of two values for each size, in the order of m, and at
    /// one more place. Where that one refutes it, it cannot be used: calls that nobody needs may have any sizes.</summary>
    internal static SizeExpression Fit(double[] values, int[][] sizes, Func<Exception> refused)
    {
        if (values.All(value => value.Equals(values[0]))) return Of(values[0]);
        var corners = values.Length - 1;
        var coefficients = values[..corners];
        // One size after the other: from values at its two places to those of a line.
        for (int bit = 1, d = 0; bit < corners; bit <<= 1, d++)
        {
            double first = sizes[0][d], second = sizes[bit][d];
            for (var m = 0; m < corners; m++)
            {
                if ((m & bit) != 0) continue;
                var slope = (coefficients[m | bit] - coefficients[m]) / (second - first);
                (coefficients[m], coefficients[m | bit]) = (coefficients[m] - slope * first, slope);
            }
        }
        var expression = new SizeExpression(coefficients);
        return expression.At(sizes[corners]).Equals(values[corners]) ? expression : new SizeExpression([], refused);
    }

    internal double At(int[] sizes)
    {
        var sum = 0.0;
        for (var m = 0; m < Coefficients.Length; m++)
        {
            var product = Coefficients[m];
            for (var d = 0; d < sizes.Length; d++)
                if ((m >> d & 1) != 0) product *= sizes[d];
            sum += product;
        }
        return sum;
    }
}
