namespace Cresset;

/// <summary>A size in two dimensions: written as a number for both, or as <c>(height, width)</c>. PyTorch: an <c>int</c> or a
/// pair of them.</summary>
public readonly record struct Size2d(int Height, int Width)
{
    /// <summary>The same size in both dimensions.</summary>
    public static implicit operator Size2d(int size) => new(size, size);

    /// <summary>Height and width.</summary>
    public static implicit operator Size2d((int Height, int Width) size) => new(size.Height, size.Width);

    /// <summary>As in <c>(3, 5)</c>.</summary>
    public override string ToString() => $"({Height}, {Width})";
}
