using System.Globalization;
using System.Text;

namespace Cresset.Nn;

// The table of layers.
public abstract partial class Module
{
    /// <summary>A table of this module and all within: their output's shape for an input of the given shape (of those that call
    /// <see cref="Observe"/>, as the library's do), and their own parameters, a shared one at its first place; below it the
    /// totals. The module runs once on zeros, in evaluation and without gradients, and is left as it was. PyTorch:
    /// <c>torchinfo.summary</c>.</summary>
    /// <param name="inputShape">The input's shape with the batch, such as <c>[1, 3, 32, 32]</c>.</param>
    /// <param name="inputType">The input's type; that of the first parameter unless given.</param>
    public string Summary(Shape inputShape, DType? inputType = null)
    {
        var modules = NamedModules().ToList();
        var shapes = new Dictionary<Module, Shape>(ReferenceEqualityComparer.Instance);
        Run(inputShape, inputType ?? Parameters().FirstOrDefault()?.DType ?? DType.Float32, shapes);
        var rows = new List<string[]> { new[] { "Layer", "Output shape", "Parameters" } };
        var seen = new HashSet<Parameter>(ReferenceEqualityComparer.Instance);
        long trainable = 0, frozen = 0;
        foreach (var (name, module) in modules)
        {
            long own = 0;
            foreach (var parameter in module.Parameters(recurse: false))
            {
                if (!seen.Add(parameter)) continue;
                own += parameter.ElementCount;
                if (parameter.RequiresGrad) trainable += parameter.ElementCount;
                else frozen += parameter.ElementCount;
            }
            var depth = name.Length == 0 ? 0 : name.Count(c => c == '.') + 1;
            var label = name.Length == 0 ? "" : $" ({name[(name.LastIndexOf('.') + 1)..]})";
            rows.Add([new string(' ', 2 * depth) + module.GetType().Name + label, shapes.TryGetValue(module, out var shape) ? shape.ToString() : "-", own > 0 ? Count(own) : "-"]);
        }
        return Table(rows) + $"Parameters: {Count(trainable + frozen)}, of which {Count(trainable)} trainable and {Count(frozen)} frozen";
    }

    void Run(Shape inputShape, DType inputType, Dictionary<Module, Shape> shapes)
    {
        var modules = Modules().ToList();
        var training = modules.ConvertAll(module => module.IsTraining);
        var hooks = modules.ConvertAll(module => module.RegisterForwardHook((seen, output) => shapes[seen] = output.Shape));
        try
        {
            Eval();
            using (Autograd.NoGrad()) shapes[this] = Forward(Tensor.Zeros(inputShape, inputType)).Shape;
        }
        finally
        {
            foreach (var remove in hooks) remove();
            for (var i = 0; i < modules.Count; i++) modules[i].IsTraining = training[i];
        }
    }

    static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    // Text to the left, numbers to the right.
    static string Table(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, 3).Select(i => rows.Max(row => row[i].Length)).ToArray();
        var line = new string('-', widths.Sum() + 4) + "\n";
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(row[0].PadRight(widths[0] + 2)).Append(row[1].PadRight(widths[1] + 2)).Append(row[2].PadLeft(widths[2])).Append('\n');
            if (row == rows[0]) text.Append(line);
        }
        return text.Append(line).ToString();
    }
}
