namespace Cresset;

/// <summary>Automatic differentiation: how operators are recorded, and when they are not. PyTorch: <c>torch.autograd</c>.</summary>
public static partial class Autograd
{
    internal enum Mode
    {
        Recording,
        Off,
        // Calls are told to Tracing, whatever their inputs, and no gradient is recorded.
        Tracing,
    }

    [ThreadStatic] static Mode mode;

    /// <summary>Whether operators on this thread are recorded. PyTorch: <c>torch.is_grad_enabled()</c>.</summary>
    public static bool IsEnabled => mode == Mode.Recording;

    /// <summary>Until disposed, operators on this thread are not recorded: <c>using (Autograd.NoGrad()) { ... }</c>.
    /// PyTorch: <c>torch.no_grad()</c>.</summary>
    public static Scope NoGrad() => SetEnabled(false);

    /// <summary>Until disposed, operators on this thread are recorded, also inside a <see cref="NoGrad"/>.
    /// PyTorch: <c>torch.enable_grad()</c>.</summary>
    public static Scope EnableGrad() => SetEnabled(true);

    // A trace goes on through both.
    internal static Scope SetEnabled(bool enabled) => new(mode == Mode.Tracing ? Mode.Tracing : enabled ? Mode.Recording : Mode.Off);

    internal static Scope Traced() => new(Mode.Tracing);

    internal static Scope Untraced() => new(Mode.Off);

    /// <summary>Restores the mode that was in force before, when disposed.</summary>
    public readonly struct Scope : IDisposable
    {
        readonly Mode before;

        internal Scope(Mode now)
        {
            before = mode;
            mode = now;
        }

        /// <summary>Ends the scope.</summary>
        public void Dispose() => mode = before;
    }

    /// <summary>Whether a call with this input would be recorded, or told to <see cref="Tracing"/>.</summary>
    public static bool Records(Tensor a) => mode == Mode.Recording ? a.RequiresGrad : mode == Mode.Tracing;

    /// <summary>Whether a call with these inputs would be recorded.</summary>
    public static bool Records(Tensor a, Tensor b) => mode == Mode.Recording ? a.RequiresGrad || b.RequiresGrad : mode == Mode.Tracing;

    /// <summary>Whether a call with these inputs would be recorded.</summary>
    public static bool Records(params ReadOnlySpan<Tensor> inputs)
    {
        if (mode != Mode.Recording) return mode == Mode.Tracing;
        foreach (var input in inputs)
            if (input.RequiresGrad) return true;
        return false;
    }

    /// <summary>Makes an operator differentiable: notes that <paramref name="output"/> was computed from
    /// <paramref name="inputs"/>, and how their gradients follow. This is the one door, for the library's operators and a
    /// user's own. Does nothing where no input needs a gradient or recording is off.</summary>
    /// <param name="name">The operator's name, for messages.</param>
    /// <param name="output">The result, just computed with recording off or from detached values.</param>
    /// <param name="inputs">The tensors that the result depends on.</param>
    /// <param name="saved">What the gradient needs, of inputs and output; checked against changes in place.</param>
    /// <param name="gradient">The gradients of the inputs; they may have the broadcast shape, the engine sums them back.</param>
    /// <param name="numbers">The call's options, for <see cref="Tracing"/>: what inputs and shapes do not tell.</param>
    /// <param name="selector">The indices or truth values by which the operator chose and which have no gradient, for
    /// <see cref="Tracing"/>.</param>
    /// <returns><paramref name="output"/>.</returns>
    public static Tensor Record(string name, Tensor output, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, GradientFunction gradient,
        ReadOnlySpan<double> numbers = default, Tensor? selector = null)
    {
        if (mode == Mode.Tracing) Tracing.Add(name, [output], inputs, numbers, selector);
        else if (Records(inputs))
            output.SetHistory(new Node(name, inputs, saved, [output.Shape], output.DType, gradient), 0);
        return output;
    }

    /// <summary>As the other <c>Record</c>, for an operator with several outputs.</summary>
    public static void Record(string name, Tensor[] outputs, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, MultipleGradientFunction gradient,
        ReadOnlySpan<double> numbers = default)
    {
        ArgumentNullException.ThrowIfNull(outputs);
        if (mode == Mode.Tracing) Tracing.Add(name, outputs, inputs, numbers, null);
        else if (Records(inputs))
        {
            var node = new Node(name, inputs, saved, Array.ConvertAll(outputs, output => output.Shape), outputs[0].DType, gradient);
            for (var i = 0; i < outputs.Length; i++) outputs[i].SetHistory(node, i);
        }
    }

    /// <summary>To be called by an operator before it changes <paramref name="target"/> in place.</summary>
    /// <exception cref="InvalidOperationException">The change would lose a gradient.</exception>
    internal static void CheckInPlace(string name, Tensor target, bool recorded)
    {
        foreach (var stride in target.Layout.Strides)
            if (stride == 0 && target.ElementCount > 1)
                throw new InvalidOperationException($"{name}: an expanded tensor shares one element among several places and cannot be changed in place; call Clone() first");
        if (mode != Mode.Recording || !(recorded || target.RequiresGrad)) return;
        if (target.IsLeaf && target.RequiresGrad)
            throw new InvalidOperationException($"{name}: a leaf that requires gradients cannot be changed in place; do it inside using (Autograd.NoGrad())");
        if (target.IsView)
            throw new InvalidOperationException($"{name}: a view cannot be changed in place while gradients are recorded; use the operator that makes a new tensor");
    }

    /// <summary>Notes a change in place: what <paramref name="target"/> was before is input 0.</summary>
    internal static void RecordInPlace(string name, Tensor target, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> saved, GradientFunction gradient, ReadOnlySpan<double> numbers = default, Tensor? selector = null)
    {
        target.Storage.MarkChanged();
        if (mode == Mode.Tracing) Tracing.Add(name, [target], inputs, numbers, selector);
        if (mode != Mode.Recording || !Records(inputs)) return;
        var node = new Node(name, inputs, saved, [target.Shape], target.DType, gradient);
        target.Storage.GraphVersion++;
        target.SetHistory(node, 0);
    }
}
