using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Adamax"/>.</summary>
public sealed record AdamaxOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdamaxOptions() => Lr = 2e-3;

    /// <summary>How much of the gradients' running mean is kept.</summary>
    public double Beta1 { get; set; } = 0.9;

    /// <summary>How much of the largest gradient is kept from step to step.</summary>
    public double Beta2 { get; set; } = 0.999;

    /// <summary>Added to the gradient's size, against division by zero.</summary>
    public double Eps { get; set; } = 1e-8;

    /// <summary>The factor of the L2 penalty that joins the gradient.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    public override double? MomentumTerm { get => Beta1; set => Beta1 = value ?? 0; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        Beta1 = values.Number("beta1", Beta1);
        Beta2 = values.Number("beta2", Beta2);
        Eps = values.Number("eps", Eps);
        WeightDecay = values.Number("weight_decay", WeightDecay);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        RequireFraction(optimizer, "beta1", Beta1);
        RequireFraction(optimizer, "beta2", Beta2);
        RequireNotNegative(optimizer, "eps", Eps);
        RequireNotNegative(optimizer, "weightDecay", WeightDecay);
    }
}

/// <summary>Adam with the largest gradient in place of the mean square: g = gradient + weightDecay p; m = beta1 m + (1 - beta1) g;
/// u = max(beta2 u, |g| + eps); p = p - lr / (1 - beta1^t) m / u. Kingma and Ba, "Adam: a method for stochastic
/// optimization", 2015, section 7. PyTorch: <c>torch.optim.Adamax</c>.</summary>
public sealed class Adamax : ElementwiseOptimizer<AdamaxOptions>
{
    static readonly string[] Names = ["exp_avg", "exp_inf"];

    /// <summary>Of one group of parameters.</summary>
    public Adamax(IEnumerable<Tensor> parameters, double lr = 2e-3, double beta1 = 0.9, double beta2 = 0.999, double eps
        = 1e-8, double weightDecay = 0, bool maximize = false)
        : this([new(parameters, new AdamaxOptions
        {
            Lr = lr, Beta1 = beta1, Beta2 = beta2, Eps = eps, WeightDecay = weightDecay, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Adamax(IEnumerable<ParameterGroup<AdamaxOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, AdamaxOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var f = new Function
        {
            Rate = options.Lr / (1 - Math.Pow(options.Beta1, state.Step)),
            Beta1 = options.Beta1,
            Beta2 = options.Beta2,
            Eps = options.Eps,
            WeightDecay = options.WeightDecay,
            Sign = options.Maximize ? -1 : 1,
        };
        Run(f, parameter, gradient, state.Get(0, parameter), state.Get(1, parameter));
    }

    struct Function : IUpdateFunction
    {
        public double Rate, Beta1, Beta2, Eps, WeightDecay, Sign;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.MultiplyAdd(L.From(WeightDecay), parameter, L.From(Sign) * gradient);
            state0 = L.MultiplyAdd(L.From(Beta1), state0, L.From(1 - Beta1) * g);
            state1 = L.Max(L.From(Beta2) * state1, L.Abs(g) + L.From(Eps));
            parameter = L.MultiplyAdd(L.From(-Rate), state0 / state1, parameter);
        }
    }
}
