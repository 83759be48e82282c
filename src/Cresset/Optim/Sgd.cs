using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="Sgd"/>.</summary>
public sealed record SgdOptions : OptimizerOptions
{
    /// <summary>The part of the last direction that is kept; 0: none.</summary>
    public double Momentum { get; set; }

    /// <summary>How much a new gradient is weakened before it joins the momentum.</summary>
    public double Dampening { get; set; }

    /// <summary>The factor of the L2 penalty that joins the gradient.</summary>
    public double WeightDecay { get; set; }

    /// <summary>Look ahead along the momentum.</summary>
    public bool Nesterov { get; set; }

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    public override double? MomentumTerm { get => Momentum; set => Momentum = value ?? 0; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        Momentum = values.Number("momentum", Momentum);
        Dampening = values.Number("dampening", Dampening);
        WeightDecay = values.Number("weight_decay", WeightDecay);
        Nesterov = values.Flag("nesterov", Nesterov);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        RequireNotNegative(optimizer, "momentum", Momentum);
        Require(optimizer, "dampening", true, "finite", Dampening);
        RequireNotNegative(optimizer, "weightDecay", WeightDecay);
        if (Nesterov && (Momentum <= 0 || Dampening != 0))
            throw new ArgumentException($"{optimizer}: nesterov expects a momentum above 0 and no dampening, got momentum {Momentum} and dampening {Dampening}");
    }
}

/// <summary>Stochastic gradient descent, with momentum: g = gradient + weightDecay p; b = momentum b + (1 - dampening) g, at the
/// first step b = g; p = p - lr b, or with Nesterov's p = p - lr (g + momentum b). Sutskever and others, "On the importance
/// of initialization and momentum in deep learning", 2013. PyTorch: <c>torch.optim.SGD</c>.</summary>
public sealed class Sgd : ElementwiseOptimizer<SgdOptions>
{
    static readonly string[] Names = ["momentum_buffer"];

    /// <summary>Of one group of parameters.</summary>
    public Sgd(IEnumerable<Tensor> parameters, double lr, double momentum = 0, double dampening = 0, double weightDecay = 0,
        bool nesterov = false, bool maximize = false)
        : this([new(parameters, new SgdOptions
        {
            Lr = lr, Momentum = momentum, Dampening = dampening, WeightDecay = weightDecay, Nesterov = nesterov, Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public Sgd(IEnumerable<ParameterGroup<SgdOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, SgdOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var first = state[0] is null;
        var f = new Function
        {
            Lr = options.Lr,
            WeightDecay = options.WeightDecay,
            Sign = options.Maximize ? -1 : 1,
            Nesterov = options.Nesterov,
            // The momentum starts as the first gradient itself, without dampening.
            Kept = first ? 0 : options.Momentum,
            Added = first ? 1 : 1 - options.Dampening,
            Momentum = options.Momentum,
        };
        if (options.Momentum == 0) Run(f, parameter, gradient);
        else Run(f, parameter, gradient, state.Get(0, parameter));
    }

    struct Function : IUpdateFunction
    {
        public double Lr, Momentum, Kept, Added, WeightDecay, Sign;
        public bool Nesterov;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.MultiplyAdd(L.From(WeightDecay), parameter, L.From(Sign) * gradient);
            if (Momentum != 0)
            {
                state0 = L.MultiplyAdd(L.From(Kept), state0, L.From(Added) * g);
                g = Nesterov ? L.MultiplyAdd(L.From(Momentum), state0, g) : state0;
            }
            parameter = L.MultiplyAdd(L.From(-Lr), g, parameter);
        }
    }
}
