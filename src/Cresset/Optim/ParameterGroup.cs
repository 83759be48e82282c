namespace Cresset.Optim;

/// <summary>Parameters that an optimizer treats alike. PyTorch: an entry of <c>param_groups</c>.</summary>
public abstract class ParameterGroup
{
    /// <summary>A group of these parameters.</summary>
    protected ParameterGroup(IEnumerable<Tensor> parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        OwnParameters = [.. parameters];
        Parameters = Array.AsReadOnly(OwnParameters);
    }

    /// <summary>The parameters, in the order of the saved state.</summary>
    public IReadOnlyList<Tensor> Parameters { get; }

    internal Tensor[] OwnParameters { get; }

    /// <summary>The group's options; a change counts from the next step on.</summary>
    public OptimizerOptions Options => OptionsOfGroup;

    /// <summary>The learning rate that schedulers start from: what it was when the first of them was made, else null.
    /// PyTorch: <c>initial_lr</c>.</summary>
    public double? InitialLr { get; internal set; }

    private protected abstract OptimizerOptions OptionsOfGroup { get; }
}

/// <summary>Parameters with the options of one kind of optimizer.</summary>
/// <param name="parameters">The parameters.</param>
/// <param name="options">The group's options, copied.</param>
public sealed class ParameterGroup<TOptions>(IEnumerable<Tensor> parameters, TOptions options) : ParameterGroup(parameters)
    where TOptions : OptimizerOptions
{
    /// <summary>The group's options; a change counts from the next step on.</summary>
    public new TOptions Options { get; } = options with { };

    private protected override OptimizerOptions OptionsOfGroup => Options;
}
