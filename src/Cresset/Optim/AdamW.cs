namespace Cresset.Optim;

/// <summary>Adam with weight decay apart from the gradient: p = p - lr weightDecay p first, then <see cref="Adam"/>'s step without
/// a penalty. Loshchilov and Hutter, "Decoupled weight decay regularization", 2019. PyTorch: <c>torch.optim.AdamW</c>.</summary>
public sealed class AdamW : ElementwiseOptimizer<AdamOptions>
{
    static readonly string[] Names = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

    /// <summary>Of one group of parameters.</summary>
    public AdamW(IEnumerable<Tensor> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 1e-2, bool amsgrad = false, bool maximize = false)
        : this([new(parameters, new AdamOptions
        {
            Lr = lr, Beta1 = beta1, Beta2 = beta2, Eps = eps, WeightDecay = weightDecay, Amsgrad = amsgrad, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own; <see cref="AdamOptions.WeightDecay"/> is 0 unless set.</summary>
    public AdamW(IEnumerable<ParameterGroup<AdamOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, AdamOptions options, ParameterState state) =>
        Adam.Update(this, parameter, gradient, options, state, decoupled: true);
}
