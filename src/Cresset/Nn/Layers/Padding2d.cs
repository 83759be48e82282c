namespace Cresset.Nn;

/// <summary>The zeros around a convolution's picture: a number, <c>(height, width)</c>, <c>"same"</c> (the output is as large as
/// the input; stride 1) or <c>"valid"</c> (none).</summary>
public readonly record struct Padding2d
{
    Padding2d(Size2d size, bool isSame)
    {
        Size = size;
        IsSame = isSame;
    }

    /// <summary>The zeros on each side; of no meaning for "same".</summary>
    public Size2d Size { get; }

    /// <summary>True for "same".</summary>
    public bool IsSame { get; }

    /// <summary>As many zeros on every side.</summary>
    public static implicit operator Padding2d(int size) => new(size, false);

    /// <summary>Zeros above and below, and on the left and right.</summary>
    public static implicit operator Padding2d((int Height, int Width) size) => new(size, false);

    /// <summary>Zeros of a size.</summary>
    public static implicit operator Padding2d(Size2d size) => new(size, false);

    /// <summary>"same" or "valid".</summary>
    /// <exception cref="ArgumentException">Another word.</exception>
    public static implicit operator Padding2d(string name) => name switch
    {
        "same" => new(0, true),
        "valid" => new(0, false),
        _ => throw new ArgumentException($"Conv2d: expected the padding \"same\", \"valid\" or a size, got \"{name}\""),
    };

    /// <summary>"same", or the size.</summary>
    public override string ToString() => IsSame ? "same" : Size.ToString();
}

static class Batches
{
    // Layers of pictures take one picture without a batch dimension too, as PyTorch's do.
    internal static Tensor Apply(string name, Tensor x, Func<Tensor, Tensor> layer) => x.Rank switch
    {
        4 => layer(x),
        3 => layer(x.Unsqueeze(0)).Squeeze(0),
        _ => throw new ArgumentException($"{name}: expected an input [N, C, H, W] or [C, H, W], got {x.Shape}"),
    };

    // And layers of sequences one sequence.
    internal static Tensor Sequences(string name, Tensor x, Func<Tensor, Tensor> layer) => x.Rank switch
    {
        3 => layer(x),
        2 => layer(x.Unsqueeze(0)).Squeeze(0),
        _ => throw new ArgumentException($"{name}: expected an input [N, C, L] or [C, L], got {x.Shape}"),
    };
}
