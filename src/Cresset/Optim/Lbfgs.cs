namespace Cresset.Optim;

/// <summary>The options of <see cref="Lbfgs"/>.</summary>
public sealed record LbfgsOptions : OptimizerOptions
{
    /// <summary>PyTorch's defaults.</summary>
    public LbfgsOptions() => Lr = 1;

    /// <summary>The most iterations of one step.</summary>
    public int MaxIter { get; set; } = 20;

    /// <summary>The most evaluations of the closure in one step.</summary>
    public int MaxEval { get; set; } = 25;

    /// <summary>A step ends when no element of the gradient is larger.</summary>
    public double ToleranceGrad { get; set; } = 1e-7;

    /// <summary>A step ends when parameters or loss change by no more.</summary>
    public double ToleranceChange { get; set; } = 1e-9;

    /// <summary>How many past changes approximate the curvature.</summary>
    public int HistorySize { get; set; } = 100;

    /// <summary>Search along each direction for a point that meets the strong Wolfe conditions, in place of a step of fixed length.</summary>
    public bool StrongWolfe { get; set; }

    /// <inheritdoc/>
    protected internal override void Exchange(OptionValues values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Lr = values.Number("lr", Lr);
        MaxIter = values.Count("max_iter", MaxIter);
        MaxEval = values.Count("max_eval", MaxEval);
        ToleranceGrad = values.Number("tolerance_grad", ToleranceGrad);
        ToleranceChange = values.Number("tolerance_change", ToleranceChange);
        HistorySize = values.Count("history_size", HistorySize);
        StrongWolfe = values.Flag("strong_wolfe", StrongWolfe);
    }

    /// <inheritdoc/>
    protected internal override void Check(string optimizer)
    {
        RequireLr(optimizer);
        Require(optimizer, "maxIter", MaxIter > 0, "above 0", MaxIter);
        Require(optimizer, "maxEval", MaxEval > 0, "above 0", MaxEval);
        RequireNotNegative(optimizer, "toleranceGrad", ToleranceGrad);
        RequireNotNegative(optimizer, "toleranceChange", ToleranceChange);
        Require(optimizer, "historySize", HistorySize > 0, "above 0", HistorySize);
    }
}

/// <summary>Limited-memory BFGS: a direction from the last changes of parameters and gradients, which stand for the inverse of
/// the curvature; for whole data sets and smooth losses. Liu and Nocedal, "On the limited memory BFGS method for large scale
/// optimization", 1989. One group only; <see cref="Step(Func{Tensor})"/> alone works. PyTorch: <c>torch.optim.LBFGS</c>.</summary>
public sealed class Lbfgs : Optimizer<LbfgsOptions>
{
    readonly LinkedList<(Tensor Change, Tensor GradientChange, double Curvature)> history = [];
    Tensor? direction, lastGradient;
    double rate, lastLoss, scale = 1;
    long iterations, evaluations;

    /// <summary>Of one group of parameters, of one type.</summary>
    /// <param name="parameters">The parameters.</param>
    /// <param name="lr">The length of a step along the direction, or the first trial of the line search.</param>
    /// <param name="maxIter">The most iterations of one step.</param>
    /// <param name="maxEval">The most evaluations of the closure in one step; maxIter * 5 / 4 unless given.</param>
    /// <param name="toleranceGrad">A step ends when no element of the gradient is larger.</param>
    /// <param name="toleranceChange">A step ends when parameters or loss change by no more.</param>
    /// <param name="historySize">How many past changes approximate the curvature.</param>
    /// <param name="strongWolfe">Search along each direction. PyTorch: <c>line_search_fn="strong_wolfe"</c>.</param>
    public Lbfgs(IEnumerable<Tensor> parameters, double lr = 1, int maxIter = 20, int? maxEval = null, double toleranceGrad = 1e-7,
        double toleranceChange = 1e-9, int historySize = 100, bool strongWolfe = false)
        : base([new(parameters, new LbfgsOptions
        {
            Lr = lr, MaxIter = maxIter, MaxEval = maxEval ?? (int)Math.Max(1, maxIter * 5L / 4), ToleranceGrad = toleranceGrad,
            ToleranceChange = toleranceChange, HistorySize = historySize, StrongWolfe = strongWolfe,
        })])
    {
    }

