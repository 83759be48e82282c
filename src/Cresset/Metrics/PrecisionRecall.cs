namespace Cresset.Metrics;

/// <summary>How the scores of the classes become one number.</summary>
public enum Averaging
{
    /// <summary>The score of class 1 of two.</summary>
    Binary,

    /// <summary>From the counts of all classes together; with one label a sample this is the accuracy.</summary>
    Micro,

    /// <summary>The mean over all classes, those without samples included.</summary>
    Macro,

    /// <summary>The mean over all classes, weighted by the number of their samples.</summary>
    Weighted,
}

/// <summary>A score that follows from a confusion matrix. Predictions: scores or logits [N, C], or class indices int64 [N];
/// targets: int64 [N]. Zero divided by zero counts as 0, as in scikit-learn.</summary>
public abstract class ConfusionMetric : Metric
{
    readonly ConfusionMatrix matrix;

    private protected ConfusionMetric(int classes, Averaging averaging)
    {
        matrix = new ConfusionMatrix(classes);
        if (averaging == Averaging.Binary && classes != 2)
            throw new ArgumentException($"{GetType().Name}: binary averaging needs 2 classes, got {classes}; choose Macro, Micro or Weighted");
        Averaging = averaging;
    }

    /// <summary>How the classes become one number.</summary>
    public Averaging Averaging { get; }

    /// <summary>The score of each class.</summary>
    public IReadOnlyList<double> PerClass => [.. matrix.Report().Classes.Select(Pick)];

    /// <inheritdoc/>
    public override double Value
    {
        get
        {
            var report = matrix.Report();
            return Pick(Averaging switch
            {
                Averaging.Binary => report.Classes[1],
                Averaging.Micro => report.Micro,
                Averaging.Macro => report.Macro,
                _ => report.Weighted,
            });
        }
    }

    private protected abstract double Pick(ClassScores scores);

    /// <inheritdoc/>
    public override void Update(Tensor predictions, Tensor targets) => matrix.Update(GetType().Name, predictions, targets);

    /// <inheritdoc/>
    public override void Reset() => matrix.Reset();

    internal override double[] State
    {
        get => matrix.State;
        set => matrix.State = Saved(value, matrix.Classes * matrix.Classes);
    }
}

/// <summary>Of the samples predicted to be of a class, the share that is: TP / (TP + FP). scikit-learn: <c>precision_score</c>.</summary>
public sealed class Precision : ConfusionMetric
{
    /// <summary>Precision over this many classes.</summary>
    /// <exception cref="ArgumentException">Binary averaging of other than two classes.</exception>
    public Precision(int classes, Averaging averaging = Averaging.Macro) : base(classes, averaging)
    {
    }

    private protected override double Pick(ClassScores scores) => scores.Precision;
}

/// <summary>Of the samples of a class, the share that was found: TP / (TP + FN). scikit-learn: <c>recall_score</c>.</summary>
public sealed class Recall : ConfusionMetric
{
    /// <summary>Recall over this many classes.</summary>
    /// <exception cref="ArgumentException">Binary averaging of other than two classes.</exception>
    public Recall(int classes, Averaging averaging = Averaging.Macro) : base(classes, averaging)
    {
    }

    private protected override double Pick(ClassScores scores) => scores.Recall;
}

/// <summary>The harmonic mean of precision and recall, 2PR / (P + R), of each class, then averaged. scikit-learn: <c>f1_score</c>.</summary>
public sealed class F1 : ConfusionMetric
{
    /// <summary>F1 over this many classes.</summary>
    /// <exception cref="ArgumentException">Binary averaging of other than two classes.</exception>
    public F1(int classes, Averaging averaging = Averaging.Macro) : base(classes, averaging)
    {
    }

    private protected override double Pick(ClassScores scores) => scores.F1;
}
