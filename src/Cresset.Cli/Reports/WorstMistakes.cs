namespace Cresset.Cli.Reports;

/// <summary>A sample that a model got wrong.</summary>
/// <param name="Index">Its place among the samples, in their order.</param>
/// <param name="Truth">What is true.</param>
/// <param name="Prediction">What the model said.</param>
/// <param name="Badness">By what mistakes are compared: the cross-entropy of a class, the size of a number's error.</param>
sealed record Mistake(long Index, string Truth, string Prediction, double Badness);

/// <summary>Keeps the worst mistakes while batches of outputs and targets go by.</summary>
/// <param name="classes">The names of the classes.</param>
/// <param name="number">Makes a number of an output; null where there are classes.</param>
/// <param name="most">How many are kept.</param>
sealed class WorstMistakes(IReadOnlyList<string> classes, Func<double, double>? number, int most)
{
    // Class indices, or numbers; the probability of the class that was predicted.
    readonly record struct Kept(long Index, double Truth, double Prediction, double Probability, double Badness);

    readonly PriorityQueue<Kept, double> kept = new();
    long seen;

    /// <summary>The worst first.</summary>
    public IReadOnlyList<Mistake> All => [.. kept.UnorderedItems.Select(item => item.Element).OrderByDescending(m => m.Badness).ThenBy(m => m.Index).Select(Describe)];

    /// <summary>Takes in outputs [N, C] and class indices [N], or numbers [N, 1] and [N, 1].</summary>
    public void Update(Tensor outputs, Tensor targets)
    {
        if (number is null) Classes(outputs, targets.ToArray<long>());
        else Numbers(outputs.To(DType.Float64).Flatten().ToArray<double>(), targets.To(DType.Float64).Flatten().ToArray<double>(), number);
        seen += outputs.Size(0);
    }

    void Classes(Tensor outputs, long[] targets)
    {
        var count = outputs.Size(1);
        var logarithms = outputs.To(DType.Float64).LogSoftmax(1).ToArray<double>();
        for (var i = 0; i < targets.Length; i++)
        {
            var row = logarithms.AsSpan(i * count, count);
            var likeliest = System.Numerics.Tensors.TensorPrimitives.IndexOfMax<double>(row);
            if (likeliest != targets[i]) Keep(new Kept(seen + i, targets[i], likeliest, Math.Exp(row[likeliest]), -row[(int)targets[i]]));
        }
    }

    void Numbers(double[] outputs, double[] targets, Func<double, double> number)
    {
        for (var i = 0; i < outputs.Length; i++)
        {
            var (truth, prediction) = (number(targets[i]), number(outputs[i]));
            Keep(new Kept(seen + i, truth, prediction, double.NaN, Math.Abs(truth - prediction)));
        }
    }

    void Keep(Kept mistake)
    {
        if (kept.Count < most) kept.Enqueue(mistake, mistake.Badness);
        else if (kept.Peek().Badness < mistake.Badness) kept.DequeueEnqueue(mistake, mistake.Badness);
    }

    // Numbers come back from standardised ones of single precision: more digits would show that.
    Mistake Describe(Kept m) => number is null
        ? new(m.Index, classes[(int)m.Truth], FormattableString.Invariant($"{classes[(int)m.Prediction]} ({m.Probability:P1})"), m.Badness)
        : new(m.Index, FormattableString.Invariant($"{m.Truth:G4}"), FormattableString.Invariant($"{m.Prediction:G4}"), m.Badness);
}
