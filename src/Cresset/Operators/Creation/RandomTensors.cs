using Cresset.Kernels;

namespace Cresset;

/// <summary>Tensors of random numbers. All take the numbers from <see cref="Random.Default"/> unless a generator is passed.</summary>
public static class RandomOperators
{
    static Tensor Fill(string name, Tensor x, Distribution distribution, double a, double b, Generator? generator)
    {
        Autograd.CheckInPlace(name, x, recorded: false);
        var (key, position) = (generator ?? Random.Default).Reserve(x.ElementCount);
        x.Backend.FillRandom(distribution, a, b, key, position, x.Operand);
        Autograd.RecordInPlace(name, x, [x], [], static (_, _) => [null]);
        return x;
    }

    static void RequireFloating(string name, Tensor x)
    {
        if (!x.DType.IsFloatingPoint()) throw new ArgumentException($"{name}: expected a floating-point tensor, got {x.DType.Name()}");
    }

    extension(Tensor)
    {
        /// <summary>Uniform numbers in [0, 1): multiples of 2^-24 in float32, of 2^-53 in float64. PyTorch: <c>torch.rand</c>.</summary>
        public static Tensor Rand(Shape shape, DType dtype = DType.Float32, Generator? generator = null) =>
            Tensor.Empty(shape, dtype).UniformInPlace(0, 1, generator);

        /// <summary>Numbers of the normal distribution with mean 0 and standard deviation 1. PyTorch: <c>torch.randn</c>.</summary>
        public static Tensor Randn(Shape shape, DType dtype = DType.Float32, Generator? generator = null) =>
            Tensor.Empty(shape, dtype).NormalInPlace(0, 1, generator);

        /// <summary>Integers from <paramref name="low"/> up to, not including, <paramref name="high"/>, each equally likely to within
        /// 2^-64 (high - low). PyTorch: <c>torch.randint</c>.</summary>
        /// <exception cref="ArgumentException">The range is empty, a bound is beyond 2^53, or the type cannot hold every integer of the
        /// range.</exception>
        public static Tensor RandInt(long low, long high, Shape shape, DType dtype = DType.Int64, Generator? generator = null)
        {
            if (low >= high) throw new ArgumentException($"RandInt: expected low below high, got {low} and {high}");
            if (low < -(1L << 53) || high > 1L << 53) throw new ArgumentException($"RandInt: expected bounds within 2^53 of 0, got {low} and {high}");
            var (least, most) = dtype switch
            {
                DType.Bool => (0L, 1L),
                DType.UInt8 => (byte.MinValue, byte.MaxValue),
                DType.Int32 => (int.MinValue, int.MaxValue),
                DType.Float32 => (-(1L << 24), 1L << 24),
                _ => (long.MinValue, long.MaxValue),
            };
            if (low < least || high - 1 > most) throw new ArgumentException($"RandInt: expected integers that {dtype.Name()} can hold, from {least} to {most}, got {low} to {high - 1}");
            return Fill("RandInt", Tensor.Empty(shape, dtype), Distribution.Integer, low, high, generator);
        }

        /// <summary>The integers from 0 to n - 1 in random order, int64. PyTorch: <c>torch.randperm</c>.</summary>
        public static Tensor RandPerm(int n, Generator? generator = null) =>
            Tensor.From((generator ?? Random.Default).Permutation(n)).To(DType.Int64);
    }

    extension(Tensor x)
    {
        /// <summary>Uniform numbers in [0, 1), in x's shape and type. PyTorch: <c>torch.rand_like</c>.</summary>
        public Tensor RandLike(Generator? generator = null) => x.EmptyLike().UniformInPlace(0, 1, generator);

        /// <summary>Normal numbers, in x's shape and type. PyTorch: <c>torch.randn_like</c>.</summary>
        public Tensor RandnLike(Generator? generator = null) => x.EmptyLike().NormalInPlace(0, 1, generator);

        /// <summary>Overwrites x with uniform numbers in [from, to). PyTorch: <c>uniform_</c>.</summary>
        /// <exception cref="ArgumentException">from is above to, or one is not finite.</exception>
        public Tensor UniformInPlace(double from = 0, double to = 1, Generator? generator = null)
        {
            RequireFloating("Uniform", x);
            if (!(from <= to) || !double.IsFinite(to - from)) throw new ArgumentException($"Uniform: expected finite bounds in order, got {from} and {to}");
            return Fill("Uniform", x, Distribution.Uniform, from, to, generator);
        }

        /// <summary>Overwrites x with normal numbers. PyTorch: <c>normal_</c>.</summary>
        /// <exception cref="ArgumentException">The standard deviation is negative or not finite.</exception>
        public Tensor NormalInPlace(double mean = 0, double std = 1, Generator? generator = null)
        {
            RequireFloating("Normal", x);
            if (!(std >= 0) || !double.IsFinite(std)) throw new ArgumentException($"Normal: expected a standard deviation that is not negative, got {std}");
            return Fill("Normal", x, Distribution.Normal, mean, std, generator);
        }

        /// <summary>Overwrites x with 1 at this probability, else 0. PyTorch: <c>bernoulli_</c>.</summary>
        /// <exception cref="ArgumentException">The probability is not in [0, 1].</exception>
        public Tensor BernoulliInPlace(double probability = 0.5, Generator? generator = null)
        {
            if (!(probability >= 0 && probability <= 1)) throw new ArgumentException($"Bernoulli: expected a probability from 0 to 1, got {probability}");
            return Fill("Bernoulli", x, Distribution.Bernoulli, probability, 0, generator);
        }
    }
}
