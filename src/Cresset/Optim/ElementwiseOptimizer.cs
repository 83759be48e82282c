using System.Globalization;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>An optimizer in which every element of a parameter changes by its own gradient and state: one pass over the memory of all
/// parameters together. All but <see cref="Lbfgs"/> are.</summary>
public abstract class ElementwiseOptimizer<TOptions> : Optimizer<TOptions> where TOptions : OptimizerOptions
{
    readonly Dictionary<Tensor, ParameterState> states = new(ReferenceEqualityComparer.Instance);
    UpdateBatch? batch;

    /// <summary>An optimizer of these groups.</summary>
    protected ElementwiseOptimizer(IEnumerable<ParameterGroup<TOptions>> groups) : base(groups)
    {
    }

    /// <summary>The names of a parameter's state tensors, by their place. PyTorch's names.</summary>
    protected abstract ReadOnlySpan<string> TensorNames { get; }

    /// <summary>The names of a parameter's state numbers beside <c>step</c>.</summary>
    protected virtual ReadOnlySpan<string> NumberNames => [];

    /// <summary>One step of one parameter, from its gradient: calls <see cref="Run"/> once.</summary>
    protected abstract void Update(Tensor parameter, Tensor gradient, TOptions options, ParameterState state);

    /// <inheritdoc/>
    public sealed override void Step()
    {
        // Before anything has changed.
        foreach (var group in OwnGroups)
            foreach (var parameter in group.OwnParameters) _ = Gradient(parameter);
        using (Autograd.NoGrad())
        {
            try
            {
                foreach (var group in OwnGroups)
                {
                    foreach (var parameter in group.OwnParameters)
                    {
                        if (parameter.Grad is not { } gradient) continue;
                        if (!states.TryGetValue(parameter, out var state))
                            states[parameter] = state = new ParameterState(TensorNames.Length, NumberNames.Length);
                        state.Step++;
                        Update(parameter, gradient, group.Options, state);
                    }
                }
                batch?.Run();
            }
            finally
            {
                batch?.Clear();
            }
        }
        MemoryPool.StepBoundary();
    }

    /// <summary>What the optimizer remembers of a parameter, or null before its first step.</summary>
    public ParameterState? StateOf(Tensor parameter) => states.GetValueOrDefault(parameter);

    /// <summary>Adds a parameter's step to those that the kernel does together before <see cref="Step"/> ends: the parameter changes in place,
    /// which a later backward through it notices.</summary>
    protected internal void Run<TFunction>(TFunction f, Tensor parameter, Tensor gradient, params ReadOnlySpan<Tensor> states)
        where TFunction : unmanaged, IUpdateFunction
    {
        ArgumentNullException.ThrowIfNull(parameter);
        if (batch is not UpdateBatch<TFunction> same || !same.Takes(parameter))
        {
            batch?.Run();
            batch = same = new UpdateBatch<TFunction>();
        }
        same.Add(new(f, parameter, gradient, states), parameter.Backend);
        parameter.Storage.MarkChanged();
    }

    private protected override void Save(OptimizerState state)
    {
        var index = -1;
        foreach (var group in Groups)
        {
            foreach (var parameter in group.Parameters)
            {
                index++;
                if (!states.TryGetValue(parameter, out var own)) continue;
                state.Numbers[$"state.{index}.step"] = own.Step;
                for (var k = 0; k < NumberNames.Length; k++) state.Numbers[$"state.{index}.{NumberNames[k]}"] = own.Numbers[k];
                for (var k = 0; k < TensorNames.Length; k++)
                    if (own.Tensors[k] is { } tensor) state.Tensors[$"state.{index}.{TensorNames[k]}"] = tensor.Clone();
            }
        }
    }

    private protected override void Load(OptimizerState state)
    {
        var loaded = new Dictionary<Tensor, ParameterState>(ReferenceEqualityComparer.Instance);
        int index = -1, numbers = 0, tensors = 0;
        foreach (var group in Groups)
        {
            foreach (var parameter in group.Parameters)
            {
                index++;
                if (!state.Numbers.TryGetValue($"state.{index}.step", out var step)) continue;
                if (!(step >= 0 && step == Math.Truncate(step)))
                    throw new ArgumentException($"{Name}.LoadStateDict: expected a count in state.{index}.step, got {step.ToString(CultureInfo.InvariantCulture)}");
                numbers++;
                var own = new ParameterState(TensorNames.Length, NumberNames.Length) { Step = (long)step };
                for (var k = 0; k < NumberNames.Length; k++, numbers++)
                    own.Numbers[k] = state.Numbers.TryGetValue($"state.{index}.{NumberNames[k]}", out var number) ? number
                        : throw new ArgumentException($"{Name}.LoadStateDict: the state has no number state.{index}.{NumberNames[k]}");
                for (var k = 0; k < TensorNames.Length; k++)
                {
                    var name = $"state.{index}.{TensorNames[k]}";
                    if (!state.Tensors.TryGetValue(name, out var tensor)) continue;
                    if (tensor.Shape != parameter.Shape || tensor.DType != parameter.DType)
                        throw new ArgumentException($"{Name}.LoadStateDict: expected {name} to be {parameter.DType.Name()} {parameter.Shape} as its parameter, got {tensor.DType.Name()} {tensor.Shape}");
                    using (Autograd.NoGrad()) own.Tensors[k] = parameter.EmptyLike().CopyInPlace(tensor);
                    tensors++;
                }
                loaded[parameter] = own;
            }
        }
        if (tensors != state.Tensors.Count || numbers != state.Numbers.Keys.Count(name => name.StartsWith("state.", StringComparison.Ordinal)))
            throw new ArgumentException($"{Name}.LoadStateDict: the state holds {Unknown(state, index + 1)}, which {Name} with {index + 1} parameters does not have; is it of another optimizer or model?");
        states.Clear();
        foreach (var (parameter, own) in loaded) states[parameter] = own;
    }

    string Unknown(OptimizerState state, int parameters)
    {
        var expected = new HashSet<string>();
        for (var i = 0; i < parameters; i++)
        {
            if (!state.Numbers.ContainsKey($"state.{i}.step")) continue;
            expected.Add($"state.{i}.step");
            foreach (var name in NumberNames) expected.Add($"state.{i}.{name}");
            foreach (var name in TensorNames) expected.Add($"state.{i}.{name}");
        }
        return state.Tensors.Keys.Concat(state.Numbers.Keys.Where(name => name.StartsWith("state.", StringComparison.Ordinal)))
            .First(name => !expected.Contains(name));
    }
}

/// <summary>What an optimizer remembers of one parameter.</summary>
public sealed class ParameterState
{
    internal ParameterState(int tensors, int numbers)
    {
        Tensors = new Tensor?[tensors];
        Numbers = new double[numbers];
    }

    internal Tensor?[] Tensors { get; }

    internal double[] Numbers { get; }

    /// <summary>How many steps the parameter has taken, the present one included.</summary>
    public long Step { get; internal set; }

    /// <summary>A tensor of the state by its place, or null before it is first needed.</summary>
    public Tensor? this[int place] => Tensors[place];

    /// <summary>A tensor of the state, made of the parameter's shape at its first use.</summary>
    public Tensor Get(int place, Tensor parameter, double initial = 0)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Tensors[place] ??= parameter.FullLike(initial);
    }
}
