namespace Cresset.Optim.Schedulers;

/// <summary>lr = etaMin + (initial - etaMin) (1 + cos(pi t / tMax)) / 2; after tMax it rises again. Loshchilov and Hutter, "SGDR: stochastic
/// gradient descent with warm restarts", 2017. PyTorch: <c>CosineAnnealingLR</c>.</summary>
public sealed class CosineAnnealingLr : StepScheduler
{
    readonly int tMax;
    readonly double etaMin;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="tMax">The steps down to the lowest rate.</param>
    /// <param name="etaMin">The lowest rate.</param>
    public CosineAnnealingLr(Optimizer optimizer, int tMax, double etaMin = 0) : base(optimizer)
    {
        Require("tMax", tMax > 0, "above 0", tMax);
        Require("etaMin", etaMin >= 0, "0 or more", etaMin);
        this.tMax = tMax;
        this.etaMin = etaMin;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) =>
        etaMin + (initial - etaMin) * (1 + Math.Cos(Math.PI * step / tMax)) / 2;
}
