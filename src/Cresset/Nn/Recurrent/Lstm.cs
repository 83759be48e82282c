namespace Cresset.Nn;

/// <summary>A network with long short-term memory: with the gates i, f, g, o, in this order in the rows of the weights, each
/// W_ih x + b_ih + W_hh h + b_hh under a sigmoid (g under tanh), c' = f c + i g and h' = o tanh(c'). Hochreiter and
/// Schmidhuber (1997), Gers et al. (1999). PyTorch: <c>torch.nn.LSTM</c> (its <c>proj_size</c> is missing).</summary>
public sealed class Lstm : RecurrentLayer
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
    public Lstm(int inputSize, int hiddenSize, int numLayers = 1, bool bias = true, bool batchFirst = false,
        double dropout = 0, bool bidirectional = false, DType dtype = DType.Float32)
        : base(RecurrentKind.LongShortTerm, inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, dtype)
    {
    }

    /// <summary>The states of the last layer at every step, and the last states and cell states of every layer and
    /// direction.</summary>
    /// <param name="x">[T, B, D], [B, T, D] with batchFirst, or one sequence [T, D].</param>
    /// <param name="state">The initial h and c, each [layers * directions, B, H] (without B for one sequence); zeros unless
    /// given.</param>
    /// <returns>Output [T, B, directions * H] in the input's form, and the states.</returns>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public (Tensor Output, (Tensor Hidden, Tensor Cell) State) Forward(Tensor x, (Tensor Hidden, Tensor Cell)? state = null)
    {
        var (output, hidden, cell) = Run(x, state?.Hidden, state?.Cell);
        return (Observe(output), (hidden, cell!));
    }

    /// <summary>The same of packed sequences; states are in the order in which the sequences were given.</summary>
    /// <exception cref="ArgumentException">A shape or type does not fit.</exception>
    public (PackedSequence Output, (Tensor Hidden, Tensor Cell) State) Forward(PackedSequence x, (Tensor Hidden, Tensor Cell)? state = null)
    {
        var (output, hidden, cell) = Run(x, state?.Hidden, state?.Cell);
        Observe(output.Data);
        return (output, (hidden, cell!));
    }
}
