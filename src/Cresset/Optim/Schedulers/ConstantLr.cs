namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial factor for the first totalIters steps, then initial. PyTorch: <c>ConstantLR</c>.</summary>
public sealed class ConstantLr : StepScheduler
{
    readonly double factor;
    readonly int totalIters;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="factor">The factor at first.</param>
    /// <param name="totalIters">The steps it holds.</param>
    public ConstantLr(Optimizer optimizer, double factor = 1.0 / 3, int totalIters = 5) : base(optimizer)
    {
        Require("factor", factor is >= 0 and <= 1, "in [0, 1]", factor);
        Require("totalIters", totalIters >= 0, "0 or more", totalIters);
        this.factor = factor;
        this.totalIters = totalIters;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) => step < totalIters ? initial * factor : initial;
}
