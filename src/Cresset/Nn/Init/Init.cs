using System.Numerics.Tensors;

namespace Cresset.Nn;

/// <summary>Which size of a weight the Kaiming initialisations keep the variance by.</summary>
public enum FanMode
{
    /// <summary>The number of inputs of one output: keeps the variance of values in the forward pass.</summary>
    FanIn,
    /// <summary>The number of outputs of one input: keeps the variance of gradients in the backward pass.</summary>
    FanOut,
}

/// <summary>The function that follows a layer, which <see cref="Init.CalculateGain"/> makes up for.</summary>
public enum Nonlinearity
{
    /// <summary>None.</summary>
    Linear,
    /// <summary>The logistic function.</summary>
    Sigmoid,
    /// <summary>The hyperbolic tangent.</summary>
    Tanh,
    /// <summary>The rectified linear unit.</summary>
    ReLU,
    /// <summary>The leaky rectified linear unit.</summary>
    LeakyReLU,
    /// <summary>The scaled exponential linear unit.</summary>
    SELU,
}

/// <summary>Initial values of parameters, written in place and not recorded. PyTorch: <c>torch.nn.init</c>.</summary>
public static class Init
{
    /// <summary>Uniform numbers in [low, high). PyTorch: <c>uniform_</c>.</summary>
    public static Tensor Uniform(Tensor tensor, double low = 0, double high = 1, Generator? generator = null)
    {
        using (Autograd.NoGrad()) return tensor.UniformInPlace(low, high, generator);
    }

    /// <summary>Normal numbers. PyTorch: <c>normal_</c>.</summary>
    public static Tensor Normal(Tensor tensor, double mean = 0, double std = 1, Generator? generator = null)
    {
        using (Autograd.NoGrad()) return tensor.NormalInPlace(mean, std, generator);
    }

    /// <summary>One number everywhere. PyTorch: <c>constant_</c>.</summary>
    public static Tensor Constant(Tensor tensor, double value)
    {
        using (Autograd.NoGrad()) return tensor.FillInPlace(value);
    }

    /// <summary>Zeros. PyTorch: <c>zeros_</c>.</summary>
    public static Tensor Zeros(Tensor tensor) => Constant(tensor, 0);

    /// <summary>Ones. PyTorch: <c>ones_</c>.</summary>
    public static Tensor Ones(Tensor tensor) => Constant(tensor, 1);

    /// <summary>Normal numbers within [low, high]: those outside do not occur. PyTorch: <c>trunc_normal_</c>.</summary>
    /// <exception cref="ArgumentException">low is not below high, or the deviation is not positive.</exception>
    public static Tensor TruncatedNormal(Tensor tensor, double mean = 0, double std = 1, double low = -2, double high = 2, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (!(low < high)) throw new ArgumentException($"TruncatedNormal: expected low below high, got {low} and {high}");
        if (!(std > 0)) throw new ArgumentException($"TruncatedNormal: expected a positive standard deviation, got {std}");
        // Of a range in the upper tail, the mirror image: there the cumulative function keeps its digits.
        double sign = low > mean ? -1 : 1, from = (low - mean) / std, to = (high - mean) / std;
        if (sign < 0) (from, to) = (-to, -from);
        double start = Cumulative(from), end = Cumulative(to);
        var uniform = Tensor.Rand([tensor.ElementCount], DType.Float64, generator).ToArray<double>();
        for (var i = 0; i < uniform.Length; i++)
        {
            var normal = Kernels.Distributions.InverseNormal(start + (end - start) * uniform[i]);
            uniform[i] = Math.Clamp(mean + sign * std * normal, low, high);
        }
        using (Autograd.NoGrad()) return tensor.CopyInPlace(Tensor.From(uniform, tensor.Shape));
    }

