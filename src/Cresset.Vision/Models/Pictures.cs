namespace Cresset.Vision;

/// <summary>What the models ask of their input.</summary>
internal static class Pictures
{
    /// <summary>Pictures [N, C, H, W] of these channels and, where they are given, of this height and width.</summary>
    /// <exception cref="ArgumentException">The shape is another one.</exception>
    public static void Require(string model, Tensor x, int channels, int? height = null, int? width = null)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Rank == 4 && x.Size(1) == channels && (height is null || x.Size(2) == height) && (width is null || x.Size(3) == width))
            return;
        throw new ArgumentException(
            $"{model}: expected pictures [N, {channels}, {height?.ToString() ?? "H"}, {width?.ToString() ?? "W"}], got {x.Shape}.",
            nameof(x));
    }
}
