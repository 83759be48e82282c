namespace Cresset.Optim;

/// <summary>What an optimizer must remember to go on as if it had never stopped: tensors and numbers by name, such as
/// <c>state.0.exp_avg</c> and <c>group.0.lr</c>. Parameters are counted over all groups. PyTorch: the dictionary of
/// <c>optimizer.state_dict()</c>.</summary>
public sealed class OptimizerState
{
    /// <summary>The state of the parameters: copies, which later steps do not change.</summary>
    public Dictionary<string, Tensor> Tensors { get; } = [];

    /// <summary>Options, step counts and other numbers.</summary>
    public Dictionary<string, double> Numbers { get; } = [];
}
