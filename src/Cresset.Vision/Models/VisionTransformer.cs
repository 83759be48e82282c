using Cresset.Nn;

namespace Cresset.Vision;

/// <summary>
/// A vision transformer: the picture in square patches, each a vector by a linear map; a class token before them; learned
/// positions; encoder layers that normalise first, with GELU; a norm and a linear layer on the class token. x
/// [N, C, H, W], scores [N, classes]. Dosovitskiy et al., "An image is worth 16x16 words" (2020). The defaults are small:
/// 205,962 parameters for grey pictures 28x28 and ten classes. PyTorch: torchvision's <c>VisionTransformer</c>, whose keys
/// are others.
/// </summary>
public sealed class VisionTransformer : Module
{
    private readonly Conv2d _convProj;
    private readonly Parameter _classToken;
    private readonly LearnedPositionalEncoding _posEmbedding;
    private readonly TransformerEncoder _encoder;
    private readonly Linear _head;
    private readonly int _channels;
    private readonly Size2d _size;

    /// <summary>A transformer for pictures of one size.</summary>
    /// <param name="size">H and W, multiples of <paramref name="patchSize"/>.</param>
    /// <param name="patchSize">Height and width of a patch.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="channels">C.</param>
    /// <param name="width">The length of a patch's vector, a multiple of <paramref name="heads"/>.</param>
    /// <param name="depth">Encoder layers.</param>
    /// <param name="heads">Attention heads.</param>
    /// <param name="feedforward">Hidden units of each layer's feed-forward part.</param>
    /// <param name="dropout">Dropped after the positions and in each layer, in training.</param>
    /// <exception cref="ArgumentException">
    /// A size is not positive, patches do not fill the picture, heads do not divide the width, or dropout is no
    /// probability.
    /// </exception>
    public VisionTransformer(Size2d size, int patchSize = 4, int classes = 10, int channels = 3, int width = 64, int depth = 6,
        int heads = 4, int feedforward = 128, double dropout = 0.1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(patchSize);
        if (size.Height < 1 || size.Width < 1 || size.Height % patchSize != 0 || size.Width % patchSize != 0)
        {
            throw new ArgumentException(
                $"{nameof(VisionTransformer)}: expected pictures whose height and width are multiples of the patch size {patchSize}, got {size}; resize them or take another patch size.",
                nameof(size));
        }
        _convProj = new Conv2d(channels, width, patchSize, stride: patchSize);
        _classToken = new Parameter(Tensor.Zeros([1, 1, width]));
        int patches = size.Height / patchSize * (size.Width / patchSize);
        _posEmbedding = new LearnedPositionalEncoding(width, 1 + patches, dropout);
        _encoder = new TransformerEncoder(
            () => new TransformerEncoderLayer(width, heads, feedforward, dropout, TransformerActivation.GELU, batchFirst: true, normFirst: true),
            depth, new LayerNorm([width]));
        _head = new Linear(width, classes);
        (_channels, _size) = (channels, size);
    }

    /// <summary>The scores of the classes.</summary>
    /// <exception cref="ArgumentException">The pictures have another shape.</exception>
    public override Tensor Forward(Tensor x)
    {
        Pictures.Require(nameof(VisionTransformer), x, _channels, _size.Height, _size.Width);
        Tensor patches = _convProj.Forward(x).Flatten(2).Transpose(1, 2); // [N, patches, width]
        Tensor token = _classToken.Expand(x.Size(0), 1, -1);
        x = _encoder.Forward(_posEmbedding.Forward(Tensor.Cat([token, patches], 1)));
        return Observe(_head.Forward(x.Select(1, 0)));
    }
}
