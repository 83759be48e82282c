using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Asgd"/>.</summary>
public sealed record AsgdOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public AsgdOptions() => Lr = 1e-2;

    /// <summary>The decay of the parameters.</summary>
    public double Lambd { get; set; } = 1e-4;

    /// <summary>The power by which the step size falls.</summary>
    public double Alpha { get; set; } = 0.75;

    /// <summary>The step at which averaging starts.</summary>
    public double T0 { get; set; } = 1e6;

    /// <summary>The factor of the L2 penalty that joins the gradient.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        Lambd = values.Number("lambd", Lambd);
        Alpha = values.Number("alpha", Alpha);
        T0 = values.Number("t0", T0);
        WeightDecay = values.Number("weight_decay", WeightDecay);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        Require(optimizer, "lambd", true, "finite", Lambd);
        Require(optimizer, "alpha", true, "finite", Alpha);
        Require(optimizer, "t0", true, "finite", T0);
        RequireNotNegative(optimizer, "weightDecay", WeightDecay);
    }
}

/// <summary>Averaged stochastic gradient descent: g = gradient + weightDecay p; p = (1 - lambd eta) p - eta g; the average
/// ax = ax + mu (p - ax), with mu = 1 / max(1, t - 1 - t0), so that it is p itself at first. After each step
/// eta = lr / (1 + lambd lr t)^alpha; it starts as lr. Polyak and Juditsky, "Acceleration of stochastic approximation by
/// averaging", 1992. PyTorch: <c>torch.optim.ASGD</c>. The average is <c>StateOf(parameter)![0]</c>.</summary>
public sealed class Asgd : ElementwiseOptimizer<AsgdOptions>
{
    static readonly string[] NumberNamesOfState = ["eta"];
    static readonly string[] Names = ["ax"];

    /// <summary>Of one group of parameters.</summary>
    public Asgd(IEnumerable<Tensor> parameters, double lr = 1e-2, double lambd = 1e-4, double alpha = 0.75, double t0 =
        1e6, double weightDecay = 0, bool maximize = false)
        : this([new(parameters, new AsgdOptions
        {
            Lr = lr, Lambd = lambd, Alpha = alpha, T0 = t0, WeightDecay = weightDecay, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Asgd(IEnumerable<ParameterGroup<AsgdOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> NumberNames => NumberNamesOfState;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, AsgdOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var eta = state.Step == 1 ? options.Lr : state.Numbers[0];
        var f = new Function
        {
            Eta = eta,
            Mu = state.Step == 1 ? 1 : 1 / Math.Max(1, state.Step - 1 - options.T0),
            Shrink = 1 - options.Lambd * eta,
            WeightDecay = options.WeightDecay,
            Sign = options.Maximize ? -1 : 1,
        };
        Run(f, parameter, gradient, state.Get(0, parameter));
        state.Numbers[0] = options.Lr / Math.Pow(1 + options.Lambd * options.Lr * state.Step, options.Alpha);
    }

    struct Function : IUpdateFunction
    {
        public double Eta, Mu, Shrink, WeightDecay, Sign;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.MultiplyAdd(L.From(WeightDecay), parameter, L.From(Sign) * gradient);
            parameter = L.MultiplyAdd(L.From(-Eta), g, L.From(Shrink) * parameter);
            state0 = Mu == 1 ? parameter : L.MultiplyAdd(L.From(Mu), parameter - state0, state0);
        }
    }
}
