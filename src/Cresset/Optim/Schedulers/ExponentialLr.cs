namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial gamma^t. PyTorch: <c>ExponentialLR</c>.</summary>
public sealed class ExponentialLr : StepScheduler
{
    readonly double gamma;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="gamma">The factor of each step.</param>
    public ExponentialLr(Optimizer optimizer, double gamma) : base(optimizer)
    {
        Require("gamma", gamma > 0, "above 0", gamma);
        this.gamma = gamma;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) => initial * Math.Pow(gamma, step);
}
