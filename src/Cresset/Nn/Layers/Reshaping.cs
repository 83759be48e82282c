namespace Cresset.Nn;

/// <summary>Returns its input: a place to fill. PyTorch: <c>torch.nn.Identity</c>.</summary>
public sealed class Identity : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x);
}

/// <summary>Dimensions <paramref name="startDim"/> to <paramref name="endDim"/> become one; all but the batch unless given.
/// PyTorch: <c>torch.nn.Flatten</c>.</summary>
public sealed class Flatten(int startDim = 1, int endDim = -1) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Flatten(startDim, endDim));

    /// <inheritdoc/>
    protected override string Describe() => $"startDim: {startDim}, endDim: {endDim}";
}

/// <summary>Dimension <paramref name="dim"/> becomes several of the given sizes. PyTorch: <c>torch.nn.Unflatten</c>.</summary>
public sealed class Unflatten(int dim, Shape sizes) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x)
    {
        var at = Shape.Dimension(dim, x.Rank, "Unflatten");
        if (x.Rank == 0 || x.Size(at) != sizes.ElementCount)
            throw new ArgumentException($"Unflatten: expected dimension {dim} to have size {sizes.ElementCount}, the product of {sizes}, got {x.Shape}");
        var shape = x.Shape;
        return Observe(x.Reshape(new Shape([.. shape.AsSpan()[..at], .. sizes.AsSpan(), .. shape.AsSpan()[(at + 1)..]])));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"dim: {dim}, sizes: {sizes}";
}
