using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using Cresset.Kernels;

namespace Cresset.Optim;

/// <summary>Limits gradients between backward and the optimizer's step. Pascanu and others, "On the difficulty of training
/// recurrent neural networks", 2013.</summary>
public static class GradientClipping
{
    readonly struct AbsoluteSum : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => L.Abs(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    readonly struct PowerSum(double power) : IReduction
    {
        readonly double power = power;
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => L.Pow(L.Abs(x), L.From(power));
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => a + b;
    }

    readonly struct AbsoluteMax : IReduction
    {
        public T Identity<T>() where T : unmanaged, INumber<T>, IMinMaxValue<T> => T.Zero;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Map<L>(L x) where L : struct, ILanes<L> => L.Abs(x);
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Combine<L>(L a, L b) where L : struct, ILanes<L> => L.Max(a, b);
    }

    readonly struct Scaled(double factor) : IUnaryFunction
    {
        readonly double factor = factor;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => x * L.From(factor);
    }

    readonly struct Clamped(double limit) : IUnaryFunction
    {
        readonly double limit = limit;
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public L Value<L>(L x) where L : struct, ILanes<L> => L.Min(L.Max(x, L.From(-limit)), L.From(limit));
    }

    static double Fold<TReduction>(TReduction f, Tensor gradient) where TReduction : unmanaged, IReduction =>
        Reduction.Run(f, gradient, uint.MaxValue, keepDim: false).Item();

    internal static double AbsoluteNorm(Tensor x) => Fold(default(AbsoluteSum), x);

    internal static double LargestNorm(Tensor x) => Fold(default(AbsoluteMax), x);

    static void Change<TFunction>(string name, TFunction f, Tensor gradient) where TFunction : unmanaged, IUnaryFunction
    {
        Autograd.CheckInPlace(name, gradient, recorded: false);
        gradient.Backend.Unary(f, gradient.Operand, gradient.Operand);
        gradient.Storage.MarkChanged();
    }

    static IEnumerable<Tensor> Gradients(IEnumerable<Tensor> parameters)
    {
        foreach (var parameter in parameters)
            if (parameter.Grad is { } gradient) yield return gradient;
    }

    /// <summary>Scales all gradients by one factor, maxNorm / (norm + 1e-6), where that is below 1; the norm is that of all of them laid in
    /// one row. Parameters without a gradient are left out. PyTorch: <c>torch.nn.utils.clip_grad_norm_</c>.</summary>
    /// <param name="parameters">Whose gradients.</param>
    /// <param name="maxNorm">The largest norm that is let through.</param>
    /// <param name="normType">The p of the p-norm: (sum |g|^p)^(1/p); infinity for the largest |g|.</param>
    /// <param name="errorIfNonFinite">Throw where the norm is NaN or infinite, before any gradient is changed; otherwise NaN spreads to
    /// all of them.</param>
    /// <returns>The norm before clipping.</returns>
    /// <exception cref="InvalidOperationException">The norm is not finite and <paramref name="errorIfNonFinite"/> is set.</exception>
    public static double ClipNorm(IEnumerable<Tensor> parameters, double maxNorm, double normType = 2, bool errorIfNonFinite = false)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(maxNorm >= 0))
            throw new ArgumentOutOfRangeException(nameof(maxNorm), $"ClipNorm: expected maxNorm 0 or more, got {maxNorm.ToString(CultureInfo.InvariantCulture)}");
        if (!(normType > 0))
            throw new ArgumentOutOfRangeException(nameof(normType), $"ClipNorm: expected normType above 0, got {normType.ToString(CultureInfo.InvariantCulture)}");
        using var scope = Autograd.NoGrad();
        Tensor[] gradients = [.. Gradients(parameters)];
        double total = 0;
        foreach (var gradient in gradients)
        {
            total = normType switch
            {
                1 => total + Fold(default(AbsoluteSum), gradient),
                2 => total + Fold(default(Reduction.SquareSum), gradient),
                double.PositiveInfinity => Math.Max(total, Fold(default(AbsoluteMax), gradient)),
                _ => total + Fold(new PowerSum(normType), gradient),
            };
        }
        if (normType == 2) total = Math.Sqrt(total);
        else if (double.IsFinite(normType)) total = Math.Pow(total, 1 / normType);
        if (errorIfNonFinite && !double.IsFinite(total))
            throw new InvalidOperationException($"ClipNorm: the norm of the gradients is {total.ToString(CultureInfo.InvariantCulture)}; look for the step where the loss became so, or lower the learning rate");
        var factor = maxNorm / (total + 1e-6);
        // A NaN is not below 1 either, and must reach the gradients.
        if (!(factor >= 1))
            foreach (var gradient in gradients) Change("ClipNorm", new Scaled(factor), gradient);
        return total;
    }

    /// <summary>Limits every element of the gradients to [-clipValue, clipValue]; NaN stays. PyTorch:
    /// <c>torch.nn.utils.clip_grad_value_</c>.</summary>
    public static void ClipValue(IEnumerable<Tensor> parameters, double clipValue)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (!(clipValue >= 0))
            throw new ArgumentOutOfRangeException(nameof(clipValue), $"ClipValue: expected clipValue 0 or more, got {clipValue.ToString(CultureInfo.InvariantCulture)}");
        using var scope = Autograd.NoGrad();
        foreach (var gradient in Gradients(parameters)) Change("ClipValue", new Clamped(clipValue), gradient);
    }
}
