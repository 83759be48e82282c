namespace Cresset.Optim.Schedulers;

/// <summary>lr = etaMin + (initial - etaMin) (1 + cos(pi c / T)) / 2, where c counts the steps since the last restart; the first period T is t0, each
/// later one tMult times longer. Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017.
/// PyTorch: <c>CosineAnnealingWarmRestarts</c>.</summary>
public sealed class CosineAnnealingWarmRestarts : StepScheduler
{
    readonly int t0;
    readonly int tMult;
    readonly double etaMin;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="t0">The steps of the first period.</param>
    /// <param name="tMult">How much longer each period is.</param>
    /// <param name="etaMin">The lowest rate.</param>
    public CosineAnnealingWarmRestarts(Optimizer optimizer, int t0, int tMult = 1, double etaMin = 0) : base(optimizer)
    {
        Require("t0", t0 > 0, "above 0", t0);
        Require("tMult", tMult > 0, "above 0", tMult);
        Require("etaMin", etaMin >= 0, "0 or more", etaMin);
        this.t0 = t0;
        this.tMult = tMult;
        this.etaMin = etaMin;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial)
    {
        long since = step, period = t0;
        if (tMult == 1) since %= period;
        else for (; since >= period; period *= tMult) since -= period;
        return etaMin + (initial - etaMin) * (1 + Math.Cos(Math.PI * since / period)) / 2;
    }
}
