using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Adagrad"/>.</summary>
public sealed record AdagradOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AdagradOptions() => Lr = 1e-2;

    /// <summary>How fast the learning rate falls with the steps.</summary>
    public double LrDecay { get; set; }

    /// <summary>The factor of the L2 penalty that joins the gradient.</summary>
    public double WeightDecay { get; set; }

    /// <summary>What the sum of squares starts from.</summary>
    public double InitialAccumulatorValue { get; set; }

    /// <summary>Added to the denominator, against division by zero.</summary>
    public double Eps { get; set; } = 1e-10;

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        LrDecay = values.Number("lr_decay", LrDecay);
        WeightDecay = values.Number("weight_decay", WeightDecay);
        InitialAccumulatorValue = values.Number("initial_accumulator_value", InitialAccumulatorValue);
        Eps = values.Number("eps", Eps);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        RequireNotNegative(optimizer, "lrDecay", LrDecay);
        RequireNotNegative(optimizer, "weightDecay", WeightDecay);
        RequireNotNegative(optimizer, "initialAccumulatorValue", InitialAccumulatorValue);
        RequireNotNegative(optimizer, "eps", Eps);
    }
}

/// <summary>Adagrad: g = gradient + weightDecay p; s = s + g²; p = p - lr / (1 + (t - 1) lrDecay) g / (sqrt(s) + eps).
/// Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", 2011.
/// PyTorch: <c>torch.optim.Adagrad</c>, whose sums exist from the start; here from a parameter's first gradient on.</summary>
public sealed class Adagrad : ElementwiseOptimizer<AdagradOptions>
{
    static readonly string[] Names = ["sum"];

    /// <summary>Of one group of parameters.</summary>
    public Adagrad(IEnumerable<Tensor> parameters, double lr = 1e-2, double lrDecay = 0, double weightDecay = 0, double
        initialAccumulatorValue = 0, double eps = 1e-10, bool maximize = false)
        : this([new(parameters, new AdagradOptions
        {
            Lr = lr, LrDecay = lrDecay, WeightDecay = weightDecay, InitialAccumulatorValue = initialAccumulatorValue,
            Eps = eps, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Adagrad(IEnumerable<ParameterGroup<AdagradOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, AdagradOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var f = new Function
        {
            Rate = options.Lr / (1 + (state.Step - 1) * options.LrDecay),
            WeightDecay = options.WeightDecay,
            Eps = options.Eps,
            Sign = options.Maximize ? -1 : 1,
        };
        Run(f, parameter, gradient, state.Get(0, parameter, options.InitialAccumulatorValue));
    }

    struct Function : IUpdateFunction
    {
        public double Rate, WeightDecay, Eps, Sign;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.MultiplyAdd(L.From(WeightDecay), parameter, L.From(Sign) * gradient);
            state0 = L.MultiplyAdd(g, g, state0);
            parameter = L.MultiplyAdd(L.From(-Rate), g / (L.Sqrt(state0) + L.From(Eps)), parameter);
        }
    }
}
