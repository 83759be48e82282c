namespace Cresset.Nn;

/// <summary>What bends the sum in a plain recurrent network.</summary>
public enum RnnNonlinearity
{
    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>max(x, 0).</summary>
    ReLU,
}

/// <summary>A plain recurrent network: h' = f(W_ih x + b_ih + W_hh h + b_hh), f tanh or ReLU. Elman (1990). PyTorch:
/// <c>torch.nn.RNN</c>.</summary>
public sealed class Rnn : RecurrentLayer
{
    /// <summary>A network whose parameters start uniform in (-1/√H, 1/√H), as PyTorch's do.</summary>
    /// <param name="inputSize">D, the size of an input row.</param>
    /// <param name="hiddenSize">H, the number of hidden units.</param>
    /// <param name="numLayers">Layers, each on the outputs of the one before.</param>
    /// <param name="nonlinearity">f.</param>
    /// <param name="bias">Whether b_ih and b_hh are added.</param>
    /// <param name="batchFirst">Whether inputs and outputs are [B, T, ...] and not [T, B, ...].</param>
    /// <param name="dropout">The probability with which, in training, an output of a layer but the last is dropped.</param>
    /// <param name="bidirectional">Whether a second direction goes from the last step to the first.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive, or dropout is no probability.</exception>
    public Rnn(int inputSize, int hiddenSize, int numLayers = 1, RnnNonlinearity nonlinearity = RnnNonlinearity.Tanh, bool bias = true, bool batchFirst = false,
        double dropout = 0, bool bidirectional = false, DType dtype = DType.Float32)
        : base(RecurrentParameters.Kind(nonlinearity), inputSize, hiddenSize, numLayers, bias, batchFirst, dropout, bidirectional, dtype)
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
