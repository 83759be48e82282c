namespace Cresset.Nn;

/// <summary>A layer of a transformer's decoder: attention to itself, attention to the encoder's result (the memory), then two
/// linear maps, each added to its input and normalised after the sum, or before its branch with <c>normFirst</c>. Vaswani et al.
/// (2017). PyTorch: <c>torch.nn.TransformerDecoderLayer</c>.</summary>
public sealed class TransformerDecoderLayer : Module
{
    readonly MultiheadAttention selfAttn, multiheadAttn;
    readonly Linear linear1, linear2;
    readonly LayerNorm norm1, norm2, norm3;
    readonly Dropout dropout, dropout1, dropout2, dropout3;
    readonly TransformerActivation activation;
    readonly bool normFirst;

    /// <summary>A layer with PyTorch's initial values and defaults; the parameters as those of
    /// <see cref="TransformerEncoderLayer"/>.</summary>
    /// <exception cref="ArgumentException">A size is not positive, the heads do not divide the width, or dropout is no
    /// probability.</exception>
    public TransformerDecoderLayer(int dModel, int nHead, int dimFeedforward = 2048, double dropout = 0.1, TransformerActivation activation = TransformerActivation.ReLU,
        double layerNormEps = 1e-5, bool batchFirst = false, bool normFirst = false, bool bias = true, DType dtype = DType.Float32)
    {
        selfAttn = new MultiheadAttention(dModel, nHead, dropout, bias, batchFirst: batchFirst, dtype: dtype);
        multiheadAttn = new MultiheadAttention(dModel, nHead, dropout, bias, batchFirst: batchFirst, dtype: dtype);
        linear1 = new Linear(dModel, dimFeedforward, bias, dtype);
        linear2 = new Linear(dimFeedforward, dModel, bias, dtype);
        norm1 = new LayerNorm(dModel, layerNormEps, dtype: dtype);
        norm2 = new LayerNorm(dModel, layerNormEps, dtype: dtype);
        norm3 = new LayerNorm(dModel, layerNormEps, dtype: dtype);
        (this.dropout, dropout1, dropout2, dropout3) = (new Dropout(dropout), new Dropout(dropout), new Dropout(dropout), new Dropout(dropout));
        (this.activation, this.normFirst) = (activation, normFirst);
    }

    /// <summary>The layer of x, which looks at the memory.</summary>
    /// <param name="x">[T, B, D], [B, T, D] with batchFirst, or [T, D].</param>
    /// <param name="memory">The encoder's result, [S, B, D] and so on.</param>
    /// <param name="mask">The mask of x to itself, as <c>attentionMask</c> of <see cref="MultiheadAttention"/>.</param>
    /// <param name="memoryMask">The mask of x to the memory.</param>
    /// <param name="keyPaddingMask">Padding of x.</param>
    /// <param name="memoryKeyPaddingMask">Padding of the memory.</param>
    /// <param name="isCausal">Whether place t of x sees only its places up to t.</param>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor memory, Tensor? mask = null, Tensor? memoryMask = null, Tensor? keyPaddingMask = null, Tensor? memoryKeyPaddingMask = null, bool isCausal = false)
    {
        Tensor Attend(Tensor y) => dropout1.Forward(selfAttn.Forward(y, y, y, keyPaddingMask, mask, needWeights: false, isCausal: isCausal).Output);
        Tensor Look(Tensor y) => dropout2.Forward(multiheadAttn.Forward(y, memory, memory, memoryKeyPaddingMask, memoryMask, needWeights: false).Output);
        Tensor Feed(Tensor y) => dropout3.Forward(linear2.Forward(dropout.Forward(activation.Apply(linear1, y))));
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(memory);
        if (normFirst)
        {
            x = x + Attend(norm1.Forward(x));
            x = x + Look(norm2.Forward(x));
            return Observe(x + Feed(norm3.Forward(x)));
        }
        x = norm1.Forward(x + Attend(x));
        x = norm2.Forward(x + Look(x));
        return Observe(norm3.Forward(x + Feed(x)));
    }
}

/// <summary>Layers of a transformer's decoder, one on the other, and a norm after the last if one is given. PyTorch:
/// <c>torch.nn.TransformerDecoder</c>; each layer is made anew.</summary>
public sealed class TransformerDecoder : Module
{
    readonly List<TransformerDecoderLayer> layers;
    readonly LayerNorm? norm;

    /// <summary>A stack of layers.</summary>
    /// <param name="layer">Makes a layer.</param>
    /// <param name="numLayers">How many.</param>
    /// <param name="norm">What normalises the result; nothing unless given.</param>
    public TransformerDecoder(Func<TransformerDecoderLayer> layer, int numLayers, LayerNorm? norm = null)
    {
        ArgumentNullException.ThrowIfNull(layer);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(numLayers);
        layers = [.. Enumerable.Range(0, numLayers).Select(_ => layer())];
        this.norm = norm;
    }

    /// <summary>x through all layers; the parameters as those of <see cref="TransformerDecoderLayer"/>.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public Tensor Forward(Tensor x, Tensor memory, Tensor? mask = null, Tensor? memoryMask = null, Tensor? keyPaddingMask = null, Tensor? memoryKeyPaddingMask = null, bool isCausal = false)
    {
        foreach (var layer in layers) x = layer.Forward(x, memory, mask, memoryMask, keyPaddingMask, memoryKeyPaddingMask, isCausal);
        return Observe(norm is null ? x : norm.Forward(x));
    }
}
