using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Rprop"/>.</summary>
public sealed record RpropOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public RpropOptions() => Lr = 1e-2;

    /// <summary>The factor of the step size when the gradient's sign changes.</summary>
    public double EtaMinus { get; set; } = 0.5;

    /// <summary>The factor of the step size while the sign stays.</summary>
    public double EtaPlus { get; set; } = 1.2;

    /// <summary>The smallest step size.</summary>
    public double MinStep { get; set; } = 1e-6;

    /// <summary>The largest step size.</summary>
    public double MaxStep { get; set; } = 50;

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        EtaMinus = values.Number("eta_minus", EtaMinus);
        EtaPlus = values.Number("eta_plus", EtaPlus);
        MinStep = values.Number("min_step", MinStep);
        MaxStep = values.Number("max_step", MaxStep);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        Require(optimizer, "etaMinus", EtaMinus is > 0 and < 1, "in (0, 1)", EtaMinus);
        Require(optimizer, "etaPlus", EtaPlus > 1, "above 1", EtaPlus);
        RequireNotNegative(optimizer, "minStep", MinStep);
        Require(optimizer, "maxStep", MaxStep >= MinStep, $"at least minStep, {MinStep}", MaxStep);
    }
}

/// <summary>Resilient backpropagation, for whole data sets: each element has a step size d, which grows by etaPlus while its
/// gradient keeps its sign and shrinks by etaMinus when that changes (that gradient then counts as 0), within minStep and
/// maxStep; p = p - sign(g) d. d starts as lr. Riedmiller and Braun, "A direct adaptive method for faster backpropagation
/// learning: the RPROP algorithm", 1993. PyTorch: <c>torch.optim.Rprop</c>; here the gradient itself stays as it is.</summary>
public sealed class Rprop : ElementwiseOptimizer<RpropOptions>
{
    static readonly string[] Names = ["prev", "step_size"];

    /// <summary>Of one group of parameters.</summary>
    public Rprop(IEnumerable<Tensor> parameters, double lr = 1e-2, double etaMinus = 0.5, double etaPlus = 1.2, double
        minStep = 1e-6, double maxStep = 50, bool maximize = false)
        : this([new(parameters, new RpropOptions
        {
            Lr = lr, EtaMinus = etaMinus, EtaPlus = etaPlus, MinStep = minStep, MaxStep = maxStep, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Rprop(IEnumerable<ParameterGroup<RpropOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, RpropOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var f = new Function
        {
            EtaMinus = options.EtaMinus,
            EtaPlus = options.EtaPlus,
            MinStep = options.MinStep,
            MaxStep = options.MaxStep,
            Sign = options.Maximize ? -1 : 1,
        };
        Run(f, parameter, gradient, state.Get(0, parameter), state.Get(1, parameter, options.Lr));
    }

    struct Function : IUpdateFunction
    {
        public double EtaMinus, EtaPlus, MinStep, MaxStep, Sign;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.From(Sign) * gradient;
            L zero = L.From(0), one = L.From(1), product = g * state0;
            var turned = L.Less(product, zero);
            var factor = L.Select(turned, L.From(EtaMinus), L.Select(L.Less(zero, product), L.From(EtaPlus), one));
            state1 = L.Min(L.Max(state1 * factor, L.From(MinStep)), L.From(MaxStep));
            g = L.Select(turned, zero, g);
            var sign = L.Select(L.Less(zero, g), one, L.Select(L.Less(g, zero), -one, zero));
            parameter = L.MultiplyAdd(-sign, state1, parameter);
            state0 = g;
        }
    }
}
