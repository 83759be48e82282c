using System.Globalization;

namespace Cresset;

/// <summary>What <see cref="GradientCheck"/> found.</summary>
/// <param name="Passed">Whether every analytic derivative agrees with the numeric one.</param>
/// <param name="Message">The first disagreement: input, element, both values; or what was checked.</param>
public sealed record GradientCheckResult(bool Passed, string Message)
{
    /// <summary>The throwing form.</summary>
    /// <exception cref="InvalidOperationException">The check failed; the message says where.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new InvalidOperationException(Message);
    }
}

/// <summary>The step h of central differences (f(x + h) - f(x - h)) / 2h and how closely they must be met:
/// |analytic - numeric| &lt;= <paramref name="Absolute"/> + <paramref name="Relative"/> * |numeric|.</summary>
public sealed record GradientTolerance(double Step = 1e-6, double Absolute = 1e-5, double Relative = 1e-3);

/// <summary>Compares gradients with finite differences: the test of an operator's or a module's gradient. The output is summed
/// with fixed pseudo-random weights, so that each of its elements counts.</summary>
/// <remarks>Works in float64 alone: in float32 finite differences have no correct digits left. Points where the function has no
/// derivative (0 of <c>Relu</c>) must not lie within a step of the inputs.</remarks>
public static class GradientCheck
{
    /// <summary>Checks the gradient of <paramref name="f"/> with respect to each input that has RequiresGrad set; the others are
    /// passed through. PyTorch: <c>torch.autograd.gradcheck</c>.</summary>
    /// <param name="f">The function; it is called twice for each element of each checked input, and must give the same value for
    /// the same inputs.</param>
    /// <param name="inputs">Where to check; float64 where RequiresGrad is set. Views are taken as they are.</param>
    /// <exception cref="ArgumentException">No input requires a gradient, or one that does is not float64; the output is not.</exception>
    public static GradientCheckResult Check(Func<Tensor[], Tensor> f, params Tensor[] inputs) => Check(f, new GradientTolerance(), inputs);

    /// <summary>As the other <c>Check</c>, with a step and tolerances.</summary>
    public static GradientCheckResult Check(Func<Tensor[], Tensor> f, GradientTolerance tolerance, params Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(tolerance);
        CheckInputs("GradientCheck.Check", inputs);
        return Compare("GradientCheck.Check", f, tolerance, inputs);
    }

    /// <summary>Checks the second derivatives: the gradient of the gradient function (x, dy) → dx that <see cref="Autograd"/> computes
    /// with createGraph, with respect to x and to dy. PyTorch: <c>torch.autograd.gradgradcheck</c>.</summary>
    /// <param name="f">The function, as for <c>Check</c>.</param>
    /// <param name="inputs">Where to check, as for <c>Check</c>.</param>
    /// <exception cref="ArgumentException">As for <c>Check</c>.</exception>
    public static GradientCheckResult CheckSecondOrder(Func<Tensor[], Tensor> f, params Tensor[] inputs) => CheckSecondOrder(f, new GradientTolerance(), inputs);

    /// <summary>As the other <c>CheckSecondOrder</c>, with a step and tolerances.</summary>
    public static GradientCheckResult CheckSecondOrder(Func<Tensor[], Tensor> f, GradientTolerance tolerance, params Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(f);
        ArgumentNullException.ThrowIfNull(tolerance);
        CheckInputs("GradientCheck.CheckSecondOrder", inputs);
        Shape shape;
        using (Autograd.NoGrad()) shape = f(inputs).Shape;
        var outputGradient = Weights(shape, seed: 2);
        outputGradient.RequiresGrad = true;
        var checkedInputs = Enumerable.Range(0, inputs.Length).Where(i => inputs[i].RequiresGrad).ToArray();
        return Compare("GradientCheck.CheckSecondOrder (the input after the last one is the gradient of the output)",
            all => Gradients(f, all[..^1], all[^1], checkedInputs), tolerance, [.. inputs, outputGradient]);
    }

    // All gradients in one row, recorded.
    static Tensor Gradients(Func<Tensor[], Tensor> f, Tensor[] inputs, Tensor outputGradient, int[] checkedInputs)
    {
        var wanted = Array.ConvertAll(checkedInputs, i => inputs[i]);
        var output = f(inputs);
        var gradients = output.RequiresGrad
            ? Autograd.Grad([output], wanted, [outputGradient], createGraph: true, allowUnused: true)
            : new Tensor?[wanted.Length];
        return Tensor.Cat([.. wanted.Select((input, i) => (gradients[i] ?? input.Detach().ZerosLike()).Reshape(-1))]);
    }

