using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>The options of <see cref="RmsProp"/>.</summary>
public sealed record RmsPropOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public RmsPropOptions() => Lr = 1e-2;

    /// <summary>How much of the running means is kept.</summary>
    public double Alpha { get; set; } = 0.99;

    /// <summary>Added to the denominator, against division by zero.</summary>
    public double Eps { get; set; } = 1e-8;

    /// <summary>The factor of the L2 penalty that joins the gradient.</summary>
    public double WeightDecay { get; set; }

    /// <summary>The part of the last direction that is kept; 0: none.</summary>
    public double Momentum { get; set; }

    /// <summary>Divide by the standard deviation in place of the root of the mean square.</summary>
    public bool Centered { get; set; }

    /// <summary>Climb instead of descend.</summary>
    public bool Maximize { get; set; }

    /// <inheritdoc/>
    public override double? MomentumTerm { get => Momentum; set => Momentum = value ?? 0; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        Alpha = values.Number("alpha", Alpha);
        Eps = values.Number("eps", Eps);
        WeightDecay = values.Number("weight_decay", WeightDecay);
        Momentum = values.Number("momentum", Momentum);
        Centered = values.Flag("centered", Centered);
        Maximize = values.Flag("maximize", Maximize);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        Require(optimizer, "alpha", Alpha is >= 0 and <= 1, "in [0, 1]", Alpha);
        RequireNotNegative(optimizer, "eps", Eps);
        RequireNotNegative(optimizer, "weightDecay", WeightDecay);
        RequireNotNegative(optimizer, "momentum", Momentum);
    }
}

/// <summary>RMSprop: g = gradient + weightDecay p; v = alpha v + (1 - alpha) g²; d = g / (sqrt(v) + eps), where centered
/// d = g / (sqrt(v - a²) + eps) with a = alpha a + (1 - alpha) g; p = p - lr d, or with momentum b = momentum b + d and
/// p = p - lr b. Hinton, "Neural networks for machine learning", lecture 6, 2012; centered: Graves, "Generating sequences
/// with recurrent neural networks", 2013. PyTorch: <c>torch.optim.RMSprop</c>.</summary>
public sealed class RmsProp : ElementwiseOptimizer<RmsPropOptions>
{
    static readonly string[] Names = ["square_avg", "momentum_buffer", "grad_avg"];

    /// <summary>Of one group of parameters.</summary>
    public RmsProp(IEnumerable<Tensor> parameters, double lr = 1e-2, double alpha = 0.99, double eps = 1e-8, double
        weightDecay = 0, double momentum = 0, bool centered = false, bool maximize = false)
        : this([new(parameters, new RmsPropOptions
        {
            Lr = lr, Alpha = alpha, Eps = eps, WeightDecay = weightDecay, Momentum = momentum, Centered = centered,
            Maximize = maximize,
        })])
    {
    }

    /// <summary>Of groups with options of their own.</summary>
    public RmsProp(IEnumerable<ParameterGroup<RmsPropOptions>> groups) : base(groups)
    {
    }

    /// <inheritdoc/>
    protected override ReadOnlySpan<string> TensorNames => Names;

    /// <inheritdoc/>
    protected override void Update(Tensor parameter, Tensor gradient, RmsPropOptions options, ParameterState state)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(state);
        var f = new Function
        {
            Lr = options.Lr,
            Alpha = options.Alpha,
            Eps = options.Eps,
            WeightDecay = options.WeightDecay,
            Momentum = options.Momentum,
            Centered = options.Centered,
            Sign = options.Maximize ? -1 : 1,
        };
        var square = state.Get(0, parameter);
        // The function finds the mean of the gradients behind the momentum, or in its place where there is none.
        switch (options.Momentum != 0, options.Centered)
        {
            case (false, false): Run(f, parameter, gradient, square); break;
            case (true, false): Run(f, parameter, gradient, square, state.Get(1, parameter)); break;
            case (false, true): Run(f, parameter, gradient, square, state.Get(2, parameter)); break;
            default: Run(f, parameter, gradient, square, state.Get(1, parameter), state.Get(2, parameter)); break;
        }
    }

    struct Function : IUpdateFunction
    {
        public double Lr, Alpha, Eps, WeightDecay, Momentum, Sign;
        public bool Centered;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Update<L>(ref L parameter, L gradient, ref L state0, ref L state1, ref L state2) where L : struct, ILanes<L>
        {
            var g = L.MultiplyAdd(L.From(WeightDecay), parameter, L.From(Sign) * gradient);
            state0 = L.MultiplyAdd(L.From(Alpha), state0, L.From(1 - Alpha) * g * g);
            var square = state0;
            if (Centered)
            {
                var mean = L.MultiplyAdd(L.From(Alpha), Momentum != 0 ? state2 : state1, L.From(1 - Alpha) * g);
                if (Momentum != 0) state2 = mean;
                else state1 = mean;
                square = state0 - mean * mean;
            }
            var direction = g / (L.Sqrt(square) + L.From(Eps));
            if (Momentum != 0) direction = state1 = L.MultiplyAdd(L.From(Momentum), state1, direction);
            parameter = L.MultiplyAdd(L.From(-Lr), direction, parameter);
        }
    }
}
