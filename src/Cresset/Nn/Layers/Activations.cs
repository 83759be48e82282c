using System.Globalization;

namespace Cresset.Nn;

/// <summary>max(x, 0). PyTorch: <c>torch.nn.ReLU</c>.</summary>
public sealed class ReLU : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Relu());
}

/// <summary>x where positive, else <paramref name="negativeSlope"/> x. PyTorch: <c>torch.nn.LeakyReLU</c>.</summary>
public sealed class LeakyReLU(double negativeSlope = 0.01) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.LeakyRelu(negativeSlope));

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"negativeSlope: {negativeSlope}");
}

/// <summary>x where positive, else <paramref name="alpha"/> (exp(x) - 1). PyTorch: <c>torch.nn.ELU</c>.</summary>
public sealed class ELU(double alpha = 1) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Elu(alpha));

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"alpha: {alpha}");
}

/// <summary>x Φ(x), Φ the normal distribution's cumulative function; with <paramref name="tanh"/> by its approximation.
/// PyTorch: <c>torch.nn.GELU</c>, <c>approximate="tanh"</c>.</summary>
public sealed class GELU(bool tanh = false) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Gelu(tanh));

    /// <inheritdoc/>
    protected override string Describe() => tanh ? "tanh: true" : "";
}

/// <summary>x sigmoid(x). PyTorch: <c>torch.nn.SiLU</c>.</summary>
public sealed class SiLU : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Silu());
}

/// <summary>1 / (1 + exp(-x)). PyTorch: <c>torch.nn.Sigmoid</c>.</summary>
public sealed class Sigmoid : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Sigmoid());
}

/// <summary>log(1 / (1 + exp(-x))). PyTorch: <c>torch.nn.LogSigmoid</c>.</summary>
public sealed class LogSigmoid : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.LogSigmoid());
}

/// <summary>The hyperbolic tangent. PyTorch: <c>torch.nn.Tanh</c>.</summary>
public sealed class Tanh : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Tanh());
}

/// <summary>log(1 + exp(<paramref name="beta"/> x)) / beta; x itself where beta x is above <paramref name="threshold"/>.
/// PyTorch: <c>torch.nn.Softplus</c>.</summary>
public sealed class Softplus(double beta = 1, double threshold = 20) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Softplus(beta, threshold));

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"beta: {beta}, threshold: {threshold}");
}

/// <summary>exp(x) divided by its sum over <paramref name="dim"/>. PyTorch: <c>torch.nn.Softmax</c>.</summary>
public sealed class Softmax(int dim) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.Softmax(dim));

    /// <inheritdoc/>
    protected override string Describe() => $"dim: {dim}";
}

/// <summary>The logarithm of softmax over <paramref name="dim"/>. PyTorch: <c>torch.nn.LogSoftmax</c>.</summary>
public sealed class LogSoftmax(int dim) : Module
{
    /// <inheritdoc/>
    public override Tensor Forward(Tensor x) => Observe(x.LogSoftmax(dim));

    /// <inheritdoc/>
    protected override string Describe() => $"dim: {dim}";
}
