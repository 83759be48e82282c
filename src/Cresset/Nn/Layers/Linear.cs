namespace Cresset.Nn;

/// <summary>y = x weightᵀ + bias. x [..., I], y [..., O]. PyTorch: <c>torch.nn.Linear</c>.</summary>
public sealed class Linear : Module
{
    /// <summary>A layer whose weight and bias start uniform in (-1/√I, 1/√I), as PyTorch's do.</summary>
    /// <param name="inFeatures">I, the size of the input's last dimension.</param>
    /// <param name="outFeatures">O, the size of the output's.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dtype">The type of the parameters.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public Linear(int inFeatures, int outFeatures, bool bias = true, DType dtype = DType.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(inFeatures);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(outFeatures);
        Weight = new Parameter(Tensor.Empty([outFeatures, inFeatures], dtype));
        if (bias) Bias = new Parameter(Tensor.Empty([outFeatures], dtype));
        ResetParameters();
    }

    /// <summary>The weight, [O, I].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [O]; null where there is none.</summary>
    public Parameter? Bias { get; }

    /// <summary>Draws new initial values. PyTorch: <c>reset_parameters</c>.</summary>
    public void ResetParameters(Generator? generator = null) => Init.LikeLinear(Weight, Bias, generator);

    /// <summary>x weightᵀ + bias.</summary>
    /// <exception cref="ArgumentException">The last dimension of x is not I, or the types differ.</exception>
    public override Tensor Forward(Tensor x) => Observe(x.Linear(Weight, Bias));

    /// <summary>relu(Forward(x)), in one pass over memory. PyTorch has it as two calls.</summary>
    /// <exception cref="ArgumentException">As for <see cref="Forward"/>.</exception>
    public Tensor ForwardRelu(Tensor x) =>
        // Hooks are shown the sums.
        IsObserved ? Forward(x).Relu() : x.Linear(Weight, Bias, relu: true);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"inFeatures: {Weight.Size(1)}, outFeatures: {Weight.Size(0)}, bias: {(Bias is null ? "false" : "true")}";
}