    /// <inheritdoc/>
    public override void AddParameterGroup(ParameterGroup<LbfgsOptions> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (Groups.Count > 0) throw new InvalidOperationException("Lbfgs: expected one group of parameters, got a second one; curvature is of all parameters together");
        foreach (var parameter in group.Parameters)
            if (parameter.DType != group.Parameters[0].DType || parameter.Backend != group.Parameters[0].Backend)
                throw new ArgumentException($"Lbfgs: expected parameters of one type and backend, got {group.Parameters[0].DType.Name()} and {parameter.DType.Name()}");
        base.AddParameterGroup(group);
    }

    /// <summary>Not possible: the loss must be computed several times.</summary>
    /// <exception cref="InvalidOperationException">Always.</exception>
    public override void Step() =>
        throw new InvalidOperationException("Lbfgs: expected a closure that zeroes the gradients, computes the loss, calls Backward and returns the loss; call Step(closure)");

    /// <summary>Up to maxIter iterations. PyTorch: <c>step(closure)</c>.</summary>
    /// <param name="closure">Zeroes the gradients, computes the loss, calls backward, returns the loss; called many times.</param>
    /// <returns>The loss before the step.</returns>
    public override Tensor Step(Func<Tensor> closure)
    {
        ArgumentNullException.ThrowIfNull(closure);
        using var scope = Autograd.NoGrad();
        var options = Groups[0].Options;
        var first = Evaluate(closure);
        var loss = first.Item();
        var gradient = Flatten(useGradients: true);
        evaluations++;
        var calls = 1;
        var largest = Largest(gradient);
        if (largest <= options.ToleranceGrad) return first;

        for (var iteration = 0; iteration < options.MaxIter;)
        {
            iteration++;
            iterations++;
            Turn(gradient, options.HistorySize);
            lastGradient = gradient;
            var previousLoss = lastLoss = loss;
            rate = iterations == 1 ? Math.Min(1, 1 / GradientClipping.AbsoluteNorm(gradient)) * options.Lr : options.Lr;
            var slope = Dot(gradient, direction!);
            if (slope > -options.ToleranceChange) break;

            var spent = 0;
            if (options.StrongWolfe)
            {
                var start = Flatten(useGradients: false);
                var search = new WolfeSearch(options.ToleranceChange, Dot, Largest, (along, length) =>
                {
                    Move(start, along, length);
                    var value = Evaluate(closure).Item();
                    return (value, Flatten(useGradients: true));
                });
                (loss, gradient, rate, spent) = search.Run(direction!, rate, loss, gradient, slope);
                Move(start, direction!, rate);
                largest = Largest(gradient);
            }
            else
            {
                Move(Flatten(useGradients: false), direction!, rate);
                // The last iteration's gradient would not be used.
                if (iteration != options.MaxIter)
                {
                    loss = Evaluate(closure).Item();
                    gradient = Flatten(useGradients: true);
                    largest = Largest(gradient);
                    spent = 1;
                }
            }
            calls += spent;
            evaluations += spent;
            if (calls >= options.MaxEval || largest <= options.ToleranceGrad) break;
            if (Largest(direction!) * Math.Abs(rate) <= options.ToleranceChange) break;
            if (Math.Abs(loss - previousLoss) < options.ToleranceChange) break;
        }
        MemoryPool.StepBoundary();
        return first;
    }

    // The next direction: steepest descent at first, then the two-loop recursion over the history.
    void Turn(Tensor gradient, int historySize)
    {
        if (iterations == 1 || direction is null)
        {
            direction = gradient * -1;
            history.Clear();
            scale = 1;
            return;
        }
        var gradientChange = gradient - lastGradient!;
        var change = direction * rate;
        var curvature = Dot(gradientChange, change);
        if (curvature > 1e-10)
        {
            while (history.Count >= historySize) history.RemoveFirst();
            history.AddLast((change, gradientChange, 1 / curvature));
            scale = curvature / Dot(gradientChange, gradientChange);
        }
        var weights = new double[history.Count];
        var q = gradient * -1;
        var k = history.Count;
        for (var entry = history.Last; entry is not null; entry = entry.Previous)
        {
            var (s, y, rho) = entry.Value;
            weights[--k] = Dot(s, q) * rho;
            q.AddInPlace(y * -weights[k]);
        }
        direction = q.MulInPlace(scale);
        foreach (var (s, y, rho) in history)
            direction.AddInPlace(s * (weights[k++] - Dot(y, direction) * rho));
    }

    static Tensor Evaluate(Func<Tensor> closure)
    {
        using var scope = Autograd.EnableGrad();
        return closure();
    }

