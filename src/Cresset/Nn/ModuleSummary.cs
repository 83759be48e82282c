using System.Globalization;
using System.Text;
using Cresset.Operators;

namespace Cresset.Nn;

/// <summary>One module in a <see cref="ModuleSummary"/>.</summary>
/// <param name="Name">Its name in the whole, such as <c>"layer1.conv"</c>; empty for the whole.</param>
/// <param name="Type">Its class.</param>
/// <param name="OutputShape">Its output's shape; null where it does not tell (see <see cref="Module.RegisterForwardHook"/>).</param>
/// <param name="Parameters">Its own parameters, without those of modules within; a shared one counts at its first place.</param>
/// <param name="MultiplyAdds">Its own products that are added up, likewise.</param>
public sealed record LayerSummary(string Name, string Type, Shape? OutputShape, long Parameters, long MultiplyAdds);

/// <summary>What a module consists of and what it costs for an input of one shape: its layers with their outputs' shapes, parameters
/// and multiply-adds. PyTorch: what <c>torchinfo.summary</c> gives.</summary>
/// <remarks>A multiply-add is one product added to a sum: a convolution has (C / groups) KH KW of them for each element of its
/// output, a linear layer I, a matrix product the length of the rows. Biases, activations, pooling and normalisation are not
/// counted. The operators count, so that products that a module computes itself, as attention does, are in it too; they stand
/// with the module where the products' weights or results are, else with the one around.</remarks>
public sealed class ModuleSummary
{
    ModuleSummary(IReadOnlyList<LayerSummary> layers, long trainable)
    {
        Layers = layers;
        TrainableParameters = trainable;
    }

    /// <summary>The module and all within, outer before inner.</summary>
    public IReadOnlyList<LayerSummary> Layers { get; }

    /// <summary>The number of all parameters.</summary>
    public long Parameters => Layers.Sum(layer => layer.Parameters);

    /// <summary>The number of those that require a gradient.</summary>
    public long TrainableParameters { get; }

    /// <summary>The multiply-adds of one forward pass, over the whole batch.</summary>
    public long MultiplyAdds => Layers.Sum(layer => layer.MultiplyAdds);

    internal static ModuleSummary Of(Module root, Tensor input)
    {
        var modules = root.NamedModules().ToList();
        var counter = new Counter(root, modules.ConvertAll(entry => entry.Module));
        counter.Run(input);
        var layers = new List<LayerSummary>();
        var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        long trainable = 0;
        foreach (var (name, module) in modules)
        {
            long own = 0;
            foreach (var parameter in module.Parameters(recurse: false))
            {
                if (!seen.Add(parameter)) continue;
                own += parameter.ElementCount;
                if (parameter.RequiresGrad) trainable += parameter.ElementCount;
            }
            layers.Add(new LayerSummary(name, module.GetType().Name,
                counter.Shapes.TryGetValue(module, out var shape) ? shape : default(Shape?), own, counter.MultiplyAdds.GetValueOrDefault(module)));
        }
        return new ModuleSummary(layers, trainable);
    }

    /// <summary>The table of the layers, and below it the totals.</summary>
    public override string ToString()
    {
        var rows = new List<string[]> { new[] { "Layer", "Output shape", "Parameters", "Multiply-adds" } };
        foreach (var layer in Layers)
        {
            var depth = layer.Name.Length == 0 ? 0 : layer.Name.Count(c => c == '.') + 1;
            var label = layer.Name.Length == 0 ? "" : $" ({layer.Name[(layer.Name.LastIndexOf('.') + 1)..]})";
            rows.Add([new string(' ', 2 * depth) + layer.Type + label, layer.OutputShape?.ToString() ?? "-", Cell(layer.Parameters), Cell(layer.MultiplyAdds)]);
        }
        return Table(rows)
            + $"Parameters: {Count(Parameters)}, of which {Count(TrainableParameters)} trainable and {Count(Parameters - TrainableParameters)} frozen\n"
            + $"Multiply-adds: {Count(MultiplyAdds)}";
    }

    static string Cell(long number) => number > 0 ? Count(number) : "-";

    static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // Text to the left, numbers to the right.
    static string Table(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, 4).Select(i => rows.Max(row => row[i].Length)).ToArray();
        var line = new string('-', widths.Sum() + 6) + "\n";
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(row[0].PadRight(widths[0] + 2)).Append(row[1].PadRight(widths[1] + 2)).Append(row[2].PadLeft(widths[2]))
                .Append("  ").Append(row[3].PadLeft(widths[3])).Append('\n');
            if (row == rows[0]) text.Append(line);
        }
        return text.Append(line).ToString();
    }

    // One forward pass: whose the operations are is known when a module shows its output.
    sealed class Counter(Module root, List<Module> modules)
    {
        readonly List<OperationLog.Entry> pending = [];

        public Dictionary<Module, Shape> Shapes { get; } = new(ReferenceEqualityComparer.Instance);

        public Dictionary<Module, long> MultiplyAdds { get; } = new(ReferenceEqualityComparer.Instance);

        public void Run(Tensor input)
        {
            var training = modules.ConvertAll(module => module.IsTraining);
            var hooks = modules.ConvertAll(module => module.RegisterForwardHook(Seen));
            try
            {
                root.Eval();
                using (Autograd.NoGrad())
                    OperationLog.Record(pending, () =>
                    {
                        var output = root.Forward(input);
                        Shapes[root] = output.Shape;
                        Take(root, _ => true);
                    });
            }
            finally
            {
                foreach (var remove in hooks) remove();
                for (var i = 0; i < modules.Count; i++) modules[i].Restore(training[i]);
            }
        }

        void Seen(Module module, Tensor output)
        {
            Shapes[module] = output.Shape;
            if (module.Children().Any())
            {
                Take(module, _ => true);
                return;
            }
            var own = module.Parameters().Select(parameter => parameter.Storage).ToHashSet();
            Take(module, entry => entry.Result == output.Storage || own.Contains(entry.Left) || own.Contains(entry.Right));
        }

        void Take(Module module, Predicate<OperationLog.Entry> mine)
        {
            long count = 0;
            foreach (var entry in pending)
                if (mine(entry)) count += entry.MultiplyAdds;
            pending.RemoveAll(mine);
            MultiplyAdds[module] = MultiplyAdds.GetValueOrDefault(module) + count;
        }
    }
}
