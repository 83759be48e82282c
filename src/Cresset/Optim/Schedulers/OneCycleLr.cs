namespace Cresset.Optim.Schedulers;

/// <summary>The curve between two rates.</summary>
public enum Anneal
{
    /// <summary>Half a cosine.</summary>
    Cos,

    /// <summary>A straight line.</summary>
    Linear,
}

/// <summary>One rise of the learning rate from maxLr / divFactor to maxLr and one fall to that / finalDivFactor, while the momentum (or
/// Adam's beta1) goes the other way; to be stepped after every batch. Smith and Topin, "Super-convergence: very fast
/// training of neural networks using large learning rates", 2018. PyTorch: <c>OneCycleLR</c>, which at the step after the
/// last extrapolates; here the last rate stays.</summary>
public sealed class OneCycleLr : StepScheduler
{
    readonly double[] maxLr;
    readonly int totalSteps;
    readonly double pctStart, baseMomentum, maxMomentum, divFactor, finalDivFactor;
    readonly Anneal anneal;
    readonly bool threePhase, cycleMomentum;

    /// <summary>Sets the first rates and momenta.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="maxLr">The highest rate, for all groups or for each.</param>
    /// <param name="totalSteps">The steps of the whole cycle: epochs times batches of an epoch.</param>
    /// <param name="pctStart">The part of the steps on which the rate rises.</param>
    /// <param name="anneal">The curve.</param>
    /// <param name="cycleMomentum">Whether the momentum changes too.</param>
    /// <param name="baseMomentum">The momentum at the highest rate.</param>
    /// <param name="maxMomentum">The momentum at the first rate.</param>
    /// <param name="divFactor">Highest rate / first rate.</param>
    /// <param name="finalDivFactor">First rate / last rate.</param>
    /// <param name="threePhase">Fall to the first rate as slowly as the rise, then to the last one.</param>
    public OneCycleLr(Optimizer optimizer, ReadOnlySpan<double> maxLr, int totalSteps, double pctStart = 0.3, Anneal anneal = Anneal.Cos,
        bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95, double divFactor = 25, double finalDivFactor = 1e4,
        bool threePhase = false) : base(optimizer)
    {
        this.maxLr = ForGroups("maxLr", maxLr);
        foreach (var rate in maxLr) Require("maxLr", rate > 0, "above 0", rate);
        Require("totalSteps", totalSteps > 0, "above 0", totalSteps);
        Require("pctStart", pctStart is >= 0 and <= 1, "in [0, 1]", pctStart);
        Require("divFactor", divFactor > 0, "above 0", divFactor);
        Require("finalDivFactor", finalDivFactor > 0, "above 0", finalDivFactor);
        if (cycleMomentum)
        {
            Require("baseMomentum", baseMomentum is >= 0 and < 1, "in [0, 1)", baseMomentum);
            Require("maxMomentum", maxMomentum is >= 0 and < 1, "in [0, 1)", maxMomentum);
            foreach (var group in optimizer.Groups)
                if (group.Options.MomentumTerm is null)
                    throw new ArgumentException($"OneCycleLr: expected an optimizer with momentum or beta1, got {optimizer.GetType().Name}; pass cycleMomentum: false");
        }
        this.totalSteps = totalSteps;
        this.pctStart = pctStart;
        this.anneal = anneal;
        this.cycleMomentum = cycleMomentum;
        this.baseMomentum = baseMomentum;
        this.maxMomentum = maxMomentum;
        this.divFactor = divFactor;
        this.finalDivFactor = finalDivFactor;
        this.threePhase = threePhase;
        for (var g = 0; g < optimizer.Groups.Count; g++) optimizer.Groups[g].InitialLr = this.maxLr[g] / divFactor;
        Set(0);
    }

    /// <summary>As the other constructor, with one highest rate for all groups.</summary>
    public OneCycleLr(Optimizer optimizer, double maxLr, int totalSteps, double pctStart = 0.3, Anneal anneal = Anneal.Cos,
        bool cycleMomentum = true, double baseMomentum = 0.85, double maxMomentum = 0.95, double divFactor = 25, double finalDivFactor = 1e4,
        bool threePhase = false)
        : this(optimizer, [maxLr], totalSteps, pctStart, anneal, cycleMomentum, baseMomentum, maxMomentum, divFactor, finalDivFactor, threePhase)
    {
    }

    // A value that goes from first over peak to last, at a step.
    double At(int step, double first, double peak, double middle, double last)
    {
        var top = pctStart * totalSteps - 1;
        double end = totalSteps - 1;
        if (step <= top) return Between(first, peak, step, 0, top);
        if (!threePhase) return Between(peak, last, step, top, end);
        var back = 2 * pctStart * totalSteps - 2;
        return step <= back ? Between(peak, middle, step, top, back) : Between(middle, last, step, back, end);
    }

    double Between(double from, double to, double step, double start, double end)
    {
        var part = end > start ? Math.Clamp((step - start) / (end - start), 0, 1) : 1;
        return anneal == Anneal.Linear ? from + (to - from) * part : to + (from - to) * (1 + Math.Cos(Math.PI * part)) / 2;
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial)
    {
        if (step > totalSteps)
            throw new InvalidOperationException($"OneCycleLr: expected at most totalSteps = {totalSteps} steps, got step {step}; step once a batch and count epochs times batches");
        var first = maxLr[group] / divFactor;
        return At(step, first, maxLr[group], first, first / finalDivFactor);
    }

    internal override void Set(int step)
    {
        base.Set(step);
        if (!cycleMomentum) return;
        foreach (var group in Optimizer.Groups)
            group.Options.MomentumTerm = At(step, maxMomentum, baseMomentum, maxMomentum, maxMomentum);
    }
}
