namespace Cresset.Nn;

/// <summary>The function between the two linear maps of a transformer's layer.</summary>
public enum TransformerActivation
{
    /// <summary>max(x, 0).</summary>
    ReLU,

    /// <summary>x Φ(x), exact.</summary>
    GELU,
}

/// <summary>A layer of a transformer's encoder: x + attention(x), then + linear2(activation(linear1(x))), each normalised after
/// the sum, or before its branch with <c>normFirst</c>. Vaswani et al. (2017); Xiong et al. (2020) for normFirst. PyTorch:
/// <c>torch.nn.TransformerEncoderLayer</c>.</summary>
public sealed class TransformerEncoderLayer : Module
{
    readonly MultiheadAttention selfAttn;
    readonly Linear linear1, linear2;
    readonly LayerNorm norm1, norm2;
    readonly Dropout dropout, dropout1, dropout2;
    readonly TransformerActivation activation;
    readonly bool normFirst;

    /// <summary>A layer with PyTorch's initial values and defaults.</summary>
    /// <param name="dModel">D, the width.</param>
    /// <param name="nHead">The number of heads; divides D.</param>
    /// <param name="dimFeedforward">The width between the two linear maps.</param>
    /// <param name="dropout">The probability of every dropout, attention's included.</param>
    /// <param name="activation">The function between the linear maps.</param>
    /// <param name="layerNormEps">Added to the variances.</param>
    /// <param name="batchFirst">Whether inputs are [B, T, D] and not [T, B, D].</param>
    /// <param name="normFirst">Whether each branch is normalised before and not the sum after.</param>
    /// <param name="bias">Whether attention and the linear maps add biases (the norms always do, other than in PyTorch).</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentException">A size is not positive, the heads do not divide D, or dropout is no probability.</exception>
    public TransformerEncoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1, TransformerActivation activation = TransformerActivation.ReLU,
        double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true, DType dtype = DType.Float32)
    {
        selfAttn = new MultiheadAttention(dModel, nHead, dropout, bias, batchFirst: batchFirst, dtype: dtype);
        linear1 = new Linear(dModel, dimFeedforward, bias, dtype);
        linear2 = new Linear(dimFeedforward, dModel, bias, dtype);
        norm1 = new LayerNorm(dModel, layerNormEps, dtype: dtype);
        norm2 = new LayerNorm(dModel, layerNormEps, dtype: dtype);
        (this.dropout, dropout1, dropout2) = (new Dropout(dropout), new Dropout(dropout), new Dropout(dropout));
        (this.activation, this.normFirst) = (activation, normFirst);
    }

    /// <summary>The layer of x without masks.</summary>
    /// <exception cref="ArgumentException">The shape or type does not fit.</exception>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>The layer of x.</summary>
    /// <param name="x">[T, B, D], [B, T, D] with batchFirst, or [T, D].</param>
    /// <param name="mask">As <c>attentionMask</c> of <see cref="MultiheadAttention"/>.</param>
    /// <param name="keyPaddingMask">As there; PyTorch's <c>src_key_padding_mask</c>.</param>
    /// <param name="isCausal">Whether place t sees only the places up to t.</param>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor? mask, Tensor? keyPaddingMask = null, bool isCausal = false)
    {
        Tensor Attend(Tensor y) => dropout1.Forward(selfAttn.Forward(y, y, y, keyPaddingMask, mask, needWeights: false, isCausal: isCausal).Output);
        Tensor Feed(Tensor y) => dropout2.Forward(linear2.Forward(dropout.Forward(activation.Apply(linear1, y))));
        ArgumentNullException.ThrowIfNull(x);
        if (normFirst)
        {
            x = x + Attend(norm1.Forward(x));
            return Observe(x + Feed(norm2.Forward(x)));
        }
        x = norm1.Forward(x + Attend(x));
        return Observe(norm2.Forward(x + Feed(x)));
    }
}

/// <summary>Layers of a transformer's encoder, one on the other, and a norm after the last if one is given. PyTorch:
/// <c>torch.nn.TransformerEncoder</c>, which copies one layer; here each is made anew, so that each starts with weights of its
/// own.</summary>
public sealed class TransformerEncoder : Module
{
    readonly List<TransformerEncoderLayer> layers;
    readonly LayerNorm? norm;

    /// <summary>A stack of layers.</summary>
    /// <param name="layer">Makes a layer.</param>
    /// <param name="numLayers">How many.</param>
    /// <param name="norm">What normalises the result; nothing unless given.</param>
    public TransformerEncoder(Func<TransformerEncoderLayer> layer, int numLayers, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numLayers);
        layers = [.. Enumerable.Range(0, numLayers).Select(_ => layer())];
        this.norm = norm;
    }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Forward(x, null);

    /// <summary>x through all layers; the masks as those of <see cref="TransformerEncoderLayer"/>.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor? mask, Tensor? keyPaddingMask = null, bool isCausal = false)
    {
        foreach (var layer in layers) x = layer.Forward(x, mask, keyPaddingMask, isCausal);
        return Observe(norm is null ? x : norm.Forward(x));
    }
}

static class TransformerActivations
{
    // The function of a linear map.
    internal static Tensor Apply(this TransformerActivation activation, Linear linear, Tensor x) => activation switch
    {
        TransformerActivation.ReLU => linear.ForwardRelu(x),
        TransformerActivation.GELU => linear.Forward(x).Gelu(),
        _ => throw new ArgumentOutOfRangeException(nameof(activation), activation, "expected ReLU or GELU"),
    };
}
