namespace Cresset.Nn;

/// <summary>A gated recurrent network: with the gates r, z, n, in this order in the rows of the weights,
/// r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise, n = tanh(W_in x + b_in + r (W_hn h + b_hn)) and
/// h' = (1 - z) n + z h. Cho et al. (2014), with r after the product, as in PyTorch: <c>torch.nn.GRU</c>.</summary>
public sealed class Gru : RecurrentLayer
{
    /// <summary>A network whose parameters start uniform in (-1/√H, 1/√H), as PyTorch's do.</summary>
    /// <param name="inputSize">D, the size of an input row.</param>
    /// <param name="hiddenSize">H, the number of hidden units.</param>
    /// <param name="numLayers">Layers, each on the outputs of the one before.</param>
    /// <param name="bias">Whether the biases are added.</param>
    /// <param name="batchFirst">Whether inputs and outputs are [B, T, ...] and not [T, B, ...].</param>
    /// <param name="dropout">The probability with which, in training, an output of a layer but the last is dropped.</param>
    /// <param name="bidirectional">Whether a second direction goes from the last step to the first.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or dropout is no probability.</exception>
    public Gru(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false,
        double dropout = 0, bool bidirectional = false, DType dtype = DType.Float32)
        : base(RecurrentKind.Gated, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, dtype)
    {
    }

    /// <summary>The states of the last layer at every step, and the last states of every layer and direction.</summary>
    /// <param name="x">[T, B, D], [B, T, D] with batchFirst, or one sequence [T, D].</param>
    /// <param name="hidden">The initial states [layers * directions, B, H] (without B for one sequence); zeros unless given.</param>
    /// <returns>Output [T, B, directions * H] in the input's form, and states [layers * directions, B, H].</returns>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public (Tensor Output, Tensor Hidden) Forward(Tensor x, Tensor? hidden = null)
    {
        var (output, state, _) = Run(x, hidden, null);
        return (Observe(output), state);
    }

    /// <summary>The same of packed sequences; states are in the order in which the sequences were given.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public (PackedSequence Output, Tensor Hidden) Forward(PackedSequence x, Tensor? hidden = null)
    {
        var (output, state, _) = Run(x, hidden, null);
        Observe(output.Data);
        return (output, state);
    }
}
