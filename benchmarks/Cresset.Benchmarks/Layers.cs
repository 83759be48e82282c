namespace Cresset.Benchmarks;

/// <summary>A network layer by layer, for libraries that are to build the same as Cresset's.</summary>
abstract record Layer;

sealed record Linear(int In, int Out) : Layer;

/// <summary>A convolution with a square kernel.</summary>
sealed record Conv(int In, int Out, int Kernel, int Stride = 1, int Padding = 0, bool Bias = true) : Layer;

/// <summary>A convolution over [N, C, L].</summary>
sealed record Conv1d(int In, int Out, int Kernel) : Layer;

/// <summary>A transposed convolution with a square kernel.</summary>
sealed record ConvTranspose(int In, int Out, int Kernel, int Stride) : Layer;

sealed record BatchNorm(int Channels, double Eps = 1e-5) : Layer;

sealed record GroupNorm(int Groups, int Channels) : Layer;

sealed record LayerNorm(int Width) : Layer;

sealed record Relu : Layer;

sealed record Tanh : Layer;

/// <summary>The largest of each square; squares lie side by side unless a stride is given. The last ones of a row or column may
/// reach beyond the end.</summary>
sealed record MaxPool(int Kernel, int Stride = 0, int Padding = 0) : Layer
{
    public int Step => Stride == 0 ? Kernel : Stride;
}

sealed record MaxPool1d(int Kernel) : Layer;

sealed record AvgPool(int Kernel, int Stride, int Padding) : Layer;

/// <summary>The mean over each picture's rows and columns.</summary>
sealed record GlobalAvgPool : Layer;

sealed record Flatten : Layer;

/// <summary>What a recurrent network computes at a step.</summary>
enum Unit
{
    /// <summary>tanh.</summary>
    Plain,

    /// <summary>A gated recurrent unit.</summary>
    Gated,

    /// <summary>Long short-term memory.</summary>
    Memory,
}

/// <summary>A recurrent network over [N, T, In], batch first: the outputs of its last step, or those of each.</summary>
sealed record Recurrent(Unit Unit, int In, int Hidden, int Layers = 1, bool Bidirectional = false, bool EachStep = false) : Layer
{
    /// <summary>The sizes of the parameters, in the order of PyTorch's state dictionary.</summary>
    public IEnumerable<int> ParameterSizes
    {
        get
        {
            int gates = Unit switch { Unit.Plain => 1, Unit.Gated => 3, _ => 4 }, directions = Bidirectional ? 2 : 1;
            for (var layer = 0; layer < Layers; layer++)
                for (var direction = 0; direction < directions; direction++)
                {
                    yield return gates * Hidden * (layer == 0 ? In : directions * Hidden);
                    yield return gates * Hidden * Hidden;
                    yield return gates * Hidden;
                    yield return gates * Hidden;
                }
        }
    }
}

/// <summary>The state after the last step of [N, T, In] of a cell that is called step by step.</summary>
sealed record StepByStep(Unit Unit, int In, int Hidden) : Layer;

/// <summary>A vector for each index of a token; that of index 0, where it fills up, stays zero.</summary>
sealed record Embedding(int Tokens, int Width, bool Padded = false) : Layer;

/// <summary>The last states of both directions of a gated network over the packed vectors of padded indices [N, T], side by side.</summary>
sealed record PackedNames(Embedding Letters, Recurrent Network) : Layer;

/// <summary>A vector that is learned for each place of [N, T, Width], added.</summary>
sealed record LearnedPositions(int Places, int Width) : Layer;

/// <summary>Attention over [N, T, Width] whose queries and keys are turned by their places.</summary>
sealed record RotaryAttention(int Width, int Heads) : Layer;

/// <summary>All of a tagger but its last layer: words [N, T, 1 + letters] to vectors [N, T, Width], by their indices and by a convolution
/// over their letters, with sinusoidal positions, set among their neighbours by so many encoder layers.</summary>
sealed record TaggedWords(Embedding Words, Embedding Letters, int Width, int Heads, int Layers) : Layer;

/// <summary>A layer of a transformer's decoder over [N, T, Width], causal, that looks at what a layer of its encoder makes of the same;
/// both normalised before each branch.</summary>
sealed record EncoderAndDecoder(int Width, int Heads, int Feedforward) : Layer;

/// <summary>A layer of a transformer's encoder over [N, T, Width], normalised before each branch, with ReLU or GELU and without
/// dropout; where it is causal, no place sees a later one.</summary>
sealed record TransformerLayer(int Width, int Heads, int Feedforward, bool Gelu = false, bool Causal = false) : Layer;

/// <summary>What a vision transformer begins with: patches of pictures as vectors, a class token before them, positions added.</summary>
sealed record Patches(int Channels, int Width, int Patch, int Places) : Layer;

/// <summary>The first step of [N, T, D].</summary>
sealed record FirstStep : Layer;

/// <summary>The mean over the steps of [N, T, D].</summary>
sealed record MeanOverSteps : Layer;

sealed record Chain(params Layer[] Layers) : Layer;

/// <summary>relu(main(x) + shortcut(x)), where no shortcut is x itself.</summary>
sealed record Residual(Layer Main, Layer? Shortcut = null) : Layer;

/// <summary>Every second row and column, and so many channels of zeros before and after.</summary>
sealed record Subsample(int Zeros) : Layer;

/// <summary>Several networks of one input, joined over the channels.</summary>
sealed record Branches(params Layer[] Layers) : Layer;
