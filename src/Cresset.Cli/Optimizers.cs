using System.Globalization;
using Cresset.Optim;

namespace Cresset.Cli;

/// <summary>An optimizer by name: its default learning rate and weight decay, and which options it has.</summary>
sealed record OptimizerChoice(
    string Name, double DefaultRate, Func<IEnumerable<Tensor>, OptimizerValues, Optimizer> Create,
    bool HasMomentum = false, bool HasWeightDecay = true, double DefaultWeightDecay = 0);

/// <summary>The values that an optimizer is made with.</summary>
readonly record struct OptimizerValues(double Rate, double Momentum, double WeightDecay);

/// <summary>The optimizers that `train --optimizer` knows.</summary>
static class Optimizers
{
    public static readonly IReadOnlyList<OptimizerChoice> All =
    [
        new("sgd", 0.01, (p, v) => new Sgd(p, v.Rate, momentum: v.Momentum, weightDecay: v.WeightDecay), HasMomentum: true),
        new("adam", 0.001, (p, v) => new Adam(p, v.Rate, weightDecay: v.WeightDecay)),
        new("adamw", 0.001, (p, v) => new AdamW(p, v.Rate, weightDecay: v.WeightDecay), DefaultWeightDecay: 0.01),
        new("rmsprop", 0.001, (p, v) => new RmsProp(p, v.Rate, weightDecay: v.WeightDecay, momentum: v.Momentum), HasMomentum: true),
        new("adagrad", 0.01, (p, v) => new Adagrad(p, v.Rate, weightDecay: v.WeightDecay)),
        new("adamax", 0.002, (p, v) => new Adamax(p, v.Rate, weightDecay: v.WeightDecay)),
        new("asgd", 0.01, (p, v) => new Asgd(p, v.Rate, weightDecay: v.WeightDecay)),
        new("rprop", 0.001, (p, v) => new Rprop(p, v.Rate), HasWeightDecay: false),
    ];

    public static string Names => string.Join(", ", All.Select(o => o.Name));

    public static string Rates =>
        string.Join(", ", All.Select(o => string.Create(CultureInfo.InvariantCulture, $"{o.Name} {o.DefaultRate}")));

    public static string WithMomentum => string.Join(" and ", All.Where(o => o.HasMomentum).Select(o => o.Name));

    /// <summary>The optimizer that the settings, filled in, name, checked against its options.</summary>
    public static (OptimizerChoice Choice, OptimizerValues Values) Read(TrainSettings settings)
    {
        var choice = NearMatch.Find("optimizer", settings.Optimizer!, All, o => o.Name);
        if (settings.Momentum is not null and not 0 && !choice.HasMomentum)
            throw CommandException.Usage($"--momentum: {choice.Name} has none; it is for {WithMomentum}.");
        if (settings.WeightDecay is not null and not 0 && !choice.HasWeightDecay)
            throw CommandException.Usage($"--weight-decay: {choice.Name} has none.");
        return (choice, new OptimizerValues(
            settings.LearningRate ?? choice.DefaultRate, settings.Momentum ?? 0, settings.WeightDecay ?? choice.DefaultWeightDecay));
    }
}
