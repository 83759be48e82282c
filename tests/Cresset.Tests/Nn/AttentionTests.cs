using Cresset.Nn;
using Xunit;

namespace Cresset.Tests.Nn;

public class AttentionTests
{
    // Row by row in double, from the formula.
    static double[] Naive(double[] q, double[] k, double[] v, int rows, int columns, int width, int valueWidth, double scale, Func<int, int, double> mask)
    {
        var result = new double[rows * valueWidth];
        for (var t = 0; t < rows; t++)
        {
            var weights = new double[columns];
            for (var s = 0; s < columns; s++)
            {
                var score = mask(t, s);
                for (var i = 0; i < width; i++) score += scale * q[t * width + i] * k[s * width + i];
                weights[s] = Math.Exp(score);
            }
            for (var s = 0; s < columns; s++)
                for (var e = 0; e < valueWidth; e++) result[t * valueWidth + e] += weights[s] / weights.Sum() * v[s * valueWidth + e];
        }
        return result;
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("causal")]
    [InlineData("bool")]
    [InlineData("added")]
    [InlineData("scale")]
    public void Scaled_dot_product_attention_is_what_its_formula_says(string form)
    {
        Random.Seed(3);
        const int Rows = 5, Columns = 7, Width = 4, ValueWidth = 3;
        Tensor q = Tensor.Randn([2, Rows, Width], DType.Float64), k = Tensor.Randn([2, Columns, Width], DType.Float64), v = Tensor.Randn([2, Columns, ValueWidth], DType.Float64);
        Tensor allowed = Tensor.Rand([Rows, Columns]) > 0.4, added = Tensor.Randn([Rows, Columns], DType.Float64);
        // No row without a place.
        allowed[.., 0] = Tensor.From(true);
        var y = form switch
        {
            "causal" => q.ScaledDotProductAttention(k, v, isCausal: true),
            "bool" => q.ScaledDotProductAttention(k, v, allowed),
            "added" => q.ScaledDotProductAttention(k, v, added),
            "scale" => q.ScaledDotProductAttention(k, v, scale: 0.3),
            _ => q.ScaledDotProductAttention(k, v),
        };
        Assert.Equal([2, Rows, ValueWidth], y.Shape);
        for (var n = 0; n < 2; n++)
        {
            var expected = Naive(q[n].ToArray<double>(), k[n].ToArray<double>(), v[n].ToArray<double>(), Rows, Columns, Width, ValueWidth, form == "scale" ? 0.3 : 0.5, (t, s) => form switch
            {
                "causal" => s <= t ? 0 : double.NegativeInfinity,
                "bool" => allowed[t, s].Item<bool>() ? 0 : double.NegativeInfinity,
                "added" => added[t, s].Item<double>(),
                _ => 0,
            });
            var actual = y[n].ToArray<double>();
            for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-12);
        }
    }

    [Fact]
    public void Attention_has_the_gradients_of_finite_differences()
    {
        Random.Seed(4);
        Tensor q = Tensor.Randn([2, 3, 4], DType.Float64), k = Tensor.Randn([2, 5, 4], DType.Float64), v = Tensor.Randn([2, 5, 2], DType.Float64);
        q.RequiresGrad = k.RequiresGrad = v.RequiresGrad = true;
        GradientCheck.Check(x => x[0].ScaledDotProductAttention(x[1], x[2], isCausal: true), q, k, v).ThrowIfFailed();
        GradientCheck.CheckSecondOrder(x => x[0].ScaledDotProductAttention(x[1], x[2]), q, k, v).ThrowIfFailed();
    }

    [Fact]
    public void A_causal_layer_does_not_look_ahead()
    {
        Random.Seed(5);
        var layer = new TransformerEncoderLayer(8, 2, 16, dropout: 0, batchFirst: true, normFirst: true);
        Tensor x = Tensor.Randn([1, 6, 8]), changed = x.Clone();
        changed[0, 4..] = Tensor.Randn([2, 8]);
        Tensor a = layer.Forward(x, null, isCausal: true), b = layer.Forward(changed, null, isCausal: true);
        Assert.Equal(a[0, ..4].ToArray<float>(), b[0, ..4].ToArray<float>());
        Assert.NotEqual(a[0, 4..].ToArray<float>(), b[0, 4..].ToArray<float>());
    }

    [Fact]
    public void A_query_that_may_see_nothing_is_nan_and_the_others_are_not()
    {
        var x = Tensor.Randn([3, 4]);
        var y = x.ScaledDotProductAttention(x, x, Tensor.From([true, true, true, false, false, false, true, false, true]).Reshape(3, 3));
        Assert.All(y[1].ToArray<float>(), value => Assert.True(float.IsNaN(value)));
        Assert.All(y[0].ToArray<float>().Concat(y[2].ToArray<float>()), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void Sinusoidal_encodings_are_the_papers()
    {
        var encoding = new SinusoidalPositionalEncoding(6, maxLength: 10, dtype: DType.Float64);
        var y = encoding.Forward(Tensor.Zeros([2, 4, 6], DType.Float64));
        for (var p = 0; p < 4; p++)
            for (var i = 0; i < 3; i++)
            {
                Assert.Equal(Math.Sin(p / Math.Pow(10000, i / 3.0)), y[1, p, 2 * i].Item<double>(), 1e-15);
                Assert.Equal(Math.Cos(p / Math.Pow(10000, i / 3.0)), y[1, p, 2 * i + 1].Item<double>(), 1e-15);
            }
        var timeFirst = new SinusoidalPositionalEncoding(6, maxLength: 10, batchFirst: false, dtype: DType.Float64).Forward(Tensor.Zeros([4, 2, 6], DType.Float64));
        Assert.Equal(y[1].ToArray<double>(), timeFirst[.., 1].ToArray<double>());
        Assert.Empty(encoding.StateDict());
    }

    [Fact]
    public void A_rotary_product_depends_on_the_distance_alone()
    {
        Random.Seed(6);
        var rotary = new RotaryPositionalEncoding(8, 20, dtype: DType.Float64);
        Tensor q = Tensor.Randn([8], DType.Float64), k = Tensor.Randn([8], DType.Float64);
        Tensor turnedQ = rotary.Forward(q.Expand([20, 8])), turnedK = rotary.Forward(k.Expand([20, 8]));
        double Product(int t, int s) => (turnedQ[t] * turnedK[s]).Sum().Item<double>();
        // At distance 3, from complex numbers: Re sum (q conj k) e^(i 3 w).
        var expected = 0.0;
        for (var i = 0; i < 4; i++)
        {
            System.Numerics.Complex a = new(q[i].Item<double>(), q[i + 4].Item<double>()), b = new(k[i].Item<double>(), k[i + 4].Item<double>());
            expected += (a * System.Numerics.Complex.Conjugate(b) * System.Numerics.Complex.Exp(System.Numerics.Complex.ImaginaryOne * 3 / Math.Pow(10000, i / 4.0))).Real;
        }
        foreach (var s in new[] { 0, 5, 16 }) Assert.Equal(expected, Product(s + 3, s), 1e-12);
        Assert.NotEqual(expected, Product(9, 5), 1e-3);
    }

    [Theory]
    [InlineData(6)]
    [InlineData(40)]
    public void A_rotation_in_one_pass_is_that_of_single_operators(int width)
    {
        var rotary = new RotaryPositionalEncoding(width, 20, dtype: DType.Float64);
        // The sines and cosines, as the rotation of (1, 0) and (0, 1) shows them.
        Tensor one = Tensor.Zeros([7, width], DType.Float64), other = Tensor.Zeros([7, width], DType.Float64);
        one[.., ..(width / 2)] = Tensor.Ones([7, width / 2], DType.Float64);
        other[.., (width / 2)..] = Tensor.Ones([7, width / 2], DType.Float64);
        Tensor cosine = Tensor.Cat([rotary.Forward(one)[.., ..(width / 2)], rotary.Forward(other)[.., (width / 2)..]], 1);
        var sine = Tensor.Cat([-rotary.Forward(other)[.., ..(width / 2)], rotary.Forward(one)[.., (width / 2)..]], 1);
        Assert.Equal(Math.Cos(3 / Math.Pow(10000, 2.0 / width)), cosine[3, 1].Item<double>(), 1e-15);
        Random.Seed(11);
        // Heads as a projection leaves them.
        Tensor x = Tensor.Randn([2, 7, 3, width], DType.Float64), dy = Tensor.Randn([2, 3, 7, width], DType.Float64);
        x.RequiresGrad = true;
        Tensor y = rotary.Forward(x.Transpose(1, 2)), expected = RotaryPositionalEncoding.Composed(x.Transpose(1, 2), cosine, sine);
        Assert.Equal("Rotation", y.GradFn!.Name);
        Assert.True(expected.AllClose(y, 1e-12, 1e-12));
        Assert.True(Autograd.Grad(expected, x, dy).AllClose(Autograd.Grad(y, x, dy), 1e-12, 1e-12));
        var small = x.Narrow(0, 0, 1).Narrow(1, 0, 2).Detach().Clone();
        small.RequiresGrad = true;
        GradientCheck.CheckSecondOrder(inputs => rotary.Forward(inputs[0].Transpose(1, 2)).Square(), small).ThrowIfFailed();
    }

    [Fact]
    public void Learned_encodings_learn()
    {
        var encoding = new LearnedPositionalEncoding(3, 5);
        encoding.Forward(Tensor.Zeros([2, 4, 3])).Sum().Backward();
        // Two pictures of the batch add to each place but the fifth, which was not there.
        Assert.Equal([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0], encoding.Weight.Grad!.ToArray<float>());
    }

    [Fact]
    public void A_stack_has_layers_with_weights_of_their_own_under_PyTorchs_keys()
    {
        var stack = new TransformerEncoder(() => new TransformerEncoderLayer(4, 2, 8), 2, new LayerNorm(4));
        string[] layer = ["self_attn.in_proj_weight", "self_attn.in_proj_bias", "self_attn.out_proj.weight", "self_attn.out_proj.bias", "linear1.weight", "linear1.bias", "linear2.weight", "linear2.bias", "norm1.weight", "norm1.bias", "norm2.weight", "norm2.bias"];
        Assert.Equal(layer.Select(key => "layers.0." + key).Concat(layer.Select(key => "layers.1." + key)).Concat(["norm.weight", "norm.bias"]).Order(), stack.StateDict().Keys.Order());
        var state = stack.StateDict();
        Assert.NotEqual(state["layers.0.linear1.weight"].ToArray<float>(), state["layers.1.linear1.weight"].ToArray<float>());
    }

    [Fact]
    public void Wrong_use_says_what_was_expected()
    {
        Assert.Contains("divides the width 10, got 3", Assert.Throws<ArgumentException>(() => new MultiheadAttention(10, 3)).Message, StringComparison.Ordinal);
        Assert.Contains("even width", Assert.Throws<ArgumentException>(() => new SinusoidalPositionalEncoding(5)).Message, StringComparison.Ordinal);
        Assert.Contains("even width", Assert.Throws<ArgumentException>(() => new RotaryPositionalEncoding(3)).Message, StringComparison.Ordinal);
        Assert.Contains("at most maxLength = 4 places, got 5", Assert.Throws<ArgumentException>(() => new LearnedPositionalEncoding(2, 4).Forward(Tensor.Zeros([1, 5, 2]))).Message, StringComparison.Ordinal);
        var attention = new MultiheadAttention(4, 2, batchFirst: true);
        var x = Tensor.Zeros([2, 3, 4]);
        void Fails(string expected, Action action) => Assert.Contains(expected, Assert.Throws<ArgumentException>(action).Message, StringComparison.Ordinal);
        Fails("expected an attentionMask [3, 3] or [4, 3, 3], got [2, 3]", () => attention.Forward(x, x, x, attentionMask: Tensor.Zeros([2, 3])));
        Fails("expected a keyPaddingMask [2, 3], one place for each key, got [3, 2]", () => attention.Forward(x, x, x, Tensor.Zeros([3, 2], DType.Bool)));
        Fails("expected a mask of bool", () => attention.Forward(x, x, x, Tensor.Zeros([2, 3], DType.Int64)));
        Fails("expected a query [B, length, 4]", () => attention.Forward(Tensor.Zeros([2, 3, 5])));
        Fails("expected keys and values of one length", () => attention.Forward(x, Tensor.Zeros([2, 5, 4]), x));
        Tensor nothing = Tensor.Zeros([2, 0, 4]);
        Fails("expected sequences of at least one place, got queries [2, 0, 4] and keys [2, 0, 4]", () => attention.Forward(nothing));
        Fails("at least one place, got queries [2, 3, 4] and keys [2, 0, 4]", () => attention.Forward(x, nothing, nothing));
        Fails("at least one place", () => new TransformerEncoderLayer(4, 2, 8).Forward(Tensor.Zeros([0, 2, 4])));
        Fails("broadcasts to [2, 3, 3], got [4, 3]", () => x.ScaledDotProductAttention(x, x, Tensor.Zeros([4, 3])));
        Fails("expected keys of the queries' width 4", () => x.ScaledDotProductAttention(Tensor.Zeros([2, 3, 5]), x));
    }

    [Fact]
    public void Dropout_of_weights_keeps_the_mean_and_all_dropped_is_zero()
    {
        Random.Seed(7);
        Tensor q = Tensor.Zeros([64, 50, 4], DType.Float64), v = Tensor.Ones([64, 50, 1], DType.Float64);
        var y = q.ScaledDotProductAttention(q, v, dropout: 0.25);
        // 3200 rows of 50 weights 1/50 each, kept with 3/4 and divided by it: 1 on average, deviation sqrt(1/3/50) = 0.0816 a row.
        Assert.Equal(1, y.Mean().Item<double>(), 0.0816 / Math.Sqrt(3200) * 5);
        Assert.Equal(0.0816, y.Var().Sqrt().Item<double>(), 0.008);
        Assert.All(q.ScaledDotProductAttention(q, v, dropout: 1).ToArray<double>(), value => Assert.Equal(0, value));
        Assert.Throws<ArgumentOutOfRangeException>(() => q.ScaledDotProductAttention(q, v, dropout: 1.5));
    }

    [Fact]
    public void A_layer_drops_in_training_only()
    {
        Random.Seed(8);
        var layer = new TransformerEncoderLayer(8, 2, 16, dropout: 0.5, batchFirst: true);
        var x = Tensor.Randn([2, 5, 8]);
        Assert.NotEqual(layer.Forward(x).ToArray<float>(), layer.Forward(x).ToArray<float>());
        layer.Eval();
        Assert.Equal(layer.Forward(x).ToArray<float>(), layer.Forward(x).ToArray<float>());
    }

    [Fact]
    public void Layers_have_the_gradients_of_finite_differences()
    {
        Random.Seed(9);
        var encoder = new TransformerEncoderLayer(4, 2, 6, dropout: 0, TransformerActivation.GELU, batchFirst: true, normFirst: true, dtype: DType.Float64);
        var attention = new MultiheadAttention(4, 2, kdim: 3, vdim: 5, batchFirst: true, dtype: DType.Float64);
        Tensor x = Tensor.Randn([2, 3, 4], DType.Float64), k = Tensor.Randn([2, 4, 3], DType.Float64), v = Tensor.Randn([2, 4, 5], DType.Float64);
        x.RequiresGrad = k.RequiresGrad = v.RequiresGrad = true;
        GradientCheck.Check(i => encoder.Forward(i[0], null, isCausal: true), x).ThrowIfFailed();
        GradientCheck.Check(i => attention.Forward(i[0], i[1], i[2]).Output, x, k, v).ThrowIfFailed();
    }

    [Fact]
    public void In_training_the_weights_given_back_are_those_that_dropout_left()
    {
        Random.Seed(10);
        var attention = new MultiheadAttention(4, 1, dropout: 0.5, batchFirst: true, dtype: DType.Float64);
        var x = Tensor.Randn([1, 6, 4], DType.Float64);
        var (output, weights) = attention.Forward(x, x, x);
        var state = attention.StateDict();
        var values = x.MatMul(state["in_proj_weight"][8..].T) + state["in_proj_bias"][8..];
        Assert.NotNull(weights);
        var expected = weights.MatMul(values).MatMul(state["out_proj.weight"].T) + state["out_proj.bias"];
        Assert.True(expected.AllClose(output, 1e-12, 1e-12));
        Assert.Contains(0.0, weights.ToArray<double>());
    }
}
