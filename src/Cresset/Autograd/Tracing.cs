namespace Cresset;

/// <summary>One call of an operator, as <see cref="Tracing"/> saw it.</summary>
/// <param name="Name">The operator's name, as in the graph of gradients.</param>
/// <param name="Inputs">The tensors that it computed from; indices and conditions come last. What an operator changes in place is its
/// first input and its output.</param>
/// <param name="Outputs">What it computed.</param>
/// <param name="Numbers">Its options, such as dimensions and strides, in the operator's own order; sizes that the outputs' shapes tell are
/// not among them.</param>
public sealed record OperatorCall(string Name, IReadOnlyList<Tensor> Inputs, IReadOnlyList<Tensor> Outputs, IReadOnlyList<double> Numbers);

/// <summary>Writes down the calls of operators while a model runs, which is how a model is exported. PyTorch:
/// <c>torch.jit.trace</c>.</summary>
/// <remarks>Operators tell through the door by which they are recorded (<see cref="Autograd.Record(string, Tensor, ReadOnlySpan{Tensor},
/// ReadOnlySpan{Tensor}, GradientFunction, ReadOnlySpan{double}, Tensor?)"/>); no gradients are recorded meanwhile.</remarks>
public static class Tracing
{
    sealed class Log
    {
        internal readonly List<OperatorCall> Calls = [];
        internal readonly HashSet<Tensor> Dependent = new(ReferenceEqualityComparer.Instance);
    }

    [ThreadStatic] static Log? log;

    /// <summary>Runs an action and gives the calls of operators on this thread in their order. An operator that is made of others tells
    /// these, or both.</summary>
    /// <param name="inputs">The tensors that will be other ones when the trace is replayed: to read a value that depends on them is an
    /// error.</param>
    /// <param name="action">What is traced.</param>
    /// <exception cref="InvalidOperationException">A value that depends on the inputs is read, or a trace runs already.</exception>
    public static IReadOnlyList<OperatorCall> Trace(IReadOnlyList<Tensor> inputs, Action action)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(action);
        if (log is not null) throw new InvalidOperationException("Tracing.Trace: a trace runs on this thread already; end it first");
        log = new Log();
        log.Dependent.UnionWith(inputs);
        try
        {
            using (Autograd.Traced()) action();
            return log.Calls;
        }
        finally
        {
            log = null;
        }
    }

    /// <summary>Whether somebody traces on this thread.</summary>
    internal static bool IsOn => log is not null;

    /// <summary>Tells of a call that has no gradient to record. Does nothing where nobody traces.</summary>
    internal static Tensor Tell(string name, Tensor output, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> numbers = default)
    {
        if (log is not null) Add(name, [output], inputs, numbers, null);
        return output;
    }

    /// <summary>As <see cref="Tell"/>, of several outputs.</summary>
    internal static void TellAll(string name, Tensor[] outputs, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> numbers)
    {
        if (log is not null) Add(name, outputs, inputs, numbers, null);
    }

    internal static void Add(string name, Tensor[] outputs, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<double> numbers, Tensor? selector)
    {
        var call = new OperatorCall(name, selector is null ? inputs.ToArray() : [.. inputs, selector], outputs, numbers.ToArray());
        log!.Calls.Add(call);
        if (call.Inputs.Any(log.Dependent.Contains)) log.Dependent.UnionWith(outputs);
    }

    /// <summary>Runs a part of an operator that tells of itself as one call: what happens within is not told.</summary>
    internal static T Within<T>(Func<T> action)
    {
        if (log is null) return action();
        var outer = log;
        log = null;
        try
        {
            using (Autograd.Untraced()) return action();
        }
        finally
        {
            log = outer;
        }
    }

    /// <summary>To be called before values of a tensor are read: what is read is not in the trace.</summary>
    internal static void CheckRead(string name, Tensor x)
    {
        if (log is not null && log.Dependent.Contains(x))
            throw new InvalidOperationException(
                $"{name}: this tensor of shape {x.Shape} depends on the input of a model that is being traced, and what is computed from its values outside of tensors would be the same for every input; compute it with tensor operators");
    }
}
