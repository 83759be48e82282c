namespace Cresset.Nn;

// What it consists of and costs.
public abstract partial class Module
{
    /// <summary>The layers of this module with their outputs' shapes for an input of the given shape (of those that call
    /// <see cref="Observe"/>, as the library's do), their parameters and multiply-adds; printed, a table with totals. The module
    /// runs once on zeros, in evaluation and without gradients, and is left as it was. PyTorch: <c>torchinfo.summary</c>.</summary>
    /// <param name="inputShape">The input's shape with the batch, such as <c>[1, 3, 32, 32]</c>.</param>
    /// <param name="inputType">The input's type; that of the first parameter unless given.</param>
    public ModuleSummary Summary(Shape inputShape, DType? inputType = null) =>
        Summary(Tensor.Zeros(inputShape, inputType ?? Parameters().FirstOrDefault()?.DType ?? DType.Float32));

    /// <summary>The same for an input of one's own, for modules that zeros say nothing to, such as those of indices.</summary>
    /// <param name="input">The input with the batch.</param>
    public ModuleSummary Summary(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return ModuleSummary.Of(this, input);
    }

    // Sets the mode of this module alone, which Summary puts back.
    internal void Restore(bool training) => IsTraining = training;
}