    static double Dot(Tensor a, Tensor b) => (a * b).Sum().Item();

    static double Largest(Tensor x) => GradientClipping.LargestNorm(x);

    // All parameters, or their gradients, in one row: a copy.
    Tensor Flatten(bool useGradients)
    {
        var parameters = Groups[0].Parameters;
        var count = 0;
        foreach (var parameter in parameters) count += parameter.ElementCount;
        var flat = Tensor.Zeros([count], parameters[0].DType, parameters[0].Backend);
        var offset = 0;
        foreach (var parameter in parameters)
        {
            var source = useGradients ? Gradient(parameter) : parameter.Detach();
            var length = parameter.ElementCount;
            if (source is not null) flat.Narrow(0, offset, length).CopyInPlace(source.Detach().Reshape(new Shape(length)));
            offset += length;
        }
        return flat;
    }

    // The parameters become start + length * along.
    void Move(Tensor start, Tensor along, double length)
    {
        var flat = start + along * length;
        var offset = 0;
        foreach (var parameter in Groups[0].Parameters)
        {
            parameter.CopyInPlace(flat.Narrow(0, offset, parameter.ElementCount).Reshape(parameter.Shape));
            offset += parameter.ElementCount;
        }
    }

    private protected override void Save(OptimizerState state)
    {
        if (direction is null || lastGradient is null) return;
        state.Numbers["state.n_iter"] = iterations;
        state.Numbers["state.func_evals"] = evaluations;
        state.Numbers["state.t"] = rate;
        state.Numbers["state.prev_loss"] = lastLoss;
        state.Numbers["state.H_diag"] = scale;
        state.Tensors["state.d"] = direction.Clone();
        state.Tensors["state.prev_flat_grad"] = lastGradient.Clone();
        var k = 0;
        foreach (var (change, gradientChange, curvature) in history)
        {
            state.Tensors[$"state.old_stps.{k}"] = change.Clone();
            state.Tensors[$"state.old_dirs.{k}"] = gradientChange.Clone();
            state.Numbers[$"state.ro.{k++}"] = curvature;
        }
    }

    private protected override void Load(OptimizerState state)
    {
        var count = state.Numbers.Keys.Count(name => name.StartsWith("state.ro.", StringComparison.Ordinal));
        var numbers = state.Numbers.Keys.Count(name => name.StartsWith("state.", StringComparison.Ordinal));
        var empty = numbers == 0 && state.Tensors.Count == 0;
        if (!empty && (numbers != count + 5 || state.Tensors.Count != 2 * count + 2))
            throw new ArgumentException($"Lbfgs.LoadStateDict: expected 5 numbers, 2 tensors and for each of {count} changes one number and two tensors, got {numbers} numbers and {state.Tensors.Count} tensors; is the state of another optimizer?");
        double Number(string name) => empty ? 0 : state.Numbers.TryGetValue("state." + name, out var value) ? value
            : throw new ArgumentException($"Lbfgs.LoadStateDict: the state has no number state.{name}");
        var like = Flatten(useGradients: false);
        Tensor Vector(string name)
        {
            if (!state.Tensors.TryGetValue("state." + name, out var tensor))
                throw new ArgumentException($"Lbfgs.LoadStateDict: the state has no tensor state.{name}");
            if (tensor.Shape != like.Shape || tensor.DType != like.DType)
                throw new ArgumentException($"Lbfgs.LoadStateDict: expected state.{name} to be {like.DType.Name()} {like.Shape}, got {tensor.DType.Name()} {tensor.Shape}");
            return tensor.Detach().Clone();
        }
        var loaded = new List<(Tensor, Tensor, double)>();
        for (var k = 0; k < count; k++) loaded.Add((Vector($"old_stps.{k}"), Vector($"old_dirs.{k}"), Number($"ro.{k}")));
        var (newDirection, newGradient) = empty ? (null, null) : ((Tensor?)Vector("d"), (Tensor?)Vector("prev_flat_grad"));
        var (newIterations, newEvaluations) = ((long)Number("n_iter"), (long)Number("func_evals"));
        var (newRate, newLoss, newScale) = (Number("t"), Number("prev_loss"), empty ? 1 : Number("H_diag"));
        history.Clear();
        foreach (var entry in loaded) history.AddLast(entry);
        (direction, lastGradient, iterations, evaluations) = (newDirection, newGradient, newIterations, newEvaluations);
        (rate, lastLoss, scale) = (newRate, newLoss, newScale);
    }
}
