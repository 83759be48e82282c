namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial gamma^floor(t / stepSize). PyTorch: <c>StepLR</c>.</summary>
public sealed class StepLr : StepScheduler
{
    readonly int stepSize;
    readonly double gamma;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="stepSize">After how many steps the rate changes.</param>
    /// <param name="gamma">The factor.</param>
    public StepLr(Optimizer optimizer, int stepSize, double gamma = 0.1) : base(optimizer)
    {
        Require("stepSize", stepSize > 0, "above 0", stepSize);
        Require("gamma", gamma > 0, "above 0", gamma);
        this.stepSize = stepSize;
        this.gamma = gamma;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) => initial * Math.Pow(gamma, step / stepSize);
}