    /// <summary>A random matrix with orthonormal rows or columns, whichever are fewer, times gain; of a tensor with more
    /// dimensions, those after the first are one. Saxe et al. (2013). PyTorch: <c>orthogonal_</c>.</summary>
    /// <exception cref="ArgumentException">The tensor has fewer than two dimensions.</exception>
    public static Tensor Orthogonal(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank < 2) throw new ArgumentException($"Orthogonal: expected a tensor with at least two dimensions, got the shape {tensor.Shape}");
        if (tensor.ElementCount == 0) return tensor;
        int rows = tensor.Shape[0], columns = tensor.ElementCount / rows;
        int count = Math.Min(rows, columns), length = Math.Max(rows, columns);
        var vectors = Tensor.Randn([count, length], DType.Float64, generator).ToArray<double>();
        for (var i = 0; i < count; i++) Orthonormalize(vectors, i, length);
        var matrix = Tensor.From(vectors, [count, length]);
        if (rows > columns) matrix = matrix.T;
        using (Autograd.NoGrad()) return tensor.CopyInPlace((matrix * gain).Reshape(tensor.Shape));
    }

    // Gram and Schmidt's way, twice, since once leaves rounding errors; every orthonormal set is then equally likely.
    static void Orthonormalize(double[] vectors, int index, int length)
    {
        var own = vectors.AsSpan(index * length, length);
        for (var pass = 0; pass < 2; pass++)
            for (var i = 0; i < index; i++)
            {
                var other = vectors.AsSpan(i * length, length);
                TensorPrimitives.MultiplyAdd(other, -TensorPrimitives.Dot<double>(own, other), own, own);
            }
        TensorPrimitives.Divide(own, TensorPrimitives.Norm<double>(own), own);
    }

    /// <summary>Uniform in (-a, a), a = gain √(6 / (fanIn + fanOut)). Glorot and Bengio (2010). PyTorch:
    /// <c>xavier_uniform_</c>.</summary>
    public static Tensor XavierUniform(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        var (fanIn, fanOut) = Fans(tensor);
        var bound = gain * Math.Sqrt(6.0 / (fanIn + fanOut));
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal with standard deviation gain √(2 / (fanIn + fanOut)). Glorot and Bengio (2010). PyTorch:
    /// <c>xavier_normal_</c>.</summary>
    public static Tensor XavierNormal(Tensor tensor, double gain = 1, Generator? generator = null)
    {
        var (fanIn, fanOut) = Fans(tensor);
        return Normal(tensor, 0, gain * Math.Sqrt(2.0 / (fanIn + fanOut)), generator);
    }

    /// <summary>Uniform in (-b, b), b = gain √(3 / fan). He et al. (2015). PyTorch: <c>kaiming_uniform_</c>.</summary>
    /// <param name="tensor">The weight.</param>
    /// <param name="a">The slope of the leaky rectified linear unit that follows; for <see cref="Nonlinearity.LeakyReLU"/> only.</param>
    /// <param name="mode">The fan.</param>
    /// <param name="nonlinearity">The function that follows.</param>
    /// <param name="generator">The random numbers.</param>
    public static Tensor KaimingUniform(Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn,
        Nonlinearity nonlinearity = Nonlinearity.LeakyReLU, Generator? generator = null)
    {
        var bound = Math.Sqrt(3) * Deviation(tensor, a, mode, nonlinearity);
        return Uniform(tensor, -bound, bound, generator);
    }

    /// <summary>Normal with standard deviation gain / √fan; parameters as those of <see cref="KaimingUniform"/>. He et al.
    /// (2015). PyTorch: <c>kaiming_normal_</c>.</summary>
    public static Tensor KaimingNormal(Tensor tensor, double a = 0, FanMode mode = FanMode.FanIn,
        Nonlinearity nonlinearity = Nonlinearity.LeakyReLU, Generator? generator = null) =>
        Normal(tensor, 0, Deviation(tensor, a, mode, nonlinearity), generator);

    /// <summary>The factor that makes up for what a function does to the standard deviation. PyTorch:
    /// <c>calculate_gain</c>.</summary>
    /// <param name="nonlinearity">The function.</param>
    /// <param name="slope">The negative slope of a leaky rectified linear unit.</param>
    public static double CalculateGain(Nonlinearity nonlinearity, double slope = 0.01) => nonlinearity switch
    {
        Nonlinearity.Linear or Nonlinearity.Sigmoid => 1,
        Nonlinearity.Tanh => 5.0 / 3,
        Nonlinearity.ReLU => Math.Sqrt(2),
        Nonlinearity.LeakyReLU => Math.Sqrt(2 / (1 + slope * slope)),
        Nonlinearity.SELU => 0.75,
        _ => throw new ArgumentOutOfRangeException(nameof(nonlinearity), nonlinearity, "CalculateGain: not a nonlinearity"),
    };

    static double Deviation(Tensor tensor, double a, FanMode mode, Nonlinearity nonlinearity)
    {
        var (fanIn, fanOut) = Fans(tensor);
        return CalculateGain(nonlinearity, a) / Math.Sqrt(mode == FanMode.FanIn ? fanIn : fanOut);
    }

    // A weight is [outputs, inputs] or [outputs, inputs / groups, kernel...].
    internal static (int In, int Out) Fans(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        if (tensor.Rank < 2)
            throw new ArgumentException($"Init: fan in and fan out need a weight with at least two dimensions, got the shape {tensor.Shape}");
        var receptive = 1;
        for (var i = 2; i < tensor.Rank; i++) receptive *= tensor.Shape[i];
        return (tensor.Shape[1] * receptive, tensor.Shape[0] * receptive);
    }

    // How linear and convolution layers start in PyTorch: kaiming uniform with a = √5, which is uniform by 1 / √fanIn.
    internal static void LikeLinear(Tensor weight, Tensor? bias, Generator? generator)
    {
        KaimingUniform(weight, Math.Sqrt(5), generator: generator);
        var bound = 1 / Math.Sqrt(Fans(weight).In);
        if (bias is not null) Uniform(bias, -bound, bound, generator);
    }

    // The standard normal distribution's.
    static double Cumulative(double x) =>
        double.IsInfinity(x) ? (x > 0 ? 1 : 0) : 0.5 * (1 + Tensor.From(x * Math.Sqrt(0.5), DType.Float64).Erf().Item<double>());
}
