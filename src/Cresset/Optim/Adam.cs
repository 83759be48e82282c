using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Adam"/> and <see cref="AdamW"/>.</summary>
public sealed record AdamOptions : OptimizerOptions
{
    /// <summary>The defaults of <see cref="Adam"/>.</summary>
    public AdamOptions() => Lr = 1e-3;

    /// <summary>How much of the gradients' running mean is kept.</summary>
    public double Beta1 { get; set; } = 0.9;

    /// <summary>How much of the squared gradients' running mean is kept.</summary>
    public double Beta2 { get; set; } = 0.999;

    /// <summary>Added to the denominator, against division by zero.</summary>
    public double Eps { get; set; } = 1e-8;

    /// <summary>Adam: the factor of the L2 penalty. AdamW: the part that decays, before the learning rate's factor.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Divide by the largest mean of squares so far (Reddi and others, 2018).</summary>
    public bool Amsgrad { get; set; }

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
        Amsgrad = values.Flag("amsgrad", Amsgrad);
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

/// <summary>Adam: g = gradient + weightDecay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
/// p = p - lr m' / (sqrt(v') + eps), with m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t). Kingma and Ba, "Adam: a method
/// for stochastic optimization", 2015. PyTorch: <c>torch.optim.Adam</c>.</summary>
public sealed class Adam : ElementwiseOptimizer<AdamOptions>
{
    static readonly string[] Names = ["exp_avg", "exp_avg_sq", "max_exp_avg_sq"];

    /// <summary>Of one group of parameters.</summary>
    public Adam(IEnumerable<Tensor> parameters, double lr = 1e-3, double beta1 = 0.9, double beta2 = 0.999, double eps = 1e-8,
        double weightDecay = 0, bool amsgrad = false, bool maximize = false)
        : this([new(parameters, new AdamOptions
        {
            Lr = lr, Beta1 = beta1, Beta2 = beta2, Eps = eps, WeightDecay = weightDecay, Amsgrad = amsgrad, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Adam(IEnumerable<ParameterGroup<AdamOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, AdamOptions options, ParameterState state) =>
        Update(this, parameter, gradient, options, state, decoupled: false);

    // AdamW differs in its weight decay alone.
    internal static void Update(ElementwiseOptimizer<AdamOptions> optimizer, Tensor parameter, Tensor gradient, AdamOptions options, ParameterState state, bool decoupled)
    {
        var f = new Function
        {
            Beta1 = options.Beta1,
            Beta2 = options.Beta2,
            Rate = options.Lr / (1 - Math.Pow(options.Beta1, state.Step)),
            Scale = 1 / Math.Sqrt(1 - Math.Pow(options.Beta2, state.Step)),
            Eps = options.Eps,
            WeightDecay = decoupled ? 0 : options.WeightDecay,
            Shrink = decoupled ? 1 - options.Lr * options.WeightDecay : 1,
            Sign = options.Maximize ? -1 : 1,
            Amsgrad = options.Amsgrad,
        };
        var mean = state.Get(0, parameter);
        var square = state.Get(1, parameter);
        if (options.Amsgrad) optimizer.Run(f, parameter, gradient, mean, square, state.Get(2, parameter));
        else optimizer.Run(f, parameter, gradient, mean, square);
    }

    struct Function : IUpdateFunction
    {
        public double Beta1, Beta2, Rate, Scale, Eps, WeightDecay, Shrink, Sign;
        public bool Amsgrad;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var p = L.From(Shrink) * parameter;
            var g = L.MultiplyAdd(L.From(WeightDecay), p, L.From(Sign) * gradient);
            state0 = L.MultiplyAdd(L.From(Beta1), state0, L.From(1 - Beta1) * g);
            state1 = L.MultiplyAdd(L.From(Beta2), state1, L.From(1 - Beta2) * g * g);
            var square = state1;
            if (Amsgrad) square = state2 = L.Max(state2, state1);
            var denominator = L.MultiplyAdd(L.Sqrt(square), L.From(Scale), L.From(Eps));
            parameter = L.MultiplyAdd(L.From(-Rate), state0 / denominator, p);
        }
    }
}