    static void CheckInputs(string name, Tensor[] inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        var any = false;
        for (var i = 0; i < inputs.Length; i++)
        {
            ArgumentNullException.ThrowIfNull(inputs[i]);
            if (!inputs[i].RequiresGrad) continue;
            any = true;
            if (inputs[i].DType != DType.Float64)
                throw new ArgumentException($"{name}: expected float64 inputs, got {inputs[i].DType.Name()} for input {i}; finite differences need float64: convert it with To(DType.Float64) and set RequiresGrad on the result");
        }
        if (!any) throw new ArgumentException($"{name}: expected at least one input with RequiresGrad, got none; set RequiresGrad on what is to be checked");
    }

    static Tensor Weights(Shape shape, ulong seed) => Tensor.Rand(shape, DType.Float64, new Generator(seed)) * 2 - 1;

    static GradientCheckResult Compare(string name, Func<Tensor[], Tensor> f, GradientTolerance tolerance, Tensor[] inputs)
    {
        // Recording is on for every call: f may itself differentiate.
        using var recording = Autograd.EnableGrad();
        var wanted = Enumerable.Range(0, inputs.Length).Where(i => inputs[i].RequiresGrad).ToArray();
        var output = f(inputs);
        if (output.DType != DType.Float64)
            throw new ArgumentException($"{name}: expected a float64 output, got {output.DType.Name()}; compute in float64, or check a floating-point output");
        var weightsTensor = Weights(output.Shape, seed: 1);
        var gradients = output.RequiresGrad
            ? Autograd.Grad([output], Array.ConvertAll(wanted, i => inputs[i]), [weightsTensor], retainGraph: true, allowUnused: true)
            : new Tensor?[wanted.Length];
        var weights = weightsTensor.ToArray<double>();
        var count = 0;
        for (var k = 0; k < wanted.Length; k++)
        {
            var input = inputs[wanted[k]];
            var values = input.ToArray<double>();
            var analytic = gradients[k]?.ToArray<double>() ?? new double[values.Length];
            for (var i = 0; i < values.Length; i++, count++)
            {
                var value = values[i];
                values[i] = value + tolerance.Step;
                var above = Evaluate(f, inputs, wanted[k], values);
                values[i] = value - tolerance.Step;
                var below = Evaluate(f, inputs, wanted[k], values);
                values[i] = value;
                if (above.Length != weights.Length || below.Length != weights.Length)
                    throw new ArgumentException($"{name}: expected outputs of one shape for all values of the inputs, got {weights.Length} elements and {above.Length} beside them");
                var numeric = 0.0;
                for (var j = 0; j < weights.Length; j++) numeric += weights[j] * ((above[j] - below[j]) / (2 * tolerance.Step));
                // Written so that NaN fails.
                if (!(Math.Abs(analytic[i] - numeric) <= tolerance.Absolute + tolerance.Relative * Math.Abs(numeric)))
                    return new GradientCheckResult(false, string.Create(CultureInfo.InvariantCulture,
                        $"{name}: input {wanted[k]} of shape {input.Shape}, element {Position(i, input.Shape)}: the analytic gradient is {analytic[i]:G9}, the numeric one {numeric:G9}; their difference {Math.Abs(analytic[i] - numeric):G3} is more than {tolerance.Absolute:G3} + {tolerance.Relative:G3} * |numeric|"));
            }
        }
        return new GradientCheckResult(true, string.Create(CultureInfo.InvariantCulture, $"{name}: {count} derivatives agree with finite differences"));
    }

    static double[] Evaluate(Func<Tensor[], Tensor> f, Tensor[] inputs, int changed, double[] values)
    {
        var probes = new Tensor[inputs.Length];
        for (var i = 0; i < inputs.Length; i++)
        {
            probes[i] = !inputs[i].RequiresGrad ? inputs[i] : i == changed ? Tensor.From(values, inputs[i].Shape) : inputs[i].Detach().Clone();
            if (inputs[i].RequiresGrad) probes[i].RequiresGrad = true;
        }
        return f(probes).ToArray<double>();
    }

    static string Position(int element, Shape shape)
    {
        var position = new int[shape.Rank];
        for (var dim = shape.Rank - 1; dim >= 0; dim--)
        {
            position[dim] = element % shape[dim];
            element /= shape[dim];
        }
        return Shape.Format(position);
    }
}
