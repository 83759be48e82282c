namespace Cresset;

// How an operator of one pass differentiates twice: by its composed form.
static class ComposedGradient
{
    /// <summary>The gradients of a recorded call's inputs, to be differentiated again: those of the composed form, from stand-ins of the
    /// inputs, so that only what happens here is differentiated.</summary>
    /// <param name="node">The call.</param>
    /// <param name="inputs">Its first inputs.</param>
    /// <param name="gradients">Those of the outputs; null where one took no part.</param>
    /// <param name="compose">The outputs from the inputs by tensor operators.</param>
    internal static Tensor?[] Of(Node node, Tensor[] inputs, Tensor?[] gradients, Func<Tensor[], Tensor?[]> compose)
    {
        var standIns = Array.ConvertAll(inputs, input => Autograd.Record("Alias", input.View(input.Layout), [input], [], static (_, gradient) => [gradient]));
        var outputs = compose(standIns);
        var used = Enumerable.Range(0, gradients.Length).Where(i => gradients[i] is not null).ToArray();
        var wanted = Enumerable.Range(0, inputs.Length).Where(node.Needs).ToArray();
        var found = Autograd.Grad([.. used.Select(i => outputs[i]!)], [.. wanted.Select(i => standIns[i])], [.. used.Select(i => gradients[i])], createGraph: true, allowUnused: true);
        var result = new Tensor?[inputs.Length];
        for (var i = 0; i < wanted.Length; i++) result[wanted[i]] = found[i];
        return result;
    }
}
