using System.Globalization;

namespace Cresset.Optim.Schedulers;

/// <summary>Changes the learning rates of an optimizer's groups as training goes on.</summary>
public abstract class Scheduler
{
    /// <summary>A scheduler of this optimizer; notes the groups' rates as those to start from, unless another scheduler has.</summary>
    protected Scheduler(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        Optimizer = optimizer;
        foreach (var group in optimizer.Groups) group.InitialLr ??= group.Options.Lr;
    }

    /// <summary>The scheduler's name, for messages.</summary>
    protected string Name => GetType().Name;

    /// <summary>Whose rates are set.</summary>
    public Optimizer Optimizer { get; }

    /// <summary>How many steps have been taken. PyTorch: <c>last_epoch</c>.</summary>
    public int StepCount { get; private protected set; }

    /// <summary>The rates of the groups now. PyTorch: <c>get_last_lr()</c>.</summary>
    public IReadOnlyList<double> LastLr => [.. Optimizer.Groups.Select(group => group.Options.Lr)];

    /// <summary>What the next steps depend on. PyTorch: <c>state_dict()</c>.</summary>
    public Dictionary<string, double> StateDict()
    {
        var state = new Dictionary<string, double>();
        Exchange(new OptionValues(state, "", loading: false));
        return state;
    }

    /// <summary>Takes over a state that <see cref="StateDict"/> gave; the rates themselves are the optimizer's and come with its
    /// state. PyTorch: <c>load_state_dict</c>.</summary>
    /// <exception cref="ArgumentException">The state is of another scheduler or of other groups.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, double> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var own = StateDict();
        foreach (var name in own.Keys)
            if (!state.ContainsKey(name)) throw new ArgumentException($"{Name}.LoadStateDict: the state has no number {name}; is it of another scheduler?");
        foreach (var name in state.Keys)
            if (!own.ContainsKey(name)) throw new ArgumentException($"{Name}.LoadStateDict: the number {name} is not one of {Name}'s; is the state of another scheduler or of other groups?");
        var count = state["step"];
        if (!(count is >= 0 and <= int.MaxValue && count == Math.Truncate(count)))
            throw new ArgumentException($"{Name}.LoadStateDict: expected a count in step, got {count.ToString(CultureInfo.InvariantCulture)}");
        Exchange(new OptionValues(new Dictionary<string, double>(state), "", loading: true));
    }

    // Names every number of the state once, for both directions.
    private protected virtual void Exchange(OptionValues values)
    {
        StepCount = values.Count("step", StepCount);
        for (var g = 0; g < Optimizer.Groups.Count; g++)
        {
            var group = Optimizer.Groups[g];
            group.InitialLr = values.Number($"initial_lr.{g}", group.InitialLr ?? group.Options.Lr);
        }
    }

    private protected void Require(string option, bool holds, string expected, double value)
    {
        if (!holds || !double.IsFinite(value))
            throw new ArgumentOutOfRangeException(option, $"{Name}: expected {option} {expected}, got {value.ToString(CultureInfo.InvariantCulture)}");
    }

    // One number for each group: as given, or the same for all.
    private protected double[] ForGroups(string option, ReadOnlySpan<double> values)
    {
        if (values.Length == 1)
        {
            var all = new double[Optimizer.Groups.Count];
            Array.Fill(all, values[0]);
            return all;
        }
        return values.Length == Optimizer.Groups.Count ? values.ToArray()
            : throw new ArgumentException($"{Name}: expected {option} once or for each of the {Optimizer.Groups.Count} groups, got {values.Length} values");
    }
}

/// <summary>A scheduler whose rates follow from the number of steps alone. PyTorch: <c>LRScheduler</c>.</summary>
public abstract class StepScheduler : Scheduler
{
    private protected StepScheduler(Optimizer optimizer) : base(optimizer)
    {
    }

    /// <summary>The next rates; to be called after the optimizer's step, once an epoch (OneCycleLr: once a batch).</summary>
    public void Step()
    {
        StepCount++;
        Set(StepCount);
    }

    /// <summary>A group's rate after so many steps.</summary>
    /// <param name="step">The number of steps.</param>
    /// <param name="group">The group's place.</param>
    /// <param name="initial">Its first rate.</param>
    protected internal abstract double Rate(int step, int group, double initial);

    // Sets what the schedule says at a step.
    internal virtual void Set(int step)
    {
        var groups = Optimizer.Groups;
        for (var g = 0; g < groups.Count; g++)
            groups[g].Options.Lr = Rate(step, g, groups[g].InitialLr ??= groups[g].Options.Lr);
    }
}
