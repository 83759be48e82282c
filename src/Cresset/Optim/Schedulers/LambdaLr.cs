namespace Cresset.Optim.Schedulers;

/// <summary>lr = initial f(t). PyTorch: <c>LambdaLR</c>.</summary>
public sealed class LambdaLr : StepScheduler
{
    readonly Func<int, double>[] factors;

    /// <summary>Sets the first rates.</summary>
    /// <param name="optimizer">Whose rates.</param>
    /// <param name="factors">The function f: one for all groups, or one for each.</param>
    public LambdaLr(Optimizer optimizer, params Func<int, double>[] factors) : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(factors);
        if (factors.Length != 1 && factors.Length != optimizer.Groups.Count)
            throw new ArgumentException($"LambdaLr: expected one function or one for each of the {optimizer.Groups.Count} groups, got {factors.Length}");
        this.factors = factors;
        Set(0);
    }

    /// <inheritdoc/>
    protected internal override double Rate(int step, int group, double initial) => initial * factors[factors.Length == 1 ? 0 : group](step);
}
